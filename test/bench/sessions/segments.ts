import type { Column } from '../../../edge/contract/columns.ts';
import { DELIVERY_COLUMNS, EVENT_COLUMNS } from '../../../edge/contract/event-row.ts';
import type { DuckDbSession } from '../../../pipeline/warehouse/duckdb/session.ts';
import { identifier, literal } from '../../../pipeline/warehouse/duckdb/syntax.ts';

/** A value as the edge writes it into a line: times as ISO text, JSON as text. */
function written({ name, type }: Column): string {
  const value = identifier(name);
  if (type === 'TIMESTAMP') return `'"' || strftime(${value}, '%Y-%m-%dT%H:%M:%S.%fZ') || '"'`;
  if (type === 'JSON') return `cast(to_json(cast(${value} as varchar)) as varchar)`;
  return `cast(to_json(${value}) as varchar)`;
}

/** A row as a line; what is NULL is left out. */
function line(kind: string, columns: readonly Column[]): string {
  const members = columns.map((column) => `coalesce(',"${column.name}":' || ${written(column)}, '')`);
  return `'{"${kind}":{' || substr(concat(${members.join(', ')}), 2) || '}}'`;
}

/**
 * Writes a landing segment from some rows of events_raw: each delivery of five events or so as its header and its events.
 * @param query rows of events_raw.
 */
export async function writeSegment(session: DuckDbSession, query: string, file: string): Promise<void> {
  await session.run(
    `copy (
      with rows as (select *, row_number() over () as number from (${query})),
      packed as (select * replace ('bench' as edge_instance, number // 5 as edge_sequence) from rows),
      headers as (
        select edge_instance, edge_sequence, min(received_at) as received_at, min(write_key_id) as write_key_id, count(*) as count, min(number) as number
        from packed
        group by edge_instance, edge_sequence
      )
      select line from (
        select number, 0 as place, ${line('delivery', DELIVERY_COLUMNS)} as line from headers
        union all
        select number, 1 as place, ${line('event', EVENT_COLUMNS)} as line from packed
      )
      order by number, place
    ) to ${literal(file)} (format csv, header false, quote '', escape '', delimiter '\x01')`,
    'write a segment',
  );
}
