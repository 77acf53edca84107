import { type Sql, raw, sql, table } from '../../../../warehouse/sql.ts';
import type { Row, Warehouse } from '../../../../warehouse/warehouse.ts';
import { EVENTS } from '../../../events/tables.ts';
import { SESSIONS } from '../../../sessions/tables.ts';
import { CONVERSION_RECORDS } from '../../tables.ts';
import { type PlainConversion, type PlainEvent, type PlainSession, conversionsOf } from './oracle.ts';

const inOrder = <Conversion extends Pick<PlainConversion, 'name' | 'id'>>(rows: readonly Conversion[]) =>
  rows.toSorted((a, b) => (a.name === b.name ? (a.id < b.id ? -1 : 1) : a.name < b.name ? -1 : 1));

/** The records as they are. */
export async function foundRecords(warehouse: Warehouse): Promise<Row[]> {
  const { dialect } = warehouse;
  const rows = await warehouse.rows<Row & { name: string; id: string; at_micros: number }>(sql`
    select
      conversion_name as name, id, ${dialect.unixMicros(raw('conversion_time'))} as at_micros, client_id as client, user_id as user_name,
      original_value as value, currency
    from ${table(CONVERSION_RECORDS.name)}`);
  return inOrder(rows).map(({ user_name: user, at_micros: at, ...row }) => ({ ...row, at, user: user ?? null }));
}

/** What they shall be, from the events and sessions as they stand. */
export async function expectedRecords(warehouse: Warehouse): Promise<PlainConversion[]> {
  const { dialect } = warehouse;
  const micros = (column: string): Sql => dialect.unixMicros(raw(column));
  const events = await warehouse.rows<PlainEvent & { at_micros: number }>(sql`
    select
      message_id, type, event, ${micros('occurred_at')} as at_micros, sequence, anonymous_id, user_id, is_bot, is_internal, properties
    from ${table(EVENTS.name)}`);
  const sessions = await warehouse.rows<PlainSession>(sql`
    select session_id, anonymous_id, ${micros('started_at')} as started, ${micros('ended_at')} as ended, campaign
    from ${table(SESSIONS.name)}`);
  return inOrder(
    conversionsOf(
      events.map((event) => ({ ...event, at: event.at_micros })),
      sessions,
    ),
  );
}
