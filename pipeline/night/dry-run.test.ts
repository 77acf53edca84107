import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Config } from '../config/schema.ts';
import { DEFINITIONS, forgetDefinitions, isRedefined, recordDefinition } from '../models/definitions.ts';
import type { BigQueryApi, Field, FinishedQuery, QueryJob } from '../warehouse/bigquery/api.ts';
import { BigQueryWarehouse } from '../warehouse/bigquery/bigquery.ts';
import { PlanningApi } from '../warehouse/bigquery/plan.ts';
import { readOnly, refuseLoad } from '../warehouse/bigquery/testing/read-only.ts';
import { openDuckDb } from '../warehouse/duckdb/duckdb.ts';
import { sql, table } from '../warehouse/sql.ts';
import { planNight, planWrites, type NightPlan } from './dry-run.ts';
import { runNight } from './run.ts';
import type { NightStep } from './steps.ts';

const NOW = '2026-07-01T03:00:00.000Z';
const PROJECT = { name: 'Fernhill', timeZone: 'Europe/Berlin', currency: 'EUR' };
const embedded = Config.parse({ project: PROJECT });
const atScale = Config.parse({ project: PROJECT, warehouse: { type: 'bigquery', project: 'p', dataset: 'd' } });
const nothing = { changes: {}, warnings: [] };

let dataFolder: string;
beforeEach(() => {
  dataFolder = mkdtempSync(path.join(os.tmpdir(), 'touchtrail-plan-'));
});
afterEach(() => rmSync(dataFolder, { recursive: true, force: true }));

/** A model that is built by a definition, and forgets another. */
const model = (name: string, hash: string, forgets: readonly string[] = []): NightStep => ({
  name,
  transaction: true,
  run: async ({ warehouse, now }) => {
    if (await isRedefined(warehouse, name, hash)) {
      await forgetDefinitions(warehouse, forgets);
      await recordDefinition(warehouse, name, hash, now);
    }
    return nothing;
  },
});
const MODELS = [model('events', 'new', ['sessions']), model('sessions', 'same'), model('costs', 'same')];
const files: NightStep = {
  name: 'landing',
  transaction: false,
  run: () => Promise.reject(new Error('a plan must not touch files')),
};

const shown = (plan: NightPlan) => plan.statements.filter(({ step }) => step !== 'tables').map(({ step, label }) => `${step}: ${label}`);

const options = () => ({ config: embedded, configFolder: dataFolder, dataFolder, now: NOW });

describe('on DuckDB', () => {
  test('every step is gone through and taken back; what is rebuilt is told, what an earlier step forgets too', async () => {
    const file = path.join(dataFolder, 'warehouse.duckdb');
    const before = await openDuckDb(file);
    await before.migrate([DEFINITIONS]);
    for (const [name, hash] of [
      ['events', 'old'],
      ['sessions', 'same'],
      ['costs', 'same'],
    ] as const)
      await recordDefinition(before, name, hash, '2026-06-01T00:00:00.000Z');
    await before.close();

    const plan = await planNight({ ...options(), steps: [files, ...MODELS] });
    expect(plan.rebuilt).toEqual(['events', 'sessions']);
    expect(plan.bytes).toBeNull();
    expect(shown(plan).filter((line) => line.endsWith(': definitions: source'))).toEqual([
      'events: definitions: source',
      'sessions: definitions: source',
    ]);
    expect(plan.statements.every(({ bytes, sql: text }) => bytes === null && text !== '')).toBe(true);
    expect(plan.notes).toContain('not gone through, because they work on files, too: landing');

    const after = await openDuckDb(file, { readOnly: true });
    expect(await after.rows(sql`select name, definition_hash from ${table('definitions')} order by name nulls first`)).toEqual([
      { name: 'costs', definition_hash: 'same' },
      { name: 'events', definition_hash: 'old' },
      { name: 'sessions', definition_hash: 'same' },
    ]);
    expect(await after.rows(sql`select table_name from information_schema.tables`)).toEqual([{ table_name: 'definitions' }]);
    await after.close();
  });

  test('without a warehouse it is planned in memory: no file is made', async () => {
    const plan = await planNight({ ...options(), steps: MODELS });
    expect(plan.rebuilt).toEqual(['costs', 'events', 'sessions']);
    expect(readdirSync(dataFolder)).toEqual([]);
    expect(existsSync(path.join(dataFolder, 'warehouse.duckdb'))).toBe(false);
  });

  test('after a run the whole night is planned, and nothing would be rebuilt', async () => {
    await runNight({ config: embedded, configFolder: dataFolder, dataFolder, now: NOW });
    const plan = await planNight({ ...options(), now: '2026-07-02T03:00:00.000Z' });
    expect(plan.rebuilt).toEqual([]);
    expect(new Set(plan.statements.map(({ step }) => step))).toContain('attribution');
  });

  test('a step that would fail fails the plan, by its name', async () => {
    const broken: NightStep = { name: 'broken', transaction: true, run: () => Promise.reject(new Error('no such column')) };
    await expect(planNight({ ...options(), steps: [broken] })).rejects.toThrow('step "broken" would fail: no such column');
  });
});

/** A dataset in which no row is, that refuses to be written to. */
class EmptyDataset implements BigQueryApi {
  readonly tables: ReadonlySet<string> | 'all';
  readonly definitions: Readonly<Record<string, string>>;

  constructor(tables: ReadonlySet<string> | 'all', definitions: Readonly<Record<string, string>> = {}) {
    this.tables = tables;
    this.definitions = definitions;
  }

  async runQuery(job: QueryJob): Promise<FinishedQuery> {
    const { query } = job;
    const asks = query.startsWith('select name, definition_hash, built_at from');
    const fields: Field[] = ['name', 'definition_hash', 'built_at'].map((name) => ({ name, type: 'STRING' }));
    const rows = Object.entries(this.definitions).map(([name, hash]) => ({ f: [{ v: name }, { v: hash }, { v: 'before' }] }));
    const page = { fields, rows: asks ? rows : [] };
    return readOnly(job, 5, page);
  }
  async dryRun({ expected }: QueryJob) {
    return { fields: expected ?? [], bytes: 100 };
  }
  async fieldsOf(name: string) {
    return this.tables === 'all' || this.tables.has(name) ? definitionsFields(name) : undefined;
  }
  loadFile = refuseLoad;
}

const definitionsFields = (name: string): Field[] =>
  name === DEFINITIONS.name ? DEFINITIONS.columns.map((column) => ({ name: column.name, type: column.type, mode: 'REQUIRED' })) : [];

const plan = async (dataset: EmptyDataset, steps?: readonly NightStep[]) => {
  const settings = { project: 'p', dataset: 'd', location: 'EU', maximumBytesBilled: 1000 };
  const api = new PlanningApi(settings, dataset);
  const warehouse = new BigQueryWarehouse(settings, api);
  return planWrites(
    { config: atScale, configFolder: dataFolder, dataFolder, now: NOW, ...(steps && { steps }) },
    { warehouse, statements: api.statements },
  );
};

/** The statements that record a definition. */
const recorded = (step: string) => [
  `${step}: definitions: source`,
  `${step}: definitions`,
  `${step}: definitions`,
  `${step}: definitions`,
  `${step}: drop staged`,
];

describe('on BigQuery', () => {
  test('what is rebuilt is told, what an earlier step forgets too, and the bytes that are known are summed up', async () => {
    const told = await plan(new EmptyDataset('all', { events: 'old', sessions: 'same', costs: 'same' }), [files, ...MODELS]);
    expect(told.rebuilt).toEqual(['events', 'sessions']);
    const lines = shown(told).map((line) => line.replace(/staged_definitions_\w+/, 'staged'));
    expect(lines).toEqual([
      'events: definitions',
      'events: definitions',
      ...recorded('events'),
      'sessions: definitions',
      ...recorded('sessions'),
      'costs: definitions',
    ]);
    const models = told.statements.filter(({ step }) => step !== 'tables');
    // Three reads of 5 bytes; a deletion, two sources and two merges of 100 each; four checks that nobody knows; two drops.
    expect(models.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0)).toBe(515);
    expect(models.filter(({ bytes }) => bytes === null).length).toBe(4);
  });

  test('what an earlier step has built by the same definition is not built again', async () => {
    const told = await plan(new EmptyDataset('all', { events: 'old' }), [model('events', 'new'), model('events', 'new')]);
    expect(shown(told).filter((line) => line === 'events: definitions: source')).toHaveLength(1);
  });
});
