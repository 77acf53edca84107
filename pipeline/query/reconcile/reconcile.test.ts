import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DELIVERIES, FAILED_EVENTS } from '../../models/events/tables.ts';
import { events } from '../../models/events/events.ts';
import { type World, openWorld } from '../../testing/world.ts';
import { openDuckDb, type DuckDbWarehouse } from '../../warehouse/duckdb/duckdb.ts';
import { loadSegments } from '../../warehouse/duckdb/landing.ts';
import type { HeldDelivery } from './held.ts';
import { reconcile, type ReconcileOptions } from './reconcile.ts';

const AT = '2026-03-02T10:00:00.000Z';
/** More than 30 minutes after everything. */
const NOW = new Date('2026-03-02T12:00:00.000Z');

let world: World;
let duckdb: DuckDbWarehouse;
let data: string;
beforeEach(async () => {
  duckdb = await openDuckDb(':memory:');
  world = await openWorld({}, duckdb);
  data = await mkdtemp(path.join(tmpdir(), 'touchtrail-accounts-'));
  for (const folder of ['open', 'sealed', 'loaded', 'corrupt']) await mkdir(path.join(data, 'landing', folder), { recursive: true });
});
afterEach(async () => {
  await world.close();
  await rm(data, { recursive: true });
});

const header = (edge_sequence: number, count: number, more: object = {}) => ({
  edge_instance: 'edge-1',
  edge_sequence,
  received_at: AT,
  write_key_id: 'wk_1',
  count,
  ...more,
});
const line = (value: object) => `${JSON.stringify(value)}\n`;
const event = (message_id: string, edge_sequence: number) => ({
  event: {
    write_key_id: 'wk_1',
    message_id,
    type: 'track',
    occurred_at: AT,
    received_at: AT,
    email_hashes: [],
    click_ids: [],
    is_bot: false,
    is_internal: false,
    edge_instance: 'edge-1',
    edge_sequence,
  },
});
/** The text of a delivery; of `kept` its first rows are written, all by default. */
const delivery = (edge_sequence: number, ids: readonly string[], kept = ids.length, more: object = {}) =>
  line({ delivery: header(edge_sequence, ids.length, more) }) +
  ids
    .slice(0, kept)
    .map((id) => line(event(id, edge_sequence)))
    .join('');
const segment = (folder: 'open' | 'sealed' | 'loaded', name: string, text: string) =>
  writeFile(path.join(data, 'landing', folder, `${name}.ndjson`), text);
/** Numbers 2 and 3 are missing, and the last one was received then. */
const gapUntil = (received_at: string) =>
  segment('sealed', 'a', delivery(1, ['m1']) + delivery(4, []) + delivery(5, [], 0, { received_at }));
const night = async () => {
  await loadSegments(duckdb, path.join(data, 'landing'));
  await world.run(events);
};

const asked = (): ReconcileOptions => ({
  config: { type: 'duckdb', file: 'warehouse.duckdb' },
  dataFolder: data,
  timeZone: 'Europe/Berlin',
  from: '2026-03-01',
  to: '2026-03-03',
  now: NOW,
});
/** The world's warehouse, which stays open. */
const opened = async () => Object.assign(Object.create(duckdb) as DuckDbWarehouse, { close: async () => {} });
const accounts = (more: Partial<ReconcileOptions> = {}) => reconcile({ ...asked(), open: opened, ...more });
const loadedMeanwhile = async () => {
  await night();
  return opened();
};
/** The figures that are not 0, of the only row. */
async function figures(more: Partial<ReconcileOptions> = {}) {
  const result = await accounts(more);
  expect(result.rows).toHaveLength(1);
  const { date, write_key_id, ...counts } = result.rows[0]!;
  expect([date, write_key_id]).toEqual(['2026-03-02', 'wk_1']);
  const { accepted, ...parts } = counts;
  expect(Object.values(parts).reduce((total, count) => total + count, 0)).toBe(accepted);
  return { ...Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0)), balanced: result.balanced };
}

describe('the embedded edge', () => {
  test('what has landed and is not loaded is pending, before the first run as well', async () => {
    await segment('sealed', 'a', delivery(1, ['m1', 'm2']));
    await segment('open', 'b', delivery(2, ['m3']));
    expect(await figures()).toEqual({ accepted: 3, pending: 3, balanced: true });
  });

  test('a warehouse that no run has made yet is empty', async () => {
    await segment('sealed', 'a', delivery(1, ['m1', 'm2']));
    const result = await reconcile({ ...asked(), config: { type: 'duckdb', file: 'none.duckdb' } });
    expect(result).toMatchObject({ balanced: true, rows: [{ accepted: 2, pending: 2 }] });
  });

  test('what a run has loaded is stored; what came after it is pending', async () => {
    await segment('sealed', 'a', delivery(1, ['m1', 'm2']));
    await night();
    await segment('open', 'b', delivery(2, ['m2', 'm3']));
    expect(await figures()).toEqual({ accepted: 4, stored: 2, pending: 2, balanced: true });
    await segment('sealed', 'b', delivery(2, ['m2', 'm3']));
    await rm(path.join(data, 'landing', 'open', 'b.ndjson'));
    await night();
    expect(await figures()).toEqual({ accepted: 4, stored: 3, duplicate: 1, balanced: true });
  });

  test('a segment that a run loads while the accounts are made counts once', async () => {
    await segment('sealed', 'a', delivery(1, ['m1']));
    expect(await figures({ open: loadedMeanwhile })).toEqual({ accepted: 1, stored: 1, balanced: true });
  });

  test('rows that a kill cut off at the end of a segment were not acknowledged: landed or loaded, they are not counted', async () => {
    await segment('sealed', 'a', delivery(1, ['m1', 'm2']) + delivery(2, ['m3', 'm4', 'm5'], 1) + '{"event":{"write_k');
    expect(await figures()).toEqual({ accepted: 3, pending: 3, balanced: true });
    expect((await accounts()).cut_off).toBe(2);
    await night();
    expect(await figures()).toEqual({ accepted: 3, stored: 3, balanced: true });
    expect((await accounts()).cut_off).toBe(2);
  });

  test('rows that are missing at the end of a segment are a loss where their instance went on for more than a minute', async () => {
    const torn = delivery(1, ['m1', 'm2', 'm3'], 1);
    const later = (received_at: string) => segment('sealed', 'b', delivery(2, [], 0, { received_at }));
    await segment('sealed', 'a', torn);
    await later('2026-03-02T10:01:00.000Z');
    expect(await figures()).toEqual({ accepted: 1, pending: 1, balanced: true });
    await later('2026-03-02T10:01:00.001Z');
    const broken = [{ edge_instance: 'edge-1', edge_sequence: 1, write_key_id: 'wk_1', counted: 3, found: 1 }];
    expect(await figures()).toEqual({ accepted: 3, pending: 1, missing: 2, balanced: false });
    expect(await accounts()).toMatchObject({ broken, cut_off: 0 });
    await night();
    expect(await figures()).toEqual({ accepted: 3, stored: 1, missing: 2, balanced: false });
    expect(await accounts()).toMatchObject({ broken, cut_off: 0 });
  });

  test('a write that failed and was filled later is no loss, whichever of the two is loaded', async () => {
    await segment('sealed', 'a', delivery(1, ['m1', 'm2', 'm3'], 1));
    const filling = delivery(1, []) + delivery(2, [], 0, { received_at: '2026-03-02T11:00:00.000Z' });
    await segment('sealed', 'b', filling);
    expect(await figures()).toEqual({ accepted: 1, pending: 1, balanced: true });
    await rm(path.join(data, 'landing', 'sealed', 'b.ndjson'));
    await night();
    await segment('sealed', 'b', filling);
    expect(await figures()).toEqual({ accepted: 1, stored: 1, balanced: true });
    await night();
    expect(await figures()).toEqual({ accepted: 1, stored: 1, balanced: true });
    expect((await accounts()).cut_off).toBe(2);
  });

  test('rows that are missing in the middle of a segment are a loss: landed or loaded', async () => {
    await segment('sealed', 'a', delivery(1, ['m1', 'm2', 'm3'], 1) + delivery(2, ['m4']));
    const broken = [{ edge_instance: 'edge-1', edge_sequence: 1, write_key_id: 'wk_1', counted: 3, found: 1 }];
    expect(await figures()).toEqual({ accepted: 4, pending: 2, missing: 2, balanced: false });
    expect(await accounts()).toMatchObject({ broken, cut_off: 0 });
    await night();
    expect(await figures()).toEqual({ accepted: 4, stored: 2, missing: 2, balanced: false });
    expect(await accounts()).toMatchObject({ broken, cut_off: 0 });
  });

  test('segments of any length are counted to the last row', async () => {
    const text = Array.from({ length: 500 }, (_, i) => delivery(i + 1, [`a${i}`, `b${i}`])).join('');
    expect(text.length).toBeGreaterThan(3 * 64 * 1024);
    await segment('sealed', 'a', text);
    expect(await figures()).toEqual({ accepted: 1_000, pending: 1_000, balanced: true });
  });

  test('a segment that vanishes is a loss, by the numbers', async () => {
    const later = { received_at: '2026-03-02T10:30:00.000Z' };
    await segment('sealed', 'a', delivery(1, ['m1']));
    await segment('sealed', 'c', delivery(5, []) + delivery(6, [], 0, later));
    const lost = { edge_instance: 'edge-1', first_missing: 2, last_missing: 4, deliveries: 3, lost: true };
    expect(await accounts()).toMatchObject({ balanced: false, gaps: [lost] });
    await night();
    expect(await accounts()).toMatchObject({ balanced: false, gaps: [lost] });
  });

  test('a gap within the last minute of an instance can be what was never acknowledged', async () => {
    await gapUntil('2026-03-02T10:01:00.000Z');
    expect(await accounts()).toMatchObject({ balanced: true, gaps: [{ first_missing: 2, last_missing: 3, lost: false }] });
    await gapUntil('2026-03-02T10:01:00.001Z');
    expect(await accounts()).toMatchObject({ balanced: false, gaps: [{ first_missing: 2, last_missing: 3, lost: true }] });
  });

  test('a gap in the warehouse is none where the numbers have landed', async () => {
    await segment('sealed', 'a', delivery(1, ['m1']) + delivery(5, ['m5']));
    await night();
    await segment('sealed', 'b', delivery(2, []) + delivery(4, []) + delivery(6, []));
    expect((await accounts()).gaps.map(({ first_missing, last_missing }) => [first_missing, last_missing])).toEqual([[3, 3]]);
  });

  test('an empty header that lands for a number that was stored after all changes nothing', async () => {
    await segment('sealed', 'a', delivery(1, ['m1', 'm2']));
    await night();
    await segment('sealed', 'b', delivery(1, []));
    expect(await figures()).toEqual({ accepted: 2, stored: 2, balanced: true });
  });

  test('a delivery that lands for a number of which only an empty header is loaded counts with its own rows', async () => {
    await segment('sealed', 'a', delivery(1, []));
    await night();
    await segment('sealed', 'b', delivery(1, ['m1', 'm2']));
    expect(await figures()).toEqual({ accepted: 2, pending: 2, balanced: true });
  });
});

const land = (edge_sequence: number, ...ids: string[]) =>
  world.events(...ids.map((message_id) => ({ who: 'a', at: '10:00', message_id, received_at: AT, edge_sequence })));
const held = (deliveries: readonly Partial<HeldDelivery>[], unreadable: readonly string[] = []) => ({
  deliveries: deliveries.map((one) => ({
    edge_instance: 'edge-1',
    edge_sequence: 1,
    received_at: AT,
    write_key_id: 'wk_1',
    rows: 1,
    spilled: 0,
    ...one,
  })),
  unreadable,
});

describe('the deployed edge', () => {
  test('what the edge holds is accepted and pending', async () => {
    await world.load(DELIVERIES, [header(1, 1)]);
    await land(1, 'm1');
    await world.run(events);
    expect(await figures({ held: held([{ edge_sequence: 2, rows: 5 }]) })).toEqual({ accepted: 6, stored: 1, pending: 5, balanced: true });
  });

  test('the rest of a delivery that is held in part', async () => {
    await land(1, 'm1');
    await world.run(events);
    expect(await figures({ held: held([{ rows: 2 }]) })).toEqual({ accepted: 3, stored: 1, pending: 2, balanced: true });
    // Without what is held, its header would be missing.
    expect(await figures({ held: held([]) })).toEqual({ accepted: 1, stored: 1, balanced: false });
  });

  test('a spilled delivery of which rows have arrived all the same, without its header, has no more rows for that', async () => {
    await land(1, 'm1', 'm2');
    await world.run(events);
    expect(await figures({ held: held([{ rows: 0, spilled: 2 }]) })).toEqual({ accepted: 2, stored: 2, balanced: true });
    expect(await figures({ held: held([{ rows: 0, spilled: 3 }]) })).toEqual({ accepted: 3, stored: 2, pending: 1, balanced: true });
  });

  test('a spilled delivery whose header has arrived is the rest of it', async () => {
    await world.load(DELIVERIES, [header(1, 3)]);
    await land(1, 'm1', 'm2');
    await world.run(events);
    expect(await figures({ held: held([{ rows: 0, spilled: 3 }]) })).toEqual({ accepted: 3, stored: 2, pending: 1, balanced: true });
    expect(await figures({ held: held([{ rows: 0, spilled: 2 }]) })).toEqual({ accepted: 3, stored: 2, missing: 1, balanced: false });
  });

  test('a gap is no loss as long as its deliveries can be on their way', async () => {
    await world.load(DELIVERIES, [header(1, 0), header(3, 0), header(4, 0, { received_at: '2026-03-02T10:10:00.000Z' })]);
    const young = await accounts({ held: held([]), now: new Date('2026-03-02T10:30:00.000Z') });
    expect(young).toMatchObject({ balanced: true, gaps: [{ first_missing: 2, lost: false, unexplained: false, in_flight: true }] });
    const old = await accounts({ held: held([]), now: new Date('2026-03-02T10:30:00.001Z') });
    expect(old).toMatchObject({ balanced: false, gaps: [{ first_missing: 2, lost: true, unexplained: false, in_flight: false }] });
  });

  test('a gap at the end of an instance is unexplained: a loss, or never acknowledged', async () => {
    await world.load(DELIVERIES, [header(1, 0), header(3, 0, { received_at: '2026-03-02T10:00:30.000Z' })]);
    const young = await accounts({ held: held([]), now: new Date('2026-03-02T10:30:30.000Z') });
    expect(young).toMatchObject({ balanced: true, gaps: [{ first_missing: 2, lost: false, unexplained: false, in_flight: true }] });
    const old = await accounts({ held: held([]), now: new Date('2026-03-02T10:30:30.001Z') });
    expect(old).toMatchObject({ balanced: false, gaps: [{ first_missing: 2, lost: false, unexplained: true, in_flight: false }] });
  });

  test('a copy of what has arrived is nothing', async () => {
    await world.load(DELIVERIES, [header(1, 2)]);
    await land(1, 'm1', 'm2');
    await world.run(events);
    expect(await figures({ held: held([{ rows: 2 }]) })).toEqual({ accepted: 2, stored: 2, balanced: true });
  });

  test('a number that is held is no gap', async () => {
    await world.load(DELIVERIES, [header(1, 0), header(3, 0), header(4, 0, { received_at: '2026-03-02T11:00:00.000Z' })]);
    expect(await accounts({ held: held([{ edge_sequence: 2 }]) })).toMatchObject({ balanced: true, gaps: [] });
    expect(await accounts({ held: held([]) })).toMatchObject({
      balanced: false,
      gaps: [{ first_missing: 2, last_missing: 2, lost: true }],
    });
  });

  test('what was received within the last 30 minutes is in flight, later it is missing', async () => {
    await world.load(DELIVERIES, [header(1, 3)]);
    await land(1, 'm1');
    await land(2, 'm2');
    await world.run(events);
    const young = await accounts({ held: held([]), now: new Date('2026-03-02T10:29:59.000Z') });
    expect(young).toMatchObject({ balanced: true, in_flight: 2, broken: [], rows: [{ accepted: 4, stored: 2, pending: 2, missing: 0 }] });
    const old = await accounts({ held: held([]), now: new Date('2026-03-02T10:30:01.000Z') });
    expect(old).toMatchObject({ balanced: false, in_flight: 0, rows: [{ accepted: 4, stored: 2, pending: 0, missing: 2 }] });
    expect(old.broken.map(({ edge_sequence, counted, found }) => [edge_sequence, counted, found])).toEqual([
      [1, 3, 1],
      [2, null, 1],
    ]);
  });

  test('landing segments of this machine have no part in it', async () => {
    await segment('sealed', 'a', delivery(9, ['m9']));
    expect((await accounts({ held: held([]) })).rows).toEqual([]);
  });

  test('rows refused once and stored, and objects that nobody can read, are told', async () => {
    await world.load(DELIVERIES, [header(1, 1)]);
    await land(1, 'm1');
    const refused = { received_at: AT, write_key_id: 'wk_1', message_id: 'm1', reason: 'warehouse_rejected' };
    await world.load(FAILED_EVENTS, [{ ...refused, edge_instance: 'edge-1', edge_sequence: 1 }]);
    await world.run(events);
    expect(await accounts({ held: held([], ['dead/x']) })).toMatchObject({
      in_both: 1,
      unreadable: ['dead/x'],
      rows: [{ accepted: 1, stored: 1 }],
    });
  });
});
