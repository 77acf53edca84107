import type { PublishedConfig } from '../models/reports/publication.ts';
import { param, raw, sql, type Sql } from '../warehouse/sql.ts';
import { measureOf, type MeasureColumn, type MetricColumn } from './columns.ts';
import { isCostPer, isDerived, marginParts, type Metric, METRICS, type Quantity, type Requirement, unpricedOf } from './metrics.ts';
import type { AttributedConversion } from './schema.ts';

/** The margin of a pair's conversion in parts of 1e9; 0 where it has none. */
export function marginOf(pair: AttributedConversion | undefined, { conversions }: PublishedConfig): bigint {
  return marginParts(conversions.find(({ name }) => name === pair?.conversion)?.margin ?? 0);
}

/** Whether a pair's conversion has what a metric needs. */
export function meets(needs: Requirement | undefined, pair: AttributedConversion | undefined, { conversions }: PublishedConfig): boolean {
  const conversion = conversions.find(({ name }) => name === pair?.conversion);
  if (needs === undefined) return true;
  return conversion?.value === 'money' && (needs === 'money' || conversion.margin !== undefined);
}

/** A metric in SQL, for conditions and order only; it is NULL where the figure of the result is. */
export function metricSql({ metric, pair }: MetricColumn, measures: readonly MeasureColumn[], config: PublishedConfig): Sql {
  const definition: Metric = METRICS[metric];
  const { numerator, denominator, multiply, divide } = definition;
  if (!meets(definition.needs, pair, config)) return sql`${param(null, 'FLOAT64')}`;
  const top = quantitySql(numerator, pair, measures, config);
  const scale = param(Number(multiply) / Number(divide), 'FLOAT64');
  if (!denominator) return sql`(${top} * ${scale})`;
  const paid = isCostPer(definition) ? sql`nullif(${top}, 0)` : top;
  const ratio = sql`(${paid} / nullif(${quantitySql(denominator, pair, measures, config)}, 0) * ${scale})`;
  return unpricedOf(definition).reduce(
    (value, measure) => sql`(case when ${raw(measureOf(measures, measure, undefined).name)} = 0 then ${value} end)`,
    ratio,
  );
}

/** As {@link quantityOf}, in FLOAT64. */
function quantitySql(
  quantity: Quantity,
  pair: AttributedConversion | undefined,
  measures: readonly MeasureColumn[],
  config: PublishedConfig,
): Sql {
  const measure = (one: MeasureColumn['measure']) => raw(measureOf(measures, one, pair).name);
  const of = (one: Quantity) => quantitySql(one, pair, measures, config);
  if (!isDerived(quantity)) return measure(quantity);
  switch (quantity) {
    case 'total_cost_micros': {
      const [ads, others] = [measure('cost_micros'), measure('other_cost_micros')];
      return sql`(case when ${ads} is not null or ${others} is not null then coalesce(${ads}, 0) + coalesce(${others}, 0) end)`;
    }
    case 'profit':
      return sql`(${measure('value_micros')} * ${param(Number(marginOf(pair, config)), 'FLOAT64')})`;
    case 'gain':
      return sql`(${of('profit')} - ${of('total_cost_micros')} * ${param(1e9, 'FLOAT64')})`;
  }
}
