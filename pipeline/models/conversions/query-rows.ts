import type { Column } from '../../../edge/contract/columns.ts';
import type { Config } from '../../config/schema.ts';
import type { Dialect } from '../../warehouse/dialect.ts';
import { type HashedColumn, rowHash } from '../row-hash.ts';
import { type Sql, join, raw, sql, table } from '../../warehouse/sql.ts';
import { identifierOf } from '../identifiers.ts';
import { STAGED_IP_HASHES } from '../identity/tables.ts';
import { addressOf } from './addresses.ts';
import type { QueryColumnName } from './query-columns.ts';
import { LARGEST_VALUE, STAGED_CONVERSIONS } from './tables.ts';

/**
 * A query of staged_conversions: {@link shapedRows} with the hash by which rows are told apart.
 * @param only query of the ids (column `id`) to which the rows are restricted; default: all rows.
 */
export function queryRows(
  dialect: Dialect,
  config: Config,
  conversionName: string,
  query: Sql,
  columns: readonly Column[],
  only?: Sql,
): Sql {
  const shaped = join(SHAPED.map(({ name }) => raw(name)));
  return sql`
    with shaped as (${shapedRows(dialect, config, query, columns, only)}
    ),
    valued as (
      select ${shaped}, ${dialect.micros(raw('original_value'))} as original_micros from shaped
    )
    select ${conversionName} as conversion_name, ${rowHash(dialect, HASHED_COLUMNS)} as row_hash, ${shaped}
    from valued`;
}

/** Columns of staged_conversions that are the user's. */
const SHAPED = STAGED_CONVERSIONS.columns.filter(({ name }) => name !== 'conversion_name' && name !== 'row_hash');

/** Query of (conversion_time, fingerprint): when the rows of a user's query are of, and what tells them apart as they are returned. */
export function fingerprints(dialect: Dialect, config: Config, query: Sql, columns: readonly Column[]): Sql {
  const isDate = columns.some(({ name, type }) => name === 'created' && type === 'DATE');
  return sql`
    with returned as (
${query}
    )
    select
      ${isDate ? dialect.endOfLocalDay(raw('returned.created'), config.project.timeZone) : sql`cast(returned.created as timestamp)`} as conversion_time,
      ${dialect.fingerprint(raw('returned'))} as fingerprint
    from returned`;
}

/** All that was returned; the value as its micros. */
const HASHED_COLUMNS: readonly HashedColumn[] = SHAPED.map((column) =>
  column.name === 'original_value' ? { name: 'original_micros', type: 'INT64' } : column,
);

/**
 * The rows of a user's query in the shape of staged_conversions, but for name and hash. Columns it does not return are NULL; an
 * ip_address becomes the hash that staged_ip_hashes has for it. Identifiers that are e-mail addresses become their hashes.
 */
export function shapedRows(dialect: Dialect, config: Config, query: Sql, columns: readonly Column[], only?: Sql): Sql {
  const typeOf = (name: QueryColumnName) => columns.find((column) => column.name === name)?.type;
  const has = (name: QueryColumnName) => typeOf(name) !== undefined;
  const text = (name: QueryColumnName) =>
    has(name) ? sql`nullif(${dialect.trim(sql`returned.${raw(name)}`)}, '')` : raw('cast(null as string)');
  // Nearly none is an address: a character tells that faster than a pattern.
  const identifier = (name: QueryColumnName) =>
    has(name) ? sql`if(strpos(${text(name)}, '@') = 0, ${text(name)}, ${identifierOf(dialect, text(name))})` : text(name);
  const time = (name: 'created' | 'attribution_time') => {
    if (!has(name)) return raw('cast(null as timestamp)');
    const value = raw(`returned.${name}`);
    // A CRM date without a time means the whole day: what happened on it happened by its end.
    return typeOf(name) === 'DATE' ? dialect.endOfLocalDay(value, config.project.timeZone) : sql`cast(${value} as timestamp)`;
  };
  const emailHash = sql`coalesce(${has('email') ? dialect.emailHash(raw('returned.email')) : raw('cast(null as string)')}, ${dialect.lower(identifier('email_hash'))})`;
  const isFinite = has('value') ? sql`coalesce(abs(returned.value) <= ${raw(String(LARGEST_VALUE))}, false)` : raw('false');
  const names = join(columns.map((column) => raw(`returned.${column.name}`)));
  // The id is computed once for each row, and all else for the rows that are wanted.
  const wanted =
    only &&
    sql`,
    identified as (
      select ${names}, ${identifier('id')} as own_id from returned
    ),
    wanted as (
      select ${names} from identified as returned where returned.own_id in (select asked.id from (${only}) as asked)
    )`;
  return sql`
    with returned as (
${query}
    )${wanted ?? raw('')}
    select
      ${identifier('id')} as id,
      ${time('created')} as conversion_time,
      coalesce(${time('attribution_time')}, ${time('created')}) as attribution_time,
      ${identifier('client_id')} as client_id,
      ${identifier('lead_id')} as lead_id,
      ${identifier('user_id')} as user_id,
      ${emailHash} as email_hash,
      ${has('ip_address') ? raw('hashes.ip_hash') : raw('cast(null as string)')} as ip_key,
      ${text('self_reported_source')} as self_reported_source,
      ${has('value') ? sql`if(${isFinite}, returned.value, null)` : sql`cast(null as int64)`} as original_value,
      ${has('value') ? sql`returned.value is not null and not ${isFinite}` : raw('false')} as has_unusable_value,
      coalesce(${dialect.upperAscii(text('currency'))}, ${config.project.currency}) as currency,
      ${has('is_qualified') ? raw('returned.is_qualified') : raw('cast(null as bool)')} as is_qualified,
      ${has('params') ? raw('returned.params') : emptyParams(dialect)} as params
    from ${only ? raw('wanted as returned') : raw('returned')}${
      has('ip_address')
        ? sql`
    left join ${table(STAGED_IP_HASHES.name)} as hashes on hashes.address = ${addressOf(dialect, 'returned')}`
        : raw('')
    }`;
}

/** An empty array of parameters, typed. */
function emptyParams(dialect: Dialect): Sql {
  const nothing = dialect.struct({ key: raw("''"), value: raw("''") });
  return sql`(select ${dialect.arrayAgg(nothing, raw('nothing nulls first'))} from (select 1 as nothing) as none where false)`;
}
