import { expect } from 'vitest';
import { costCoverage } from '../../pipeline/query/coverage/coverage.ts';
import { parseCoverageQuery } from '../../pipeline/query/coverage/schema.ts';
import type { OpenPublication } from '../../pipeline/query/publication.ts';
import { type Figures, type ReportResult, runReport } from '../../pipeline/query/result.ts';
import { parseReportQuery, type ReportQueryInput } from '../../pipeline/query/schema.ts';
import { raw } from '../../pipeline/warehouse/sql.ts';
import { PLACEMENTS, placementOf } from '../simulator/placements.ts';
import { STAGES, type Truth } from '../simulator/truth.ts';
import { WHOLE_HISTORY } from '../simulator/truth-tables.ts';

// What must hold of every publication, whatever the models say: asked of the demo's, in this process.

/** The models of the example's config. */
export const DEMO_MODELS = [
  'first_click',
  'last_click',
  'last_significant_click',
  'linear',
  'position_based',
  'time_decay',
  'shapley',
  'markov',
  'visit_scoring',
] as const;

const HISTORY = { start_date: WHOLE_HISTORY.from, end_date: WHOLE_HISTORY.to };
/** Longer than anything was. */
const ALL_TIME = { start_date: '2020-01-01', end_date: '2029-12-31' };
const PAIRS = STAGES.flatMap((conversion) => DEMO_MODELS.map((model) => ({ conversion, model })));

async function report({ warehouse, publication }: OpenPublication, query: Partial<ReportQueryInput>): Promise<ReportResult> {
  const whole: ReportQueryInput = {
    date_range: HISTORY,
    metrics: ['sessions', 'cost', 'other_cost', 'conversions', 'conversion_value'],
    attributed_conversions: PAIRS,
    limit: 100_000,
    ...query,
  };
  return await runReport(warehouse, publication, parseReportQuery(whole, publication.config));
}

const inOrder = (list: readonly (readonly unknown[])[]) => list.map((row) => JSON.stringify(row)).toSorted();

/** Of every conversion and model the credits make one, and what they have of the value the value, to the micro. */
export async function expectWholeCredits({ warehouse }: OpenPublication, truth: Truth): Promise<void> {
  const rows = await warehouse.rows<{ conversion_name: string; conversion_id: string; models: number; micros: number | null }>(
    raw(`
      select conversion_name, conversion_id, count(*) as models, min(micros) as micros
      from (
        select conversion_name, conversion_id, model, sum(credit) as parts, sum(value_micros) as micros, min(credit) as least
        from report_credits group by conversion_name, conversion_id, model
      ) as sums
      where parts = 1000000000 and least >= 0
      group by conversion_name, conversion_id
      having count(distinct coalesce(micros, -1)) = 1`),
    'invariants: credits',
  );
  const shown = rows.map((row) => [row.conversion_name, row.conversion_id, row.models, row.micros]);
  const wanted = truth.conversions.map(({ stage, id, valueCents }) => [
    stage,
    id,
    DEMO_MODELS.length,
    valueCents === undefined ? null : valueCents * 10_000,
  ]);
  expect(inOrder(shown)).toEqual(inOrder(wanted));
}

/** Whatever the rows are, the totals are the same, the rows add up to them, and they are the sums over all conversions. */
export async function expectOneTotal(opened: OpenPublication, truth: Truth): Promise<void> {
  const { totals } = await report(opened, { dimensions: [] });
  for (const { conversion, model } of PAIRS) {
    const own = truth.conversions.filter(({ stage }) => stage === conversion);
    expect(totals.figures[`${conversion}.${model}.conversions`], `${conversion} ${model}`).toBe(own.length);
    const cents = own.reduce((sum, { valueCents }) => sum + (valueCents ?? 0), 0);
    expect(totals.figures[`${conversion}.${model}.conversion_value`] ?? 0, `${conversion} ${model}`).toBe(cents / 100);
  }
  for (const [dimensions, ofCosts] of [
    [['channel'], true],
    [['channel', 'campaign'], true],
    [['date'], true],
    [['ad_platform', 'account', 'campaign', 'ad_group', 'ad'], true],
    // Platforms do not say where, or on what device, an ad was shown: no row has a cost, and the total does.
    [['country', 'device_type', 'browser'], false],
    [['source_medium', 'landing_path', 'new_returning'], false],
  ] as const) {
    const by = await report(opened, { dimensions: [...dimensions] });
    expect(by.totals, dimensions.join()).toEqual(totals);
    expect(by.rows.length, dimensions.join()).toBeGreaterThan(5);
    expectSums(by.rows, ofCosts ? totals.figures : { ...totals.figures, cost: 0, other_cost: 0 }, dimensions.join());
  }
}

/** Rows show shares of conversions and cents as numbers with a fraction: their sum is the total but for its last digits. */
function expectSums(rows: ReportResult['rows'], totals: Figures, where: string): void {
  for (const [key, total] of Object.entries(totals)) {
    const sum = rows.reduce((all, { figures }) => all + (figures[key] ?? 0), 0);
    expect(sum, `${where}: ${key}`).toBeCloseTo(total ?? 0, 4);
  }
}

/** Over all time it makes no difference by which date a conversion counts. */
export async function expectEqualBases(opened: OpenPublication): Promise<void> {
  const [byConversion, byClick] = await Promise.all(
    (['conversion_time', 'click_time'] as const).map((time_basis) =>
      report(opened, { date_range: ALL_TIME, time_basis, dimensions: ['date'], interval: 'month' }),
    ),
  );
  expect(byClick!.totals).toEqual(byConversion!.totals);
  // The dates themselves do differ, or nothing would be compared.
  expect(byClick!.rows).not.toEqual(byConversion!.rows);
}

/** Sessions are known to be of the campaigns whose ads were clicked, and of no others. */
export async function expectTrueCoverage({ warehouse, publication }: OpenPublication, truth: Truth): Promise<void> {
  const query = parseCoverageQuery({ date_range: HISTORY }, publication.config);
  const { platforms, campaigns } = await costCoverage(warehouse, publication, query);
  const clicked = truth.sessions.filter(({ opening }) => opening.placement !== undefined);
  const tagged = clicked.filter(({ opening }) => opening.campaign !== undefined);
  const sessionsBy = (sessions: typeof clicked, key: (placement: (typeof PLACEMENTS)[number]) => string) =>
    Object.fromEntries(
      [...Map.groupBy(sessions, ({ opening }) => key(placementOf(opening.placement!)))].map(([name, own]) => [name, own.length]),
    );
  expect(Object.fromEntries(platforms.map(({ platform, sessions }) => [platform, sessions]))).toEqual(
    sessionsBy(clicked, ({ platform }) => platform),
  );
  expect(Object.fromEntries(platforms.map((row) => [row.platform, row.matched_sessions]))).toEqual(
    sessionsBy(tagged, ({ platform }) => platform),
  );
  expect(Object.fromEntries(campaigns.filter((row) => row.campaign_id !== null).map((row) => [row.campaign_id!, row.sessions]))).toEqual(
    sessionsBy(tagged, ({ campaignId }) => campaignId),
  );
}
