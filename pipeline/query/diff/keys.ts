import { REPORT_CREDITS, REPORT_SESSIONS } from '../../models/reports/tables.ts';
import type { Dialect } from '../../warehouse/dialect.ts';
import { param, raw, sql, type Sql, table } from '../../warehouse/sql.ts';
import { dimensionSource, dimensionSql, type FactTable, joinsSql } from '../dimension-sql.ts';
import type { PublicationPair, Side } from './pair.ts';
import type { DiffQuery } from './schema.ts';

/** Dimensions that cost rows have, with their columns. */
const OF_COSTS: Readonly<Record<string, string>> = {
  date: 'date',
  channel: 'channel',
  source: 'source',
  medium: 'medium',
  source_medium: 'source_medium',
  campaign: 'campaign',
  ad_platform: 'platform',
  account: 'account',
  ad_group: 'ad_group',
  ad: 'ad',
};

/** Whether costs are known by a dimension. */
export const isOfCosts = (dimension: DiffQuery['dimension']): boolean => dimension === null || Object.hasOwn(OF_COSTS, dimension);

/** The value of the dimension of a row of costs, as text. */
export function costKey(dimension: DiffQuery['dimension'], dialect: Dialect): Sql {
  if (dimension === null) return raw(`''`);
  if (dimension === 'source_medium') return dialect.concat(raw('source'), sql`' / '`, raw('medium'));
  return dimension === 'date' ? dialect.castText(raw('date')) : raw(OF_COSTS[dimension]!);
}

/**
 * Query of the facts of one publication, by bare names of its tables: `columns`, and as `key` the value of the dimension as a
 * report of that publication shows it.
 */
export function keyedFacts(pair: PublicationPair, side: Side, query: DiffQuery, facts: FactTable, columns: Sql, condition: Sql): Sql {
  const { dimension } = query;
  const setting = { dialect: pair.dialect, config: pair[side].config };
  const value = dimension === null ? raw(`''`) : dimensionSql(dimension, facts, setting);
  const joins = dimension === null ? [] : dimensionSource(dimension, facts, setting).joins;
  return sql`
    select ${columns}, ${dimension === 'date' ? pair.dialect.castText(value) : value} as key
    from ${table(facts.table.name)} as facts
    ${joinsSql(new Set(joins), raw('facts.ad_reference'))}
    where ${condition} and ${within(query, `facts.${facts.date}`)}`;
}

export const creditFacts = ({ time_basis }: DiffQuery): FactTable => ({
  table: REPORT_CREDITS,
  date: time_basis === 'click_time' ? 'click_date' : 'conversion_date',
});
export const SESSION_FACTS: FactTable = { table: REPORT_SESSIONS, date: 'click_date' };

/** Whether costs decide the name that a dimension has for a session: it changes where they name its ad otherwise. */
export function isNamedByCosts(pair: PublicationPair, { dimension }: DiffQuery): boolean {
  if (dimension === null) return false;
  return dimensionSource(dimension, SESSION_FACTS, { dialect: pair.dialect, config: pair.later.config }).joins.includes('ads');
}

/** Whether a row is dated within the period. */
export function within({ date_range: range }: DiffQuery, column: string): Sql {
  if (!range) return raw('true');
  return sql`${raw(column)} between ${param(range.start_date, 'DATE')} and ${param(range.end_date, 'DATE')}`;
}
