import { type ErasureState } from './tombstones.ts';
import { erasedAmong, identifiersIn } from '../models/erasures/candidates.ts';
import { ANONYMOUS_ID_KINDS, EVENT_TEXTS, type ErasedIds, JSON_TEXTS, unionOf } from '../models/erasures/predicates.ts';
import { ANY_HASH, NAMING_MEMBERS } from '../../edge/contract/erased-lines.ts';
import { EVENT_DAYS, EVENTS_RAW, FAILED_EVENTS } from '../models/events/tables.ts';
import type { Dialect } from '../warehouse/dialect.ts';
import { type Sql, arrayParam, join, param, raw, sql, table } from '../warehouse/sql.ts';
import type { Warehouse } from '../warehouse/warehouse.ts';

/** How far back rejected events are looked at each night: nothing tells which of them are new. */
const FAILED_DAYS = 3;

/**
 * Identifiers of erased persons in what has arrived in the warehouse since the last run: events of days that `events` has not
 * caught up with, and rejected events of the last days: in columns that hold identifiers, and hashes of addresses in any text.
 */
export async function erasedArrivals(warehouse: Warehouse, state: ErasureState, now: string): Promise<ErasedIds> {
  const days = await unreadDays(warehouse);
  return unionOf(
    days.length === 0 ? unionOf() : await erasedAmong(warehouse, eventIdentifiers(warehouse, days), state, 'erased among new events'),
    await erasedAmong(warehouse, payloadIdentifiers(warehouse, now), state, 'erased among rejected events'),
  );
}

async function unreadDays(warehouse: Warehouse): Promise<string[]> {
  const day = warehouse.dialect.localDate(raw('received_at'), 'UTC');
  const rows = await warehouse.rows<{ day: string }>(
    sql`
      with counted as (
        select ${day} as day, count(*) as deliveries from ${table(EVENTS_RAW.name)} group by 1
      )
      select counted.day
      from counted
      left join ${table(EVENT_DAYS.name)} as known on known.day = counted.day
      where known.day is null or known.deliveries <> counted.deliveries
      order by 1 nulls first`,
    'days with new events',
  );
  return rows.map((row) => row.day);
}

/** The range prunes partitions, the list leaves out the days between. */
function eventIdentifiers({ dialect }: Warehouse, days: readonly string[]): Sql {
  const end = dialect.dateAdd(sql`${param(days.at(-1)!, 'DATE')}`, raw('1'));
  const from = sql`(
    select anonymous_id, user_id, previous_id, email_hashes, ${textOf(dialect)} as text
    from ${table(EVENTS_RAW.name)}
    where received_at >= cast(${param(days[0]!, 'DATE')} as timestamp) and received_at < cast(${end} as timestamp)
      and ${dialect.isIn(dialect.localDate(raw('received_at'), 'UTC'), sql`${arrayParam(days, 'DATE')}`)}
  ) as arrived`;
  const columns = identifiersIn(from, [
    { value: raw('arrived.anonymous_id'), kinds: ANONYMOUS_ID_KINDS },
    { value: raw('arrived.user_id'), kinds: ['user_id', 'email_hash'] },
    { value: raw('arrived.previous_id'), kinds: ['anonymous_id', 'user_id', 'email_hash'] },
  ]);
  const hashes = sql`select 'email_hash' as kind, ${dialect.lower(raw('email.hash'))} as value from ${from}, ${dialect.unnest(raw('arrived.email_hashes'), 'email')}`;
  return join([columns, hashes, hashesIn(dialect, from, raw('arrived.text'))], '\nunion all\n');
}

/** All texts of an event in which anything may stand. */
const textOf = (dialect: Dialect): Sql =>
  dialect.concat(
    ...EVENT_TEXTS.map((name) => sql`coalesce(${JSON_TEXTS.has(name) ? dialect.jsonString(raw(name)) : raw(name)}, '')`).flatMap(
      (text, i) => (i === 0 ? [text] : [raw("' '"), text]),
    ),
  );

/** Query of (kind, value): whatever in a text may be the hash of an address. */
const hashesIn = (dialect: Dialect, from: Sql, text: Sql): Sql =>
  sql`select 'email_hash' as kind, ${dialect.lower(raw('found_hash'))} as value from ${from}, ${dialect.unnest(dialect.regexpExtractAll(text, ANY_HASH), 'found_hash')}`;

/** The first of each naming member of a payload, which is JSON or what is left of it, and all hashes in it. */
function payloadIdentifiers({ dialect }: Warehouse, now: string): Sql {
  const since = dialect.timestampAdd(sql`cast(${now} as timestamp)`, raw(String(-FAILED_DAYS)), 'DAY');
  const queries = Object.entries(NAMING_MEMBERS).flatMap(([member, kinds]) => {
    const value = dialect.regexpExtract(raw('payload'), String.raw`"${member}"\s*:\s*"?([^",}\s]+)`);
    return kinds.map(
      (kind) => sql`select ${raw(`'${kind}'`)} as kind, ${value} as value from ${table(FAILED_EVENTS.name)}
      where received_at >= ${since} and ${value} is not null`,
    );
  });
  const failed = sql`(
    select ${dialect.concat(raw("coalesce(payload, '')"), raw("' '"), raw("coalesce(detail, '')"))} as text
    from ${table(FAILED_EVENTS.name)} where received_at >= ${since}
  ) as failed`;
  return join([...queries, hashesIn(dialect, failed, raw('failed.text'))], '\nunion all\n');
}
