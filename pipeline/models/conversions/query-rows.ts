import type { Column } from '../../../edge/contract/columns.ts';
import type { Config } from '../../config/schema.ts';
import type { Dialect } from '../../warehouse/dialect.ts';
import { type HashedColumn, rowHash } from '../row-hash.ts';
import { type Sql, raw, sql } from '../../warehouse/sql.ts';
import { identifierOf } from '../identifiers.ts';
import type { QueryColumnName } from './query-columns.ts';
import { LARGEST_VALUE, STAGED_CONVERSIONS } from './tables.ts';

/**
 * The rows of a user's query in the shape of staged_conversions. Columns it does not return are NULL; ip_address is
 * read by nothing yet and stored nowhere. Identifiers that are e-mail addresses become their hashes.
 */
export function queryRows(dialect: Dialect, config: Config, conversionName: string, query: Sql, columns: readonly Column[]): Sql {
  const typeOf = (name: QueryColumnName) => columns.find((column) => column.name === name)?.type;
  const has = (name: QueryColumnName) => typeOf(name) !== undefined;
  const text = (name: QueryColumnName) =>
    has(name) ? sql`nullif(${dialect.trim(sql`returned.${raw(name)}`)}, '')` : raw('cast(null as string)');
  const identifier = (name: QueryColumnName) => (has(name) ? identifierOf(dialect, text(name)) : text(name));
  const time = (name: 'created' | 'attribution_time') => {
    if (!has(name)) return raw('cast(null as timestamp)');
    const value = raw(`returned.${name}`);
    // A CRM date without a time means the whole day: what happened on it happened by its end.
    return typeOf(name) === 'DATE' ? dialect.endOfLocalDay(value, config.project.timeZone) : sql`cast(${value} as timestamp)`;
  };
  const emailHash = sql`coalesce(${has('email') ? dialect.emailHash(raw('returned.email')) : raw('cast(null as string)')}, ${dialect.lower(identifier('email_hash'))})`;
  const isFinite = has('value') ? sql`coalesce(abs(returned.value) <= ${raw(String(LARGEST_VALUE))}, false)` : raw('false');
  return sql`
    with returned as (
${query}
    ),
    shaped as (
      select
        ${identifier('id')} as id,
        ${time('created')} as conversion_time,
        coalesce(${time('attribution_time')}, ${time('created')}) as attribution_time,
        ${identifier('client_id')} as client_id,
        ${identifier('lead_id')} as lead_id,
        ${identifier('user_id')} as user_id,
        ${emailHash} as email_hash,
        ${has('value') ? sql`if(${isFinite}, returned.value, null)` : sql`cast(null as int64)`} as original_value,
        ${has('value') ? sql`returned.value is not null and not ${isFinite}` : raw('false')} as has_unusable_value,
        coalesce(${dialect.upperAscii(text('currency'))}, ${config.project.currency}) as currency,
        ${has('is_qualified') ? raw('returned.is_qualified') : raw('cast(null as bool)')} as is_qualified,
        ${has('params') ? raw('returned.params') : emptyParams(dialect)} as params
      from returned
    ),
    valued as (
      select
        id, conversion_time, attribution_time, client_id, lead_id, user_id, email_hash, original_value, has_unusable_value,
        currency, is_qualified, params,
        ${dialect.micros(raw('original_value'))} as original_micros
      from shaped
    )
    select
      ${conversionName} as conversion_name,
      ${rowHash(dialect, HASHED_COLUMNS)} as row_hash,
      id, conversion_time, attribution_time, client_id, lead_id, user_id, email_hash, original_value, has_unusable_value,
      currency, is_qualified, params
    from valued`;
}

/** All that was returned; the value as its micros. */
const HASHED_COLUMNS: readonly HashedColumn[] = STAGED_CONVERSIONS.columns
  .filter(({ name }) => name !== 'conversion_name' && name !== 'row_hash')
  .map((column) => (column.name === 'original_value' ? { name: 'original_micros', type: 'INT64' } : column));

/** An empty array of parameters, typed. */
function emptyParams(dialect: Dialect): Sql {
  const nothing = dialect.struct({ key: raw("''"), value: raw("''") });
  return sql`(select ${dialect.arrayAgg(nothing, raw('nothing nulls first'))} from (select 1 as nothing) as none where false)`;
}
