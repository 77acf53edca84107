import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { registerSources } from './sources.ts';
import { run } from './testing/run-command.ts';

let folder: string;
const at = (name: string) => path.join(folder, name);
const rates = (...args: readonly string[]) =>
  run(registerSources, at('data'), ['sources', 'rates', ...args, '--config', at('touchtrail.config.mjs')]);
const config = (more: string, currency = 'EUR') =>
  writeFile(
    at('touchtrail.config.mjs'),
    `export default { project: { name: 'Test', timeZone: 'Europe/Berlin', currency: '${currency}' }, ${more} };\n`,
  );

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'touchtrail-rates-'));
  await config("rates: { csv: 'rates.csv' }");
  await writeFile(at('hist.csv'), 'Date,USD,JPY,\n2026-03-03,1.5,N/A,\n2026-03-02,1.25,160,\n');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('a file becomes the file that the config names; another one adds its days and replaces those that both have', async () => {
  expect(await rates(at('hist.csv'))).toEqual({
    stdout:
      `${at('hist.csv')}: 2 days from 2026-03-02 to 2026-03-03, 2 currencies\n` +
      `${at('rates.csv')} now has 2 days from 2026-03-02 to 2026-03-03, 2 currencies; the next run converts with them\n`,
    stderr: '',
  });
  await writeFile(at('day.csv'), 'Date, USD, CHF, \n3 March 2026, 1.6, 0.9, \n');
  const { stdout } = await rates(at('day.csv'), '--json');
  expect(JSON.parse(stdout)).toMatchObject({ given: { days: 1 }, now: { days: 2, first: '2026-03-02', last: '2026-03-03' } });
  expect(await readFile(at('rates.csv'), 'utf8')).toBe('Date,USD,JPY,CHF\n2026-03-03,1.6,N/A,0.9\n2026-03-02,1.25,160,N/A\n');
  expect((await readdir(folder)).toSorted()).toEqual(['day.csv', 'hist.csv', 'rates.csv', 'touchtrail.config.mjs']);
});

test("the project's own file is checked and stays as it is", async () => {
  const text = 'Date,USD\n2026-03-02,1.250\n';
  await writeFile(at('rates.csv'), text);
  expect((await rates(at('rates.csv'))).stdout).toBe(
    `${at('rates.csv')} is the project's file of rates, and right: 1 day from 2026-03-02 to 2026-03-02, 1 currency\n`,
  );
  expect(await readFile(at('rates.csv'), 'utf8')).toBe(text);
});

test('a file that is wrong changes nothing, and the line is named', async () => {
  await rates(at('hist.csv'));
  const before = await readFile(at('rates.csv'), 'utf8');
  await writeFile(at('bad.csv'), 'Date,USD\n2026-03-04,many\n');
  await expect(rates(at('bad.csv'))).rejects.toThrow(`${at('bad.csv')}:2: the rate of USD is "many"`);
  await expect(rates(at('none.csv'))).rejects.toThrow(`${at('none.csv')} cannot be read; expected a CSV file of exchange rates`);
  expect(await readFile(at('rates.csv'), 'utf8')).toBe(before);
});

test('a config without a file for them is told what to write', async () => {
  await config('');
  await expect(rates(at('hist.csv'))).rejects.toThrow("the config names no rates; add `rates: { csv: 'rates.csv' }`");
  await config("rates: { table: 'fx' }");
  await expect(rates(at('hist.csv'))).rejects.toThrow('rates come from the table fx');
  await config("rates: { csv: 'rates.csv' }", 'SEK');
  await expect(rates(at('hist.csv'))).rejects.toThrow(/there is no column SEK, the currency of the project/);
});
