import { type Sql, raw, sql, table } from '../../warehouse/sql.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { EVENT_CHANGES, EVENT_CONSUMERS, type EventConsumer, NOBODY, READER_OF_NOBODYS_EVENTS } from './tables.ts';

/**
 * Adds changes to what each consumer has yet to read.
 * @param changes query of (anonymous_id, occurred_at, is_removal): the places of events that came, went or changed;
 * anonymous_id is NULL where an event has none.
 * @param names who is to read them; default: all.
 */
export async function addChanges(warehouse: Warehouse, changes: Sql, names: readonly EventConsumer[] = EVENT_CONSUMERS): Promise<void> {
  const { dialect } = warehouse;
  const consumers = dialect.values(
    'consumer',
    { name: 'STRING' },
    names.map((name) => [name]),
  );
  const added = sql`
    with changed as (
      select
        coalesce(anonymous_id, ${NOBODY}) as anonymous_id, date(occurred_at) as day,
        min(occurred_at) as first_at, max(occurred_at) as last_at, countif(is_removal) as removals
      from (${changes}) as places
      group by 1, 2
    ),
    addressed as (
      select consumer.name as consumer, changed.anonymous_id, changed.day, changed.first_at, changed.last_at, changed.removals
      from changed
      cross join ${consumers}
      where changed.anonymous_id <> ${NOBODY} or consumer.name = ${READER_OF_NOBODYS_EVENTS}
    )
    select
      addressed.consumer, addressed.anonymous_id, addressed.day,
      case when unread.first_at < addressed.first_at then unread.first_at else addressed.first_at end as first_at,
      case when unread.last_at > addressed.last_at then unread.last_at else addressed.last_at end as last_at,
      addressed.removals > 0 or coalesce(unread.has_removals, false) as has_removals
    from addressed
    left join ${table(EVENT_CHANGES.name)} as unread
      on unread.consumer = addressed.consumer and unread.anonymous_id = addressed.anonymous_id and unread.day = addressed.day`;
  await warehouse.merge(EVENT_CHANGES, added, { label: 'event changes' });
}

/** Forgets the changes of all consumers: they rebuild everything. */
export async function clearChanges(warehouse: Warehouse): Promise<void> {
  await warehouse.load(EVENT_CHANGES, [], { replace: true, label: 'event changes' });
}

/** The changes that a consumer has yet to read: a query of (anonymous_id, day, first_at, last_at, has_removals). */
export function unreadChanges(consumer: EventConsumer): Sql {
  return sql`select anonymous_id, day, first_at, last_at, has_removals from ${table(EVENT_CHANGES.name)} where consumer = ${consumer}`;
}

/** The days of a consumer's unread changes, in order. */
export async function unreadDays(warehouse: Warehouse, consumer: EventConsumer): Promise<string[]> {
  const rows = await warehouse.rows<{ day: string }>(
    sql`select distinct day from ${table(EVENT_CHANGES.name)} where consumer = ${consumer} order by day nulls first`,
    'event changes',
  );
  return rows.map(({ day }) => day);
}

/** Forgets what a consumer has read, once it is up to date: its last write. */
export async function forgetChanges(warehouse: Warehouse, consumer: EventConsumer): Promise<void> {
  const keys = sql`select ${raw(EVENT_CHANGES.key.join(', '))} from ${table(EVENT_CHANGES.name)} where consumer = ${consumer}`;
  await warehouse.delete(EVENT_CHANGES, keys, { label: 'event changes' });
}
