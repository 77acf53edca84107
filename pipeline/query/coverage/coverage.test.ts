import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDuckDb } from '../../warehouse/duckdb/duckdb.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import type { Publication } from '../publication.ts';
import { PUBLICATION } from '../testing/world.ts';
import { type CostCoverage, costCoverage } from './coverage.ts';
import { platformDifferences } from './differences.ts';
import { notAttributed } from './not-attributed.ts';
import { type CoverageQueryInput, parseCoverageQuery } from './schema.ts';
import { COVERAGE_TABLES } from './testing/world.ts';

const PERIOD = { start_date: '2026-01-01', end_date: '2026-01-31' };
let warehouse: Warehouse;
let coverage: CostCoverage;
/** Google Ads is told of deals. */
const MEANT: Publication = { ...PUBLICATION, config: { ...PUBLICATION.config, platformConversions: { google_ads: 'closed_won' } } };
const ask = (query: Partial<CoverageQueryInput> = {}, publication = PUBLICATION) =>
  costCoverage(warehouse, publication, parseCoverageQuery({ date_range: PERIOD, ...query }, publication.config));
beforeAll(async () => {
  warehouse = await openDuckDb(':memory:');
  await warehouse.migrate(COVERAGE_TABLES.map(([table]) => table));
  for (const [table, rows] of COVERAGE_TABLES) await warehouse.load(table, rows);
  coverage = await ask();
});
afterAll(() => warehouse.close());

const platform = (name: string, ...[cost, clicks, sessions, matched_sessions, unmatched_cost, unmatched_clicks]: (number | null)[]) => ({
  platform: name,
  cost,
  impressions: expect.any(Number) as number,
  clicks,
  sessions,
  matched_sessions,
  unmatched_cost,
  unmatched_clicks,
});

test('platforms stand beside the sessions that came from them, by cost', () => {
  expect(coverage.platforms).toEqual([
    platform('google_ads', 125, 13, 4, 3, 25, 3),
    platform('meta_ads', 30, 8, 1, 0, 0, 0),
    platform('linkedin_ads', null, 2, 0, 0, null, 2),
    platform('reddit_ads', null, 0, 1, 0, 0, 0),
  ]);
});

test('a campaign has the sessions that came from it; what a platform bills as a whole has all of its sessions', () => {
  expect(coverage.campaigns.map((row) => [row.platform, row.campaign, row.campaign_id, row.cost, row.clicks, row.sessions])).toEqual([
    ['google_ads', 'Brand', '1', 100, 10, 3],
    ['meta_ads', null, null, 30, 8, 1],
    ['google_ads', 'Forgotten', '2', 25, 3, 0],
    ['linkedin_ads', 'Guide', '7', null, 2, 0],
  ]);
});

test('sessions from ads are counted by the way they were matched; others are none', () => {
  expect(coverage.ways).toEqual([
    { matched_by: 'campaign_id', sessions: 3, share: 3 / 8 },
    { matched_by: 'platform', sessions: 3, share: 3 / 8 },
    { matched_by: 'ambiguous', sessions: 1, share: 1 / 8 },
    { matched_by: null, sessions: 1, share: 1 / 8 },
  ]);
});

test('sessions from ads without cost say what they know', () => {
  expect(
    coverage.sessions_without_cost.map((row) => [row.ad_platform, row.source, row.campaign, row.campaign_id, row.matched_by, row.sessions]),
  ).toEqual([
    [null, 'portal', null, null, null, 1],
    [null, 'social', 'Shared', null, 'ambiguous', 1],
    ['google_ads', 'google', null, '99', 'platform', 1],
    ['meta_ads', 'facebook', null, null, 'platform', 1],
    ['reddit_ads', 'reddit', 'AMA', null, 'platform', 1],
  ]);
});

test('what a platform counts stands beside the credits of the conversion that it means, by date of the click', async () => {
  const { platform_conversions: rows } = await ask({ models: ['last_click', 'first_click'] }, MEANT);
  expect(rows.map((row) => Object.values(row))).toEqual([
    ['google_ads', null, null, 'lead', 'last_click', 1, null],
    ['google_ads', null, null, 'lead', 'first_click', 0, null],
    ['google_ads', 2.5, 900, 'closed_won', 'last_click', 1.25, 600],
    ['google_ads', 2.5, 900, 'closed_won', 'first_click', 1, 500],
  ]);
});

test('what a platform counts stands alone where nobody says what it means, or that was not asked for', async () => {
  const alone = ['google_ads', 2.5, 900, null, null, null, null];
  const lead = ['google_ads', null, null, 'lead', 'last_click', 1, null];
  const { platform_conversions: unsaid } = await ask({ models: ['last_click'] });
  expect(unsaid.map((row) => Object.values(row))).toEqual([alone, lead, ['google_ads', null, null, 'closed_won', 'last_click', 1.25, 600]]);
  const { platform_conversions: others } = await ask({ models: ['last_click'], conversions: ['lead'] }, MEANT);
  expect(others.map((row) => Object.values(row))).toEqual([alone, lead]);
});

test('what a platform counts is what it is credited, what others are, and what its clicks do not explain', async () => {
  const query = parseCoverageQuery({ date_range: PERIOD, models: ['last_click'] }, PUBLICATION.config);
  const rows = await platformDifferences(warehouse, query, await costCoverage(warehouse, MEANT, query));
  expect(rows.map((row) => [row.conversion, row.platform_conversions, row.conversions, row.touched, row.shared, row.rest])).toEqual([
    ['lead', null, 1, 1, 0, null],
    // D1 is theirs alone; of D2 a quarter.
    ['closed_won', 2.5, 1.25, 2, 0.75, 0.5],
  ]);
  const [alone] = await platformDifferences(warehouse, query, await costCoverage(warehouse, PUBLICATION, query));
  expect(alone).toMatchObject({ conversion: null, platform_conversions: 2.5, touched: null, shared: null, rest: null });
});

test('conversions without a known touch are told by reason; what people said is attributed', async () => {
  const query = parseCoverageQuery(
    { date_range: { start_date: '2026-03-01', end_date: '2026-03-31' }, models: ['last_click'] },
    PUBLICATION.config,
  );
  // D1 to D5 closed on 10 March, D2 with a quarter of its credit here; D5 is direct. The lead L1 is dated the same.
  expect(await notAttributed(warehouse, query)).toEqual([
    {
      conversion: 'lead',
      conversions: 4,
      not_attributed: 3,
      reasons: [
        { reason: 'no_consent', conversions: 2 },
        { reason: 'no_identifier', conversions: 1 },
      ],
    },
    { conversion: 'closed_won', conversions: 4.25, not_attributed: 0, reasons: [] },
  ]);
  expect(await notAttributed(warehouse, { ...query, models: [] })).toEqual([]);
});

test('a period without anything has nothing, and an unknown name is told the nearest', async () => {
  const empty = await ask({ date_range: { start_date: '2020-01-01', end_date: '2020-01-31' } });
  expect([empty.platforms, empty.campaigns, empty.ways, empty.platform_conversions]).toEqual([[], [], [], []]);
  expect(() => parseCoverageQuery({ date_range: PERIOD, models: ['last_clik'] }, PUBLICATION.config)).toThrow(
    'unknown model "last_clik", did you mean "last_click"?',
  );
  expect(() => parseCoverageQuery({ date_range: { start_date: '2026-02-30', end_date: '2026-03-01' } }, PUBLICATION.config)).toThrow(
    /expected a date such as 2026-06-30/,
  );
});
