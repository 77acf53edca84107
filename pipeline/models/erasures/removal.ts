import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, arrayParam, join, raw, sql, table } from '../../warehouse/sql.ts';
import type { Change, TableDefinition, Warehouse } from '../../warehouse/warehouse.ts';
import { addChanges } from '../events/changes.ts';
import { EVENT_IDS, EVENTS, EVENTS_RAW, FAILED_EVENTS } from '../events/tables.ts';
import { ERASED_ROWS, STAGED_ERASED_EVENTS } from './tables.ts';

type Changes = Record<string, Change>;

/** Rows are deleted by message: an event goes with all of its copies. */
const RAW_BY_MESSAGE: TableDefinition = { ...EVENTS_RAW, key: ['write_key_id', 'message_id'] };

const STAGED_KEYS = sql`select write_key_id, message_id from ${table(STAGED_ERASED_EVENTS.name)}`;

/** What the accounts tell the rows of a delivery apart by, hashed: SHA-256 of `write key, space, name of the row`. */
export const rowHashOf = (dialect: Dialect, name: Sql): Sql =>
  dialect.sha256Hex(dialect.concat(raw("coalesce(write_key_id, '')"), raw("' '"), name));

/** The name of an event's row, and of a rejected event's (`position N`, `message M` or `request`, as the accounts have it). */
export const eventRowName = (dialect: Dialect): Sql => dialect.concat(raw("'event '"), raw('message_id'));
export const failedRowName = (dialect: Dialect): Sql => dialect.concat(raw("'failed '"), failedRowKey(dialect));
export const failedRowKey = (dialect: Dialect): Sql =>
  sql`coalesce(
    ${dialect.concat(raw("'position '"), dialect.castText(raw('position')))}, ${dialect.concat(raw("'message '"), raw('message_id'))}, 'request'
  )`;

/**
 * Deletes events, with all copies, wherever a step of the night would find them: `events_raw`, `events`, `event_ids`. The models
 * that read events are told first, and the accounts, so that a run that is killed repeats the rest.
 * @param condition over the bare columns of events_raw and events, never NULL.
 * @param ids whether a row of event_ids is one of them.
 * @returns rows deleted, by table; empty where there was none.
 */
export async function eraseEvents(warehouse: Warehouse, condition: Sql, ids: Sql): Promise<Changes> {
  const { dialect } = warehouse;
  await warehouse.load(STAGED_ERASED_EVENTS, [], { replace: true, label: 'events to erase' });
  const found = [
    sql`select write_key_id, message_id from ${table(EVENTS_RAW.name)} where ${condition}`,
    sql`select write_key_id, message_id from ${table(EVENTS.name)} where ${condition}`,
    sql`select write_key_id, message_id from ${table(EVENT_IDS.name)} where ${ids}`,
  ];
  const { inserted } = await warehouse.append(
    STAGED_ERASED_EVENTS,
    sql`select distinct write_key_id, message_id from (${join(found, '\nunion all\n')}) as found`,
    'events to erase',
  );
  if (inserted === 0) return {};
  const known = await warehouse.merge(ERASED_ROWS, erasedEventRows(dialect), { label: 'erased rows' });
  await noteRemovals(
    warehouse,
    sql`exists (
    select 1 from ${table(STAGED_ERASED_EVENTS.name)} as staged
    where staged.write_key_id = events.write_key_id and staged.message_id = events.message_id)`,
  );
  const changes: Changes = {
    erased_rows: known,
    events: await warehouse.delete(EVENTS, STAGED_KEYS, { label: 'erase events' }),
    event_ids: await warehouse.delete(EVENT_IDS, STAGED_KEYS, { label: 'erase event ids' }),
    events_raw: await warehouse.delete(RAW_BY_MESSAGE, STAGED_KEYS, { label: 'erase deliveries of events' }),
  };
  await warehouse.load(STAGED_ERASED_EVENTS, [], { replace: true, label: 'events to erase' });
  return changes;
}

function erasedEventRows(dialect: Dialect): Sql {
  return sql`
    with erased as (
      select raw_events.write_key_id, raw_events.message_id, raw_events.edge_instance, raw_events.edge_sequence, raw_events.received_at
      from ${table(EVENTS_RAW.name)} as raw_events
      inner join ${table(STAGED_ERASED_EVENTS.name)} as staged
        on staged.write_key_id = raw_events.write_key_id and staged.message_id = raw_events.message_id
    )
    select edge_instance, edge_sequence, ${rowHashOf(dialect, eventRowName(dialect))} as row_hash,
      min(write_key_id) as write_key_id, min(received_at) as received_at
    from erased
    group by 1, 2, 3`;
}

/** Tells the models that read `events` which visitor days lose some. @param condition over the columns of `events`. */
export async function noteRemovals(warehouse: Warehouse, condition: Sql): Promise<void> {
  await addChanges(
    warehouse,
    sql`select anonymous_id, occurred_at, true as is_removal from ${table(EVENTS.name)} as events where ${condition}`,
  );
}

/** Deletes rejected events. @param condition over the bare columns, never NULL. */
export async function eraseFailedEvents(warehouse: Warehouse, condition: Sql): Promise<Changes> {
  const { dialect } = warehouse;
  const day = dialect.localDate(raw('received_at'), 'UTC');
  const days = await warehouse.rows<{ day: string; row_count: number }>(
    sql`select ${day} as day, count(*) as row_count from ${table(FAILED_EVENTS.name)} where ${condition} group by 1`,
    'rejected events to erase',
  );
  if (days.length === 0) return {};
  const hash = rowHashOf(dialect, failedRowName(dialect));
  const known = await warehouse.merge(
    ERASED_ROWS,
    sql`
      select edge_instance, edge_sequence, ${hash} as row_hash, min(write_key_id) as write_key_id, min(received_at) as received_at
      from ${table(FAILED_EVENTS.name)}
      where ${condition}
      group by 1, 2, 3`,
    { label: 'erased rows' },
  );
  const touched = days.map((row) => row.day);
  const columns = join(FAILED_EVENTS.columns.map(({ name }) => raw(name)));
  await warehouse.replacePartitions(
    FAILED_EVENTS,
    touched,
    sql`select ${columns} from ${table(FAILED_EVENTS.name)} where ${dialect.isIn(day, sql`${arrayParam(touched, 'DATE')}`)} and not ${condition}`,
    'erase rejected events',
  );
  const deleted = days.reduce((total, row) => total + row.row_count, 0);
  return { erased_rows: known, failed_events: { inserted: 0, updated: 0, deleted } };
}
