import type { Config } from '../../../config/schema.ts';
import type { Dialect } from '../../../warehouse/dialect.ts';
import { type Sql, raw, sql, table } from '../../../warehouse/sql.ts';
import type { Warehouse } from '../../../warehouse/warehouse.ts';
import { CONVERSIONS, LARGEST_VALUE } from '../tables.ts';
import { type Normalisation, normalisations } from './graph.ts';
import { STAGED_DERIVED, STAGED_WINDOWS } from './tables.ts';

/**
 * Stages the windows of normalised conversions in which the sum of a day is another one now, and those of all derived
 * rows. Reads staged_derived, and conversions as they still are.
 */
export async function stageWindows(warehouse: Warehouse, config: Config): Promise<void> {
  await warehouse.load(STAGED_WINDOWS, [], { replace: true, label: 'windows of normalised conversions' });
  const normalised = normalisations(config);
  if (normalised.length === 0) return;
  await warehouse.append(STAGED_WINDOWS, windowRows(warehouse.dialect, normalised), 'windows of normalised conversions');
}

/** Rows of staged_windows. */
export function windowRows(dialect: Dialect, normalised: readonly Normalisation[]): Sql {
  const rules = dialect.values(
    'rules',
    { name: 'STRING', reference: 'STRING', days: 'INT64' },
    normalised.map(({ name, reference, days }) => [name, reference, days]),
  );
  // Behind the last day there is lies none.
  const lastReached = (day: string) => sql`coalesce(${dialect.dateAdd(raw(day), raw('rules.days - 1'))}, date '9999-12-31')`;
  return sql`
    with rules as (
      select rules.name, rules.reference, rules.days from ${rules}
    ),
    names as (
      select name from rules union distinct select reference as name from rules
    ),
    stored as (
      select conversions.conversion_name, conversions.id, conversions.conversion_date, conversions.raw_value_micros as micros
      from ${table(CONVERSIONS.name)} as conversions
      inner join names on names.name = conversions.conversion_name
    ),
    derived as (
      select derived.conversion_name, derived.id, derived.is_present, derived.conversion_date, derived.raw_value_micros as micros
      from ${table(STAGED_DERIVED.name)} as derived
      inner join names on names.name = derived.conversion_name
    ),
    kept as (
      select stored.conversion_name, stored.conversion_date, stored.micros
      from stored
      left join derived on derived.conversion_name = stored.conversion_name and derived.id = stored.id
      where derived.id is null
      union all
      select conversion_name, conversion_date, micros from derived where is_present
    ),
    daily as (
      select conversion_name, conversion_date, sum(micros) as micros from kept group by conversion_name, conversion_date
    ),
    differences as (
      select stored.conversion_name, stored.conversion_date, -stored.micros as micros
      from stored
      inner join derived on derived.conversion_name = stored.conversion_name and derived.id = stored.id
      union all
      select conversion_name, conversion_date, micros from derived where is_present
    ),
    changed_days as (
      select conversion_name, conversion_date
      from differences
      group by conversion_name, conversion_date
      having sum(micros) <> 0
    ),
    touched_windows as (
      select daily.conversion_name, daily.conversion_date
      from daily
      inner join rules on rules.name = daily.conversion_name
      inner join changed_days as changed
        on changed.conversion_name in (rules.name, rules.reference)
        and changed.conversion_date <= daily.conversion_date
        and ${lastReached('changed.conversion_date')} >= daily.conversion_date
      union distinct
      select derived.conversion_name, derived.conversion_date
      from derived
      inner join rules on rules.name = derived.conversion_name
      where derived.is_present
    )
    select
      touched.conversion_name, touched.conversion_date,
      ${sumOf('name')} as own_micros,
      ${sumOf('reference')} as reference_micros
    from touched_windows as touched
    inner join rules on rules.name = touched.conversion_name
    inner join daily
      on daily.conversion_name in (rules.name, rules.reference)
      and daily.conversion_date <= touched.conversion_date
      and ${lastReached('daily.conversion_date')} >= touched.conversion_date
    group by touched.conversion_name, touched.conversion_date`;
}

/** Sum of the daily values of a conversion that a rule names. DuckDB's sum is wider than INT64. */
const sumOf = (column: 'name' | 'reference'): Sql =>
  sql`cast(sum(if(daily.conversion_name = rules.${raw(column)}, daily.micros, 0)) as int64)`;

/** An INT64 as FLOAT64, by a literal: that type has another name on each engine. */
const float = (value: Sql): Sql => sql`(${value} * 1e0)`;

/**
 * A raw value scaled by the sums of its window: raw × reference ÷ own, in that order, rounded half away from zero; NULL
 * where the own sum is 0, and where micros could not hold it.
 * @param windows alias of the row of staged_windows.
 */
export function scaledMicros(rawMicros: Sql, windows: string): Sql {
  const [own, reference] = [float(raw(`${windows}.own_micros`)), float(raw(`${windows}.reference_micros`))];
  const scaled = sql`(${float(rawMicros)} * ${reference} / nullif(${own}, 0))`;
  return sql`if(abs(${scaled}) <= ${raw(String(LARGEST_VALUE))} * 1000000, cast(round(${scaled}) as int64), null)`;
}
