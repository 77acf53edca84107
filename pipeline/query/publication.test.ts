import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sql } from '../warehouse/sql.ts';
import { findPublication, openPublication } from './publication.ts';
import { publish } from './testing/publish.ts';
import { PUBLICATION } from './testing/world.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'touchtrail-publication-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('a publication', () => {
  test('is read with its config, and cannot be written', async () => {
    await publish(folder, []);
    const { warehouse, publication } = await openPublication(folder);
    expect(publication).toEqual(PUBLICATION);
    await expect(warehouse.rows(sql`insert into publication select * from publication`)).rejects.toThrow();
    await warehouse.close();
  });

  test('that does not exist yet is an error that says what to do', async () => {
    await expect(openPublication(folder)).rejects.toThrow('no publication yet: run `touchtrail run`');
    expect(await findPublication(path.join(folder, 'nowhere'))).toBeUndefined();
  });

  test('whose pointer is broken is an error that names the file', async () => {
    await mkdir(path.join(folder, 'publications'));
    const pointer = path.join(folder, 'publications', 'current.json');
    await writeFile(pointer, '{"publication_id":');
    await expect(openPublication(folder)).rejects.toThrow(`the publication named in ${pointer} cannot be read`);
  });
});
