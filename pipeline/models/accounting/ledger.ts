import { addDays } from '../../config/calendar.ts';
import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, arrayParam, param, sql, table } from '../../warehouse/sql.ts';
import { eventRowName, failedRowKey, failedRowName, rowHashOf } from '../erasures/removal.ts';
import { ERASED_ROWS } from '../erasures/tables.ts';
import { DELIVERIES, EVENTS, EVENTS_RAW, FAILED_EVENTS } from '../events/tables.ts';

/** Days of `received_at` in the project time zone, both included, as YYYY-MM-DD. */
export interface AccountedDays {
  readonly timeZone: string;
  readonly from: string;
  readonly to: string;
}

/** Rows of one day and write key, each acknowledged row in exactly one of the columns behind `accepted`. */
export interface LedgerRow {
  readonly date: string;
  readonly write_key_id: string | null;
  readonly deliveries: number;
  readonly accepted: number;
  readonly stored: number;
  readonly duplicate: number;
  readonly failed: number;
  /** Loaded, but not yet looked at by a run. */
  readonly waiting: number;
  /** Counted by a header, and nowhere found. */
  readonly missing: number;
  /** Refused by the warehouse and stored nevertheless: counted once, as what became of the event. */
  readonly in_both: number;
  /** Rows of erased persons: counted by a header, and deleted. */
  readonly erased: number;
}

/** One delivery as the warehouse has it. */
export interface DeliveryState {
  readonly edge_instance: string;
  readonly edge_sequence: number;
  readonly received_at: string;
  readonly date: string;
  readonly write_key_id: string | null;
  /** What its header counts; null where there is no header. */
  readonly counted: number | null;
  /** Rows in the warehouse, and those that were erased. */
  readonly found: number;
  readonly erased: number;
}

/** Numbers that no delivery has, between two that have one. */
export interface Gap {
  readonly edge_instance: string;
  readonly first_missing: number;
  readonly last_missing: number;
  /** When the delivery behind the gap was received, and the last one of the instance. */
  readonly next_received_at: string;
  readonly last_received_at: string;
}

/** The ledger of the warehouse. Nothing is quarantined yet; what will be counts here as one more kind of entry. */
export function ledgerRows(dialect: Dialect, days: AccountedDays): Sql {
  return sql`
    with ${deliveryStates(dialect, daysCondition(dialect, days))}
    select ${dialect.localDate(sql`received_at`, days.timeZone)} as date, write_key_id, count(*) as deliveries,
      sum(case when counted > found then counted else found end) as accepted,
      sum(stored) as stored, sum(duplicate) as duplicate, sum(failed) as failed, sum(waiting) as waiting,
      sum(case when counted > found then counted - found else 0 end) as missing, sum(in_both) as in_both, sum(erased) as erased
    from states
    group by 1, 2
    order by 1 nulls first, 2 nulls first`;
}

/** Deliveries that are not whole: rows are missing, or the header is missing or counts fewer; the first of them. */
export function brokenDeliveries(dialect: Dialect, days: AccountedDays, limit: number): Sql {
  return sql`
    with ${deliveryStates(dialect, daysCondition(dialect, days))}
    select ${stateColumns(dialect, days.timeZone)}
    from states
    where counted is null or counted <> found
    order by edge_instance nulls first, edge_sequence nulls first
    limit ${limit}`;
}

/** What the warehouse has of certain deliveries, whenever they were received. */
export function statesOf(dialect: Dialect, timeZone: string, numbers: readonly string[]): Sql {
  const isAsked = dialect.isIn(deliveryNumber(dialect), sql`${arrayParam(numbers, 'STRING')}`);
  return sql`
    with ${deliveryStates(dialect, isAsked)}
    select ${stateColumns(dialect, timeZone)}
    from states`;
}

/** A delivery's number as one text, as {@link statesOf} takes it. */
export const numberText = (instance: string, sequence: number): string => `${sequence}:${instance}`;

/**
 * The gaps before deliveries received on these days. Numbers begin with 1 and have none, so all headers of the instances count,
 * and rows whose header is missing as well.
 */
export function sequenceGaps(dialect: Dialect, days: AccountedDays): Sql {
  const inDays = daysCondition(dialect, days);
  return sql`
    with known as (
      select edge_instance, edge_sequence, received_at from ${table(DELIVERIES.name)}
      union all
      select edge_instance, edge_sequence, received_at from ${table(EVENTS_RAW.name)} where ${inDays}
      union all
      select edge_instance, edge_sequence, received_at from ${table(FAILED_EVENTS.name)} where ${inDays}
      union all
      select edge_instance, edge_sequence, received_at from ${table(ERASED_ROWS.name)} where ${inDays}
    ),
    numbers as (
      select edge_instance, edge_sequence, max(received_at) as received_at
      from known
      group by 1, 2
    ),
    steps as (
      select edge_instance, edge_sequence, received_at,
        coalesce(lag(edge_sequence) over (partition by edge_instance order by edge_sequence nulls first), 0) as before,
        max(received_at) over (partition by edge_instance) as last_received_at
      from numbers
    )
    select edge_instance, before + 1 as first_missing, edge_sequence - 1 as last_missing,
      received_at as next_received_at, last_received_at
    from steps
    where edge_sequence > before + 1 and ${inDays}
    order by edge_instance nulls first, first_missing nulls first`;
}

/** How far the numbers of these instances go: `last_sequence` and `last_received_at`. */
export function instanceEnds(dialect: Dialect, instances: readonly string[]): Sql {
  return sql`
    select edge_instance, max(edge_sequence) as last_sequence, max(received_at) as last_received_at
    from ${table(DELIVERIES.name)}
    where ${dialect.isIn(sql`edge_instance`, sql`${arrayParam(instances, 'STRING')}`)}
    group by 1`;
}

/** The numbers, among these, that have an empty header: the edge filled them because they were not acknowledged. See {@link numberText}. */
export function emptyHeaders(dialect: Dialect, numbers: readonly string[]): Sql {
  return sql`
    select distinct edge_instance, edge_sequence
    from ${table(DELIVERIES.name)}
    where count = 0 and ${dialect.isIn(deliveryNumber(dialect), sql`${arrayParam(numbers, 'STRING')}`)}`;
}

/** One row per number of an instance: what its header counts, and what became of its rows. */
function deliveryStates(dialect: Dialect, isAsked: Sql): Sql {
  const failedKey = failedRowKey(dialect);
  return sql`headers as (
      -- Of the headers of one number the greatest count holds.
      select edge_instance, edge_sequence, received_at, write_key_id, count as counted
      from ${table(DELIVERIES.name)}
      where ${isAsked}
      qualify row_number() over (
        partition by edge_instance, edge_sequence
        order by count desc nulls last, received_at nulls first, write_key_id nulls first
      ) = 1
    ),
    landed as (
      -- What a queue hands over twice is one row.
      select edge_instance, edge_sequence, write_key_id, message_id, min(received_at) as received_at
      from ${table(EVENTS_RAW.name)}
      where ${isAsked}
      group by 1, 2, 3, 4
    ),
    refused as (
      -- An event has a place in its request; the warehouse refuses by message id; a whole request has neither.
      select edge_instance, edge_sequence, ${failedKey} as failed_key, position, message_id,
        min(write_key_id) as write_key_id, min(received_at) as received_at
      from ${table(FAILED_EVENTS.name)}
      where ${isAsked}
      group by 1, 2, 3, 4, 5
    ),
    entries as (
      select landed.edge_instance, landed.edge_sequence, landed.received_at, landed.write_key_id,
        case when winner.edge_instance = landed.edge_instance and winner.edge_sequence = landed.edge_sequence then 1 else 0 end as stored,
        case when winner.edge_instance <> landed.edge_instance or winner.edge_sequence <> landed.edge_sequence then 1 else 0 end as duplicate,
        case when winner.message_id is null then 1 else 0 end as waiting,
        0 as failed, 0 as in_both
      from landed
      left join ${table(EVENTS.name)} as winner
        on winner.write_key_id = landed.write_key_id and winner.message_id = landed.message_id
      union all
      select refused.edge_instance, refused.edge_sequence, refused.received_at, refused.write_key_id,
        0 as stored, 0 as duplicate, 0 as waiting,
        case when twin.message_id is null then 1 else 0 end as failed,
        case when twin.message_id is null then 0 else 1 end as in_both
      from refused
      left join landed as twin
        on refused.position is null and twin.edge_instance = refused.edge_instance and twin.edge_sequence = refused.edge_sequence
          and twin.message_id = refused.message_id and twin.write_key_id = refused.write_key_id
    ),
    erased_rows_here as (
      select edge_instance, edge_sequence, row_hash, write_key_id, received_at
      from ${table(ERASED_ROWS.name)}
      where ${isAsked}
    ),
    present_rows as (
      -- Of a delivery that was erased in part, what is still there counts as what it is.
      select landed.edge_instance, landed.edge_sequence, ${rowHashOf(dialect, eventRowName(dialect))} as row_hash
      from landed
      inner join (select distinct edge_instance, edge_sequence from erased_rows_here) as touched
        on touched.edge_instance = landed.edge_instance and touched.edge_sequence = landed.edge_sequence
      union all
      select refused.edge_instance, refused.edge_sequence, ${rowHashOf(dialect, failedRowName(dialect))} as row_hash
      from refused
      inner join (select distinct edge_instance, edge_sequence from erased_rows_here) as touched
        on touched.edge_instance = refused.edge_instance and touched.edge_sequence = refused.edge_sequence
    ),
    all_entries as (
      select edge_instance, edge_sequence, received_at, write_key_id, stored, duplicate, waiting, failed, in_both, 0 as erased
      from entries
      union all
      select gone.edge_instance, gone.edge_sequence, gone.received_at, gone.write_key_id,
        0 as stored, 0 as duplicate, 0 as waiting, 0 as failed, 0 as in_both, 1 as erased
      from erased_rows_here as gone
      left join present_rows
        on present_rows.edge_instance = gone.edge_instance and present_rows.edge_sequence = gone.edge_sequence
          and present_rows.row_hash = gone.row_hash
      where present_rows.row_hash is null
    ),
    found_rows as (
      select edge_instance, edge_sequence, min(received_at) as received_at, min(write_key_id) as write_key_id,
        sum(stored) as stored, sum(duplicate) as duplicate, sum(waiting) as waiting, sum(failed) as failed, sum(in_both) as in_both,
        sum(erased) as erased
      from all_entries
      group by 1, 2
    ),
    states as (
      -- A header that only filled a gap says neither the time nor the key of the rows.
      select coalesce(found_rows.edge_instance, headers.edge_instance) as edge_instance,
        coalesce(found_rows.edge_sequence, headers.edge_sequence) as edge_sequence,
        coalesce(found_rows.received_at, headers.received_at) as received_at,
        coalesce(found_rows.write_key_id, headers.write_key_id) as write_key_id,
        headers.counted, coalesce(stored, 0) as stored, coalesce(duplicate, 0) as duplicate, coalesce(waiting, 0) as waiting,
        coalesce(failed, 0) as failed, coalesce(in_both, 0) as in_both, coalesce(erased, 0) as erased,
        coalesce(stored + duplicate + waiting + failed + erased, 0) as found
      from headers
      full join found_rows
        on found_rows.edge_instance = headers.edge_instance and found_rows.edge_sequence = headers.edge_sequence
    )`;
}

function stateColumns(dialect: Dialect, timeZone: string): Sql {
  return sql`edge_instance, edge_sequence, received_at, ${dialect.localDate(sql`received_at`, timeZone)} as date, write_key_id, counted, found, erased`;
}

const deliveryNumber = (dialect: Dialect): Sql => dialect.concat(dialect.castText(sql`edge_sequence`), sql`':'`, sql`edge_instance`);

function daysCondition(dialect: Dialect, { timeZone, from, to }: AccountedDays): Sql {
  const endOf = (day: string) => dialect.endOfLocalDay(sql`${param(day, 'DATE')}`, timeZone);
  return sql`received_at > ${endOf(addDays(from, -1))} and received_at <= ${endOf(to)}`;
}
