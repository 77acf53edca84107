import { NOT_ATTRIBUTED, type PublishedConfig } from '../models/reports/publication.ts';
import { REPORT_COSTS } from '../models/reports/tables.ts';
import type { Dialect } from '../warehouse/dialect.ts';
import { join, raw, sql, type Sql, table } from '../warehouse/sql.ts';
import { figureSql, type MeasureColumn, measureColumns, type MetricColumn, metricColumns, metricOf } from './columns.ts';
import { type FactTable, joinsSql } from './dimension-sql.ts';
import { dimensionColumn, type DimensionName, isOfCosts } from './dimensions.ts';
import { factsSql, within } from './facts-sql.ts';
import { factFilter, filtersBeyondCosts, joinsOfFilter, rowFilter } from './filters.ts';
import { isDistinct, type Measure } from './measures.ts';
import { metricSql } from './metric-sql.ts';
import type { ReportQuery } from './schema.ts';

/** What a query becomes: statements over the same facts, and what their columns mean. */
export interface ReportPlan {
  /** The rows, and among them one with the totals of all facts: see {@link IS_TOTAL}. */
  readonly rows: Sql;
  /** Totals that the groups of the rows do not make: of distinct values, and of costs that no row has. */
  readonly totals?: Sql;
  /** Number of cost rows without a rate, by currency; only where costs are asked for. */
  readonly unpriced?: Sql;
  readonly metrics: readonly MetricColumn[];
  readonly measures: readonly MeasureColumn[];
  /** Why costs are missing, where they are. */
  readonly costs: 'complete' | 'in totals only' | 'not filterable' | 'not asked for';
}

/** What makes a row large, where the query does not say: the first of these that differs. */
const WEIGHTS = ['conversion_value', 'conversions', 'cost', 'sessions', 'users'] as const;

/** Name of the column that tells the row with the totals from the others. */
export const IS_TOTAL = 'is_total';
/** Name of the column with the number of rows before the limit. */
export const ROW_COUNT = 'row_count';
/** Name of the column, of the totals, with the number of rows before the limit and before conditions on metrics. */
export const ALL_ROW_COUNT = 'all_row_count';

const OF_COSTS: readonly Measure[] = [
  'cost_micros',
  'unpriced_costs',
  'impressions',
  'clicks',
  'platform_conversions_micros',
  'platform_value_micros',
  'other_cost_micros',
  'unpriced_other_costs',
];

/** Turns a parsed query into SQL on the published facts. Values are bound; names come from the tables of this folder only. */
export function buildReport(query: ReportQuery, dialect: Dialect, config: PublishedConfig): ReportPlan {
  const metrics = metricColumns(query);
  const measures = measureColumns(query, metrics);
  const names = [...new Set(measures.map(({ measure }) => measure))];
  const costsAsked = names.some((measure) => OF_COSTS.includes(measure));
  const costsFilterable = !filtersBeyondCosts(query.filters, config);
  const costsInRows = costsFilterable && query.dimensions.every((name) => isOfCosts(name, config));
  const facts = (dimensions: readonly DimensionName[], of: readonly Measure[], costs: boolean) =>
    factsSql({ query, dialect, config, measures: of, dimensions, costs });

  const dimensionColumns = query.dimensions.map((name) => raw(dimensionColumn(name, query.dimensions)));
  const columnSql = (column: string) => metricSql(metricOf(column, metrics), measures, config);
  const condition = rowFilter(query.filters, columnSql);
  const sums = join(measures.map((column) => sql`${figureSql(column, measures)} as ${raw(column.name)}`));
  const texts = (of: readonly MeasureColumn[]) => of.map(({ name }) => asText(name, dialect));
  const rows = sql`with facts as (
${facts(query.dimensions, names, costsInRows)}
),
figures as (
select ${join([...dimensionColumns, sums])}
from facts
${dimensionColumns.length ? sql`group by ${join(dimensionColumns)}` : sql``}
),
total as (
select ${sums}
from facts
),
shown as (
select ${join([...dimensionColumns, ...measures.map(({ name }) => raw(name))])},
  row_number() over (order by ${orderSql(query, metrics, columnSql)}) as place, count(*) over () as ${raw(ROW_COUNT)}
from figures
${condition ? sql`where ${condition}` : sql``}
)
select ${join([raw(`true as ${IS_TOTAL}`), ...query.dimensions.map(nothingFor(query)), ...texts(measures)])},
  0 as place, 0 as ${raw(ROW_COUNT)}, (select count(*) from figures) as ${raw(ALL_ROW_COUNT)}
from total
union all
select ${join([raw(`false as ${IS_TOTAL}`), ...dimensionColumns, ...texts(measures)])}, place, ${raw(ROW_COUNT)}, 0 as ${raw(ALL_ROW_COUNT)}
from shown
where place <= ${query.limit}
order by place nulls first`;

  const apart = query.dimensions.length
    ? names.filter((measure) => isDistinct(measure) || (OF_COSTS.includes(measure) && costsFilterable && !costsInRows))
    : [];
  const totalled = measures.filter(({ measure }) => apart.includes(measure));
  const costs = costsAsked ? (costsInRows ? 'complete' : costsFilterable ? 'in totals only' : 'not filterable') : 'not asked for';
  const unpriced = names.includes('unpriced_costs') && costsFilterable ? unpricedSql(query, dialect, config) : undefined;
  return {
    rows,
    metrics,
    measures,
    costs,
    ...(totalled.length > 0 && { totals: totalsSql() }),
    ...(unpriced && { unpriced }),
  };

  function totalsSql(): Sql {
    return sql`with facts as (
${facts([], apart, costsFilterable)}
),
figures as (
select ${join(totalled.map((column) => sql`${figureSql(column, measures)} as ${raw(column.name)}`))}
from facts
)
select ${join(texts(totalled))}
from figures`;
  }
}

const nothingFor =
  ({ dimensions }: ReportQuery) =>
  (name: DimensionName): Sql =>
    raw(`cast(null as ${name === 'date' ? 'date' : 'string'}) as ${dimensionColumn(name, dimensions)}`);

/** Cost rows of the period that no sum has, by currency. */
function unpricedSql(query: ReportQuery, dialect: Dialect, config: PublishedConfig): Sql {
  const facts: FactTable = { table: REPORT_COSTS, date: 'click_date' };
  const filter = factFilter(query.filters, facts, { dialect, config });
  return sql`select coalesce(facts.currency, '?') as currency, count(*) as cost_rows
from ${table(REPORT_COSTS.name)} as facts
${joinsSql(new Set(joinsOfFilter(query.filters, facts, { dialect, config })), raw('facts.ad_reference'))}
where facts.cost_micros is null and ${within(facts, query.date_range)}${filter ? sql` and ${filter}` : sql``}
group by 1
order by 1 nulls first`;
}

/** As asked for, then by every dimension, so that equal figures always come in the same order. */
function orderSql(query: ReportQuery, metrics: readonly MetricColumn[], columnSql: (column: string) => Sql): Sql {
  const { dimensions } = query;
  const isAmong = (field: string): field is DimensionName => (dimensions as readonly string[]).includes(field);
  const column = (name: DimensionName) => raw(dimensionColumn(name, dimensions));
  const keys = query.order_by.map(({ field, direction }) => {
    const value = isAmong(field) ? column(field) : columnSql(field);
    return sql`${value} ${raw(direction)} nulls last`;
  });
  const ties = dimensions.map((name) => sql`${column(name)} asc nulls last`);
  const order = keys.length ? [...keys, ...ties] : [...defaultOrder(query, metrics, columnSql), ...ties];
  return order.length ? join(order) : sql`1 nulls last`;
}

/** By time where there is a date; what is not attributed last; then the largest first. */
function defaultOrder(query: ReportQuery, metrics: readonly MetricColumn[], columnSql: (column: string) => Sql): Sql[] {
  const dimension = query.dimensions.find((name) => name !== 'date');
  const asked = WEIGHTS.flatMap((name) => metrics.filter(({ metric }) => metric === name));
  return [
    ...(query.dimensions.includes('date') ? [sql`date asc nulls last`] : []),
    ...(dimension
      ? [sql`case when ${raw(dimensionColumn(dimension, query.dimensions))} = ${NOT_ATTRIBUTED} then 1 else 0 end nulls last`]
      : []),
    ...asked.map(({ key }) => sql`coalesce(${columnSql(key)}, 0) desc nulls last`),
  ];
}

const asText = (name: string, dialect: Dialect): Sql => sql`${dialect.castText(raw(name))} as ${raw(name)}`;
