import { raw, sql, type Sql } from '../warehouse/sql.ts';
import { type Period, periodColumn, periodsOf } from './facts-sql.ts';
import { companionsOf, isOfPair, type Measure, totalSql } from './measures.ts';
import { isConversionMetric, measuresOfMetric, type Metric, type MetricName, METRICS, unpricedOf } from './metrics.ts';
import { type AttributedConversion, columnKey, type ReportQuery } from './schema.ts';

/** A measure of the report as a column of its SQL: of one period and, for a conversion measure, of one pair. */
export interface MeasureColumn {
  readonly measure: Measure;
  readonly pair?: AttributedConversion;
  readonly period: Period;
  /** Name of the column in the SQL; holds the exact sum as text. */
  readonly name: string;
}

/** A metric column of the result. */
export interface MetricColumn {
  readonly key: string;
  readonly metric: MetricName;
  readonly pair?: AttributedConversion;
}

/** A column for every metric, those of conversions pair by pair. */
export function metricColumns(query: ReportQuery): MetricColumn[] {
  const general = query.metrics.filter((metric) => !isConversionMetric(metric)).map((metric) => ({ key: metric, metric }));
  const conversions = query.attributed_conversions.flatMap((pair) =>
    query.metrics.filter(isConversionMetric).map((metric) => ({ key: columnKey(pair, metric), metric, pair })),
  );
  return [...general, ...conversions];
}

/** The column a name stands for: its key, or the metric of the first pair. */
export function metricOf(name: string, metrics: readonly MetricColumn[]): MetricColumn {
  const column = metrics.find(({ key }) => key === name) ?? metrics.find(({ metric }) => metric === name);
  if (!column) throw new Error(`no column "${name}" in this report: the query was not parsed`);
  return column;
}

/** Every measure that the metrics need, once per period, with what must be there to read it. */
export function measureColumns(query: ReportQuery, metrics: readonly MetricColumn[]): MeasureColumn[] {
  const columns = new Map<string, MeasureColumn>();
  const add = (measure: Measure, pair: AttributedConversion | undefined) => {
    const ofPair = isOfPair(measure) ? pair : undefined;
    for (const period of periodsOf(query)) {
      const suffix = ofPair ? `_${query.attributed_conversions.indexOf(ofPair) + 1}` : '';
      const name = `${periodColumn(measure, period)}${suffix}`;
      columns.set(name, { measure, period, name, ...(ofPair && { pair: ofPair }) });
    }
  };
  for (const { metric, pair } of metrics) {
    const definition: Metric = METRICS[metric];
    for (const measure of measuresOfMetric(definition)) {
      for (const one of [measure, ...companionsOf(measure)]) add(one, pair);
      if (measure === 'cost_micros') add('unpriced_costs', undefined);
    }
    unpricedOf(definition).forEach((measure) => add(measure, undefined));
  }
  return [...columns.values()];
}

/** The measure column a metric column reads. */
export function measureOf(
  measures: readonly MeasureColumn[],
  measure: Measure,
  pair: AttributedConversion | undefined,
  period: Period = 'current',
): MeasureColumn {
  const own = isOfPair(measure) ? pair : undefined;
  const column = measures.find((one) => one.measure === measure && one.period === period && one.pair === own);
  if (!column) throw new Error(`measure ${measure} is missing from the plan`);
  return column;
}

/** A measure over the groups of facts: of a pair those that are its own. */
export function figureSql({ measure, pair, period }: MeasureColumn, measures: readonly MeasureColumn[]): Sql {
  const own = (one: Measure) => {
    const column = raw(periodColumn(one, period));
    return pair ? sql`case when conversion_name = ${pair.conversion} and model = ${pair.model} then ${column} end` : column;
  };
  const hasCredit = measures.some((one) => one.measure === 'credit' && one.pair === pair);
  return totalSql(measure, own(measure), hasCredit ? own('credit') : own(measure));
}
