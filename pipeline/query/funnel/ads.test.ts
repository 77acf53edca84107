import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DuckDbWarehouse } from '../../warehouse/duckdb/duckdb.ts';
import { openWorld, PUBLICATION } from '../testing/world.ts';
import { type AdFunnelQueryInput, parseAdFunnelQuery, runAdFunnel } from './ads.ts';

let world: DuckDbWarehouse;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const ALL = { start_date: '2026-01-01', end_date: '2026-12-31' };
const ask = (query: Partial<AdFunnelQueryInput> = {}) =>
  runAdFunnel(
    world,
    PUBLICATION,
    parseAdFunnelQuery({ date_range: ALL, conversion: 'closed_won', model: 'first_click', ...query }, PUBLICATION.config),
  );

test('the ad funnel goes from impressions to conversions, with the loss at each step; what no ad brought is not in it', async () => {
  const { rows, totals, steps, conversion } = await ask();
  expect(steps.map(({ label }) => label)).toEqual(['Impressions', 'Clicks', 'Landings', 'Conversions']);
  expect(conversion).toEqual({ name: 'closed_won', label: 'Closed/Won', money: true });
  expect(rows.map(({ name, cost, value }) => [name, cost, value])).toEqual([
    ['generic', 300, 0],
    ['abm', 200, 0],
    ['brand', 100, 10_000],
  ]);
  expect(rows[2]!.steps).toEqual([
    { count: 1000, rate: null, lost: null },
    { count: 20, rate: 0.02, lost: 980 },
    { count: 1, rate: 0.05, lost: 19 },
    { count: 1, rate: 1, lost: 0 },
  ]);
  // LinkedIn was clicked ten times, and nobody arrived.
  expect(rows[1]!.steps.map(({ count }) => count)).toEqual([4000, 10, 0, 0]);
  expect(rows[1]!.steps[3]).toEqual({ count: 0, rate: null, lost: 0 });
  expect(totals.steps.map(({ count }) => count)).toEqual([7000, 80, 2, 1]);
});

test('by platform, of one platform, and compared with another period', async () => {
  const january = { start_date: '2026-01-01', end_date: '2026-01-31' };
  const february = { start_date: '2026-02-01', end_date: '2026-02-28' };
  const { rows } = await ask({ dimension: 'ad_platform', date_range: january, comparison_date_range: february });
  expect(rows.map(({ name, steps, comparison }) => [name, steps[1]!.count, comparison!.steps[1]!.count])).toEqual([
    ['google_ads', 70, null],
    ['linkedin_ads', null, 10],
  ]);
  const google = await ask({ ad_platform: 'google_ads' });
  expect(google.rows.map(({ name }) => name)).toEqual(['generic', 'brand']);
  expect((await ask({ ad_platform: 'google_ads', campaign: 'brand' })).totals.cost).toBe(100);
});

test('by click time a deal counts on the day of its click', async () => {
  const january = { start_date: '2026-01-01', end_date: '2026-01-31' };
  expect((await ask({ date_range: january })).totals.steps[3]!.count).toBe(1);
  expect((await ask({ date_range: january, time_basis: 'conversion_time' })).totals.steps[3]!.count).toBe(0);
});

test.each([
  [{ conversion: 'close_won' }, 'conversion: unknown conversion "close_won", did you mean "closed_won"?'],
  [{ model: 'first' }, 'model: unknown model "first"'],
  [{ dimension: 'channel' }, 'dimension'],
])('a query that cannot be answered says why: %o', (query, message) => {
  expect(() => ask(query as never)).toThrow(message);
});
