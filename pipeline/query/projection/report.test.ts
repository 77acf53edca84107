import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addDays } from '../../config/calendar.ts';
import { type DuckDbWarehouse, openDuckDb } from '../../warehouse/duckdb/duckdb.ts';
import { type ReportResult, runReport } from '../result.ts';
import { parseReportQuery, type ReportQueryInput } from '../schema.ts';
import { LAST, projectionTables, PUBLISHED } from './testing/world.ts';

let warehouse: DuckDbWarehouse;
beforeAll(async () => {
  warehouse = await openDuckDb(':memory:');
  const tables = projectionTables();
  await warehouse.migrate(tables.map(([table]) => table));
  for (const [table, rows] of tables) await warehouse.load(table, rows);
});
afterAll(() => warehouse.close());

async function report(changes: Partial<ReportQueryInput> = {}): Promise<ReportResult> {
  const query = parseReportQuery(
    {
      date_range: { start_date: addDays(LAST, -20), end_date: LAST },
      metrics: ['conversions', 'conversion_value'],
      attributed_conversions: [{ conversion: 'closed_won', model: 'first_click' }],
      time_basis: 'click_time',
      projections: true,
      ...changes,
    },
    PUBLISHED.config,
  );
  return runReport(warehouse, PUBLISHED, query);
}
const of = (row: Pick<ReportResult['totals'], 'figures'>, model = 'first_click') =>
  ['conversions', 'projected_conversions', 'projected_value', 'maturity'].map((name) => row.figures[`closed_won.${model}.${name}`]);
const round = (values: readonly (number | null | undefined)[]) =>
  values.map((value) => (value == null ? value : Math.round(value * 1e6) / 1e6));

describe('a report by click time with projections', () => {
  test('foresees what the clicks will have brought: as many as there are sessions in this world', async () => {
    const { rows } = await report();
    const email = rows.find(({ dimensions }) => dimensions.channel === 'Email')!;
    // Eleven days are seen to their end, ten by half; one more conversion came in the night.
    expect(round(of(email))).toEqual([161, 210, 21_000, round([16 / 21])[0]]);
  });

  test('greys the days that are still filling', async () => {
    const { rows } = await report({ dimensions: ['date'], filters: { and: [{ field: 'channel', operator: 'equals', value: 'Email' }] } });
    expect(rows.map((row) => round(of(row)))).toEqual([
      ...Array.from({ length: 11 }, () => [10, 10, 1000, 1]),
      ...Array.from({ length: 1 }, () => [6, 10, 1000, 0.5]),
      ...Array.from({ length: 9 }, () => [5, 10, 1000, 0.5]),
    ]);
  });

  test('of a cell without conversions says how much of them could have been seen, and foresees none', async () => {
    const { rows } = await report();
    const direct = rows.find(({ dimensions }) => dimensions.channel === 'Direct');
    if (direct) expect(round(of(direct))).toEqual([0, 0, null, round([16 / 21])[0]]);
    const { rows: both } = await report({ metrics: ['sessions', 'conversions'] });
    expect(round(of(both.find(({ dimensions }) => dimensions.channel === 'Direct')!)).slice(1)).toEqual([0, null, round([16 / 21])[0]]);
  });

  test('foresees nothing of what has no click', async () => {
    const { rows } = await report();
    const nobody = rows.find(({ dimensions }) => dimensions.channel === '(not attributed)')!;
    expect(of(nobody)).toEqual([1, null, null, null]);
  });

  test('foresees nothing where fewer than 50 conversions say how long they take, and says so', async () => {
    const { rows, meta } = await report({ attributed_conversions: [{ conversion: 'closed_won', model: 'last_click' }] });
    expect(of(rows[0]!, 'last_click').slice(1)).toEqual([null, null, null]);
    expect(meta.notes).toContain('Closed/Won by last click is not projected: it takes 50 conversions of clicks to know how long they take');
  });

  test('says what it was foreseen by, in columns of its own', async () => {
    const { columns, meta } = await report();
    expect(columns.map(({ key, label, kind }) => [key, label, kind])).toEqual([
      ['closed_won.first_click.conversions', 'Conversions', 'decimal'],
      ['closed_won.first_click.conversion_value', 'Value', 'money'],
      ['closed_won.first_click.projected_conversions', 'Projected', 'decimal'],
      ['closed_won.first_click.projected_value', 'Projected value', 'money'],
      ['closed_won.first_click.maturity', 'Seen', 'percent'],
    ]);
    // Of 17 days and more ago there are fewer than 50 conversions.
    expect(meta.notes).toContain(
      'projected Closed/Won by first click: by how long 160 conversions took, as seen until 2026-06-29; delays beyond 16 days are not foreseen, and nothing where less than 10% can have been seen',
    );
  });

  test('is of clicks alone: by conversion time there is nothing to foresee', async () => {
    await expect(report({ time_basis: 'conversion_time' })).rejects.toThrow('projections: are of conversions by click_time');
    await expect(report({ attributed_conversions: [], metrics: ['sessions'] })).rejects.toThrow('projections: are of conversions');
  });

  test('the total is that of its sessions, not the sum of the rows', async () => {
    const { totals, meta } = await report();
    const words =
      'the total of what is projected is foreseen from all sessions together: it is not the sum of its rows, and has nothing of what has no click';
    expect(meta.notes).toContain(words);
    expect((await report({ dimensions: [] })).meta.notes).not.toContain(words);
    // As many direct sessions, which are as mature.
    expect(round(of(totals).slice(1))).toEqual([210, 21_000, round([16 / 21])[0]]);
  });
});
