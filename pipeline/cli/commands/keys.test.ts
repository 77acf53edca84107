import { existsSync } from 'node:fs';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { StoredKey } from '../../../edge/contract/write-key.ts';
import { serveControl } from '../../embedded/control.ts';
import { createKey, listKeys } from '../../embedded/keys.ts';
import { registerKeys } from './keys.ts';
import { run } from './testing/run-command.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'touchtrail-keys-command-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const missing = () => path.join(folder, 'dta');
const there = (...args: string[]) => run(registerKeys, missing(), ['keys', ...args]);
const keys = (...args: string[]) => run(registerKeys, folder, ['keys', ...args]);
const site = async () => (await createKey(folder, { kind: 'browser', name: 'site', key: 'demo' })).record;
const stored = async (id: string) => (await listKeys(folder)).find((key) => key.id === id)!;

describe('keys create', () => {
  test('prints the key alone, and keeps its rules', async () => {
    const rules = '--origin https://www.example.com --origin https://*.example.com --events-per-second 50 --sample 0.25 --keep-emails';
    const { stdout, stderr } = await keys('create', '--name', 'shop', ...rules.split(' '));
    expect([stdout, stderr]).toEqual([expect.stringMatching(/^pk_\S{32}\n$/), '']);
    const [key] = await listKeys(folder);
    expect(key).toMatchObject({
      kind: 'browser',
      name: 'shop',
      key: stdout.trim(),
      origins: ['https://www.example.com', 'https://*.example.com'],
      events_per_second: 50,
      sample: 0.25,
      keeps_emails: true,
    });
  });

  test('of a server key prints it once, and keeps the hash', async () => {
    const { id } = await site();
    const { stdout } = await keys('create', '--kind', 'server', '--source', id, '--json');
    const { key, ...record } = JSON.parse(stdout) as StoredKey;
    expect(record).toMatchObject({ kind: 'server', stores_as: id });
    expect(await stored(record.id)).toEqual(record);
    expect(JSON.stringify(await listKeys(folder))).not.toContain(key);
  });

  test.each([
    [['--origin', 'www.example.com'], 'expected scheme and host, such as "https://www.example.com"'],
    [['--sample', '2'], '--sample 2: expected the share'],
    [['--source', 'wk_nope'], '--source is for server keys'],
    [['--kind', 'server', '--source', 'wk_nope'], 'There is no write key "wk_nope"'],
  ])('with %j says what is wrong, and creates nothing', async (args, words) => {
    await expect(keys('create', ...args)).rejects.toThrow(words);
    expect(await listKeys(folder)).toEqual([]);
  });

  test.each([
    ['--sample', 'some'],
    ['--events-per-second', ''],
    ['--kind', 'root'],
  ])('%s %j is wrong usage', async (...args) => {
    await expect(keys('create', ...args)).rejects.toMatchObject({ code: 'commander.invalidArgument' });
  });
});

describe('a data folder that is not there', () => {
  test('is made for this user alone by create, which says so', async () => {
    const { stdout, stderr } = await there('create');
    expect([stdout, stderr]).toEqual([expect.stringMatching(/^pk_/), `made a new data folder ${missing()} (--data names another)\n`]);
    expect(((await stat(missing())).mode & 0o777).toString(8)).toBe('700');
    expect((await there('create', '--name', 'second')).stderr).toBe('');
  });

  test.each([
    ['update', 'wk_0', '--paused'],
    ['revoke', 'wk_0'],
  ])('is not made by %s', async (...args) => {
    await expect(there(...args)).rejects.toMatchObject({
      exitCode: 2,
      message: `there is no data folder ${missing()}: name the right one with --data`,
    });
    expect(existsSync(missing())).toBe(false);
  });
});

describe('keys update', () => {
  test('changes what is named and leaves the rest', async () => {
    const { id } = await site();
    expect((await keys('update', id, '--paused', '--sample', '0.07')).stdout).toBe(`${id} "site": paused; keeps 7 % of the visitors\n`);
    const { stdout } = await keys('update', id, '--resume', '--origin', 'https://a.example', '--events-per-second', '1', '--name', 'web');
    expect(stdout).toBe(`${id} "web": only from https://a.example; at most 1 event per second; keeps 7 % of the visitors\n`);
    expect((await keys('update', id, '--no-origin', '--no-sample', '--no-events-per-second')).stdout).toBe(`${id} "web": no rules\n`);
    expect(await stored(id)).toMatchObject({ id, name: 'web', key: 'demo' });
  });

  test('takes the rules of a server key away, too', async () => {
    const { id } = await site();
    const server = JSON.parse((await keys('create', '--kind', 'server', '--source', id, '--keep-emails', '--json')).stdout) as StoredKey;
    expect((await keys('update', server.id, '--no-source', '--no-keep-emails')).stdout).toBe(`${server.id} "website": no rules\n`);
    expect((await keys('update', server.id, '--source', id, '--json')).stdout).toContain(`"stores_as": "${id}"`);
  });

  test('and revoke take the name, too, and answer with the id', async () => {
    const { id } = await site();
    expect((await keys('update', 'site', '--paused')).stdout).toBe(`${id} "site": paused\n`);
    expect((await keys('revoke', 'site')).stdout).toBe(`${id} is revoked\n`);
    expect((await stored(id)).revoked_at).not.toBeNull();
  });

  test('says what is wrong', async () => {
    const { id } = await site();
    await expect(keys('update', id)).rejects.toThrow(`nothing to change of ${id}`);
    await expect(keys('update', id, '--paused', '--resume')).rejects.toThrow('expected one of them');
    await expect(keys('update', 'wk_nope', '--paused')).rejects.toThrow(`There is no write key "wk_nope". Known: ${id} ("site").`);
  });
});

test('keys list shows the rules in words, and revoked keys', async () => {
  vi.useFakeTimers({ now: Date.parse('2026-03-01T12:00:00Z'), toFake: ['Date'] });
  const { id } = await site();
  const server = (
    await createKey(folder, {
      kind: 'server',
      name: 'shop',
      key: 'a-server-key-of-the-test',
      policy: { stores_as: id, events_per_second: 2.5, keeps_emails: true },
    })
  ).record;
  vi.setSystemTime(Date.parse('2026-03-02T12:00:00Z'));
  await keys('revoke', id);
  vi.useRealTimers();
  const { stdout } = await keys('list');
  expect(stdout.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
    ['Id', 'Kind', 'Name', 'Key', 'Rules', 'Created', 'Revoked'],
    expect.anything(),
    [id, 'browser', 'site', 'demo', '2026-03-01', '2026-03-02'],
    [server.id, 'server', 'shop', '(secret)', `at most 2.5 events per second; keeps e-mail addresses; stores as ${id}`, '2026-03-01'],
    [''],
  ]);
  expect(JSON.parse((await keys('list', '--json')).stdout)).toEqual(await listKeys(folder));
});

test('a running up is told of each change', async () => {
  const told = vi.fn(async () => undefined);
  const control = await serveControl(folder, { 'reload-keys': told });
  const { id } = JSON.parse((await keys('create', '--json')).stdout) as StoredKey;
  await keys('update', id, '--paused');
  await keys('list');
  await keys('revoke', id);
  expect(told).toHaveBeenCalledTimes(3);
  await control.close();
});

async function config(more: string): Promise<string> {
  const file = path.join(folder, 'touchtrail.config.ts');
  const conversions = `conversions: [{ name: 'lead', label: 'Lead', sql: 'not-there.sql' }]`;
  await writeFile(file, `export default { project: { name: 'X', timeZone: 'UTC', currency: 'EUR' }, ${conversions}, ${more} };\n`);
  return file;
}

describe('where the keys are', () => {
  const DEPLOYED = "edge: { url: 'https://www.example.com/t' }";
  const BIGQUERY = "warehouse: { type: 'bigquery', project: 'p', dataset: 'd' }";
  const NO_TOKEN = 'the environment variable TOUCHTRAIL_ADMIN_TOKEN is not set';

  test.each([
    ['BigQuery and a deployed edge', `${DEPLOYED}, ${BIGQUERY}`, [], true],
    ['BigQuery and no deployed edge', BIGQUERY, [], false],
    ['a deployed edge and DuckDB', DEPLOYED, [], false],
    ['a deployed edge and DuckDB, with --edge', DEPLOYED, ['--edge'], true],
    ['BigQuery and a deployed edge, with --no-edge', `${DEPLOYED}, ${BIGQUERY}`, ['--no-edge'], false],
  ])('with %s', async (_, more, args, isDeployed) => {
    vi.stubEnv('TOUCHTRAIL_ADMIN_TOKEN', '');
    try {
      const listing = keys('--config', await config(more), 'list', ...args);
      if (isDeployed) await expect(listing).rejects.toThrow(NO_TOKEN);
      else expect((await listing).stdout).toContain('no write keys yet');
    } finally {
      vi.unstubAllEnvs();
    }
  });

  test('with --edge and a config that names none', async () => {
    await expect(keys('--config', await config(''), 'list', '--edge')).rejects.toThrow('set edge.url');
  });
});
