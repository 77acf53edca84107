import { NOT_ATTRIBUTED } from '../models/reports/publication.ts';
import { REPORT_COSTS, REPORT_CREDITS, REPORT_SESSIONS } from '../models/reports/tables.ts';
import type { Dialect } from '../warehouse/dialect.ts';
import { join, param, raw, sql, type Sql, type SqlPart, table } from '../warehouse/sql.ts';
import type { DateRange } from './dates.ts';
import { dimensionColumn, type DimensionName, dimensionSql, type FactTable, isOfCosts } from './dimensions.ts';
import { factFilter, filtersBeyondCosts, rowFilter } from './filters.ts';
import { factsOf, isConversionMetric, isRatioOfCost, type Measure, type Metric, type MetricName, METRICS } from './metrics.ts';
import { type AttributedConversion, columnKey, type ReportQuery } from './schema.ts';

/** A measure of the report as a column of its SQL: of one period and, for a conversion measure, of one pair. */
export interface MeasureColumn {
  readonly measure: Measure;
  readonly pair?: AttributedConversion;
  readonly period: 'current' | 'comparison';
  /** Name of the column in the SQL; holds the exact sum as text. */
  readonly name: string;
}

/** A metric column of the result. */
export interface MetricColumn {
  readonly key: string;
  readonly metric: MetricName;
  readonly pair?: AttributedConversion;
}

/** What a query becomes: two statements over the same facts, and what their columns mean. */
export interface ReportPlan {
  readonly rows: Sql;
  /** The same facts without dimensions: totals are never added up from rows, so that ratios and users stay true. */
  readonly totals: Sql;
  /** Number of cost rows without a rate, by currency; only where costs are asked for. */
  readonly unpriced?: Sql;
  readonly metrics: readonly MetricColumn[];
  readonly measures: readonly MeasureColumn[];
  /** Why costs are missing, where they are. */
  readonly costs: 'complete' | 'in totals only' | 'not filterable' | 'not asked for';
}

/** What makes a row large, where the query does not say: the first of these that differs. */
const WEIGHTS = ['conversion_value', 'conversions', 'cost', 'sessions', 'users'] as const;

/** Name of the column with the number of rows before the limit. */
export const ROW_COUNT = 'row_count';

/** Name of the column with the number of rows before the limit and before conditions on metrics. */
export const ALL_ROW_COUNT = 'all_row_count';

/** Turns a parsed query into SQL on the published facts. Values are bound; names come from the tables of this folder only. */
export function buildReport(query: ReportQuery, dialect: Dialect): ReportPlan {
  const metrics = metricColumns(query);
  const measures = measureColumns(query, metrics);
  const costsAsked = measures.some(({ measure }) => factsOf(measure) === REPORT_COSTS);
  const costsFilterable = !filtersBeyondCosts(query.filters);
  const costsInRows = costsFilterable && query.dimensions.every(isOfCosts);
  const groups = (dimensions: readonly DimensionName[], costs: boolean) => groupsSql({ query, dialect, measures, dimensions, costs });

  const dimensionColumns = query.dimensions.map((name) => raw(dimensionColumn(name, query.dimensions)));
  const columnSql = (column: string) => metricSql(metricOf(column, metrics), measures);
  const condition = rowFilter(query.filters, columnSql);
  const rows = sql`with ${groups(query.dimensions, costsInRows)}
select ${join([...dimensionColumns, ...measures.map(({ name }) => asText(name, dialect)), sql`count(*) over () as ${raw(ROW_COUNT)}`, sql`(select count(*) from figures) as ${raw(ALL_ROW_COUNT)}`])}
from figures
${condition ? sql`where ${condition}` : sql``}
order by ${orderSql(query, metrics, columnSql)}
limit ${raw(String(query.limit))}`;
  const totals = sql`with ${groups([], costsFilterable)}
select ${join(measures.map(({ name }) => asText(name, dialect)))}
from figures`;
  const costs = costsAsked ? (costsInRows ? 'complete' : costsFilterable ? 'in totals only' : 'not filterable') : 'not asked for';
  const unpriced = costsAsked && costsFilterable ? unpricedSql(query, dialect) : undefined;
  return { rows, totals, metrics, measures, costs, ...(unpriced && { unpriced }) };
}

function metricColumns(query: ReportQuery): MetricColumn[] {
  const general = query.metrics.filter((metric) => !isConversionMetric(metric)).map((metric) => ({ key: metric, metric }));
  const conversions = query.attributed_conversions.flatMap((pair) =>
    query.metrics.filter(isConversionMetric).map((metric) => ({ key: columnKey(pair, metric), metric, pair })),
  );
  return [...general, ...conversions];
}

/** The column a name stands for: its key, or the metric of the first pair. */
function metricOf(name: string, metrics: readonly MetricColumn[]): MetricColumn {
  const column = metrics.find(({ key }) => key === name) ?? metrics.find(({ metric }) => metric === name);
  if (!column) throw new Error(`no column "${name}" in this report: the query was not parsed`);
  return column;
}

/** Every measure that the metrics need, once per period. Value comes with its credit and the part of it without one, to tell 0 from unknown. */
function measureColumns(query: ReportQuery, metrics: readonly MetricColumn[]): MeasureColumn[] {
  const columns = new Map<string, MeasureColumn>();
  const periods = query.comparison_date_range ? (['current', 'comparison'] as const) : (['current'] as const);
  const add = (measure: Measure, pair: AttributedConversion | undefined) => {
    const ofPair = factsOf(measure) === REPORT_CREDITS && pair;
    for (const period of periods) {
      const position = ofPair ? query.attributed_conversions.indexOf(ofPair) + 1 : '';
      const name = `${period}_${measure}${position && `_${position}`}`;
      columns.set(name, { measure, period, name, ...(ofPair && { pair: ofPair }) });
    }
  };
  for (const { metric, pair } of metrics) {
    const { numerator, denominator }: Metric = METRICS[metric];
    add(numerator, pair);
    if (denominator) add(denominator, pair);
    if (numerator === 'cost_micros' || denominator === 'cost_micros') add('unpriced_costs', undefined);
    if (numerator === 'value_micros') (['credit', 'unvalued_credit'] as const).forEach((measure) => add(measure, pair));
  }
  return [...columns.values()];
}

/** The measure column a metric column reads. */
export function measureOf(
  measures: readonly MeasureColumn[],
  measure: Measure,
  pair: AttributedConversion | undefined,
  period: MeasureColumn['period'] = 'current',
): MeasureColumn {
  const own = factsOf(measure) === REPORT_CREDITS ? pair : undefined;
  const column = measures.find((one) => one.measure === measure && one.period === period && one.pair === own);
  if (!column) throw new Error(`measure ${measure} is missing from the plan`);
  return column;
}

/** A metric in SQL, for conditions and order only; it is NULL where {@link metricValue} is null. */
function metricSql({ metric, pair }: MetricColumn, measures: readonly MeasureColumn[]): Sql {
  const definition: Metric = METRICS[metric];
  const { numerator, denominator, multiply, divide } = definition;
  const top = raw(measureOf(measures, numerator, pair).name);
  const scale = param(Number(multiply) / Number(divide), 'FLOAT64');
  if (!denominator) return sql`(${top} * ${scale})`;
  const paid = numerator === 'cost_micros' ? sql`nullif(${top}, 0)` : top;
  const ratio = sql`(${paid} / nullif(${raw(measureOf(measures, denominator, pair).name)}, 0) * ${scale})`;
  if (!isRatioOfCost(definition)) return ratio;
  return sql`(case when ${raw(measureOf(measures, 'unpriced_costs', undefined).name)} = 0 then ${ratio} end)`;
}

interface Grouping {
  readonly query: ReportQuery;
  readonly dialect: Dialect;
  readonly measures: readonly MeasureColumn[];
  readonly dimensions: readonly DimensionName[];
  readonly costs: boolean;
}

/** The facts of each table, grouped, put below each other and grouped again: no join, so no fact is counted twice or lost. */
function groupsSql(grouping: Grouping): Sql {
  const { query, measures, dimensions } = grouping;
  const credits: FactTable = { table: REPORT_CREDITS, date: query.time_basis === 'click_time' ? 'click_date' : 'conversion_date' };
  const tables: FactTable[] = [{ table: REPORT_SESSIONS, date: 'click_date' }, credits, { table: REPORT_COSTS, date: 'click_date' }];
  const used = tables.filter((facts) => measures.some(({ measure }) => factsOf(measure) === facts.table));
  const groups = dimensions.map((name) => raw(dimensionColumn(name, query.dimensions)));
  const figures = measures.map((column) => sql`${figureSql(column, measures)} as ${raw(column.name)}`);
  return sql`facts as (
${join(
  used.map((one) => factsSql(one, grouping)),
  '\nunion all\n',
)}
),
figures as (
select ${join([...groups, ...figures])}
from facts
${groups.length ? sql`group by ${join(groups)}` : sql``}
)`;
}

/** A count of nothing is 0, an amount of nothing is unknown. The value of no credit is 0, that of a credit without one unknown. */
function figureSql(column: MeasureColumn, measures: readonly MeasureColumn[]): Sql {
  const sum = sql`sum(${raw(column.name)})`;
  switch (column.measure) {
    case 'sessions':
    case 'users':
    case 'credit':
    case 'unvalued_credit':
    case 'unpriced_costs':
    case 'converted_users':
      return sql`coalesce(${sum}, 0)`;
    case 'value_micros': {
      const credit = raw(measureOf(measures, 'credit', column.pair, column.period).name);
      return sql`case when coalesce(sum(${credit}), 0) = 0 then 0 else ${sum} end`;
    }
    case 'cost_micros':
    case 'impressions':
    case 'clicks':
      return sum;
  }
}

/** One table of facts, grouped by the dimensions, with a column for every measure of the report. */
function factsSql(facts: FactTable, { query, dialect, measures, dimensions, costs }: Grouping): Sql {
  const dims = dimensions.map(
    (name) => sql`${dimensionSql(name, facts, dialect, query.interval)} as ${raw(dimensionColumn(name, query.dimensions))}`,
  );
  const columns = measures.map((column) => {
    const value = factsOf(column.measure) === facts.table ? sumSql(column, facts, query) : sql`${param(null, 'INT64')}`;
    return sql`${value} as ${raw(column.name)}`;
  });
  const periods = [query.date_range, ...(query.comparison_date_range ? [query.comparison_date_range] : [])];
  const conditions = [
    sql`(${join(
      periods.map((period) => within(facts, period)),
      ' or ',
    )})`,
  ];
  if (facts.table === REPORT_CREDITS) conditions.push(sql`(${join(query.attributed_conversions.map(pairSql), ' or ')})`);
  if (facts.table === REPORT_COSTS && !costs) conditions.push(sql`false`);
  const filter = factFilter(query.filters, facts, dialect);
  if (filter) conditions.push(filter);
  return sql`select ${join([...dims, ...columns])}
from ${table(facts.table.name)}
where ${join(conditions, ' and ')}
${dimensions.length ? sql`group by ${raw(dimensions.map((_, i) => i + 1).join(', '))}` : sql``}`;
}

const within = (facts: FactTable, { start_date, end_date }: DateRange): Sql =>
  sql`${raw(facts.date)} between ${param(start_date, 'DATE')} and ${param(end_date, 'DATE')}`;

const pairSql = ({ conversion, model }: AttributedConversion): Sql => sql`(conversion_name = ${conversion} and model = ${model})`;

function sumSql({ measure, pair, period }: MeasureColumn, facts: FactTable, query: ReportQuery): Sql {
  const conditions: Sql[] = [];
  if (query.comparison_date_range) conditions.push(within(facts, period === 'current' ? query.date_range : query.comparison_date_range));
  if (pair) conditions.push(pairSql(pair));
  const only = (value: SqlPart): Sql => (conditions.length ? sql`case when ${join(conditions, ' and ')} then ${value} end` : sql`${value}`);
  switch (measure) {
    case 'sessions':
      return sql`count(${only(raw('session_id'))})`;
    case 'users':
    case 'converted_users':
      return sql`count(distinct ${only(raw('person_key'))})`;
    case 'unpriced_costs':
      return sql`countif(${only(raw('cost_micros is null'))})`;
    case 'unvalued_credit':
      return sql`sum(${only(sql`case when value_micros is null then credit end`)})`;
    case 'credit':
    case 'value_micros':
    case 'cost_micros':
    case 'impressions':
    case 'clicks':
      return sql`sum(${only(raw(measure))})`;
  }
}

/** Cost rows of the period that no sum has, by currency. */
function unpricedSql(query: ReportQuery, dialect: Dialect): Sql {
  const facts: FactTable = { table: REPORT_COSTS, date: 'click_date' };
  const filter = factFilter(query.filters, facts, dialect);
  return sql`select coalesce(currency, '?') as currency, count(*) as cost_rows
from ${table(REPORT_COSTS.name)}
where cost_micros is null and ${within(facts, query.date_range)}${filter ? sql` and ${filter}` : sql``}
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
  return order.length ? join(order) : sql`1`;
}

/** By time where there is a date; what is not attributed last; then the largest first. */
function defaultOrder(query: ReportQuery, metrics: readonly MetricColumn[], columnSql: (column: string) => Sql): Sql[] {
  const dimension = query.dimensions.find((name) => name !== 'date');
  const asked = WEIGHTS.flatMap((name) => metrics.filter(({ metric }) => metric === name));
  return [
    ...(query.dimensions.includes('date') ? [sql`date asc`] : []),
    ...(dimension ? [sql`case when ${raw(dimensionColumn(dimension, query.dimensions))} = ${NOT_ATTRIBUTED} then 1 else 0 end`] : []),
    ...asked.map(({ key }) => sql`coalesce(${columnSql(key)}, 0) desc`),
  ];
}

const asText = (name: string, dialect: Dialect): Sql => sql`${dialect.castText(raw(name))} as ${raw(name)}`;
