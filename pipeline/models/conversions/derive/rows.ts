import type { Config } from '../../../config/schema.ts';
import type { Dialect } from '../../../warehouse/dialect.ts';
import { type Sql, join, raw, sql, table } from '../../../warehouse/sql.ts';
import { CONVERSIONS, CONVERSION_RECORDS } from '../tables.ts';
import { normalisations } from './graph.ts';
import { type Reach, chosenPersons } from './persons.ts';
import { selfReportedChannel } from './self-reported.ts';
import { STAGED_DERIVED, STAGED_SIGNALS, STAGED_WINDOWS } from './tables.ts';
import { scaledMicros } from './windows.ts';

/**
 * The derived conversions as they are now, and those of which only a sum of their window changed. Reads staged_derived,
 * staged_signals and staged_windows.
 * @param reach where the sessions in their windows lie; default: anywhere.
 */
export function conversionRows(dialect: Dialect, config: Config, reach?: Reach): Sql {
  const derived = derivedRows(dialect, config, reach);
  return normalisations(config).length === 0 ? derived : sql`${derived}\n    union all${rescaledRows(valueColumns('stored'))}`;
}

/** Keys of the conversions that {@link conversionRows} gives, and of those that are none any more. */
export function derivedKeys(config: Config): Sql {
  const derived = sql`
      select conversion_name, id from ${table(STAGED_DERIVED.name)}`;
  return normalisations(config).length === 0
    ? derived
    : sql`${derived}\n      union all${rescaledRows(raw('stored.conversion_name, stored.id'))}`;
}

/** Days of UTC in which these conversions stand, or stood: query of (day). */
export function derivedDays(dialect: Dialect, config: Config): Sql {
  const days = [
    sql`select day from ${table(STAGED_DERIVED.name)}`,
    sql`select former_day as day from ${table(STAGED_DERIVED.name)}`,
    ...(normalisations(config).length === 0 ? [] : [rescaledRows(sql`${dialect.localDate(raw('stored.conversion_time'), 'UTC')} as day`)]),
  ];
  return sql`select distinct day from (${join(days, '\nunion all ')}) as days where day is not null`;
}

function derivedRows(dialect: Dialect, config: Config, reach: Reach | undefined): Sql {
  const names = normalisations(config).map(({ name }) => sql`${name}`);
  const value =
    names.length === 0
      ? raw('kept_rows.raw_value_micros')
      : sql`if(kept_rows.conversion_name in (${join(names)}), ${scaledMicros(raw('kept_rows.raw_value_micros'), 'windows')}, kept_rows.raw_value_micros)`;
  const windows =
    names.length === 0
      ? raw('')
      : sql`
    left join ${table(STAGED_WINDOWS.name)} as windows
      on windows.conversion_name = kept_rows.conversion_name and windows.conversion_date = kept_rows.conversion_date`;
  const recorded = CONVERSION_RECORDS.columns.filter(({ name }) => CONVERSIONS.columns.some((column) => column.name === name));
  const kept = recorded.map(({ name }) => raw(`records.${name}`));
  const columns = CONVERSIONS.columns.map(({ name }) => {
    if (name === 'value_micros') return sql`${value} as value_micros`;
    if (name === 'self_reported_channel') {
      return sql`${selfReportedChannel(dialect, config.selfReported, raw('kept_rows.self_reported_source'))} as self_reported_channel`;
    }
    if (['person_id', 'person_key', 'matched_by'].includes(name)) return raw(`resolved.${name}`);
    return raw(`kept_rows.${name}`);
  });
  return sql`
    with kept_rows as (
      select
        ${join(kept)},
        derived.conversion_date, derived.raw_value_micros, derived.rate, derived.rate_date, derived.parent_name, derived.parent_id
      from ${table(STAGED_DERIVED.name)} as derived
      inner join ${table(CONVERSION_RECORDS.name)} as records
        on records.conversion_name = derived.conversion_name and records.id = derived.id
      where derived.is_present
    ),
    signals as (
      select conversion_name, id, attribution_time, priority, matched_by, person_id from ${table(STAGED_SIGNALS.name)}
    ),${chosenPersons(dialect, config, reach)}
    select ${join(columns)}
    from kept_rows
    left join resolved on resolved.conversion_name = kept_rows.conversion_name and resolved.id = kept_rows.id${windows}`;
}

/** Conversions that are not derived, whose scaled value is another one now. @param columns what is selected of `stored`. */
function rescaledRows(columns: Sql): Sql {
  const scaled = scaledMicros(raw('stored.raw_value_micros'), 'windows');
  return sql`
      select ${columns}
      from ${table(CONVERSIONS.name)} as stored
      inner join ${table(STAGED_WINDOWS.name)} as windows
        on windows.conversion_name = stored.conversion_name and windows.conversion_date = stored.conversion_date
      left join ${table(STAGED_DERIVED.name)} as derived on derived.conversion_name = stored.conversion_name and derived.id = stored.id
      where derived.id is null and coalesce(stored.value_micros <> ${scaled}, (stored.value_micros is null) <> (${scaled} is null))`;
}

function valueColumns(alias: string): Sql {
  return join(
    CONVERSIONS.columns.map(({ name }) =>
      name === 'value_micros' ? sql`${scaledMicros(raw(`${alias}.raw_value_micros`), 'windows')} as value_micros` : raw(`${alias}.${name}`),
    ),
  );
}
