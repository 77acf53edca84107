import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, join, raw, sql, table } from '../../warehouse/sql.ts';
import { rowHash } from '../row-hash.ts';
import { EVENTS, EVENTS_RAW, EVENT_IDS } from './tables.ts';

/** What the order of copies names already, or what is a FLOAT64: that is ordered by its number. */
const OUTSIDE_THE_HASH = new Set(['write_key_id', 'message_id', 'received_at', 'edge_instance', 'edge_sequence', 'engaged_seconds']);

/** The columns of an event, of the table or CTE with that alias where one is given. */
export function eventColumns(alias?: string): Sql {
  return join(EVENTS.columns.map(({ name }) => raw(alias === undefined ? name : `${alias}.${name}`)));
}

/**
 * Which of the copies of an event stands: the order that the least of them is taken by. The row hash decides between
 * copies of one delivery only, so that it is computed for them alone: nearly all events have no copy, and to hash them
 * would cost more than the rest.
 * @param isCopy whether a row has copies in its delivery; SQL.
 */
export function copyOrder(dialect: Dialect, isCopy: Sql): Sql {
  const hash = rowHash(
    dialect,
    EVENTS.columns.filter(({ name }) => !OUTSIDE_THE_HASH.has(name)),
  );
  return sql`received_at nulls first, edge_instance nulls first, edge_sequence nulls first, engaged_seconds nulls first,
        case when ${isCopy} then ${hash} end nulls first`;
}

/**
 * All events from all deliveries. The ids that have copies are found first, over two columns: whole rows are ordered for
 * these alone, and all others are read once and written once.
 */
export function eventRows(dialect: Dialect): Sql {
  return sql`
    with copied_ids as (
      select write_key_id, message_id
      from ${table(EVENTS_RAW.name)}
      group by write_key_id, message_id
      having count(*) > 1
    ),
    copies as (
      select ${eventColumns('deliveries')}
      from ${table(EVENTS_RAW.name)} as deliveries
      inner join copied_ids
        on copied_ids.write_key_id = deliveries.write_key_id and copied_ids.message_id = deliveries.message_id
    ),
    first_copies as (
      select ${eventColumns()}
      from copies
      qualify row_number() over (partition by write_key_id, message_id order by ${copyOrder(dialect, raw('true'))}) = 1
    )
    select ${eventColumns('deliveries')}
    from ${table(EVENTS_RAW.name)} as deliveries
    where not exists (
      select 1
      from copied_ids
      where copied_ids.write_key_id = deliveries.write_key_id and copied_ids.message_id = deliveries.message_id
    )
    union all
    select ${eventColumns()} from first_copies`;
}

/** The rows of event_ids for events that stand in a table of events. */
export function eventIdRows(events: string): Sql {
  const columns = EVENT_IDS.columns.map(({ name }) => raw(name === 'event_date' ? 'date(occurred_at) as event_date' : name));
  return sql`select ${join(columns)} from ${table(events)}`;
}
