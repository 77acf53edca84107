import type { Config } from '../../../config/schema.ts';
import type { Dialect } from '../../../warehouse/dialect.ts';
import { type Sql, join, param, raw, sql, table } from '../../../warehouse/sql.ts';
import { jsonPath } from '../../dimensions/json-path.ts';
import { type HashedColumn, rowHash } from '../../row-hash.ts';
import { CONVERSION_RECORDS, LARGEST_VALUE, STAGED_CONVERSIONS } from '../tables.ts';
import { EVENT_COLUMNS, chosenEvents } from './chosen-events.ts';
import { type SimpleConversion, eventSource, refundDays } from './event-source.ts';
import { currencyOf, hasValue, idOf, pathsOf, readProperties, valueOf } from './event-values.ts';
import { netValues } from './refunds.ts';
import { DROPPED_CONVERSIONS } from './tables.ts';

/** What a hash knows of a row: all of it, the value as its micros. */
const HASHED_COLUMNS: readonly HashedColumn[] = STAGED_CONVERSIONS.columns
  .filter(({ name }) => name !== 'conversion_name' && name !== 'row_hash')
  .map((column) => (column.name === 'original_value' ? { name: 'original_micros', type: 'INT64' } : column));

/**
 * The events of a conversion as rows of staged_candidates: of the events of one id the earliest, with its refunds taken off.
 * Ids that were known before the range are theirs for ever: later events of them are copies.
 * @param from where the range begins, ISO in UTC; null: all of history.
 */
export function eventRows(dialect: Dialect, config: Config, conversion: SimpleConversion, from: string | null): Sql {
  const source = eventSource(conversion);
  const days = refundDays(conversion);
  const chosen = chosenEvents(dialect, config, source.events, conversion.filter, from);
  const said = [LEAD_ID, jsonPath(config.selfReported.property)];
  const properties = readProperties(dialect, chosen, EVENT_COLUMNS, [...pathsOf(source), ...said]);
  return sql`
    with read_events as (${properties.query}
    ),
    told_events as (
      select
        write_key_id, message_id, sequence, occurred_at, user_id,
        ${idOf(source, properties)} as id,
        coalesce(anonymous_id, ga_client_id) as client_id,
        ${emailHash(dialect)} as email_hash,
        ${dialect.concat(raw('ip_key_id'), raw("':'"), raw('ip_hash'))} as ip_key,
        ${properties.of(LEAD_ID)} as lead_id,
        ${properties.of(jsonPath(config.selfReported.property))} as self_reported_source,
        ${valueOf(dialect, source, properties)} as given_value,
        ${hasValue(source, properties)} as has_value,
        ${source.amount === undefined ? currencyOf(dialect, properties) : raw('cast(null as string)')} as currency
      from read_events
    ),
    first_events as (
      select ${columns('told_events')}
      from told_events
      left join (${knownIds(conversion.name, from)}
      ) as known on known.id = told_events.id
      where known.id is null
      qualify told_events.id is null or row_number() over (
        partition by told_events.id
        order by told_events.occurred_at nulls first, told_events.sequence nulls first, told_events.message_id nulls first, told_events.write_key_id nulls first
      ) = 1
    ),
    orders as (
      select
        id, occurred_at, client_id, user_id, email_hash, ip_key, lead_id, self_reported_source,
        if(abs(given_value) <= ${raw(String(LARGEST_VALUE))}, given_value, null) as order_value,
        has_value and coalesce(abs(given_value) > ${raw(String(LARGEST_VALUE))}, true) as has_unusable_value,
        coalesce(currency, ${config.project.currency}) as currency
      from first_events
    ),${netValues(dialect, { days, keepZero: conversion.kind === 'purchase' && conversion.keepZero, from })},
    shaped as (
      select
        id, occurred_at as conversion_time, occurred_at as attribution_time, client_id, lead_id, user_id, email_hash, ip_key,
        self_reported_source, original_value, has_unusable_value, currency, cast(null as bool) as is_qualified,
        ${noParams(dialect)} as params, ${dialect.micros(raw('original_value'))} as original_micros, is_refunded, foreign_refunds
      from net_orders
    )
    select
      ${conversion.name} as conversion_name, ${rowHash(dialect, HASHED_COLUMNS)} as row_hash,
      id, conversion_time, attribution_time, client_id, lead_id, user_id, email_hash, ip_key, self_reported_source, original_value,
      has_unusable_value, currency, is_qualified, params, is_refunded, foreign_refunds
    from shaped`;
}

const LEAD_ID = jsonPath('lead_id');

const TOLD = [
  'write_key_id',
  'message_id',
  'sequence',
  'occurred_at',
  'id',
  'client_id',
  'user_id',
  'email_hash',
  'ip_key',
  'lead_id',
  'self_reported_source',
  'given_value',
  'has_value',
  'currency',
];
const columns = (alias: string): Sql => join(TOLD.map((name) => raw(`${alias}.${name}`)));

/** Ids of conversions, and of what was dropped, before the range. */
function knownIds(name: string, from: string | null): Sql {
  const before = (target: string) =>
    sql`select id from ${table(target)} where conversion_name = ${name} and ${from === null ? raw('false') : sql`conversion_time < ${param(from, 'TIMESTAMP')}`}`;
  return sql`
        ${before(CONVERSION_RECORDS.name)}
        union distinct
        ${before(DROPPED_CONVERSIONS.name)}`;
}

/** Of the e-mail addresses of an event one that somebody gave before one that stood in a link, then the least. */
function emailHash(dialect: Dialect): Sql {
  const ranked = dialect.concat(raw("case when email.origin = 'url' then '1' else '0' end"), dialect.lower(raw('email.hash')));
  return sql`(select substr(min(${ranked}), 2) from ${dialect.unnest(raw('read_events.email_hashes'), 'email')})`;
}

/** An empty array of parameters, typed. */
function noParams(dialect: Dialect): Sql {
  const nothing = dialect.struct({ key: raw("''"), value: raw("''") });
  return sql`(select ${dialect.arrayAgg(nothing, raw('nothing nulls first'))} from (select 1 as nothing) as none where false)`;
}
