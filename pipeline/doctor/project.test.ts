import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { wranglerTemplate } from '../cli/init/wrangler.ts';
import type { BigQueryApi } from '../warehouse/bigquery/api.ts';
import { examineProject } from './doctor.ts';
import { examineDuckDb, examineUp } from './embedded.ts';
import { ageOf } from './finding.ts';
import { examineConfig, examineConversions, examineDataFolder, examineNode, examineWrangler } from './project.ts';

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

test('conversions of several kinds are counted, and what is none is named', async () => {
  const file = path.join(folder, 'touchtrail.config.ts');
  mkdirSync(path.join(folder, 'conversions'));
  writeFileSync(path.join(folder, 'conversions', 'lead.sql'), '/* ---\nlabel: Lead\n--- */\nselect 1');
  writeFileSync(path.join(folder, 'conversions', 'draft.sql'), 'select 1');
  writeFileSync(path.join(folder, 'costs.csv'), '');
  writeFileSync(
    file,
    `export default {
      project: { name: 'a', timeZone: 'UTC', currency: 'EUR' },
      costs: [{ csv: 'costs.csv', platform: 'a', source: 'a', medium: 'cpc', currency: 'USD' }],
      conversions: [{ name: 'order', label: 'Order', kind: 'purchase' }, { name: 'again', label: 'Again', kind: 'purchase' }],
    };`,
  );
  const { finding, loaded } = await examineConfig(file);
  expect(finding.says).toBe('touchtrail.config.ts: a, UTC, EUR, 3 conversions (query 1, purchase 2)');
  expect(examineConversions(loaded!).map(({ status, subject, says }) => [status, subject, says])).toEqual([
    ['note', 'Conversions', 'conversions/draft.sql is none: it does not begin with front matter, and no conversion of the config names it'],
    ['note', 'Exchange rates', 'there are costs in USD and no rates: they are in no total'],
  ]);
});

/** What is said of this `wrangler.toml`. */
const wrangler = (text: string) => {
  writeFileSync(path.join(folder, 'wrangler.toml'), text);
  return examineWrangler(folder).map(({ status, says }) => `${status}: ${says}`);
};
const withoutDeadQueue = (text: string) => text.replace(/^DEAD_QUEUE = .*\n/m, '');

describe('placeholders in wrangler.toml', () => {
  const ID = '0123456789abcdef0123456789abcdef';
  const written = wranglerTemplate({
    project: 'fernhill',
    dataset: 'touch',
    location: 'EU',
    site: new URL('https://a.example'),
    path: '/t',
  });

  test('none without such a file', () => expect(examineWrangler(folder)).toEqual([]));

  test('of a project that init made: the key store', () => {
    expect(wrangler(written)).toEqual(['problem: the id of KEYS is a placeholder']);
    expect(examineWrangler(folder)[0]!.remedy).toBe(
      'bash deploy/cloudflare.sh, or: run "npx wrangler kv namespace create touchtrail-keys" and put the id it prints there',
    );
    expect(wrangler(written.replace('0'.repeat(32), ID))).toEqual(['ok: no placeholders']);
    expect(wrangler(written.replace('0'.repeat(32), ID).replace('"fernhill"', "''"))).toEqual([
      'problem: BIGQUERY_PROJECT is a placeholder',
    ]);
  });

  test('of a checkout: key store and Google Cloud project of both environments', () => {
    const checkout = readFileSync(path.join(import.meta.dirname, '..', '..', 'wrangler.toml'), 'utf8');
    expect(wrangler(checkout)).toEqual([
      'problem: the id of KEYS under env.staging is a placeholder',
      'problem: BIGQUERY_PROJECT under env.staging is a placeholder',
      'problem: the id of KEYS under env.production is a placeholder',
      'problem: BIGQUERY_PROJECT under env.production is a placeholder',
    ]);
    expect(examineWrangler(folder).map(({ remedy }) => remedy)).toEqual([
      'run "npx wrangler kv namespace create touchtrail-keys-staging" and put the id it prints there',
      'put the id of your Google Cloud project there',
      'run "npx wrangler kv namespace create touchtrail-keys" and put the id it prints there',
      'put the id of your Google Cloud project there',
    ]);
    expect(wrangler(checkout.replaceAll('0'.repeat(32), ID).replaceAll('"my-project"', '"fernhill"'))).toEqual(['ok: no placeholders']);
  });

  test('the name of the dead letters in DEAD_QUEUE is that of their queue', () => {
    const right = written.replace('0'.repeat(32), ID);
    const renamed = right.replaceAll('"touchtrail-dead"', '"shop-dlq"');
    expect(wrangler(renamed)).toEqual(['ok: no placeholders']);
    expect(wrangler(renamed.replace('DEAD_QUEUE = "shop-dlq"', 'DEAD_QUEUE = "touchtrail-dead"'))).toEqual([
      'problem: DEAD_QUEUE is "touchtrail-dead", but dead_letter_queue is "shop-dlq": dead letters would be taken for new ones',
    ]);
    // By its name it is known all the same.
    expect(wrangler(withoutDeadQueue(right))).toEqual(['ok: no placeholders']);
    expect(wrangler(withoutDeadQueue(renamed))).toEqual([
      'problem: DEAD_QUEUE is not set, but dead_letter_queue is "shop-dlq": dead letters would be taken for new ones',
    ]);
  });

  test('are not said to be none where nothing could be read', () => {
    expect(wrangler('name = "touchtrail"\n')).toEqual(['note: it has neither a table [vars] nor [[kv_namespaces]] to look at']);
  });
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
