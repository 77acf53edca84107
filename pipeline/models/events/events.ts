import { definitionHash, forgetDefinitions, isRedefined, recordDefinition } from '../definitions.ts';
import type { Step, StepContext } from '../step.ts';
import { sql, table } from '../../warehouse/sql.ts';
import type { Change, Warehouse } from '../../warehouse/warehouse.ts';
import { fill } from '../fill.ts';
import { clearChanges } from './changes.ts';
import { eventIdRows, eventRows } from './full-build.ts';
import { bringUpToDate } from './night.ts';
import { EVENTS, EVENTS_RAW, EVENT_CONSUMERS, EVENT_DAYS, EVENT_IDS } from './tables.ts';

const NOTHING: Change = { inserted: 0, updated: 0, deleted: 0 };

/**
 * events_raw → events: of the copies of an event the one with the least (received_at, edge_instance, edge_sequence), of
 * copies within one delivery the one with the least (engaged_seconds, row hash). Values decide, never the order of
 * loading; copies that tie on all of it are equal.
 *
 * A night reads the days of events_raw whose number of deliveries is another one than when it was last here: whatever has
 * arrived, however late, has been received on one of them.
 */
export const events: Step = async (context) => {
  const { warehouse } = context;
  const hash = definitionHash([eventRows(warehouse.dialect)]);
  const days = await deliveryDays(warehouse);
  const change = (await isRedefined(warehouse, 'events', hash)) ? await rebuild(context, days, hash) : await catchUp(warehouse, days);
  return { changes: { events: change }, warnings: [] };
};

interface DeliveryDay {
  readonly day: string;
  readonly deliveries: number;
}

async function deliveryDays(warehouse: Warehouse): Promise<DeliveryDay[]> {
  return warehouse.rows<DeliveryDay>(
    sql`select date(received_at) as day, count(*) as deliveries from ${table(EVENTS_RAW.name)} group by day order by day nulls first`,
    'days of deliveries',
  );
}

/** Everything, over all history. What reads events is rebuilt after it, too. */
async function rebuild({ warehouse, now }: StepContext, days: readonly DeliveryDay[], hash: string): Promise<Change> {
  await forgetDefinitions(warehouse, EVENT_CONSUMERS);
  await clearChanges(warehouse);
  const change = await fill(warehouse, EVENTS, eventRows(warehouse.dialect), 'events');
  await fill(warehouse, EVENT_IDS, eventIdRows(EVENTS.name), 'event ids');
  await noteDays(warehouse, days);
  await recordDefinition(warehouse, 'events', hash, now);
  return change;
}

/** Only what the days of deliveries that have changed ask for. */
async function catchUp(warehouse: Warehouse, days: readonly DeliveryDay[]): Promise<Change> {
  const dirty = await dirtyDays(warehouse, days);
  if (dirty.length === 0) return NOTHING;
  const change = await bringUpToDate(warehouse, dirty);
  await noteDays(warehouse, days);
  return change;
}

async function dirtyDays(warehouse: Warehouse, days: readonly DeliveryDay[]): Promise<string[]> {
  const known = await warehouse.rows<DeliveryDay>(sql`select day, deliveries from ${table(EVENT_DAYS.name)}`, 'days brought up to date');
  const before = new Map(known.map(({ day, deliveries }) => [day, deliveries]));
  const now = new Map(days.map(({ day, deliveries }) => [day, deliveries]));
  return [...new Set([...before.keys(), ...now.keys()])].filter((day) => before.get(day) !== now.get(day)).toSorted();
}

/** Notes the counts that were read at the beginning: what has arrived since is found by the next night. */
async function noteDays(warehouse: Warehouse, days: readonly DeliveryDay[]): Promise<void> {
  const rows = warehouse.dialect.values(
    'counted',
    { day: 'DATE', deliveries: 'INT64' },
    days.map(({ day, deliveries }) => [day, deliveries]),
  );
  const counted = sql`select counted.day, counted.deliveries from ${rows}`;
  await warehouse.merge(EVENT_DAYS, counted, { deleteUnmatched: true, label: 'days of deliveries' });
}
