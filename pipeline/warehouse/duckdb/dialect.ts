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

/** Unicode's White_Space. DuckDB's `trim` alone strips spaces only. */
const WHITE_SPACE =
  '\t\n\v\f\r \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000';

const anyNull = (values: readonly Sql[]): Sql =>
  join(
    values.map((value) => sql`(${value}) is null`),
    ' or ',
  );

const JSON_TEXTS = String.raw`"(?:[^"\\]|\\.)*"`;
const NOT_JSON = String.raw`(?i),\s*[\]}]|nan|inf`;

const FIRST_INSTANT = raw(`timestamp '0001-01-01'`);
const LAST_INSTANT = raw(`timestamp '9999-12-31 23:59:59.999999'`);

/** GoogleSQL's time ends with the year 9999, DuckDB's goes on. */
const within = (value: Sql, first: Sql, last: Sql): Sql => sql`case when ${value} between ${first} and ${last} then ${value} end`;

/** GoogleSQL's meanings in DuckDB's words. TIMESTAMP is DuckDB's zoneless type and always holds UTC. */
export const duckDbDialect: Dialect = {
  name: 'duckdb',

  identifier: (name) => raw(identifier(name)),

  // DuckDB's hash functions return hex text already.
  sha256Hex: (value) => sql`sha256(cast(${value} as varchar))`,
  emailHash: (address) =>
    sql`sha256(nullif(translate(regexp_replace(${address}, ${text(EMAIL_ENDS)}, '', 'g'), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz'), ''))`,
  // With characters of its own to strip, trim is ten times slower: most texts need nothing of it.
  trim: (value) =>
    sql`case when ascii(${value}) between 33 and 126 and ascii(right(${value}, 1)) between 33 and 126 then ${value} else trim(${value}, ${text(WHITE_SPACE)}) end`,
  lower: (value) => sql`lower(${value})`,
  upperAscii: (value) => sql`translate(${value}, 'abcdefghijklmnopqrstuvwxyz', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ')`,
  concat: (...parts) =>
    parts.length === 0
      ? raw(`''`)
      : sql`(${join(
          parts.map((part) => sql`(${part})`),
          ' || ',
        )})`,
  // regexp_extract gives '' where nothing matched; the list form keeps "no match" and "matched nothing" apart.
  regexpExtract: (value, pattern) => sql`regexp_extract_all(${value}, ${text(pattern)}, 1)[1]`,
  regexpExtractAll: (value, pattern) => sql`regexp_extract_all(${value}, ${text(pattern)}, 1)`,
  regexpContains: (value, pattern) => sql`regexp_matches(${value}, ${text(pattern)})`,
  regexpReplace: (value, pattern, replacement) => sql`regexp_replace(${value}, ${text(pattern)}, ${text(replacement)}, 'g')`,

  // DuckDB keeps the exponent as it was written, GoogleSQL writes numbers its own way, as DuckDB's DOUBLE does.
  jsonText: (json, path) => {
    const value = sql`(${json}) ->> ${text(path)}`;
    return sql`case json_type(${json}, ${text(path)}) when 'OBJECT' then null when 'ARRAY' then null when 'NULL' then null when 'DOUBLE' then cast(try_cast(${value} as double) as varchar) else ${value} end`;
  },
  // Of an object the wildcard has no elements. Of a constant NULL the planner makes no array.
  jsonElements: (json, path) => sql`cast(json_extract(${json}, ${text(`${path}[*]`)}) as json[])`,
  // DuckDB takes commas too many, and NaN and Infinity. Texts within the JSON may hold what looks like them.
  parseJson: (value) =>
    sql`case when not regexp_matches(regexp_replace(${value}, ${text(JSON_TEXTS)}, '""', 'g'), ${text(NOT_JSON)}) then try_cast(${value} as json) end`,

  // DuckDB writes 1.0 and -0.0 where GoogleSQL writes 1 and 0. The type is known when the query is planned.
  castText: (value) =>
    sql`case when typeof(${value}) = 'DOUBLE' then regexp_replace(regexp_replace(cast(${value} as varchar), '[.]0$', ''), '^-0$', '0') else cast(${value} as varchar) end`,
  safeCast: (value, type) => sql`case when regexp_matches(${value}, ${text(TEXT_GRAMMARS[type])}) then ${tryCast(value, type)} end`,
  // round() of a DOUBLE goes half away from zero; the cast alone would go half to even.
  micros: (value) => sql`cast(round(cast(${value} as double) * 1000000) as bigint)`,
  intDiv: (numerator, denominator) => sql`((${numerator}) // (${denominator}))`,
  // DuckDB's least and greatest skip NULLs.
  least: (...values) => sql`case when ${anyNull(values)} then null else least(${join(values)}) end`,
  greatest: (...values) => sql`case when ${anyNull(values)} then null else greatest(${join(values)}) end`,

  timestampAdd: (timestamp, amount, unit) =>
    within(
      sql`(${timestamp}) + to_microseconds(cast(${amount} as bigint) * ${raw(String(MICROSECONDS[unit]))})`,
      FIRST_INSTANT,
      LAST_INSTANT,
    ),
  timestampDiff: (later, earlier, unit) => sql`((epoch_us(${later}) - epoch_us(${earlier})) // ${raw(String(MICROSECONDS[unit]))})`,
  unixMicros: (timestamp) => sql`epoch_us(${timestamp})`,
  localDate: (timestamp, timeZone) =>
    timeZone === 'UTC'
      ? sql`cast(${timestamp} as date)`
      : sql`case when (${timestamp}) < timestamp '0001-01-02' or (${timestamp}) >= timestamp '9999-12-31' then cast(${timestamp} as date) else cast((${timestamp}) at time zone 'UTC' at time zone ${text(timeZone)} as date) end`,
  endOfLocalDay: (date, timeZone) => {
    const zone = text(timeZone);
    const midnight = sql`(cast((${date}) + 1 as timestamp) at time zone ${zone})`;
    // Where clocks go back across midnight it strikes twice, and ICU takes the second; the day began at the first.
    return sql`(case when (${date}) = date '9999-12-31' then ${LAST_INSTANT} at time zone 'UTC' + interval 1 microsecond when (${midnight} - interval 1 hour) at time zone ${zone} = cast((${date}) + 1 as timestamp) then ${midnight} - interval 1 hour else ${midnight} end at time zone 'UTC' - interval 1 microsecond)`;
  },
  dateTrunc: (date, unit) => sql`cast(date_trunc('${raw(unit.toLowerCase())}', ${date}) as date)`,
  dateAdd: (date, days) => within(sql`(${date}) + cast(${days} as integer)`, raw(`date '0001-01-01'`), raw(`date '9999-12-31'`)),

  struct: (members) => sql`struct_pack(${join(Object.entries(members).map(([name, value]) => sql`${raw(identifier(name))} := ${value}`))})`,
  isIn: (value, array) => sql`list_contains(${array}, ${value})`,
  // The table alias must differ from the column alias, or `alias.member` would mean a column of the table.
  unnest: (array, alias) => sql`unnest(${array}) as ${raw(identifier(`${alias}_rows`))}(${raw(identifier(alias))})`,
  unnestColumn: (source, columns, array, alias) =>
    sql`select ${raw([...columns.map(identifier), `unnest(${identifier(array)}) as ${identifier(alias)}`].join(', '))} from ${source} as source`,
  firstValue: (value, orderBy) => sql`first(${value} order by ${orderBy})`,
  arrayAgg: (value, orderBy) => sql`coalesce(list(${value} order by ${orderBy}) filter (where (${value}) is not null), [])`,
  values: (alias, columns, rows) => inlineTable(alias, columns, rows),
  // GoogleSQL escapes the two line separators of Unicode, but not those of a JSON value.
  jsonString: (value) => {
    const json = sql`cast(json(to_json(${value})) as varchar)`;
    return sql`case when typeof(${value}) = 'JSON' then ${json} else replace(replace(${json}, chr(8232), '\\u2028'), chr(8233), '\\u2029') end`;
  },
  // Without a sign it would not fit.
  fingerprint: (value) => sql`cast(hash(${value}) >> 1 as bigint)`,
  differs: (left, right, type, repeated) =>
    type === 'JSON' && !repeated ? jsonDiffers(left, right) : sql`(${left}) is distinct from (${right})`,
};

function tryCast(value: Sql, type: keyof typeof TEXT_GRAMMARS): Sql {
  // The zoneless type would ignore an offset.
  if (type === 'TIMESTAMP') {
    // An offset is read behind seconds only.
    const withSeconds = sql`regexp_replace(${value}, '^(.{10}[ T][0-9]{2}:[0-9]{2})(Z|[+-].*)$', '\\1:00\\2')`;
    return within(sql`try_cast(${withSeconds} as timestamptz) at time zone 'UTC'`, FIRST_INSTANT, LAST_INSTANT);
  }
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
  // The zoneless type would ignore an offset.
  if (type === 'TIMESTAMP' && value !== null) return `(cast(${literal(value)} as timestamptz) at time zone 'UTC')`;
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
