import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Pointer } from '../models/reports/publication.ts';
import { openDuckDb } from '../warehouse/duckdb/duckdb.ts';
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
    await expect(openPublication(folder)).rejects.toThrow(`no publication yet in ${folder}: run \`touchtrail run\``);
    const missing = path.join(folder, 'nowhere');
    await expect(openPublication(missing)).rejects.toThrow(
      `no publication yet in ${missing} (this folder does not exist: name the right one with --data)`,
    );
    expect(await findPublication(path.join(folder, 'nowhere'))).toBeUndefined();
  });

  test('that a run removes between the reading of the pointer and the opening is passed over for the next one', async () => {
    await publish(folder, []);
    const publications = path.join(folder, 'publications');
    const former = path.join(publications, `${PUBLICATION.publication_id}.duckdb`);
    let opened = 0;
    const { warehouse, publication } = await openPublication(folder, {
      openFile: async (file, options) => {
        if (++opened === 1) {
          await rename(former, path.join(publications, 'next.duckdb'));
          const next: Pointer = { publication_id: 'next', file: 'next.duckdb', published_at: PUBLICATION.published_at, definition: 'hash' };
          await writeFile(path.join(publications, 'current.json'), JSON.stringify(next));
        }
        return openDuckDb(file, options);
      },
    });
    expect(publication).toEqual(PUBLICATION);
    expect(opened).toBe(2);
    await warehouse.close();
  });

  test('whose file is gone for good is an error that says what to do', async () => {
    await publish(folder, []);
    await rm(path.join(folder, 'publications', `${PUBLICATION.publication_id}.duckdb`));
    await expect(openPublication(folder)).rejects.toThrow(
      /cannot be read: there is no database at .*\nrun `touchtrail run` to publish again/,
    );
  });

  test('whose pointer is broken is an error that names the file', async () => {
    await mkdir(path.join(folder, 'publications'));
    const pointer = path.join(folder, 'publications', 'current.json');
    await writeFile(pointer, '{"publication_id":');
    await expect(openPublication(folder)).rejects.toThrow(`the publication named in ${pointer} cannot be read`);
  });
});
