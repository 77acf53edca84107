import type { ColumnType } from '../../../edge/contract/columns.ts';
import type { Dialect, TimeUnit } from '../dialect.ts';
import { type ParamValue, type Sql, join, raw, sql } from '../sql.ts';
import { TEXT_GRAMMARS } from '../text-grammars.ts';
import { identifier, literal, scalarType } from './syntax.ts';

const MICROSECONDS: Readonly<Record<TimeUnit, bigint>> = {
  MICROSECOND: 1n,
  SECOND: 1_000_000n,
  MINUTE: 60_000_000n,
  HOUR: 3_600_000_000n,
  DAY: 86_400_000_000n,
};

const text = (value: string): Sql => raw(literal(value));

/** The ends that `normalizeEmail` of the contract strips, as RE2. */
const EMAIL_ENDS = String.raw`^[\p{Z}\p{Cc}\x{FEFF}]+|[\p{Z}\p{Cc}\x{FEFF}]+$`;

const anyNull = (values: readonly Sql[]): Sql =>
  join(
    values.map((value) => sql`(${value}) is null`),
    ' or ',
  );

/** GoogleSQL's meanings in DuckDB's words. TIMESTAMP is DuckDB's zoneless type and always holds UTC. */
export const duckDbDialect: Dialect = {
  name: 'duckdb',

  identifier: (name) => raw(identifier(name)),

  // DuckDB's hash functions return hex text already.
  sha256Hex: (value) => sql`sha256(cast(${value} as varchar))`,
  emailHash: (address) =>
    sql`sha256(nullif(translate(regexp_replace(${address}, ${text(EMAIL_ENDS)}, '', 'g'), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz'), ''))`,
  concat: (...parts) =>
    parts.length === 0
      ? raw(`''`)
      : sql`(${join(
          parts.map((part) => sql`(${part})`),
          ' || ',
        )})`,
  // regexp_extract gives '' where nothing matched; the list form keeps "no match" and "matched nothing" apart.
  regexpExtract: (value, pattern) => sql`regexp_extract_all(${value}, ${text(pattern)}, 1)[1]`,
  regexpContains: (value, pattern) => sql`regexp_matches(${value}, ${text(pattern)})`,
  regexpReplace: (value, pattern, replacement) => sql`regexp_replace(${value}, ${text(pattern)}, ${text(replacement)}, 'g')`,

  jsonText: (json, path) =>
    sql`case when json_type(${json}, ${text(path)}) not in ('OBJECT', 'ARRAY', 'NULL') then (${json}) ->> ${text(path)} end`,
  parseJson: (value) => sql`try_cast(${value} as json)`,

  castText: (value) => sql`cast(${value} as varchar)`,
  safeCast: (value, type) => sql`case when regexp_matches(${value}, ${text(TEXT_GRAMMARS[type])}) then ${tryCast(value, type)} end`,
  // round() of a DOUBLE goes half away from zero; the cast alone would go half to even.
  micros: (value) => sql`cast(round(cast(${value} as double) * 1000000) as bigint)`,
  intDiv: (numerator, denominator) => sql`((${numerator}) // (${denominator}))`,
  // DuckDB's least and greatest skip NULLs.
  least: (...values) => sql`case when ${anyNull(values)} then null else least(${join(values)}) end`,
  greatest: (...values) => sql`case when ${anyNull(values)} then null else greatest(${join(values)}) end`,

  timestampAdd: (timestamp, amount, unit) =>
    sql`((${timestamp}) + to_microseconds(cast(${amount} as bigint) * ${raw(String(MICROSECONDS[unit]))}))`,
  timestampDiff: (later, earlier, unit) => sql`((epoch_us(${later}) - epoch_us(${earlier})) // ${raw(String(MICROSECONDS[unit]))})`,
  unixMicros: (timestamp) => sql`epoch_us(${timestamp})`,
  localDate: (timestamp, timeZone) => sql`cast((${timestamp}) at time zone 'UTC' at time zone ${text(timeZone)} as date)`,
  endOfLocalDay: (date, timeZone) => {
    const zone = text(timeZone);
    const midnight = sql`(cast((${date}) + 1 as timestamp) at time zone ${zone})`;
    // Where clocks go back across midnight it strikes twice, and ICU takes the second; the day began at the first.
    return sql`(case when (${midnight} - interval 1 hour) at time zone ${zone} = cast((${date}) + 1 as timestamp) then ${midnight} - interval 1 hour else ${midnight} end at time zone 'UTC' - interval 1 microsecond)`;
  },
  dateTrunc: (date, unit) => sql`cast(date_trunc('${raw(unit.toLowerCase())}', ${date}) as date)`,
  dateAdd: (date, days) => sql`((${date}) + cast(${days} as integer))`,

  struct: (members) => sql`struct_pack(${join(Object.entries(members).map(([name, value]) => sql`${raw(identifier(name))} := ${value}`))})`,
  isIn: (value, array) => sql`list_contains(${array}, ${value})`,
  // The table alias must differ from the column alias, or `alias.member` would mean a column of the table.
  unnest: (array, alias) => sql`unnest(${array}) as ${raw(identifier(`${alias}_rows`))}(${raw(identifier(alias))})`,
  firstValue: (value, orderBy) => sql`first(${value} order by ${orderBy})`,
  arrayAgg: (value, orderBy) => sql`coalesce(list(${value} order by ${orderBy}) filter (where (${value}) is not null), [])`,
  values: (alias, columns, rows) => inlineTable(alias, columns, rows),
  jsonString: (value) => sql`cast(json(to_json(${value})) as varchar)`,
  differs: (left, right, type, repeated) =>
    type === 'JSON' && !repeated ? jsonDiffers(left, right) : sql`(${left}) is distinct from (${right})`,
};

function tryCast(value: Sql, type: keyof typeof TEXT_GRAMMARS): Sql {
  // The zoneless type would ignore an offset.
  if (type === 'TIMESTAMP') return sql`try_cast(${value} as timestamptz) at time zone 'UTC'`;
  const cast = sql`try_cast(${value} as ${raw(scalarType(type))})`;
  // A number beyond the range is infinite in DuckDB and no number in GoogleSQL.
  return type === 'FLOAT64' ? sql`case when isfinite(${cast}) then ${cast} end` : cast;
}

/**
 * JSON is text in DuckDB. White space does not count; another order of members does, because the engine has no
 * canonical form to compare by. It errs on the safe side: such a row is written once more, then its texts agree.
 */
function jsonDiffers(left: Sql, right: Sql): Sql {
  return sql`case when cast(${left} as varchar) is not distinct from cast(${right} as varchar) then false
    when (${left}) is null or (${right}) is null then true
    else cast(json(${left}) as varchar) <> cast(json(${right}) as varchar) end`;
}

function typed(value: ParamValue, type: ColumnType): string {
  return `cast(${value === null ? 'null' : literal(value)} as ${scalarType(type)})`;
}

function inlineTable(alias: string, columns: Readonly<Record<string, ColumnType>>, rows: readonly (readonly ParamValue[])[]): Sql {
  const entries = Object.entries(columns);
  const names = entries.map(([name]) => identifier(name)).join(', ');
  if (rows.length === 0) {
    const nulls = entries.map(([name, type]) => `${typed(null, type)} as ${identifier(name)}`).join(', ');
    return raw(`(select ${nulls} where false) as ${identifier(alias)}`);
  }
  const tuples = rows.map((row) => {
    if (row.length !== entries.length) throw new Error(`inline table ${alias}: a row has ${row.length} values, expected ${entries.length}`);
    return `(${row.map((value, i) => typed(value, entries[i]![1])).join(', ')})`;
  });
  return raw(`(values\n  ${tuples.join(',\n  ')}\n) as ${identifier(alias)}(${names})`);
}
