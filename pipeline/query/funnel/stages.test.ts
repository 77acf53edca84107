import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DuckDbWarehouse } from '../../warehouse/duckdb/duckdb.ts';
import { parseFunnelQuery, runFunnel } from './stages.ts';
import { openWorld, PUBLICATION } from '../testing/world.ts';

let world: DuckDbWarehouse;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const ALL = { start_date: '2026-01-01', end_date: '2026-12-31' };
const funnel = (query: object) => runFunnel(world, PUBLICATION, parseFunnelQuery({ date_range: ALL, ...query }, PUBLICATION.config));

describe('the funnel', () => {
  test('gives every stage its own count, value and rank', async () => {
    const { stages, rows, totals } = await funnel({ model: 'first_click' });
    expect(stages).toEqual([
      { name: 'lead', label: 'Lead', money: false },
      { name: 'closed_won', label: 'Closed/Won', money: true },
    ]);
    // Both channels brought one lead and one deal; the deals differ in value.
    expect(rows).toEqual([
      {
        value: 'Paid Search',
        stages: [
          { conversions: 1, value: null, rank: 1 },
          { conversions: 1, value: 10_000, rank: 1 },
        ],
      },
      {
        value: 'Organic Search',
        stages: [
          { conversions: 1, value: null, rank: 1 },
          { conversions: 1, value: 500, rank: 2 },
        ],
      },
      {
        value: '(not attributed)',
        stages: [
          { conversions: 1, value: null, rank: null },
          { conversions: 0, value: 0, rank: null },
        ],
      },
    ]);
    expect(totals).toEqual([
      { conversions: 3, value: null },
      { conversions: 2, value: 10_500 },
    ]);
  });

  test('by click time counts a conversion in the month of its click', async () => {
    const february = { start_date: '2026-02-01', end_date: '2026-02-28' };
    const { totals } = await funnel({ model: 'first_click', time_basis: 'click_time', date_range: february });
    // Person 3's lead and deal by their click of 2 February, and the lead of nobody known by its own date.
    expect(totals).toEqual([
      { conversions: 2, value: null },
      { conversions: 1, value: 500 },
    ]);
  });

  test('cuts rows only after they were ranked', async () => {
    const { rows, meta } = await funnel({ model: 'last_click', limit: 1 });
    expect(rows.map(({ value }) => value)).toEqual(['Email']);
    expect(meta).toMatchObject({ row_count: 3, truncated: true });
  });

  test('by landing page is possible too', async () => {
    const { rows } = await funnel({ model: 'first_click', dimension: 'landing_path' });
    expect(rows.map(({ value, stages }) => [value, stages[0]!.conversions])).toEqual([
      ['/pricing', 1],
      ['/', 1],
      ['(not attributed)', 1],
    ]);
  });

  test('beside another period, by any dimension and filtered', async () => {
    const february = { start_date: '2026-02-01', end_date: '2026-02-28' };
    const january = { start_date: '2026-01-01', end_date: '2026-01-31' };
    const { rows, comparison_totals } = await funnel({
      model: 'first_click',
      dimension: 'param.plan',
      date_range: january,
      comparison_date_range: february,
      filters: { and: [{ field: 'channel', operator: 'in', value: ['Paid Search', 'Organic Search'] }] },
    });
    expect(
      rows.map(({ value, stages, comparison }) => [value, stages[0]!.conversions, comparison![0]!.conversions, comparison![0]!.rank]),
    ).toEqual([
      ['pro', 1, 0, null],
      ['basic', 0, 1, 1],
    ]);
    expect(comparison_totals!.map(({ conversions }) => conversions)).toEqual([1, 0]);
  });

  test('of an unknown model is refused', () => {
    expect(() => parseFunnelQuery({ date_range: ALL, model: 'first' }, PUBLICATION.config)).toThrow(
      'model: unknown model "first"; known: first_click, last_click, linear',
    );
  });

  test('without stages in the config says what to do', () => {
    expect(() => parseFunnelQuery({ date_range: ALL, model: 'first_click' }, { ...PUBLICATION.config, funnel: [] })).toThrow(
      'list conversions in `funnel`',
    );
  });
});
