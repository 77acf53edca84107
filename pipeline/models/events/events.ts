import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, join, raw, sql, table } from '../../warehouse/sql.ts';
import { rowHash } from '../row-hash.ts';
import type { Step } from '../step.ts';
import { EVENTS, EVENTS_RAW } from './tables.ts';

/**
 * events_raw → events: of the copies of an event the one with the least (received_at, edge_instance, edge_sequence), of
 * copies within one delivery the one with the least (engaged_seconds, row hash). Values decide, never the order of
 * loading; copies that tie on all of it are equal.
 */
export const events: Step = async ({ warehouse }) => ({
  changes: { events: await warehouse.merge(EVENTS, eventRows(warehouse.dialect), { deleteUnmatched: true, label: 'events' }) },
  warnings: [],
});

/** What the order names already, or what is a FLOAT64: that is ordered by its number. */
const OUTSIDE_THE_HASH = new Set(['write_key_id', 'message_id', 'received_at', 'edge_instance', 'edge_sequence', 'engaged_seconds']);

function eventRows(dialect: Dialect): Sql {
  const columns = join(EVENTS.columns.map(({ name }) => raw(name)));
  const hash = rowHash(
    dialect,
    EVENTS.columns.filter(({ name }) => !OUTSIDE_THE_HASH.has(name)),
  );
  // Nearly all events have no copy, and to hash them all would cost more than the rest of the step.
  return sql`
    with counted_copies as (
      select ${columns}, count(*) over (partition by write_key_id, message_id) as copies
      from ${table(EVENTS_RAW.name)}
    )
    select ${columns}
    from counted_copies
    qualify row_number() over (
      partition by write_key_id, message_id
      order by
        received_at nulls first, edge_instance nulls first, edge_sequence nulls first, engaged_seconds nulls first,
        case when copies > 1 then ${hash} end nulls first
    ) = 1`;
}
