import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { placeIn, prepare } from './place.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'touchtrail-place-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test.each(['.', 'new/one'])('the new or empty folder %j receives a copy of the example company, without its website', async (name) => {
  const place = placeIn(join(folder, name));
  await prepare(place);
  expect((await readdir(place.folder)).toSorted()).toEqual(['data', 'fernhill']);
  expect((await readdir(place.company)).toSorted()).toEqual(['conversions', 'costs', 'crm', 'touchtrail.config.ts']);
});

test('a folder that holds files is left as it is', async () => {
  await writeFile(join(folder, 'thesis.txt'), 'years of work');
  await expect(prepare(placeIn(folder))).rejects.toThrow(`--folder ${folder} holds files; expected a new or an empty folder`);
  expect(await readdir(folder)).toEqual(['thesis.txt']);
  const file = join(folder, 'thesis.txt');
  await expect(prepare(placeIn(file))).rejects.toThrow(`--folder ${file} is a file`);
  expect(await readFile(file, 'utf8')).toBe('years of work');
});
