import type { Dialect } from '../../../warehouse/dialect.ts';
import { type Sql, raw, sql, table } from '../../../warehouse/sql.ts';
import { EVENTS } from '../../events/tables.ts';
import { LARGEST_VALUE } from '../tables.ts';
import { isFrom, isNamed } from './chosen-events.ts';
import { REFUNDS } from './event-source.ts';
import { currencyOf, idOf, pathsOf, readProperties, valueOf } from './event-values.ts';

/**
 * Refunds with the id of an order: a query of (id, refunded_at, refunded_micros, currency), micros NULL where the refund
 * names no amount. Who sends them does not count: they are given back in the back office, whose visits are internal.
 * @param scope which ones, as a condition on `events` and what is joined to them.
 */
export function refundRows(dialect: Dialect, scope: Sql, joins: Sql = raw('')): Sql {
  const events = sql`
          select events.occurred_at, events.properties
          from ${table(EVENTS.name)} as events ${joins}
          where ${isNamed(dialect, 'events', REFUNDS.events)} and ${scope}`;
  const properties = readProperties(dialect, events, ['occurred_at'], pathsOf(REFUNDS));
  return sql`
      select
        id, refunded_at, currency,
        ${dialect.micros(sql`if(refunded_value <= ${raw(String(LARGEST_VALUE))}, refunded_value, null)`)} as refunded_micros
      from (
        select
          ${idOf(REFUNDS, properties)} as id, occurred_at as refunded_at, abs(${valueOf(dialect, REFUNDS, properties)}) as refunded_value,
          ${currencyOf(dialect, properties)} as currency
        from (${properties.query}
        ) as read_refunds
      ) as told_refunds
      where id is not null`;
}

/** Whether a refund is one of an order: at most so many days after it. */
export function isWithin(dialect: Dialect, days: number, refundedAt: Sql, orderedAt: Sql): Sql {
  return sql`${refundedAt} >= ${orderedAt} and ${refundedAt} <= ${dialect.timestampAdd(orderedAt, raw(String(days)), 'DAY')}`;
}

/** How refunds are taken off the orders of a conversion. */
interface RefundRules {
  /** For how long after an order refunds count; undefined: there are none. */
  readonly days: number | undefined;
  /** Whether an order stays of which nothing is left. */
  readonly keepZero: boolean;
  /** Where the range begins that is computed; null: all of history. */
  readonly from: string | null;
}

/**
 * CTEs up to `net_orders`: `orders` with what refunds have left of their value. A refund without an amount takes all of it,
 * one in another currency nothing.
 */
export function netValues(dialect: Dialect, { days, keepZero, from }: RefundRules): Sql {
  if (days === undefined) {
    return sql`
    net_orders as (
      select
        id, occurred_at, client_id, user_id, email_hash, ip_key, lead_id, self_reported_source, order_value as original_value,
        has_unusable_value, currency, false as is_refunded, 0 as foreign_refunds
      from orders
    )`;
  }
  const isForeign = raw('refunds.refunded_micros is not null and coalesce(refunds.currency <> orders.currency, false)');
  const own = sql`if(${isForeign}, null, refunds.refunded_micros)`;
  // Units and millionths are added apart: no number of refunds, however great, is beyond 64 bits.
  return sql`
    refunds as (${refundRows(dialect, isFrom('events.occurred_at', from))}
    ),
    refunded_orders as (
      select
        orders.id, min(${dialect.micros(raw('orders.order_value'))}) as order_micros,
        countif(refunds.refunded_micros is null) as whole_refunds,
        countif(${isForeign}) as foreign_refunds,
        countif(not (${isForeign})) as own_refunds,
        coalesce(sum(${dialect.intDiv(own, raw('1000000'))}), 0) as taken_units,
        coalesce(sum(mod(${own}, 1000000)), 0) as taken_micros
      from orders
      inner join refunds on refunds.id = orders.id and ${isWithin(dialect, days, raw('refunds.refunded_at'), raw('orders.occurred_at'))}
      group by orders.id
    ),
    left_orders as (
      select
        id, foreign_refunds, own_refunds,
        case
          when whole_refunds > 0 or taken_units > ${raw(String(LARGEST_VALUE))} then 0
          else order_micros - (taken_units * 1000000 + taken_micros)
        end as left_micros
      from refunded_orders
    ),
    net_orders as (
      select
        orders.id, orders.occurred_at, orders.client_id, orders.user_id, orders.email_hash, orders.ip_key, orders.lead_id,
        orders.self_reported_source,
        case
          when coalesce(left_orders.own_refunds, 0) = 0 or left_orders.left_micros is null then orders.order_value
          when left_orders.left_micros <= 0 then 0
          else left_orders.left_micros / 1000000
        end as original_value,
        orders.has_unusable_value, orders.currency,
        ${keepZero ? raw('false') : raw('coalesce(left_orders.own_refunds > 0 and left_orders.left_micros <= 0, false)')} as is_refunded,
        coalesce(left_orders.foreign_refunds, 0) as foreign_refunds
      from orders
      left join left_orders on left_orders.id = orders.id
    )`;
}
