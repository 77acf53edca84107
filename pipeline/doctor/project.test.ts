import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { BigQueryApi } from '../warehouse/bigquery/api.ts';
import { examineProject } from './doctor.ts';
import { examineDuckDb, examineUp } from './embedded.ts';
import { ageOf } from './finding.ts';
import { examineConfig, examineDataFolder, examineNode, examineWrangler } from './project.ts';

const NOW = new Date('2026-11-23T09:00:00Z');
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'touchtrail-doctor-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test.each([
  ['20.19.0', 'problem'],
  ['22.17.9', 'problem'],
  ['22.18.0', 'ok'],
  ['24.0.0', 'ok'],
])('Node %s: %s', (version, status) => expect(examineNode(version).status).toBe(status));

test.each([
  ['2026-11-23T09:00:30Z', '0 minutes'],
  ['2026-11-23T08:59:00Z', '1 minute'],
  ['2026-11-23T07:00:01Z', '119 minutes'],
  ['2026-11-23T07:00:00Z', '2 hours'],
  ['2026-11-21T09:00:00Z', '2 days'],
])('%s is %s ago', (instant, age) => expect(ageOf(instant, NOW)).toBe(age));

test('the data folder: missing, open to others, right', () => {
  const data = path.join(folder, 'data');
  expect(examineDataFolder(data)).toMatchObject({ status: 'note', says: `${data} is not there yet` });
  mkdirSync(data);
  chmodSync(data, 0o755);
  expect(examineDataFolder(data)).toMatchObject({ status: 'problem', remedy: `chmod 700 '${data}'` });
  chmodSync(data, 0o700);
  expect(examineDataFolder(data)).toEqual({ subject: 'Data folder', status: 'ok', says: data });
});

test('a config that is wrong is told in the words of the check', async () => {
  const file = path.join(folder, 'touchtrail.config.ts');
  writeFileSync(file, "export default { project: { name: 'a', timeZone: 'Mars/Base', currency: 'EUR' } };");
  const { finding, loaded } = await examineConfig(file);
  expect(loaded).toBeUndefined();
  expect(finding).toMatchObject({
    subject: 'Config',
    status: 'problem',
    says: expect.stringContaining('"Mars/Base" is not an IANA time zone'),
  });
});

test('a placeholder in wrangler.toml is told', () => {
  expect(examineWrangler(folder)).toEqual([]);
  writeFileSync(path.join(folder, 'wrangler.toml'), `[[kv_namespaces]]\nid = "${'0'.repeat(32)}"\n`);
  expect(examineWrangler(folder)).toMatchObject([{ status: 'problem', says: 'the id of the key store is still a placeholder' }]);
  writeFileSync(path.join(folder, 'wrangler.toml'), `[[kv_namespaces]]\nid = "${'0'.repeat(31)}1"\n`);
  expect(examineWrangler(folder)).toMatchObject([{ status: 'ok' }]);
});

test('on this machine: no "up", no warehouse; a file that is no database', async () => {
  expect(await examineUp(folder, { path: '', script: 't', internalIps: [], trustedProxies: [] })).toMatchObject([
    { status: 'problem', remedy: 'npx touchtrail up' },
  ]);
  const settings = { type: 'duckdb', file: 'warehouse.duckdb' } as const;
  expect((await examineDuckDb(settings, folder, NOW)).map(({ subject, status }) => [subject, status])).toEqual([
    ['Warehouse', 'note'],
    ['Last run', 'note'],
    ['Events', 'problem'],
  ]);
  writeFileSync(path.join(folder, 'warehouse.duckdb'), 'no database');
  expect(await examineDuckDb(settings, folder, NOW)).toMatchObject([{ subject: 'Warehouse', status: 'problem' }]);
});

const CONFIG = `export default {
  project: { name: 'Fernhill', timeZone: 'Europe/Berlin', currency: 'EUR' },
  warehouse: { type: 'bigquery', project: 'p', dataset: 'd' },
};`;
const options = (changes: object = {}) => ({
  configFile: path.join(folder, 'touchtrail.config.ts'),
  dataFolder: folder,
  environment: {},
  nodeVersion: '24.21.0',
  now: NOW,
  ...changes,
});
const shown = async (changes?: object) => (await examineProject(options(changes))).map(({ subject, status }) => `${status} ${subject}`);

const refuse = () => {
  throw new Error('not to be called');
};

test('in production, without tables: one finding leads to the next', async () => {
  writeFileSync(path.join(folder, 'touchtrail.config.ts'), CONFIG);
  const api: BigQueryApi = { location: 'EU', fieldsOf: async () => undefined, dryRun: refuse, runQuery: refuse, loadFile: refuse };
  expect(await shown({ connect: async () => api })).toEqual([
    'ok Node',
    'ok Config',
    'ok Data folder',
    'note Edge',
    'ok BigQuery',
    'ok Location',
    'problem Tables',
    'unknown Permissions',
    'unknown Last run and events',
  ]);
});

test('without a config, what needs it is said not to have been looked at', async () => {
  expect(await shown()).toEqual(['ok Node', 'problem Config', 'ok Data folder', 'unknown Warehouse and edge']);
});
