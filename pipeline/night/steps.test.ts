import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Config } from '../config/schema.ts';
import { DELIVERIES, EVENTS_RAW, FAILED_EVENTS } from '../models/events/tables.ts';
import { openDuckDb } from '../warehouse/duckdb/duckdb.ts';
import type { Warehouse } from '../warehouse/warehouse.ts';
import { NIGHT_STEPS, type NightContext } from './steps.ts';

let dataFolder: string;
let duckdb: Warehouse;
beforeEach(async () => {
  dataFolder = await mkdtemp(path.join(tmpdir(), 'touchtrail-steps-'));
  duckdb = await openDuckDb(':memory:');
});
afterEach(async () => {
  await duckdb.close();
  await rm(dataFolder, { recursive: true, force: true });
});

/** Any engine but the embedded one: the step asks only which it is. */
const context = (warehouse: Warehouse): NightContext => ({
  warehouse,
  config: Config.parse({ project: { name: 'Fernhill', timeZone: 'Europe/Berlin', currency: 'EUR' } }),
  configFolder: dataFolder,
  dataFolder,
  now: '2026-07-01T03:00:00.000Z',
  run: { runId: 'run-1', renewLease: async () => {} },
});
const elsewhere = (): Warehouse => ({ ...duckdb, dialect: duckdb.dialect });
const landing = NIGHT_STEPS.find(({ name }) => name === 'landing')!;

test('events that the embedded edge landed stop a run into another warehouse: they would never arrive', async () => {
  for (const file of ['sealed/1.ndjson', 'open/2.ndjson']) {
    await mkdir(path.dirname(path.join(dataFolder, 'landing', file)), { recursive: true });
    await writeFile(path.join(dataFolder, 'landing', file), '{}\n');
  }
  const error: unknown = await landing.run(context(elsewhere())).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ name: 'UserError', exitCode: 2 });
  expect((error as Error).message).toMatch(
    `2 landing segments wait in ${path.join(dataFolder, 'landing')}, and the embedded edge loads only into DuckDB for now`,
  );
});

test('rejected events are told with a reason', async () => {
  const failed = { received_at: '2026-07-01T02:00:00.000Z', reason: 'missing_identity', edge_instance: 'e1', edge_sequence: 1 };
  const delivery = { edge_instance: 'e1', edge_sequence: 1, received_at: failed.received_at, write_key_id: 'wk_1', count: 2 };
  const lines = [{ delivery }, { failed }, { failed }].map((line) => `${JSON.stringify(line)}\n`).join('');
  await mkdir(path.join(dataFolder, 'landing', 'sealed'), { recursive: true });
  await writeFile(path.join(dataFolder, 'landing', 'sealed', '1.ndjson'), lines);
  await duckdb.migrate([EVENTS_RAW, FAILED_EVENTS, DELIVERIES]);
  expect((await landing.run(context(duckdb))).warnings).toEqual([
    '2 events were rejected: see the table failed_events, for example missing_identity',
  ]);
});

test('without landed events another warehouse has nothing to load', async () => {
  expect(await landing.run(context(elsewhere()))).toEqual({ changes: {}, warnings: [] });
});
