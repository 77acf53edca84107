import type { ColumnType } from '../../../edge/contract/columns.ts';
import type { Dialect } from '../dialect.ts';
import { type ParamValue, type Sql, join, raw, sql } from '../sql.ts';
import { TEXT_GRAMMARS } from '../text-grammars.ts';
import { identifier, literal, scalarType } from './syntax.ts';

const text = (value: string): Sql => raw(literal(value));

/** The ends that `normalizeEmail` of the contract strips, as RE2. */
const EMAIL_ENDS = String.raw`^[\p{Z}\p{Cc}\x{FEFF}]+|[\p{Z}\p{Cc}\x{FEFF}]+$`;

/** GoogleSQL. */
export const bigQueryDialect: Dialect = {
  name: 'bigquery',

  identifier: (name) => raw(identifier(name)),

  sha256Hex: (value) => sql`to_hex(sha256(${value}))`,
  emailHash: (address) =>
    sql`to_hex(sha256(nullif(translate(regexp_replace(${address}, ${text(EMAIL_ENDS)}, ''), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz'), '')))`,
  trim: (value) => sql`trim(${value})`,
  // The two letters whose full mapping is not one letter, or depends on where it stands.
  lower: (value) => sql`lower(translate(${value}, 'İΣ', 'iσ'))`,
  upperAscii: (value) => sql`translate(${value}, 'abcdefghijklmnopqrstuvwxyz', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ')`,
  concat: (...parts) => (parts.length === 0 ? raw(`''`) : sql`concat(${join(parts)})`),
  regexpExtract: (value, pattern) => sql`regexp_extract(${value}, ${text(pattern)})`,
  regexpExtractAll: (value, pattern) => sql`regexp_extract_all(${value}, ${text(pattern)})`,
  regexpContains: (value, pattern) => sql`regexp_contains(${value}, ${text(pattern)})`,
  regexpReplace: (value, pattern, replacement) => sql`regexp_replace(${value}, ${text(pattern)}, ${text(replacement)})`,

  jsonText: (json, path) => sql`json_value(${json}, ${text(path)})`,
  jsonElements: (json, path) => sql`json_query_array(${json}, ${text(path)})`,
  // Numbers beyond 64 bits are rounded; without the mode they would make the whole text unreadable.
  parseJson: (value) => sql`safe.parse_json(${value}, wide_number_mode => 'round')`,

  castText: (value) => sql`cast(${value} as string)`,
  safeCast: (value, type) => sql`if(regexp_contains(${value}, ${text(TEXT_GRAMMARS[type])}), ${safeCast(value, type)}, null)`,
  micros: (value) => sql`cast(round(cast(${value} as float64) * 1000000) as int64)`,
  intDiv: (numerator, denominator) => sql`div(${numerator}, nullif(${denominator}, 0))`,
  least: (...values) => sql`least(${join(values)})`,
  greatest: (...values) => sql`greatest(${join(values)})`,

  timestampAdd: (timestamp, amount, unit) => sql`safe.timestamp_add(${timestamp}, interval (${amount}) ${raw(unit.toLowerCase())})`,
  timestampDiff: (later, earlier, unit) => sql`timestamp_diff(${later}, ${earlier}, ${raw(unit.toLowerCase())})`,
  unixMicros: (timestamp) => sql`unix_micros(${timestamp})`,
  localDate: (timestamp, timeZone) => sql`if(${isAtTheEdge(timestamp)}, date(${timestamp}), date(${timestamp}, ${text(timeZone)}))`,
  endOfLocalDay: (date, timeZone) =>
    sql`if((${date}) = date '9999-12-31', timestamp '9999-12-31 23:59:59.999999+00', timestamp_sub(timestamp(safe.date_add(${date}, interval 1 day), ${text(timeZone)}), interval 1 microsecond))`,
  dateTrunc: (date, unit) => sql`date_trunc(${date}, ${raw(unit === 'WEEK' ? 'isoweek' : unit.toLowerCase())})`,
  dateAdd: (date, days) => sql`safe.date_add(${date}, interval (${days}) day)`,

  struct: (members) => sql`struct(${join(Object.entries(members).map(([name, value]) => sql`${value} as ${raw(identifier(name))}`))})`,
  isIn: (value, array) => sql`((${value}) in unnest(${array}))`,
  unnest: (array, alias) => sql`unnest(${array}) as ${raw(identifier(alias))}`,
  unnestColumn: (source, columns, array, alias) =>
    sql`select ${raw([...columns.map((name) => `source.${identifier(name)}`), identifier(alias)].join(', '))} from ${source} as source, unnest(source.${raw(identifier(array))}) as ${raw(identifier(alias))}`,
  // Wrapped, because an array cannot hold arrays.
  firstValue: (value, orderBy) => sql`array_agg(struct(${value} as value) order by ${orderBy} limit 1)[offset(0)].value`,
  arrayAgg: (value, orderBy) => sql`ifnull(array_agg(${value} ignore nulls order by ${orderBy}), [])`,
  values: (alias, columns, rows) => inlineTable(alias, columns, rows),
  jsonString,
  fingerprint: (value) => sql`farm_fingerprint(to_json_string(${value}))`,
  differs: (left, right, type, repeated) => {
    // A NULL array is stored as an empty one.
    if (repeated) return sql`to_json_string(ifnull(${left}, [])) is distinct from to_json_string(ifnull(${right}, []))`;
    // Not comparable by themselves; BigQuery keeps JSON members in a canonical order.
    if (type === 'JSON' || type === 'STRUCT') return sql`${jsonString(left)} is distinct from ${jsonString(right)}`;
    return sql`(${left}) is distinct from (${right})`;
  },
};

/** Of a NULL it would make the text null, as of JSON's own. */
function jsonString(value: Sql): Sql {
  return sql`if((${value}) is null, null, to_json_string(${value}))`;
}

/** Whether an instant is of the first or the last day there is in UTC. */
const isAtTheEdge = (timestamp: Sql): Sql =>
  sql`(${timestamp}) < timestamp '0001-01-02 00:00:00+00' or (${timestamp}) >= timestamp '9999-12-31 00:00:00+00'`;

function safeCast(value: Sql, type: keyof typeof TEXT_GRAMMARS): Sql {
  if (type !== 'TIMESTAMP') return sql`safe_cast(${value} as ${raw(scalarType(type))})`;
  // GoogleSQL wants seconds, and at most six digits of fraction.
  const withSeconds = sql`regexp_replace(${value}, ${text('^(.{10}[ T][0-9]{2}:[0-9]{2})(Z|[+-].*)?$')}, ${text(String.raw`\1:00\2`)})`;
  return sql`safe_cast(regexp_replace(${withSeconds}, ${text('([.][0-9]{6})[0-9]+')}, ${text(String.raw`\1`)}) as timestamp)`;
}

function inlineTable(alias: string, columns: Readonly<Record<string, ColumnType>>, rows: readonly (readonly ParamValue[])[]): Sql {
  const entries = Object.entries(columns);
  const members = entries.map(([name, type]) => `${identifier(name)} ${scalarType(type)}`).join(', ');
  const structs = rows.map((row) => {
    if (row.length !== entries.length) throw new Error(`inline table ${alias}: a row has ${row.length} values, expected ${entries.length}`);
    return `  struct(${row.map((value, i) => constant(value, entries[i]![1])).join(', ')})`;
  });
  return raw(`unnest(array<struct<${members}>>[${structs.length > 0 ? `\n${structs.join(',\n')}\n` : ''}]) as ${identifier(alias)}`);
}

function constant(value: ParamValue, type: ColumnType): string {
  if (value === null) return 'null';
  if (type === 'STRING' || type === 'INT64' || type === 'BOOL') return literal(value);
  return type === 'JSON' ? `json ${literal(value)}` : `cast(${literal(value)} as ${scalarType(type)})`;
}
