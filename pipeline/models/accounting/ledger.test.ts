import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type EventInput, type World, openWorld } from '../../testing/world.ts';
import type { Row } from '../../warehouse/warehouse.ts';
import { events } from '../events/events.ts';
import { DELIVERIES, FAILED_EVENTS } from '../events/tables.ts';
import { type AccountedDays, brokenDeliveries, ledgerRows, numberText, sequenceGaps, statesOf } from './ledger.ts';

const DAYS: AccountedDays = { timeZone: 'Europe/Berlin', from: '2026-03-01', to: '2026-03-05' };
/** The delivery all tests of columns are about. */
const AT = '2026-03-02T10:00:00.000Z';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const header = (edge_sequence: number, count: number, more: Row = {}): Row => ({
  edge_instance: 'edge-1',
  edge_sequence,
  received_at: AT,
  write_key_id: 'wk_1',
  count,
  ...more,
});
const headers = (...rows: Row[]) => world.load(DELIVERIES, rows);
const land = (...ids: (string | Partial<EventInput>)[]) =>
  world.events(...ids.map((id) => ({ who: 'a', at: '10:00', received_at: AT, ...(typeof id === 'string' ? { message_id: id } : id) })));
const refused = (...rows: Row[]) =>
  world.load(
    FAILED_EVENTS,
    rows.map((row) => ({
      write_key_id: 'wk_1',
      received_at: AT,
      reason: 'too_deep',
      edge_instance: 'edge-1',
      edge_sequence: 1,
      ...row,
    })),
  );

/** The columns that are not 0, of the only row of the ledger. */
async function ledger(): Promise<Row> {
  const rows = await world.warehouse.rows(ledgerRows(world.warehouse.dialect, DAYS));
  expect(rows).toHaveLength(1);
  const { date, write_key_id, ...counts } = rows[0]!;
  expect([date, write_key_id]).toEqual(['2026-03-02', 'wk_1']);
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0));
}
const broken = async () =>
  (await world.warehouse.rows(brokenDeliveries(world.warehouse.dialect, DAYS, 100))).map(({ edge_sequence, counted, found }) => [
    edge_sequence,
    counted,
    found,
  ]);
const gaps = async () =>
  (await world.warehouse.rows(sequenceGaps(world.warehouse.dialect, DAYS))).map(({ edge_instance, first_missing, last_missing }) => [
    edge_instance,
    first_missing,
    last_missing,
  ]);

describe('every row that a header counts is in one column', () => {
  test('stored: it is the one that the events keep', async () => {
    await headers(header(1, 2));
    await land('m1', 'm2');
    await world.run(events);
    expect(await ledger()).toEqual({ deliveries: 1, accepted: 2, stored: 2 });
    expect(await broken()).toEqual([]);
  });

  test('duplicate: the events keep the copy of another delivery', async () => {
    await headers(header(1, 2), header(2, 1, { received_at: '2026-03-02T10:00:05.000Z' }));
    await land('m1', 'm2', { message_id: 'm1', edge_sequence: 2, received_at: '2026-03-02T10:00:05.000Z' });
    await world.run(events);
    expect(await ledger()).toEqual({ deliveries: 2, accepted: 3, stored: 2, duplicate: 1 });
  });

  test('duplicate: of two instances with the same number, too', async () => {
    await headers(header(1, 1), header(1, 1, { edge_instance: 'edge-2' }));
    await land('m1', { message_id: 'm1', edge_instance: 'edge-2' });
    await world.run(events);
    expect(await ledger()).toEqual({ deliveries: 2, accepted: 2, stored: 1, duplicate: 1 });
  });

  test('waiting: no run has seen it', async () => {
    await headers(header(1, 3));
    await land('m1');
    await world.run(events);
    await land('m2', 'm3');
    expect(await ledger()).toEqual({ deliveries: 1, accepted: 3, stored: 1, waiting: 2 });
  });

  test('failed: equal rejected events are told apart by their place, and a whole request is one', async () => {
    await headers(header(1, 4), header(2, 1));
    await land('m1');
    await world.run(events);
    await refused({ position: 0 }, { position: 2 }, { position: 3, message_id: 'm1' }, { edge_sequence: 2, reason: 'invalid_json' });
    expect(await ledger()).toEqual({ deliveries: 2, accepted: 5, stored: 1, failed: 4 });
  });

  test('failed: what the warehouse refused has no place, but a message id', async () => {
    await headers(header(1, 3));
    await land('m1');
    await world.run(events);
    const reason = 'warehouse_rejected';
    await refused({ reason, message_id: 'm2' }, { reason, message_id: 'm3' }, { reason, message_id: 'm3', detail: 'said otherwise' });
    expect(await ledger()).toEqual({ deliveries: 1, accepted: 3, stored: 1, failed: 2 });
  });

  test('missing: a header counts more than there is', async () => {
    await headers(header(1, 3), header(2, 1));
    await land('m1', { message_id: 'm2', edge_sequence: 2 });
    await world.run(events);
    expect(await ledger()).toEqual({ deliveries: 2, accepted: 4, stored: 2, missing: 2 });
    expect(await broken()).toEqual([[1, 3, 1]]);
  });

  test('missing: of all rows of a delivery', async () => {
    await headers(header(1, 3));
    expect(await ledger()).toEqual({ deliveries: 1, accepted: 3, missing: 3 });
  });

  test('a row that the warehouse refused once and has all the same counts once, and is told', async () => {
    await headers(header(1, 2));
    await land('m1', 'm2');
    await world.run(events);
    await refused({ reason: 'warehouse_rejected', message_id: 'm2' });
    expect(await ledger()).toEqual({ deliveries: 1, accepted: 2, stored: 2, in_both: 1 });
  });

  test('rows without a header were accepted, too, and their delivery is named', async () => {
    await headers(header(1, 1));
    await land('m1', { message_id: 'm2', edge_sequence: 2 });
    await world.run(events);
    expect(await ledger()).toEqual({ deliveries: 2, accepted: 2, stored: 2 });
    expect(await broken()).toEqual([[2, null, 1]]);
  });
});

describe('what comes twice counts once', () => {
  test('a delivery that the queue hands over twice is one, in the warehouse as well', async () => {
    await headers(header(1, 3), header(1, 3));
    await land('m1', 'm2', 'm1', 'm2');
    await refused({ position: 1 }, { position: 1 });
    await world.run(events);
    expect(await ledger()).toEqual({ deliveries: 1, accepted: 3, stored: 2, failed: 1 });
    expect(await broken()).toEqual([]);
  });

  test('of two headers of one number the greater count holds, with the time and key of the rows', async () => {
    await headers(header(1, 0, { received_at: '2026-03-01T08:00:00.000Z', write_key_id: 'wk_other' }), header(1, 2));
    await land('m1', 'm2');
    await world.run(events);
    expect(await ledger()).toEqual({ deliveries: 1, accepted: 2, stored: 2 });
    expect(await broken()).toEqual([]);
    await headers(header(2, 4), header(2, 0));
    expect(await ledger()).toEqual({ deliveries: 2, accepted: 6, stored: 2, missing: 4 });
  });

  test('an empty delivery that fills a number has nothing to account for', async () => {
    await headers(header(1, 0));
    expect(await ledger()).toEqual({ deliveries: 1 });
    expect(await broken()).toEqual([]);
  });

  test('rows whose number has only an empty header are told: the real one is missing', async () => {
    await headers(header(1, 0));
    await land('m1');
    await world.run(events);
    expect(await ledger()).toEqual({ deliveries: 1, accepted: 1, stored: 1 });
    expect(await broken()).toEqual([[1, 0, 1]]);
  });
});

test('the ledger is by day of the project time zone and by write key, within the days asked for', async () => {
  await headers(
    // 00:30 on the 3rd in Berlin; the last microsecond before the first day; the first instant after the last.
    header(1, 1, { received_at: '2026-03-02T23:30:00.000Z' }),
    header(2, 1),
    header(3, 1, { write_key_id: 'wk_2' }),
    header(4, 1, { received_at: '2026-02-28T22:59:59.999Z' }),
    header(5, 1, { received_at: '2026-03-05T23:00:00.000Z' }),
    header(6, 1, { received_at: '2026-02-28T23:00:00.000Z' }),
  );
  const rows = await world.warehouse.rows(ledgerRows(world.warehouse.dialect, DAYS));
  expect(rows.map(({ date, write_key_id, accepted }) => [date, write_key_id, accepted])).toEqual([
    ['2026-03-01', 'wk_1', 1],
    ['2026-03-02', 'wk_1', 1],
    ['2026-03-02', 'wk_2', 1],
    ['2026-03-03', 'wk_1', 1],
  ]);
});

describe('gaps', () => {
  test('are the numbers from 1 that an instance has skipped', async () => {
    const other = { edge_instance: 'edge-2' };
    await headers(header(1, 0), header(2, 0), header(2, 0), header(5, 0), header(7, 0), header(3, 0, other), header(4, 0, other));
    expect(await gaps()).toEqual([
      ['edge-1', 3, 4],
      ['edge-1', 6, 6],
      ['edge-2', 1, 2],
    ]);
  });

  test('are none where only the header is missing', async () => {
    await headers(header(1, 0), header(4, 0));
    await land({ message_id: 'm', edge_sequence: 2 });
    await refused({ edge_sequence: 3, position: 0 });
    expect(await gaps()).toEqual([]);
  });

  test('are told for the days of the deliveries behind them; numbers of earlier days are known', async () => {
    const before = { received_at: '2026-02-01T10:00:00.000Z' };
    const after = { received_at: '2026-04-01T10:00:00.000Z' };
    await headers(header(2, 0, before), header(3, 0), header(5, 0), header(9, 0, after));
    expect(await gaps()).toEqual([['edge-1', 4, 4]]);
    const [gap] = await world.warehouse.rows(sequenceGaps(world.warehouse.dialect, DAYS));
    expect(gap).toMatchObject({ next_received_at: '2026-03-02T10:00:00.000000Z', last_received_at: '2026-04-01T10:00:00.000000Z' });
  });
});

test('certain deliveries are found whenever they were received', async () => {
  await headers(header(1, 2), header(2, 0), header(1, 1, { edge_instance: 'edge-2', received_at: '2025-01-01T10:00:00.000Z' }));
  await land('m1');
  const asked = [numberText('edge-1', 1), numberText('edge-2', 1), numberText('edge-3', 1)];
  const rows = await world.warehouse.rows(statesOf(world.warehouse.dialect, 'Europe/Berlin', asked));
  expect(new Map(rows.map(({ edge_instance, counted, found, date }) => [edge_instance, [counted, found, date]]))).toEqual(
    new Map([
      ['edge-1', [2, 1, '2026-03-02']],
      ['edge-2', [1, 0, '2025-01-01']],
    ]),
  );
});
