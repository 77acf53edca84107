import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Config, type ConfigInput } from '../config/schema.ts';
import { CONVERSIONS } from '../models/conversions/tables.ts';
import { COSTS } from '../models/costs/tables.ts';
import { DEFINITIONS } from '../models/definitions.ts';
import { ERASED_ROWS } from '../models/erasures/tables.ts';
import { DELIVERIES, EVENTS, EVENTS_RAW, FAILED_EVENTS } from '../models/events/tables.ts';
import { IDENTITIES, IDENTITY_EDGES } from '../models/identity/tables.ts';
import { openDuckDb } from '../warehouse/duckdb/duckdb.ts';
import { sql } from '../warehouse/sql.ts';
import type { Warehouse } from '../warehouse/warehouse.ts';
import { openJournal } from './journal.ts';
import type { Pointer } from '../models/reports/publication.ts';
import { latestArrival, publish, PUBLISHED_TABLES, type PublishResult } from './publish.ts';
import { NIGHT_TABLES } from './tables.ts';

/** What the accounts of the edge are made from. */
const ACCOUNTED = [DELIVERIES, EVENTS, EVENTS_RAW, FAILED_EVENTS, ERASED_ROWS];

let dataFolder: string;
let warehouse: Warehouse;
beforeEach(async () => {
  dataFolder = mkdtempSync(path.join(os.tmpdir(), 'touchtrail-publish-'));
  warehouse = await openDuckDb(':memory:');
  await warehouse.migrate([...new Set([...PUBLISHED_TABLES, ...NIGHT_TABLES, DEFINITIONS, ...ACCOUNTED])]);
});
afterEach(async () => {
  await warehouse.close();
  rmSync(dataFolder, { recursive: true, force: true });
});

const config = Config.parse({ project: { name: 'Fernhill', timeZone: 'Europe/Berlin', currency: 'EUR' }, publications: { keep: 2 } });
const NO_CHANGE = { inserted: 0, updated: 0, deleted: 0 };

/** A run whose one step changed so many rows, and which then published; killed before its end if asked. */
async function night(
  token: number,
  options: { rows?: number; config?: Config; finished?: boolean; renewLease?: () => Promise<void> } = {},
): Promise<PublishResult> {
  const runId = `run-${token}`;
  const now = `2026-07-0${token}T03:00:00.000Z`;
  const journal = openJournal(warehouse, { runId, token, holder: 'test', startedAt: now });
  await journal.beginRun();
  const step = { position: 1, step: 'costs', startedAt: now };
  await journal.beginStep(step);
  await journal.endStep(step, {
    status: 'done',
    durationMs: 1,
    change: { ...NO_CHANGE, inserted: options.rows ?? 0 },
    statements: [],
    message: null,
  });
  await journal.beginStep({ position: 2, step: 'publish', startedAt: now });
  const result = await publish({
    warehouse,
    config: options.config ?? config,
    dataFolder,
    now,
    run: { runId, renewLease: options.renewLease ?? (async () => {}) },
  });
  await journal.endStep(
    { position: 2, step: 'publish', startedAt: now },
    { status: 'done', durationMs: 1, change: NO_CHANGE, statements: [], message: null },
  );
  if (options.finished !== false) {
    await journal.endRun({ status: 'done', finishedAt: now, message: null, warnings: [], publicationId: result.publicationId });
  }
  return result;
}

const folder = (): string => path.join(dataFolder, 'publications');
const pointer = (): Pointer => JSON.parse(readFileSync(path.join(folder(), 'current.json'), 'utf8')) as Pointer;

const given = (...keys: readonly string[]) => ({ params: keys.map((key) => ({ key, value: 'x' })) });

test('the first run publishes: a file that describes itself, and the pointer to it', async () => {
  await warehouse.load(COSTS, [
    {
      date: '2026-06-30',
      platform: 'google_ads',
      account_id: '1',
      campaign_id: '7',
      campaign: 'Brand',
      ad_group_id: '',
      ad_group: null,
      ad_id: '',
      ad: null,
      source: 'google',
      medium: 'cpc',
      channel: 'Paid Search',
      cost_micros: 12_340_000,
      original_cost: 12.34,
      currency: 'EUR',
      impressions: 100,
      clicks: 5,
    },
  ]);
  const lead = { conversion_name: 'lead', conversion_date: '2026-06-30', conversion_time: '2026-06-30T10:00:00.000Z' };
  await warehouse.load(CONVERSIONS, [
    { ...lead, attribution_time: lead.conversion_time, id: 'L1', ...given('size', 'plan') },
    { ...lead, attribution_time: lead.conversion_time, id: 'L2', ...given('plan') },
  ]);
  expect(await night(1, { rows: 1 })).toEqual({ publicationId: 'run-1', kept: false });
  expect(pointer()).toMatchObject({ publication_id: 'run-1', file: 'run-1.duckdb', published_at: '2026-07-01T03:00:00.000Z' });

  const snapshot = await openDuckDb(path.join(folder(), pointer().file), { readOnly: true });
  expect(await snapshot.rows(sql`select publication_id, published_at, data_up_to from publication`)).toEqual([
    { publication_id: 'run-1', published_at: '2026-07-01T03:00:00.000000Z', data_up_to: '2026-07-01T03:00:00.000000Z' },
  ]);
  const [row] = await snapshot.rows<{ config: string }>(sql`select config from publication`);
  expect(JSON.parse(row!.config)).toEqual({
    project: { name: 'Fernhill', timeZone: 'Europe/Berlin', currency: 'EUR' },
    conversions: [],
    funnel: [],
    platformConversions: {},
    eventFunnels: [],
    models: ['first_click', 'last_click', 'last_significant_click'],
    modelDetails: [
      { name: 'first_click', label: 'First click', type: 'first_click', lookbackDays: {} },
      { name: 'last_click', label: 'Last click', type: 'last_click', lookbackDays: {} },
      { name: 'last_significant_click', label: 'Last significant click', type: 'last_significant_click', lookbackDays: {} },
    ],
    lookbackDays: 90,
    dimensions: {},
    hasSourceKeys: true,
    hasIdentityStatistics: true,
    hasPreviousDates: true,
    previousDatesBy: ['channel', 'source', 'medium', 'source_medium', 'campaign', 'landing_path', 'country', 'device_type', 'browser'],
    identityKeys: [
      { name: 'user_id', tier: 'deterministic', priority: 1, windowDays: null, maxAnonymousIds: 100, exclusive: true },
      { name: 'email_hash', tier: 'deterministic', priority: 2, windowDays: null, maxAnonymousIds: 100, exclusive: false },
      { name: 'previous_id', tier: 'deterministic', priority: 3, windowDays: null, maxAnonymousIds: 20, exclusive: false },
      { name: 'ga_client_id', tier: 'deterministic', priority: 4, windowDays: null, maxAnonymousIds: 20, exclusive: false },
      { name: 'email_hash_link', tier: 'weak', priority: 2, windowDays: null, maxAnonymousIds: 5, exclusive: false },
      { name: 'click_id', tier: 'probabilistic', priority: 6, windowDays: 30, maxAnonymousIds: 5, exclusive: false },
      { name: 'ip_hash', tier: 'probabilistic', priority: 7, windowDays: 3, maxAnonymousIds: 100, exclusive: false },
    ],
    // Thirty days up to the night, in Berlin.
    accounted: { from: '2026-06-02', to: '2026-07-01' },
    params: ['plan', 'size'],
  });
  expect(await snapshot.rows(sql`select campaign, cost_micros from costs`)).toEqual([{ campaign: 'Brand', cost_micros: 12_340_000 }]);
  await snapshot.close();
});

/** What a publication of such a config was made by. */
const hashes = async (changes: Partial<ConfigInput>) => {
  await night(1, { rows: 1, config: Config.parse({ project: config.project, ...changes }) });
  const reader = await openDuckDb(path.join(folder(), pointer().file), { readOnly: true });
  const rows = await reader.rows<{ kind: string; name: string; definition_hash: string }>(
    sql`select kind, name, definition_hash from publication_definitions order by kind nulls first, name nulls first`,
  );
  await reader.close();
  return new Map(rows.map(({ kind, name, definition_hash }) => [`${kind} ${name}`.trim(), definition_hash]));
};

test('a publication says what it was made by; labels are no part of it', async () => {
  const lead = { name: 'lead', label: 'Lead', sql: 'lead.sql' };
  const before = await hashes({ conversions: [lead], attribution: { models: ['first_click', 'linear'] } });
  expect([...before.keys()]).toEqual(['built', 'conversion lead', 'identity', 'model first_click', 'model linear', 'project', 'sessions']);
  const differing = async (changes: Partial<ConfigInput>) => {
    const after = await hashes(changes);
    return [...new Set([...before.keys(), ...after.keys()])].filter((name) => before.get(name) !== after.get(name));
  };
  expect(await differing({ conversions: [{ ...lead, label: 'Enquiry' }], attribution: { models: ['first_click', 'linear'] } })).toEqual([]);
  expect(await differing({ conversions: [{ ...lead, sql: 'other.sql' }], attribution: { models: ['first_click', 'linear'] } })).toEqual([
    'conversion lead',
  ]);
  expect(
    await differing({
      conversions: [lead],
      attribution: { models: ['first_click', { name: 'linear', type: 'linear', lookbackDays: 30 }] },
    }),
  ).toEqual(['model linear']);
});

test('a run that changed nothing keeps the publication, and so do the ones after it', async () => {
  await night(1, { rows: 1 });
  expect(await night(2)).toEqual({ publicationId: 'run-1', kept: true });
  expect(await night(3)).toEqual({ publicationId: 'run-1', kept: true });
  expect(readdirSync(folder()).sort()).toEqual(['current.json', 'run-1.duckdb']);
});

test('a run that changed a row publishes anew', async () => {
  await night(1, { rows: 1 });
  expect(await night(2, { rows: 1 })).toEqual({ publicationId: 'run-2', kept: false });
  expect(pointer().file).toBe('run-2.duckdb');
});

test('a config that readers see differently is published though no row changed', async () => {
  await night(1, { rows: 1 });
  const other = { ...config, project: { ...config.project, name: 'Fernhill Ltd' } };
  expect((await night(2, { config: other })).kept).toBe(false);
  expect((await night(3, { config: { ...other, nightly: '04:00' } })).kept).toBe(true);
});

test('what a killed run changed without publishing it is published by the next one, which changes nothing', async () => {
  await night(1, { rows: 1 });
  const killed = openJournal(warehouse, { runId: 'run-2', token: 2, holder: 'test', startedAt: '2026-07-02T03:00:00.000Z' });
  await killed.beginRun();
  const step = { position: 1, step: 'costs', startedAt: '2026-07-02T03:00:00.000Z' };
  await killed.endStep(step, { status: 'done', durationMs: 1, change: { ...NO_CHANGE, updated: 1 }, statements: [], message: null });
  expect(await night(3)).toEqual({ publicationId: 'run-3', kept: false });
  expect(await warehouse.rows(sql`select status from runs where run_id = 'run-2'`)).toEqual([{ status: 'killed' }]);
});

test('a step that was killed may have changed rows, so the next run publishes', async () => {
  await night(1, { rows: 1 });
  const killed = openJournal(warehouse, { runId: 'run-2', token: 2, holder: 'test', startedAt: '2026-07-02T03:00:00.000Z' });
  await killed.beginRun();
  await killed.beginStep({ position: 1, step: 'costs', startedAt: '2026-07-02T03:00:00.000Z' });
  expect((await night(3)).kept).toBe(false);
});

test('a run killed after the switch of the pointer is published once more', async () => {
  await night(1, { rows: 1, finished: false });
  expect(await night(2)).toEqual({ publicationId: 'run-2', kept: false });
});

test('a publication whose file is gone is made anew', async () => {
  await night(1, { rows: 1 });
  rmSync(path.join(folder(), 'run-1.duckdb'));
  expect((await night(2)).kept).toBe(false);
  expect(existsSync(path.join(folder(), 'run-2.duckdb'))).toBe(true);
});

test.each(['{"publication_id":', '{"publication_id":"run-1"}', ''])(
  'a pointer that says %j points nowhere, and is replaced',
  async (text) => {
    await night(1, { rows: 1 });
    writeFileSync(path.join(folder(), 'current.json'), text);
    expect(await night(2)).toEqual({ publicationId: 'run-2', kept: false });
    expect(pointer().file).toBe('run-2.duckdb');
  },
);

test('what a killed run left behind is removed, and only the newest publications stay', async () => {
  await night(1, { rows: 1 });
  writeFileSync(path.join(folder(), 'run-0.duckdb.tmp'), 'half a file');
  await night(2, { rows: 1 });
  await night(3, { rows: 1 });
  expect(readdirSync(folder()).sort()).toEqual(['current.json', 'run-2.duckdb', 'run-3.duckdb']);
});

test('a run that lost its lease while it wrote the snapshot does not switch the pointer', async () => {
  await night(1, { rows: 1 });
  const before = pointer();
  const lost = night(2, { rows: 1, renewLease: () => Promise.reject(new Error('lost its lease')) });
  await expect(lost).rejects.toThrow('lost its lease');
  expect(pointer()).toEqual(before);
});

/** A copy of one event, by its arrival. */
const copy = (received_at: string) => ({
  write_key_id: 'wk_1',
  message_id: 'm1',
  type: 'page',
  occurred_at: '2026-06-01T10:00:00.000000Z',
  received_at,
  email_hashes: [],
  click_ids: [],
  is_bot: false,
  is_internal: false,
  library: 'touchtrail.js/0.1.0',
  edge_instance: 'e1',
  edge_sequence: 1,
});

test('the data reaches up to the last copy of an event that came again', async () => {
  const first = '2026-06-01T10:00:00.000000Z';
  const again = '2026-06-20T08:00:00.000000Z';
  await warehouse.load(EVENTS_RAW, [copy(first), copy(again)]);
  await warehouse.load(EVENTS, [copy(first)]);
  expect(await latestArrival(warehouse, '2026-07-01T03:00:00.000Z')).toBe(again);
});

test('a publication accounts for what the edge acknowledged, by day in the project time zone and write key', async () => {
  // 23:30 in Berlin on 19 June; the delivery of two events, of which one is in the warehouse.
  const received_at = '2026-06-19T21:30:00.000000Z';
  const header = { edge_instance: 'e1', edge_sequence: 1, received_at, write_key_id: 'wk_1', count: 2 };
  const early = { ...header, edge_sequence: 2, received_at: '2026-05-01T10:00:00.000000Z' };
  await warehouse.load(DELIVERIES, [header, early]);
  await warehouse.load(EVENTS_RAW, [copy(received_at)]);
  await warehouse.load(EVENTS, [copy(received_at)]);
  await night(1, { rows: 1 });
  const reader = await openDuckDb(path.join(folder(), pointer().file), { readOnly: true });
  expect(await reader.rows(sql`select * from publication_accounts`)).toEqual([
    { date: '2026-06-19', write_key_id: 'wk_1', accepted: 2, stored: 1, duplicate: 0, failed: 0, erased: 0, pending: 0, missing: 1 },
  ]);
  await reader.close();
});

test('a publication says what the identity graph amounts to, so that no reader has to count it', async () => {
  const seen = '2026-06-01T10:00:00.000000Z';
  const id = (anonymous_id: string, person_id: string) => ({
    anonymous_id,
    person_id,
    person_key: 1,
    cluster_id: person_id,
    first_seen: seen,
    has_events: true,
  });
  const edge = (anonymous_id: string, verdict: 'used' | 'refused') => ({
    anonymous_id,
    key_name: 'user_id',
    key_value: verdict === 'used' ? 'u-1' : 'test',
    tier: 'deterministic',
    origin: 'identify',
    first_seen: seen,
    last_seen: seen,
    verdict,
    reason: verdict === 'used' ? null : 'blocked_value',
  });
  await warehouse.load(IDENTITIES, [id('laptop', 'laptop'), id('phone', 'laptop'), id('other', 'other')]);
  await warehouse.load(IDENTITY_EDGES, [edge('laptop', 'used'), edge('phone', 'used'), edge('other', 'refused')]);
  await night(1, { rows: 1 });
  const reader = await openDuckDb(path.join(folder(), pointer().file), { readOnly: true });
  const [row] = await reader.rows<{ statistics: string }>(sql`select statistics from publication_identity`);
  await reader.close();
  expect(JSON.parse(row!.statistics)).toEqual({
    devices: [
      { devices: 1, persons: 1 },
      { devices: 2, persons: 1 },
    ],
    signals: [{ signal: 'user_id', tier: 'deterministic', edges_used: 2, anonymous_ids: 2, joins: 1, refused: { blocked_value: 1 } }],
  });
});

test('with BigQuery, which charges for what is read, a publication has no accounts', async () => {
  await warehouse.load(DELIVERIES, [
    { edge_instance: 'e1', edge_sequence: 1, received_at: '2026-06-30T10:00:00.000000Z', write_key_id: 'wk_1', count: 2 },
  ]);
  const bigquery = { type: 'bigquery' as const, project: 'fernhill', dataset: 'touchtrail' };
  await night(1, { rows: 1, config: Config.parse({ project: config.project, warehouse: bigquery }) });
  const reader = await openDuckDb(path.join(folder(), pointer().file), { readOnly: true });
  const [row] = await reader.rows<{ config: string }>(sql`select config from publication`);
  expect(JSON.parse(row!.config)).not.toHaveProperty('accounted');
  expect(await reader.rows(sql`select * from publication_accounts`)).toEqual([]);
  await reader.close();
});
