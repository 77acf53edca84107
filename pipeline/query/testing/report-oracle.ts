import type { Row, Value } from '../../warehouse/warehouse.ts';
import type { RandomFacts } from './random-publication.ts';

// Reports by a plain loop over rows, for tests: every definition is written down here a second time, from the docs.

export interface OracleQuery {
  readonly from: string;
  readonly to: string;
  readonly dimensions: readonly string[];
  readonly basis: 'conversion_time' | 'click_time';
  /** What must hold of the dimensions of a fact, and of the conversions alone. */
  readonly channel?: string;
  readonly campaign?: string;
  readonly qualified?: boolean;
  readonly conversion: string;
  readonly model: string;
}

type Table = 'sessions' | 'credits' | 'costs' | 'otherCosts';
type Text = string | null;

/** Costs know these; by all others their rows are left out, and stand in the total only. */
const OF_COSTS = [
  'date',
  'channel',
  'source',
  'medium',
  'source_medium',
  'campaign',
  'ad_platform',
  'account',
  'ad_group',
  'ad',
  'custom.brand',
];

const text = (value: Value | undefined): Text => (value === undefined ? null : (value as Text));

function dimension(name: string, row: Row, table: Table, { ads }: RandomFacts, basis: OracleQuery['basis']): Text {
  if (name === 'date') return text(row[table === 'credits' && basis === 'conversion_time' ? 'conversion_date' : 'click_date']);
  if (name.startsWith('param.')) return text((row['params'] as { key: string; value: string }[] | undefined)?.[0]?.value);
  if (table === 'credits' && row['reason'] !== null && row['reason'] !== 'self_reported') return '(not attributed)';
  const ofSession = table === 'sessions' || table === 'credits';
  const ad = ofSession ? ads.find(({ ad_reference }) => ad_reference === row['ad_reference'] && row['ad_reference'] !== null) : undefined;
  const named = (key: string) => text(ad?.[key]) ?? text(row[key]);
  switch (name) {
    case 'source_medium':
      return row['source'] === null || row['medium'] === null ? null : `${row['source'] as string} / ${row['medium'] as string}`;
    case 'new_returning':
      return row['session_number'] === null ? null : row['session_number'] === 1 ? 'new' : 'returning';
    case 'campaign':
    case 'ad_platform':
    case 'account':
    case 'ad_group':
    case 'ad':
      return named(name);
    case 'custom.brand':
      if (!ofSession && named('campaign') === null && text(row['medium']) === null) return null;
      if (named('campaign')?.toLowerCase().includes('brand')) return 'Brand';
      return row['medium'] === 'cpc' ? 'Paid' : 'Other';
    case 'custom.screen':
      return row['device_type'] === 'mobile' ? 'Small' : 'Large';
    case 'custom.promo':
      return text(row['landing_url'])?.includes('promo') ? 'Promo' : 'No promo';
    default:
      return text(row[name]);
  }
}

/** Figures by the values of the dimensions as JSON; those of all facts under `total`. */
export function oracleReport(facts: RandomFacts, query: OracleQuery): Map<string, Record<string, number | null>> {
  const groups = new Map<string, Record<Table, Row[]>>();
  const put = (key: string, table: Table, row: Row) => {
    const group = groups.get(key) ?? { sessions: [], credits: [], costs: [], otherCosts: [] };
    group[table].push(row);
    groups.set(key, group);
  };
  const costsKnown = query.dimensions.every((name) => OF_COSTS.includes(name));
  groups.set('total', { sessions: [], credits: [], costs: [], otherCosts: [] });
  for (const table of ['sessions', 'credits', 'costs', 'otherCosts'] as const) {
    for (const row of facts[table]) {
      const value = (name: string) => dimension(name, row, table, facts, query.basis);
      const date = value('date')!;
      if (date < query.from || date > query.to) continue;
      if (table === 'credits' && (row['conversion_name'] !== query.conversion || row['model'] !== query.model)) continue;
      if (query.channel !== undefined && value('channel') !== query.channel) continue;
      if (query.campaign !== undefined && value('campaign') !== query.campaign) continue;
      if (query.qualified !== undefined && table === 'credits' && row['is_qualified'] !== query.qualified) continue;
      put('total', table, row);
      if (costsKnown || table === 'sessions' || table === 'credits') put(JSON.stringify(query.dimensions.map(value)), table, row);
    }
  }
  return new Map([...groups].map(([key, group]) => [key, figures(group, query.conversion === 'order')]));
}

const numbers = (rows: readonly Row[], name: string) => rows.map((row) => row[name]).filter((value) => typeof value === 'number');
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
/** An amount of nothing is not known. */
const amount = (rows: readonly Row[], name: string, unit = 1): number | null => {
  const known = numbers(rows, name);
  return known.length ? sum(known) / unit : null;
};
const distinct = (rows: readonly Row[]) => new Set(numbers(rows, 'person_key')).size;
const ratio = (top: number | null, bottom: number | null) => (top === null || bottom === null || bottom <= 0 ? null : top / bottom);
const costPer = (top: number | null, bottom: number | null) => (top === 0 ? null : ratio(top, bottom));

function figures({ sessions, credits, costs, otherCosts }: Record<Table, Row[]>, isMoney: boolean): Record<string, number | null> {
  const cost = amount(costs, 'cost_micros', 1e6);
  const other = amount(otherCosts, 'other_cost_micros', 1e6);
  const total = cost === null && other === null ? null : (cost ?? 0) + (other ?? 0);
  // Of a part of the cost a ratio would mislead.
  const ofCost = <Figure>(figure: Figure) => (costs.some((row) => row['cost_micros'] === null) ? null : figure);
  const ofTotal = <Figure>(figure: Figure) => (otherCosts.some((row) => row['other_cost_micros'] === null) ? null : ofCost(figure));
  const conversions = sum(numbers(credits, 'credit')) / 1e9;
  const value = !isMoney ? null : conversions === 0 ? 0 : amount(credits, 'value_micros', 1e6);
  const judged = credits.filter((row) => row['is_qualified'] !== null);
  const isQualified =
    sum(
      numbers(
        credits.filter((row) => row['is_qualified'] === true),
        'credit',
      ),
    ) / 1e9;
  const qualified = conversions === 0 ? 0 : judged.length ? isQualified : null;
  const profit = value === null ? null : value * 0.4;
  const impressions = amount(costs, 'impressions');
  const clicks = amount(costs, 'clicks');
  return {
    sessions: sessions.length,
    users: distinct(sessions),
    cost,
    impressions,
    clicks,
    cpc: ofCost(costPer(cost, clicks)),
    cpm: ofCost(costPer(cost === null ? null : cost * 1000, impressions)),
    ctr: ratio(clicks, impressions),
    other_cost: other,
    total_cost: total,
    platform_conversions: amount(costs, 'platform_conversions_micros', 1e6),
    platform_value: amount(costs, 'platform_value_micros', 1e6),
    conversions,
    conversion_value: value,
    converted_users: distinct(credits),
    qualified_conversions: qualified,
    qualification_rate: ratio(qualified, sum(numbers(judged, 'credit')) / 1e9),
    cost_per_qualified: ofCost(costPer(cost, qualified)),
    conversion_rate: ratio(conversions, sessions.length),
    aov: ratio(value, conversions),
    cpa: ofCost(costPer(cost, conversions)),
    roas: ofCost(ratio(value, cost)),
    profit,
    roi: ofTotal(ratio(profit === null || total === null ? null : profit - total, total)),
  };
}
