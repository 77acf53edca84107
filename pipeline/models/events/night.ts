import type { Dialect } from '../../warehouse/dialect.ts';
import { standsIn } from '../../warehouse/days.ts';
import { type Sql, join, raw, sql, table } from '../../warehouse/sql.ts';
import type { Change, Warehouse } from '../../warehouse/warehouse.ts';
import { addChanges } from './changes.ts';
import { copyOrder, eventColumns, eventIdRows } from './full-build.ts';
import { EVENTS, EVENTS_RAW, EVENT_CHANGES, EVENT_IDS, STAGED_EVENTS, STAGED_LOST_EVENTS } from './tables.ts';

/**
 * Brings events and event_ids up to date after the deliveries of some days have changed.
 *
 * The copy that stands is the least of the one that stood and the best of these days. Where the one that stood is gone
 * (erased, or beyond its retention), all copies of the event are looked at.
 * @param dirtyDays days of received_at.
 */
export async function bringUpToDate(warehouse: Warehouse, dirtyDays: readonly string[]): Promise<Change> {
  const { dialect } = warehouse;
  const lost = await stage(warehouse, dirtyDays);
  const days = await affectedDays(warehouse);
  await addChanges(warehouse, changedPlaces(dialect, days));
  const merged = await warehouse.merge(EVENTS, sql`select ${eventColumns()} from ${table(STAGED_EVENTS.name)}`, { days, label: 'events' });
  await warehouse.merge(EVENT_IDS, eventIdRows(STAGED_EVENTS.name), { label: 'event ids' });
  const deleted = lost > 0 ? await deleteGone(warehouse, days) : 0;
  await clearStaged(warehouse);
  return { ...merged, deleted };
}

async function deleteGone(warehouse: Warehouse, days: readonly string[]): Promise<number> {
  const { deleted } = await warehouse.delete(EVENTS, goneIds, { days, label: 'events' });
  await warehouse.delete(EVENT_IDS, goneIds, { label: 'event ids' });
  return deleted;
}

/**
 * Fills the staged tables: the events of which the best copy was received on these days or is to be found again, and those
 * that lost theirs.
 * @returns how many lost theirs.
 */
async function stage(warehouse: Warehouse, dirtyDays: readonly string[]): Promise<number> {
  const { dialect } = warehouse;
  await clearStaged(warehouse);
  const lost = await warehouse.append(STAGED_LOST_EVENTS, lostIds(dialect, dirtyDays), 'events whose copy is gone');
  await warehouse.append(STAGED_EVENTS, standingCopies(dialect, dirtyDays, lost.inserted > 0), 'events received again');
  return lost.inserted;
}

async function clearStaged(warehouse: Warehouse): Promise<void> {
  for (const target of [STAGED_LOST_EVENTS, STAGED_EVENTS]) await warehouse.load(target, [], { replace: true, label: target.name });
}

const POSITION = ['received_at', 'edge_instance', 'edge_sequence'];
const sameEvent = (left: string, right: string) =>
  raw(`${left}.write_key_id = ${right}.write_key_id and ${left}.message_id = ${right}.message_id`);
const samePlace = (left: string, right: string) =>
  join(
    POSITION.map((name) => raw(`${left}.${name} = ${right}.${name}`)),
    ' and ',
  );

/** Events that stand by a copy of one of the days, which is not there any more. */
function lostIds(dialect: Dialect, dirtyDays: readonly string[]): Sql {
  return sql`
    select stored.write_key_id, stored.message_id
    from ${table(EVENT_IDS.name)} as stored
    left join (
      select distinct write_key_id, message_id, received_at, edge_instance, edge_sequence
      from ${table(EVENTS_RAW.name)} as deliveries
      where ${standsIn(dialect, EVENTS_RAW, raw('deliveries.received_at'), dirtyDays)}
    ) as received on ${sameEvent('received', 'stored')} and ${samePlace('received', 'stored')}
    where ${standsIn(dialect, EVENTS_RAW, raw('stored.received_at'), dirtyDays)} and received.message_id is null`;
}

/** The whole rows of the events that stand by a copy of these days from now on, or, of those lost, by one of any day. */
function standingCopies(dialect: Dialect, dirtyDays: readonly string[], hasLost: boolean): Sql {
  const inDays = standsIn(dialect, EVENTS_RAW, raw('deliveries.received_at'), dirtyDays);
  const isLost = sql`exists (select 1 from ${table(STAGED_LOST_EVENTS.name)} as lost where ${sameEvent('lost', 'deliveries')})`;
  const isCandidate = hasLost ? sql`(${inDays} or ${isLost})` : inDays;
  return sql`
    with positions as (
      select distinct deliveries.write_key_id, deliveries.message_id, deliveries.received_at, deliveries.edge_instance, deliveries.edge_sequence
      from ${table(EVENTS_RAW.name)} as deliveries
      where ${isCandidate}
    ),
    best_positions as (
      select write_key_id, message_id, received_at, edge_instance, edge_sequence
      from positions
      qualify row_number() over (
        partition by write_key_id, message_id
        order by received_at nulls first, edge_instance nulls first, edge_sequence nulls first
      ) = 1
    ),
    taken_positions as (
      select best.write_key_id, best.message_id, best.received_at, best.edge_instance, best.edge_sequence
      from best_positions as best
      left join ${table(STAGED_LOST_EVENTS.name)} as lost on ${sameEvent('lost', 'best')}
      left join ${table(EVENT_IDS.name)} as stored on ${sameEvent('stored', 'best')}
      where stored.message_id is null
        or lost.message_id is not null
        or best.received_at < stored.received_at
        or (best.received_at = stored.received_at and best.edge_instance < stored.edge_instance)
        or (best.received_at = stored.received_at and best.edge_instance = stored.edge_instance and best.edge_sequence <= stored.edge_sequence)
    ),
    copies as (
      select
        ${eventColumns('deliveries')},
        count(*) over (partition by deliveries.write_key_id, deliveries.message_id) as copies_of_delivery
      from ${table(EVENTS_RAW.name)} as deliveries
      inner join taken_positions as taken on ${sameEvent('taken', 'deliveries')} and ${samePlace('taken', 'deliveries')}
      where ${hasLost ? raw('true') : inDays}
    )
    select ${eventColumns()}
    from copies
    qualify row_number() over (
      partition by write_key_id, message_id order by ${copyOrder(dialect, raw('copies_of_delivery > 1'))}
    ) = 1`;
}

/** Events that are not delivered by anything any more. */
const goneIds = sql`
    select lost.write_key_id, lost.message_id
    from ${table(STAGED_LOST_EVENTS.name)} as lost
    where not exists (select 1 from ${table(STAGED_EVENTS.name)} as staged where ${sameEvent('staged', 'lost')})`;

/**
 * Days of occurred_at that the staged events stand in, or stood in. A run that was ended after it had moved an event to
 * another day, and before it had noted that, has left this day in the changes, where nobody has read it yet.
 */
async function affectedDays(warehouse: Warehouse): Promise<string[]> {
  const rows = await warehouse.rows<{ day: string }>(
    sql`
      select date(occurred_at) as day from ${table(STAGED_EVENTS.name)}
      union distinct
      select stored.event_date as day
      from ${table(EVENT_IDS.name)} as stored
      inner join (
        select write_key_id, message_id from ${table(STAGED_EVENTS.name)}
        union distinct
        select write_key_id, message_id from ${table(STAGED_LOST_EVENTS.name)}
      ) as staged on ${sameEvent('staged', 'stored')}
      union distinct
      select day from ${table(EVENT_CHANGES.name)}
      order by day nulls first`,
    'days of events',
  );
  return rows.map(({ day }) => day);
}

/** The old and the new places of the events that come, go or change. */
function changedPlaces(dialect: Dialect, days: readonly string[]): Sql {
  const differs = EVENTS.columns
    .filter(({ name }) => !EVENTS.key.includes(name))
    .map(({ name, type, mode }) => dialect.differs(raw(`staged.${name}`), raw(`stored.${name}`), type, mode === 'repeated'));
  const stored = sql`(
        select ${eventColumns('stands')}
        from ${table(EVENTS.name)} as stands
        where ${standsIn(dialect, EVENTS, raw('stands.occurred_at'), days)}
      ) as stored`;
  return sql`
      select staged.anonymous_id, staged.occurred_at, stored.message_id is not null as is_removal
      from ${table(STAGED_EVENTS.name)} as staged
      left join ${stored} on ${sameEvent('stored', 'staged')}
      where stored.message_id is null or ${join(differs, ' or ')}
      union all
      select stored.anonymous_id, stored.occurred_at, true as is_removal
      from ${table(STAGED_EVENTS.name)} as staged
      inner join ${stored} on ${sameEvent('stored', 'staged')}
      where ${join(differs, ' or ')}
      union all
      select stored.anonymous_id, stored.occurred_at, true as is_removal
      from (${goneIds}
      ) as gone
      inner join ${stored} on ${sameEvent('stored', 'gone')}`;
}
