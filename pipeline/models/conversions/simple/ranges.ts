import type { Dialect } from '../../../warehouse/dialect.ts';
import { standsIn } from '../../../warehouse/days.ts';
import { type Sql, join, param, raw, sql, table } from '../../../warehouse/sql.ts';
import type { StepContext } from '../../step.ts';
import { unreadChanges } from '../../events/changes.ts';
import { EVENTS, NOBODY } from '../../events/tables.ts';
import { longestMicros, timeoutMicros } from '../../sessions/visit-events.ts';
import { CONVERSION_RECORDS, REJECTED_CONVERSIONS } from '../tables.ts';
import { isNamed, readsSessions } from './chosen-events.ts';
import { type SimpleConversion, eventSource, refundDays } from './event-source.ts';
import { isWithin, refundRows } from './refunds.ts';
import { DROPPED_CONVERSIONS } from './tables.ts';

/**
 * From when on the changes of events that are unread can have changed a conversion: nothing before can be another, because
 * what a row is depends on events before it, on its refunds and on its session alone.
 * @param days on which they occurred (UTC), in order.
 * @returns ISO in UTC; undefined where nothing can have changed.
 */
export async function changedFrom(
  { warehouse, config }: StepContext,
  conversion: SimpleConversion,
  days: readonly string[],
): Promise<string | undefined> {
  const { dialect } = warehouse;
  if (days.length === 0) return undefined;
  const refunds = refundDays(conversion);
  const [earliest] = await warehouse.rows<{ changed_from: string | null }>(
    sql`
      with unread as (${unreadChanges('conversions')}
      ),
      places as (
        ${join(
          [
            ...(readsSessions(conversion.filter)
              ? [visitedEvents(dialect, conversion, timeoutMicros(config) + longestMicros(config), days)]
              : [changedEvents(dialect, conversion, days)]),
            ...(refunds === undefined
              ? [rowsOfChangedDays(conversion)]
              : [refundedOrders(dialect, conversion, refunds, days), ordersBeforeRemovals(dialect, conversion, refunds)]),
          ],
          '\n        union all',
        )}
      )
      select min(changed_at) as changed_from from places`,
    `changes for ${conversion.name}`,
  );
  return earliest?.changed_from ?? undefined;
}

const touches = raw('events.occurred_at >= unread.first_at and events.occurred_at <= unread.last_at');
const ofVisitor = sql`coalesce(events.anonymous_id, ${NOBODY}) = unread.anonymous_id`;

/** The conversion's events in the stretches that changed. */
function changedEvents(dialect: Dialect, conversion: SimpleConversion, days: readonly string[]): Sql {
  return sql`
        select events.occurred_at as changed_at
        from ${table(EVENTS.name)} as events
        inner join unread on ${ofVisitor} and ${touches}
        where ${isNamed(dialect, 'events', eventSource(conversion).events)} and ${standsIn(dialect, EVENTS, raw('events.occurred_at'), days)}`;
}

/** The conversion's events whose session may be another: those after a change of their visitor, or as long before as a session lasts. */
function visitedEvents(dialect: Dialect, conversion: SimpleConversion, longest: number, days: readonly string[]): Sql {
  const reached = dialect.timestampAdd(raw('unread.first_at'), raw(String(-longest)), 'MICROSECOND');
  // What an engine leaves out partitions by.
  const first = new Date(Date.parse(days[0]!) - longest / 1000).toISOString();
  return sql`
        select events.occurred_at as changed_at
        from ${table(EVENTS.name)} as events
        inner join unread on ${ofVisitor} and events.occurred_at >= ${reached}
        where ${isNamed(dialect, 'events', eventSource(conversion).events)}
          and events.occurred_at >= ${param(first, 'TIMESTAMP')}`;
}

/** Orders that are refunded by a refund that changed. */
function refundedOrders(dialect: Dialect, conversion: SimpleConversion, refundDays: number, days: readonly string[]): Sql {
  const changed = refundRows(
    dialect,
    standsIn(dialect, EVENTS, raw('events.occurred_at'), days),
    sql`inner join unread on ${ofVisitor} and ${touches}`,
  );
  return sql`
        select known.known_at as changed_at
        from (${knownRows(conversion)}
        ) as known
        inner join (${changed}
        ) as refunds on refunds.id = known.id
        where ${isWithin(dialect, refundDays, raw('refunds.refunded_at'), raw('known.known_at'))}`;
}

/** Orders that may have lost a refund, or be gone: nothing but the day of what is gone is known. */
function ordersBeforeRemovals(dialect: Dialect, conversion: SimpleConversion, refundDays: number): Sql {
  const first = sql`(select ${dialect.timestampAdd(raw('min(first_at)'), raw(String(-refundDays)), 'DAY')} from unread where has_removals)`;
  return sql`
        select known.known_at as changed_at
        from (${knownRows(conversion)}
        ) as known
        where known.known_at >= ${first}`;
}

/** Rows of days on which events are gone. */
function rowsOfChangedDays(conversion: SimpleConversion): Sql {
  return sql`
        select known.known_at as changed_at
        from (${knownRows(conversion)}
        ) as known
        inner join (select distinct day from unread where has_removals) as changed_days on changed_days.day = date(known.known_at)`;
}

/** What the events of a conversion were made to: a query of (id, known_at). */
function knownRows({ name }: SimpleConversion): Sql {
  const of = (target: string) => sql`
          select id, conversion_time as known_at from ${table(target)} where conversion_name = ${name}`;
  return join([of(CONVERSION_RECORDS.name), of(DROPPED_CONVERSIONS.name), of(REJECTED_CONVERSIONS.name)], '\n          union all');
}
