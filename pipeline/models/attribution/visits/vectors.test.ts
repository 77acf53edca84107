import { expect, test } from 'vitest';
import { openWorld } from '../../../testing/world.ts';
import { STAGED_VISIT_VECTORS } from './tables.ts';
import { type VisitorInput, loadVisitors } from './testing/visitors.ts';
import { vectorRows } from './vectors.ts';

const MARCH = { month: '2026-03-01', from: '2026-01-01T00:00:00.000Z', to: '2026-04-01T00:00:00.000Z' };
const LOOKBACK_DAYS = 30;

const VISITORS: readonly VisitorInput[] = [
  {
    person: 'converted, and came again',
    key: 5,
    visits: [
      { at: '2026-02-08 11:59', channel: 'a: before the window' },
      { at: '2026-02-08 12:00', channel: 'b: its first moment' },
      { at: '2026-03-10 12:05', channel: 'c: the grace' },
      { at: '2026-03-10 12:06', channel: 'd: after it' },
    ],
    conversions: { one: '2026-03-10 12:00' },
  },
  {
    person: 'with two browsers, never converted',
    key: 1,
    visits: [
      { at: '2026-02-01 10:00', channel: 'e: long before the last' },
      { at: '2026-03-20 10:00', channel: 'f: another browser', browser: 2 },
      { at: '2026-03-25 10:00', channel: 'g: the last' },
    ],
  },
  {
    person: 'came again after the window',
    key: 2,
    visits: [
      { at: '2026-03-31 23:59', channel: 'h: its last moment' },
      { at: '2026-04-01 00:00', channel: 'i: after it' },
    ],
  },
  { person: 'not seen in the window', key: 3, visits: [{ at: '2025-12-31 23:59', channel: 'j: before it' }] },
  {
    person: 'converted after the window',
    key: 4,
    visits: [{ at: '2026-03-15 10:00', channel: 'k: nothing came of it yet' }],
    conversions: { two: '2026-04-05 10:00' },
  },
  {
    person: 'converted before the window',
    key: 6,
    visits: [
      { at: '2025-12-30 10:00', channel: 'l: of a path that ended before' },
      { at: '2026-01-05 10:00', channel: 'm: nothing came of it' },
    ],
    conversions: { three: '2025-12-31 10:00' },
  },
  {
    person: 'converted twice',
    key: 7,
    visits: [{ at: '2026-01-30 10:00', channel: 'n: on both paths' }],
    conversions: { four: '2026-02-01 10:00', five: '2026-02-10 10:00' },
  },
  {
    person: 'converted otherwise',
    key: 8,
    visits: [{ at: '2026-02-01 10:00', channel: 'o: not of this conversion' }],
    conversions: { six: '2026-02-02 10:00' },
    conversionName: 'demo',
  },
];

/** What is counted of the visits of a channel. */
const row = (channel: string, is_held_out: boolean, [visits, converted, paths, converted_paths, converted_persons]: number[]) => ({
  channel,
  is_held_out,
  visits,
  converted,
  paths,
  converted_paths,
  converted_persons,
});

test('a version learns from the paths that end within its window, and holds one person in five out', async () => {
  const world = await openWorld();
  await loadVisitors(world, VISITORS);
  await world.warehouse.append(STAGED_VISIT_VECTORS, vectorRows(world.warehouse.dialect, 'lead', LOOKBACK_DAYS, [MARCH]));
  const rows = await world.rows(
    `select channel, is_held_out, visits, converted, paths, converted_paths, converted_persons
    from staged_visit_vectors order by channel nulls first`,
  );
  expect(rows).toEqual([
    row('b: its first moment', true, [1, 1, 1, 1, 1]),
    row('c: the grace', true, [1, 1, 0, 0, 0]),
    row('d: after it', true, [1, 0, 1, 0, 0]),
    row('f: another browser', false, [1, 0, 1, 0, 0]),
    row('g: the last', false, [1, 0, 0, 0, 0]),
    row('h: its last moment', false, [1, 0, 1, 0, 0]),
    row('k: nothing came of it yet', false, [1, 0, 1, 0, 0]),
    row('m: nothing came of it', false, [1, 0, 1, 0, 0]),
    row('n: on both paths', false, [2, 2, 2, 2, 1]),
    row('o: not of this conversion', false, [1, 0, 1, 0, 0]),
  ]);
  await world.close();
});

test('several months are told apart, and each sees what was known at its end', async () => {
  const world = await openWorld();
  await loadVisitors(world, VISITORS);
  const april = { month: '2026-04-01', from: '2026-04-01T00:00:00.000Z', to: '2026-05-01T00:00:00.000Z' };
  await world.warehouse.append(STAGED_VISIT_VECTORS, vectorRows(world.warehouse.dialect, 'lead', LOOKBACK_DAYS, [MARCH, april]));
  expect(
    await world.rows(`select channel, visits, converted from staged_visit_vectors where month = date '2026-04-01' order by channel`),
  ).toEqual([
    { channel: 'h: its last moment', visits: 1, converted: 0 },
    { channel: 'i: after it', visits: 1, converted: 0 },
    { channel: 'k: nothing came of it yet', visits: 1, converted: 1 },
  ]);
  expect(await world.rows(`select count(*) as rows, count(distinct vector) as numbers from staged_visit_vectors`)).toEqual([
    { rows: 13, numbers: 13 },
  ]);
  await world.close();
});

test('a visit is told by itself and by what came before it', async () => {
  const world = await openWorld();
  await loadVisitors(world, [
    {
      person: 'p',
      key: 1,
      visits: [
        { at: '2026-03-01 10:00', channel: 'a', seconds: 9.999_999, pages: 8, device: null },
        { at: '2026-03-01 10:59', channel: 'b', seconds: 0.5, pages: 3 },
        { at: '2026-03-02 10:58', channel: 'a', seconds: 300, pages: 4, device: 'mobile' },
        { at: '2026-03-09 10:58', channel: 'c', seconds: 60, pages: 0 },
      ],
      conversions: { one: '2026-03-10 10:00' },
    },
  ]);
  await world.warehouse.append(STAGED_VISIT_VECTORS, vectorRows(world.warehouse.dialect, 'lead', LOOKBACK_DAYS, [MARCH]));
  const rows = await world.rows(
    `select channel, device_type, engaged_seconds, page_views, seconds_since, visits_before, channels_before, engaged_before
    from staged_visit_vectors order by visits_before`,
  );
  // Bins count from 1; 0 is where there was nothing before. 10.5 seconds before the third, 310.5 before the last.
  expect(rows.map((row) => Object.values(row))).toEqual([
    ['a', '', 2, 4, 0, 1, 1, 0],
    ['b', 'desktop', 1, 2, 1, 2, 2, 1],
    ['a', 'mobile', 7, 3, 2, 3, 3, 2],
    ['c', 'desktop', 5, 1, 4, 4, 3, 4],
  ]);
  await world.close();
});
