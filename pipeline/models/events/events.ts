import { type Sql, join, raw, sql, table } from '../../warehouse/sql.ts';
import type { Step } from '../step.ts';
import { EVENTS, EVENTS_RAW } from './tables.ts';

/**
 * events_raw → events: of the copies of an event the one with the least (received_at, edge_instance, edge_sequence).
 * Values decide, never the order of loading. (Copies within one delivery tie on these; the edge keeps only the first of
 * them, and for landings of other origin the contents that reports show decide.)
 */
export const events: Step = async ({ warehouse }) => ({
  changes: { events: await warehouse.merge(EVENTS, eventRows(), { deleteUnmatched: true, label: 'events' }) },
  warnings: [],
});

function eventRows(): Sql {
  const columns = join(EVENTS.columns.map(({ name }) => raw(name)));
  return sql`
    select ${columns}
    from ${table(EVENTS_RAW.name)}
    qualify row_number() over (
      partition by write_key_id, message_id
      order by
        received_at nulls first, edge_instance nulls first, edge_sequence nulls first,
        occurred_at nulls first, sequence nulls first, type nulls first, event nulls first,
        anonymous_id nulls first, user_id nulls first, page_url nulls first
    ) = 1`;
}
