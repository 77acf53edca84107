import { REPORT_CREDITS, REPORT_SESSIONS } from '../../models/reports/tables.ts';
import { param, raw, sql, type Sql, table } from '../../warehouse/sql.ts';
import { isDimension } from '../dimensions.ts';
import { dimensionSource, dimensionSql, type FactTable, joinsSql } from '../dimension-sql.ts';
import { factFilter, joinsOfFilter } from '../filters.ts';
import { conditionsOf } from '../schema.ts';
import type { PublicationPair, Side } from './pair.ts';
import type { DiffQuery } from './schema.ts';

/**
 * Query of the facts of one publication, by bare names of its tables: `columns`, and as `key` the value of the dimension as a
 * report of that publication shows it.
 */
export function keyedFacts(pair: PublicationPair, side: Side, query: DiffQuery, facts: FactTable, columns: Sql, condition: Sql): Sql {
  const { dimension } = query;
  const setting = { dialect: pair.dialect, config: pair[side].config };
  const value = dimension === null ? raw(`''`) : dimensionSql(dimension, facts, setting);
  const joins = [
    ...(dimension === null ? [] : dimensionSource(dimension, facts, setting).joins),
    ...joinsOfFilter(query.filters, facts, setting),
  ];
  const filter = factFilter(query.filters, facts, setting);
  return sql`
    select ${columns}, ${dimension === 'date' ? pair.dialect.castText(value) : value} as key
    from ${table(facts.table.name)} as facts
    ${joinsSql(new Set(joins), raw('facts.ad_reference'))}
    where ${condition} and ${within(query, `facts.${facts.date}`)}${filter ? sql` and ${filter}` : raw('')}`;
}

export const creditFacts = ({ time_basis }: DiffQuery): FactTable => ({
  table: REPORT_CREDITS,
  date: time_basis === 'click_time' ? 'click_date' : 'conversion_date',
});
export const SESSION_FACTS: FactTable = { table: REPORT_SESSIONS, date: 'click_date' };

/** Whether costs decide the name that a dimension, or one of the filter, has for a session: it changes where they name its ad otherwise. */
export function isNamedByCosts(pair: PublicationPair, { dimension, filters }: DiffQuery): boolean {
  const filtered = conditionsOf(filters).map(([, { field }]) => field);
  const setting = { dialect: pair.dialect, config: pair.later.config };
  return [...(dimension === null ? [] : [dimension]), ...filtered.filter(isDimension)].some((name) =>
    dimensionSource(name, SESSION_FACTS, setting).joins.includes('ads'),
  );
}

/** Whether a row is dated within the period. */
export function within({ date_range: range }: DiffQuery, column: string): Sql {
  if (!range) return raw('true');
  return sql`${raw(column)} between ${param(range.start_date, 'DATE')} and ${param(range.end_date, 'DATE')}`;
}
