import { afterEach, beforeEach, expect, test } from 'vitest';
import { EVENTS_RAW } from '../models/events/tables.ts';
import { RUNS } from '../night/tables.ts';
import { type DuckDbWarehouse, openDuckDb } from '../warehouse/duckdb/duckdb.ts';
import type { Row } from '../warehouse/warehouse.ts';
import { beforeFirstRun, examineActivity } from './activity.ts';

const NOW = new Date('2026-11-23T09:00:00Z');
let warehouse: DuckDbWarehouse;
beforeEach(async () => {
  warehouse = await openDuckDb(':memory:');
  await warehouse.migrate([
    RUNS,
    {
      ...EVENTS_RAW,
      columns: EVENTS_RAW.columns.map((column) => ({ ...column, ...(column.mode === 'required' && { mode: 'nullable' as const }) })),
    },
  ]);
});
afterEach(() => warehouse.close());

async function runs(...rows: readonly (Partial<Row> & { started_at: string })[]): Promise<void> {
  await warehouse.load(
    RUNS,
    rows.map((row, i) => ({
      run_id: `r${i}`,
      token: i,
      finished_at: null,
      status: 'done',
      holder: 'here',
      message: null,
      warnings: '[]',
      publication_id: null,
      ...row,
    })),
  );
}
const events = (...times: readonly string[]) =>
  warehouse.load(
    { ...EVENTS_RAW, columns: [{ name: 'received_at', type: 'TIMESTAMP', description: '' }] },
    times.map((received_at) => ({ received_at })),
  );
const lines = async (landed?: string) =>
  (await examineActivity(warehouse, NOW, landed)).map(({ subject, status, says }) => `${status} ${subject}: ${says}`);

test('the last run and the last event, with their age', async () => {
  await runs(
    { started_at: '2026-11-22T02:00:00Z', finished_at: '2026-11-22T02:01:00Z', status: 'failed', message: 'old' },
    { started_at: '2026-11-23T02:00:00Z', finished_at: '2026-11-23T02:10:00Z' },
  );
  await events('2026-11-23T01:00:00Z', '2026-11-23T08:57:30Z');
  expect(await lines()).toEqual(['ok Last run: done 6 hours ago', 'ok Events: the last one came 2 minutes ago']);
});

test('a night that was missed is told', async () => {
  await runs({ started_at: '2026-11-21T20:00:00Z', finished_at: '2026-11-21T20:59:00Z' });
  expect((await lines())[0]).toBe('problem Last run: done 36 hours ago: none since');
});

test('a run that failed is told with its words', async () => {
  await runs({ started_at: '2026-11-23T02:00:00Z', finished_at: '2026-11-23T02:10:00Z', status: 'failed', message: 'crm.csv is empty' });
  expect((await lines())[0]).toBe('problem Last run: failed 6 hours ago: crm.csv is empty');
});

test('a run in progress is no fault', async () => {
  await runs({ started_at: '2026-11-23T08:59:00Z', status: 'running' });
  expect((await lines())[0]).toBe('note Last run: one has been running for 1 minute');
});

test('events of more than a week ago, or none, are too few; what has landed counts', async () => {
  await events('2026-11-16T08:59:59Z');
  expect(await lines()).toEqual(['note Last run: there has been none', 'problem Events: none in the last 7 days']);
  expect((await lines('2026-11-23T08:00:00.000Z'))[1]).toBe('ok Events: the last one came 60 minutes ago');
  expect(beforeFirstRun(NOW).map(({ status }) => status)).toEqual(['note', 'problem']);
});
