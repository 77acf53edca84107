import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DuckDbWarehouse } from '../warehouse/duckdb/duckdb.ts';
import { APPLIED_VERSIONS, FITTED_TABLES } from '../models/attribution/fitted-tables.ts';
import { REPORT_COSTS } from '../models/reports/tables.ts';
import { DIMENSION_NAMES, type DimensionName } from './dimensions.ts';
import { METRIC_NAMES } from './metrics.ts';
import { runReport } from './result.ts';
import { parseReportQuery, type ReportQueryInput } from './schema.ts';
import { openWorld, PUBLICATION } from './testing/world.ts';

let world: DuckDbWarehouse;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const ALL = { start_date: '2026-01-01', end_date: '2026-12-31' };
const WON_FIRST = { conversion: 'closed_won', model: 'first_click' };
const WON_LAST = { conversion: 'closed_won', model: 'last_click' };
const LEAD_FIRST = { conversion: 'lead', model: 'first_click' };

const report = (query: Partial<ReportQueryInput>) =>
  runReport(world, PUBLICATION, parseReportQuery({ date_range: ALL, ...query }, PUBLICATION.config));
/** Rows as lists: dimensions, then figures. */
const cells = async (query: Partial<ReportQueryInput>) =>
  (await report(query)).rows.map((row) => [...Object.values(row.dimensions), ...Object.values(row.figures)]);
const totals = async (query: Partial<ReportQueryInput>) => (await report(query)).totals.figures;

describe('a channel report', () => {
  test('puts sessions, costs and credits of a channel into one row', async () => {
    expect(
      await cells({ metrics: ['sessions', 'users', 'cost', 'conversions', 'conversion_value'], attributed_conversions: [WON_FIRST] }),
    ).toEqual([
      ['Paid Search', 2, 2, 400, 1, 10_000],
      ['Organic Search', 1, 1, null, 1, 500],
      ['Paid Social', 0, 0, 200, 0, 0],
      ['Direct', 1, 1, null, 0, 0],
      ['Email', 1, 1, null, 0, 0],
    ]);
  });

  test('sets two models side by side', async () => {
    const { rows, columns } = await report({ metrics: ['conversion_value'], attributed_conversions: [WON_FIRST, WON_LAST] });
    expect(columns.map(({ key }) => key)).toEqual(['closed_won.first_click.conversion_value', 'closed_won.last_click.conversion_value']);
    expect(rows.map((row) => [row.dimensions.channel, ...Object.values(row.figures)])).toEqual([
      ['Paid Search', 10_000, 0],
      ['Organic Search', 500, 0],
      ['Email', 0, 10_000],
      ['Direct', 0, 500],
    ]);
  });

  test('has a row for what is not attributed, after all others', async () => {
    expect(await cells({ metrics: ['conversions', 'converted_users'], attributed_conversions: [LEAD_FIRST] })).toEqual([
      ['Organic Search', 1, 1],
      ['Paid Search', 1, 1],
      ['(not attributed)', 1, 0],
    ]);
  });

  test('names what is not attributed so in every dimension', async () => {
    expect(await cells({ dimensions: ['campaign'], metrics: ['conversions'], attributed_conversions: [LEAD_FIRST] })).toEqual([
      ['brand', 1],
      [null, 1],
      ['(not attributed)', 1],
    ]);
  });
});

describe('ratios', () => {
  const metrics = ['cpc', 'cpm', 'ctr', 'conversion_rate', 'aov', 'cpa', 'roas'] as const;

  test('of a row and of the total are made of sums', async () => {
    const { rows, totals } = await report({ metrics: [...metrics], attributed_conversions: [WON_FIRST] });
    const row = (channel: string) => Object.values(rows.find(({ dimensions }) => dimensions.channel === channel)!.figures);
    // Paid Search: €400 for 70 clicks, 3,000 impressions; 1 deal of €10,000 from 2 sessions.
    expect(row('Paid Search')).toEqual([
      expect.closeTo(400 / 70, 12),
      expect.closeTo(133.333333333, 8),
      expect.closeTo(70 / 3000, 12),
      0.5,
      10_000,
      400,
      25,
    ]);
    // Organic Search: 1 deal of €500 from 1 session, and no cost.
    expect(row('Organic Search')).toEqual([null, null, null, 1, 500, null, null]);
    // Paid Social: €200 and nothing came of it.
    expect(row('Paid Social')).toEqual([20, 50, 0.0025, null, null, null, 0]);
    // Total: €600, 80 clicks, 7,000 impressions, 5 sessions, 2 deals of together €10,500.
    expect(Object.values(totals.figures)).toEqual([7.5, expect.closeTo(600 / 7, 10), expect.closeTo(80 / 7000, 12), 0.4, 5250, 300, 17.5]);
  });

  test('of cost are empty where a part of the cost has no rate, and a note names what is left out', async () => {
    const own = await openWorld();
    try {
      const search = { channel: 'Paid Search', source: 'bing', medium: 'cpc', campaign: 'usd', ad_platform: 'microsoft_ads' };
      const rows = [1, 2].map((n) => ({
        cost_key: `usd${n}`,
        click_date: `2026-01-0${n}`,
        ...search,
        cost_micros: null,
        currency: 'USD',
        impressions: 10,
        clicks: 5,
      }));
      await own.load(REPORT_COSTS, rows);
      const query = { date_range: ALL, metrics: ['cost', ...metrics], attributed_conversions: [WON_FIRST] } satisfies ReportQueryInput;
      const found = await runReport(own, PUBLICATION, parseReportQuery(query, PUBLICATION.config));
      const row = (channel: string) => Object.values(found.rows.find(({ dimensions }) => dimensions.channel === channel)!.figures);
      // cost, cpc, cpm, ctr, conversion_rate, aov, cpa, roas
      expect(row('Paid Search')).toEqual([400, null, null, expect.closeTo(80 / 3020, 12), 0.5, 10_000, null, null]);
      expect(row('Paid Social')).toEqual([200, 20, 50, 0.0025, null, null, null, 0]);
      expect(Object.values(found.totals.figures).slice(-2)).toEqual([null, null]);
      expect(found.meta.notes).toEqual([
        '2 cost rows in USD left out, for want of a rate to EUR: ratios of cost are empty where they belong',
      ]);
      const sorted = parseReportQuery({ ...query, filters: { and: [{ field: 'roas', operator: 'gte', value: 0 }] } }, PUBLICATION.config);
      expect((await runReport(own, PUBLICATION, sorted)).rows.map(({ dimensions }) => dimensions.channel)).toEqual(['Paid Social']);
    } finally {
      await own.close();
    }
  });

  test('and values are empty where the conversion has no monetary value', async () => {
    expect(await totals({ metrics: ['conversion_value', 'aov', 'roas', 'cpa'], attributed_conversions: [LEAD_FIRST] })).toEqual({
      'lead.first_click.conversion_value': null,
      'lead.first_click.aov': null,
      'lead.first_click.roas': null,
      'lead.first_click.cpa': 200,
    });
  });

  test('are empty in a period without anything, and counts are 0', async () => {
    const query = {
      date_range: { start_date: '2030-01-01', end_date: '2030-01-31' },
      metrics: [...METRIC_NAMES],
      attributed_conversions: [WON_FIRST],
    };
    const counts = ['sessions', 'users', 'conversions', 'conversion_value', 'converted_users', 'qualified_conversions'];
    for (const [name, figure] of Object.entries(await totals(query))) {
      expect(figure, name).toBe(counts.includes(name.replace('closed_won.first_click.', '')) ? 0 : null);
    }
    expect(await cells(query)).toEqual([]);
  });
});

describe('a deal without a value', () => {
  test('counts, adds nothing, and is told of', async () => {
    const other = await openWorld({
      credits: [
        {
          conversion_name: 'closed_won',
          conversion_id: 'D4',
          model: 'first_click',
          session_id: 's3',
          person_key: 2,
          conversion_date: '2026-03-21',
          click_date: '2026-01-06',
          credit: 1_000_000_000,
          value_micros: null,
          channel: 'Display',
          source: 'x',
          medium: 'y',
        },
      ],
    });
    const query = parseReportQuery(
      { date_range: ALL, metrics: ['conversions', 'conversion_value', 'aov'], attributed_conversions: [WON_FIRST] },
      PUBLICATION.config,
    );
    const { rows, totals, meta } = await runReport(other, PUBLICATION, query);
    await other.close();
    expect(Object.values(rows.find(({ dimensions }) => dimensions.channel === 'Display')!.figures)).toEqual([1, null, null]);
    expect(Object.values(totals.figures)).toEqual([3, 10_500, 3500]);
    expect(meta.notes).toEqual(['1 of closed_won have no value, and count as conversions without adding any']);
  });
});

describe('the time basis', () => {
  const january = { date_range: { start_date: '2026-01-01', end_date: '2026-01-31' }, metrics: ['conversions' as const] };
  const march = { date_range: { start_date: '2026-03-01', end_date: '2026-03-31' }, metrics: ['conversions' as const] };

  test('by conversion time shows a deal in the month it closed', async () => {
    expect(await totals({ ...january, attributed_conversions: [WON_FIRST] })).toEqual({ 'closed_won.first_click.conversions': 0 });
    expect(await totals({ ...march, attributed_conversions: [WON_FIRST] })).toEqual({ 'closed_won.first_click.conversions': 2 });
  });

  test('by click time shows it in the month of the credited click', async () => {
    const basis = { time_basis: 'click_time' as const, attributed_conversions: [WON_FIRST] };
    expect(await totals({ ...january, ...basis })).toEqual({ 'closed_won.first_click.conversions': 1 });
    expect(await totals({ ...march, ...basis })).toEqual({ 'closed_won.first_click.conversions': 0 });
  });
});

describe('the date', () => {
  test.each([
    ['day', ['2026-01-05', '2026-01-06', '2026-01-20', '2026-02-01', '2026-02-02', '2026-02-10']],
    ['week', ['2026-01-05', '2026-01-19', '2026-01-26', '2026-02-02', '2026-02-09']],
    ['month', ['2026-01-01', '2026-02-01']],
  ] as const)('by %s comes in order', async (interval, dates) => {
    const rows = await cells({ dimensions: ['date'], interval, metrics: ['sessions', 'cost'] });
    expect(rows.map(([date]) => date)).toEqual(dates);
  });

  test('and channel together are one row each', async () => {
    expect(await cells({ dimensions: ['date', 'channel'], interval: 'month', metrics: ['sessions', 'cost'] })).toEqual([
      ['2026-01-01', 'Paid Search', 2, 400],
      ['2026-01-01', 'Email', 1, null],
      ['2026-02-01', 'Paid Social', 0, 200],
      ['2026-02-01', 'Direct', 1, null],
      ['2026-02-01', 'Organic Search', 1, null],
    ]);
  });
});

describe('costs', () => {
  test('stand in the total only where the dimension is not theirs, and the report says so', async () => {
    const { rows, totals, meta } = await report({ dimensions: ['device_type'], metrics: ['sessions', 'cost'] });
    expect(rows.map((row) => [row.dimensions.device_type, row.figures.sessions, row.figures.cost])).toEqual([
      ['desktop', 4, null],
      ['mobile', 1, null],
    ]);
    expect(totals.figures).toEqual({ sessions: 5, cost: 600 });
    expect(meta.notes).toEqual(['ad costs are not known by device_type: they stand in the total only']);
  });

  test('are left out where the filter is not theirs', async () => {
    const { totals, meta } = await report({
      metrics: ['sessions', 'cost'],
      filters: { and: [{ field: 'device_type', operator: 'equals', value: 'desktop' }] },
    });
    expect(totals.figures).toEqual({ sessions: 4, cost: null });
    expect(meta.notes).toEqual(['ad costs cannot be filtered as asked, so they are left out']);
  });

  test('alone make no rows by a dimension that is not theirs', async () => {
    expect(await cells({ dimensions: ['browser'], metrics: ['cost'] })).toEqual([]);
  });
});

describe('filters', () => {
  test.each([
    [{ and: [{ field: 'channel', operator: 'equals', value: 'Paid Search' }] }, 2],
    [{ and: [{ field: 'source_medium', operator: 'equals', value: 'google / cpc' }] }, 2],
    [{ and: [{ field: 'channel', operator: 'contains', value: 'SEARCH' }] }, 3],
    [{ and: [{ field: 'campaign', operator: 'in', value: ['brand', 'january'] }] }, 2],
    [{ and: [{ field: 'campaign', operator: 'not_set' }] }, 2],
    [{ and: [{ field: 'campaign', operator: 'is_set' }] }, 3],
    [{ and: [{ field: 'date', operator: 'gte', value: '2026-02-01' }] }, 2],
    [
      {
        or: [
          { field: 'channel', operator: 'equals', value: 'Email' },
          { field: 'country', operator: 'equals', value: 'AT' },
        ],
      },
      2,
    ],
    [
      {
        and: [
          { field: 'country', operator: 'equals', value: 'DE' },
          {
            or: [
              { field: 'channel', operator: 'equals', value: 'Direct' },
              { field: 'campaign', operator: 'equals', value: 'generic' },
            ],
          },
        ],
      },
      1,
    ],
    [{ and: [] }, 5],
    [{ and: [{ field: 'channel', operator: 'equals', value: "x' or 1=1 --" }] }, 0],
  ] as [ReportQueryInput['filters'], number][])('%j leaves %d sessions', async (filters, expected) => {
    expect(await totals({ metrics: ['sessions'], filters })).toEqual({ sessions: expected });
  });

  test('what is not attributed can be asked for by name', async () => {
    const filters = { and: [{ field: 'campaign', operator: 'equals' as const, value: '(not attributed)' }] };
    expect(await totals({ metrics: ['conversions'], attributed_conversions: [LEAD_FIRST], filters })).toEqual({
      'lead.first_click.conversions': 1,
    });
  });

  test('a condition on a metric chooses rows and leaves the total alone', async () => {
    const query = { metrics: ['sessions', 'cost'] as const, filters: { and: [{ field: 'cost', operator: 'gt' as const, value: 250 }] } };
    const { rows, totals, meta } = await report({ ...query, metrics: [...query.metrics] });
    expect(rows.map((row) => row.dimensions.channel)).toEqual(['Paid Search']);
    expect(totals.figures).toEqual({ sessions: 5, cost: 600 });
    expect(meta.row_count).toBe(1);
  });
});

describe('order and limit', () => {
  test('rows come as asked, empty figures last', async () => {
    const metrics = ['cost', 'sessions'] as const;
    expect(await cells({ metrics: [...metrics], order_by: [{ field: 'cost', direction: 'asc' }] })).toEqual([
      ['Paid Social', 200, 0],
      ['Paid Search', 400, 2],
      ['Direct', null, 1],
      ['Email', null, 1],
      ['Organic Search', null, 1],
    ]);
    expect((await cells({ metrics: [...metrics], order_by: [{ field: 'cost' }] })).map(([channel]) => channel)).toEqual([
      'Paid Search',
      'Paid Social',
      'Direct',
      'Email',
      'Organic Search',
    ]);
  });

  test('a column of one model can be ordered by', async () => {
    const rows = await cells({
      metrics: ['roas', 'conversions'],
      attributed_conversions: [WON_FIRST, WON_LAST],
      order_by: [{ field: 'closed_won.last_click.conversions' }, { field: 'channel', direction: 'desc' }],
    });
    expect(rows.map(([channel]) => channel)).toEqual(['Email', 'Direct', 'Paid Social', 'Paid Search', 'Organic Search']);
  });

  test('a limit cuts the rows, tells how many there were, and leaves the total alone', async () => {
    const { rows, totals, meta } = await report({ metrics: ['sessions'], limit: 2 });
    expect(rows).toHaveLength(2);
    expect(meta).toMatchObject({ row_count: 4, truncated: true });
    expect(totals.figures).toEqual({ sessions: 5 });
  });
});

test('a comparison period stands beside the first', async () => {
  const { rows, totals } = await report({
    date_range: { start_date: '2026-02-01', end_date: '2026-02-28' },
    comparison_date_range: { start_date: '2026-01-01', end_date: '2026-01-31' },
    metrics: ['sessions', 'users', 'cost', 'cpc'],
  });
  expect(rows.map((row) => [row.dimensions.channel, row.figures, row.comparison])).toEqual([
    ['Paid Social', { sessions: 0, users: 0, cost: 200, cpc: 20 }, { sessions: 0, users: 0, cost: null, cpc: null }],
    ['Direct', { sessions: 1, users: 1, cost: null, cpc: null }, { sessions: 0, users: 0, cost: null, cpc: null }],
    ['Organic Search', { sessions: 1, users: 1, cost: null, cpc: null }, { sessions: 0, users: 0, cost: null, cpc: null }],
    ['Email', { sessions: 0, users: 0, cost: null, cpc: null }, { sessions: 1, users: 1, cost: null, cpc: null }],
    [
      'Paid Search',
      { sessions: 0, users: 0, cost: null, cpc: null },
      { sessions: 2, users: 2, cost: 400, cpc: expect.closeTo(400 / 70, 12) },
    ],
  ]);
  expect(totals).toEqual({
    figures: { sessions: 2, users: 1, cost: 200, cpc: 20 },
    comparison: { sessions: 3, users: 2, cost: 400, cpc: expect.closeTo(400 / 70, 12) },
  });
});

describe('whatever the dimensions', () => {
  const sets: DimensionName[][] = [
    [],
    ...DIMENSION_NAMES.slice(1).map((name, i) => [name, DIMENSION_NAMES[i]!]),
    ['date', 'channel', 'source', 'campaign', 'device_type'],
    ['param.plan'],
    ['channel', 'param.size', 'param.plan'],
  ];
  const attributed_conversions = [WON_FIRST, LEAD_FIRST, { conversion: 'closed_won', model: 'linear' }];

  test('the totals are the same, and sessions, conversions and value of the rows add up to them', async () => {
    const metrics = ['sessions', 'users', 'cost', 'conversions', 'conversion_value'] satisfies ReportQueryInput['metrics'];
    const expected = await totals({ dimensions: [], metrics, attributed_conversions });
    expect(expected).toMatchObject({
      sessions: 5,
      users: 3,
      cost: 600,
      'lead.first_click.conversions': 3,
      'closed_won.linear.conversions': 1,
    });
    for (const dimensions of sets) {
      const result = await report({ dimensions, metrics, attributed_conversions });
      expect(result.totals.figures).toEqual(expected);
      for (const column of [
        'sessions',
        'lead.first_click.conversions',
        'closed_won.first_click.conversion_value',
        'closed_won.linear.conversions',
      ]) {
        const sum = result.rows.reduce((total, row) => total + row.figures[column]!, 0);
        expect(sum, `${column} by ${dimensions.join(', ')}`).toBeCloseTo(expected[column]!, 9);
      }
    }
  });
});

test('by a parameter, conversions stand by their own, and sessions and cost where it is not set', async () => {
  const { rows, dimensions, meta } = await report({
    dimensions: ['param.plan'],
    metrics: ['sessions', 'cost', 'conversions', 'conversion_value'],
    attributed_conversions: [WON_FIRST, LEAD_FIRST],
    order_by: [{ field: 'param.plan', direction: 'asc' }],
  });
  expect(dimensions).toEqual([{ key: 'param.plan', label: 'plan' }]);
  expect(rows.map((row) => [row.dimensions['param.plan'], Object.values(row.figures)])).toEqual([
    ['basic', [0, null, 0, 0, 1, null]],
    ['pro', [0, null, 1, 10_000, 1, null]],
    [null, [5, null, 1, 500, 1, null]],
  ]);
  expect(meta.notes).toEqual([
    'ad costs are not known by param.plan: they stand in the total only',
    'sessions are not known by param.plan: they stand where it is not set',
  ]);
});

test('a filter on a parameter counts the conversions that have it', async () => {
  const { totals: all } = await report({
    dimensions: [],
    metrics: ['conversions'],
    attributed_conversions: [WON_FIRST, LEAD_FIRST],
    filters: { and: [{ field: 'param.plan', operator: 'equals', value: 'pro' }] },
  });
  expect(all.figures).toEqual({ 'closed_won.first_click.conversions': 1, 'lead.first_click.conversions': 1 });
});

test('what a person said is a channel of its own, and neither direct nor not attributed', async () => {
  const credit = {
    conversion_name: 'lead',
    model: 'first_click',
    session_id: '',
    credit: 1_000_000_000,
    conversion_date: '2026-01-10',
    click_date: '2026-01-10',
  };
  const dimensions = { channel: 'Podcast (SRA)', source: 'self-reported', medium: 'self-reported', reason: 'self_reported' };
  const asked = await openWorld({ credits: [{ ...credit, ...dimensions, conversion_id: 'L7' }] });
  const query = {
    date_range: ALL,
    dimensions: ['channel', 'source_medium', 'campaign'],
    metrics: ['conversions'],
    attributed_conversions: [LEAD_FIRST],
    filters: { and: [{ field: 'channel', operator: 'contains', value: 'sra' }] },
  };
  const { rows } = await runReport(asked, PUBLICATION, parseReportQuery(query, PUBLICATION.config));
  await asked.close();
  expect(rows.map(({ dimensions: found, figures }) => [Object.values(found), Object.values(figures)])).toEqual([
    [['Podcast (SRA)', 'self-reported / self-reported', null], [1]],
  ]);
});

test('the answer says what it was made of', async () => {
  const { meta } = await report({ time_basis: 'click_time' });
  expect(meta).toEqual({
    project: 'Fernhill',
    time_zone: 'Europe/Berlin',
    currency: 'EUR',
    date_range: ALL,
    time_basis: 'click_time',
    interval: 'day',
    publication_id: '20260401T030000Z',
    published_at: '2026-04-01T03:00:00.000000Z',
    data_up_to: '2026-03-31T20:00:00.000000Z',
    row_count: 5,
    all_row_count: 5,
    truncated: false,
    notes: [],
  });
});

test('of a learned model the report says which months are provisional', async () => {
  const own = await openWorld();
  try {
    await own.migrate(FITTED_TABLES);
    const version = { model: 'markov', conversion_name: 'lead', version_month: null, is_provisional: true, version_hash: 'none' };
    await own.load(APPLIED_VERSIONS, [
      { ...version, month: '2026-02-01' },
      { ...version, month: '2026-05-01' },
    ]);
    const modelDetails = [{ name: 'markov', label: 'Markov chain', type: 'markov', lookbackDays: { lead: 30 } }];
    const config = { ...PUBLICATION.config, models: ['markov'], modelDetails };
    const query = { date_range: { start_date: '2026-02-10', end_date: '2026-03-31' }, metrics: ['conversions'] } satisfies ReportQueryInput;
    const asked = { ...query, attributed_conversions: [{ conversion: 'lead', model: 'markov' }] };
    const { meta, columns } = await runReport(own, { ...PUBLICATION, config }, parseReportQuery(asked, config));
    expect(meta.notes).toEqual([expect.stringMatching(/^Markov chain of lead, 2026-02: no version yet/)]);
    expect(columns).toMatchObject([{ conversion_label: 'Lead', model_label: 'Markov chain', model_type: 'markov', lookback_days: 30 }]);
  } finally {
    await own.close();
  }
});
