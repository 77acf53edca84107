import { REPORT_EVENT_FUNNELS } from '../../models/funnels/tables.ts';
import type { PublishedConfig } from '../../models/reports/publication.ts';
import { REPORT_SESSIONS } from '../../models/reports/tables.ts';
import type { Dialect } from '../../warehouse/dialect.ts';
import { join, param, raw, sql, type Sql, table } from '../../warehouse/sql.ts';
import type { DateRange } from '../dates.ts';
import { type DimensionSetting, dimensionSource, type FactTable, factColumn, joinsSql } from '../dimension-sql.ts';
import { factFilter, joinsOfFilter } from '../filters.ts';
import type { EventFunnelQuery } from './event-funnel.ts';

const FACTS: FactTable = { table: REPORT_SESSIONS, date: 'click_date' };
const SECOND_MICROS = 1_000_000;

/**
 * One row per value and step, and per step of all values (`is_total`): entries, persons, and the two middle times from the
 * step before in whole seconds.
 */
export function eventFunnelSql(query: EventFunnelQuery, range: DateRange, config: PublishedConfig, dialect: Dialect): Sql {
  const setting: DimensionSetting = { dialect, config };
  const value = query.dimension === null ? undefined : dimensionSource(query.dimension, FACTS, setting);
  const filter = factFilter(query.filters, FACTS, setting);
  const joins = new Set([...(value?.joins ?? []), ...joinsOfFilter(query.filters, FACTS, setting)]);
  const conditions = [
    sql`ways.funnel_name = ${query.name}`,
    sql`ways.entry_date between ${param(range.start_date, 'DATE')} and ${param(range.end_date, 'DATE')}`,
    ...(filter ? [filter] : []),
  ];
  return sql`with steps as (
  select
    ${value?.sql((name) => factColumn(name, FACTS)) ?? raw('cast(null as string)')} as value, ways.step, facts.person_key,
    ${dialect.intDiv(raw('ways.since_previous_micros'), raw(String(SECOND_MICROS)))} as seconds
  from ${table(REPORT_EVENT_FUNNELS.name)} as ways
  left join ${table(REPORT_SESSIONS.name)} as facts on facts.session_id = ways.session_id
  ${joinsSql(joins, raw('facts.ad_reference'))}
  where ${join(conditions, ' and ')}
),
figures as (
  select false as is_total, value, step, count(*) as entries, count(distinct person_key) as persons
  from steps
  group by value, step
  union all
  select true, cast(null as string), step, count(*), count(distinct person_key)
  from steps
  group by step
),
times as (
  select false as is_total, value, step, seconds, count(*) as entries
  from steps
  group by value, step, seconds
  union all
  select true, cast(null as string), step, seconds, count(*)
  from steps
  group by step, seconds
),
reached_by as (
  select
    is_total, value, step, seconds,
    sum(entries) over (
      partition by is_total, value, step order by seconds nulls first rows between unbounded preceding and current row
    ) as entries_until,
    sum(entries) over (partition by is_total, value, step) as entries
  from times
),
medians as (
  select
    is_total, value, step, min(case when 2 * entries_until >= entries then seconds end) as least,
    min(case when 2 * entries_until > entries then seconds end) as most
  from reached_by
  group by is_total, value, step
)
select figures.is_total, figures.value, figures.step, figures.entries, figures.persons, medians.least, medians.most
from figures
inner join medians
  on medians.is_total = figures.is_total and medians.step = figures.step
  and (medians.value = figures.value or (medians.value is null and figures.value is null))
order by figures.is_total nulls first, figures.value nulls last, figures.step nulls first`;
}
