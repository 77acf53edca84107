import type { Dialect } from '../../../warehouse/dialect.ts';
import { type Sql, param, raw, sql, table } from '../../../warehouse/sql.ts';
import type { TableDefinition, Warehouse } from '../../../warehouse/warehouse.ts';
import { CONVERSION_RECORDS } from '../tables.ts';
import { STAGED_CANDIDATES, STAGED_NEXT_TIMELINE, STAGED_REPETITIONS, STAGED_TIMELINE } from './tables.ts';

/** How often a user may have a conversion. */
export interface Repetition {
  readonly name: string;
  /** Where the candidates begin, ISO in UTC: what was kept before them counts. null: all of history. */
  readonly from: string | null;
  /** A conversion is dropped if the same user has a kept one in so many days before; null: ever before. */
  readonly days: number | null;
  /** Whether an equal user id is the same user, too; else only an equal client id is. */
  readonly byUserId: boolean;
}

const DAY_MICROS = 86_400_000_000;
/** Longer than all of time. */
const EVER = 1_000_000_000_000_000_000n;

/**
 * Decides which candidates are kept: in the order of (time, id), each whose user has no kept one within reach. The others are
 * written to staged_repetitions.
 *
 * A round keeps, of all users together, what nothing undecided can drop any more, and drops what those kept by the round
 * before reach: whatever a kept one reaches is gone then, so that it need not be looked at again. A round decides at least the
 * earliest candidate, and of each user a stretch as long as the reach.
 */
export async function decideRepetitions(warehouse: Warehouse, repetitions: readonly Repetition[]): Promise<void> {
  for (const target of [STAGED_TIMELINE, STAGED_NEXT_TIMELINE, STAGED_REPETITIONS]) await clear(warehouse, target);
  let undecided = 0;
  for (const repetition of repetitions) {
    const { inserted } = await warehouse.append(STAGED_TIMELINE, undecidedRows(warehouse.dialect, repetition), LABEL);
    undecided += inserted;
    if (inserted > 0 && repetition.from !== null)
      await warehouse.append(STAGED_TIMELINE, keptBefore(warehouse.dialect, repetition, repetition.from), LABEL);
  }
  let [current, next] = [STAGED_TIMELINE, STAGED_NEXT_TIMELINE];
  while (undecided > 0) {
    await warehouse.append(STAGED_REPETITIONS, droppedRows(current), LABEL);
    await warehouse.append(next, remainingRows(current), LABEL);
    await clear(warehouse, current);
    [current, next] = [next, current];
    const left = await countUndecided(warehouse, current);
    if (left >= undecided) throw new Error(`${left} conversions cannot be decided: the earliest of them has nothing before it`);
    undecided = left;
  }
  await clear(warehouse, current);
}

const LABEL = 'repeated conversions';

async function clear(warehouse: Warehouse, target: TableDefinition): Promise<void> {
  await warehouse.load(target, [], { replace: true, label: LABEL });
}

async function countUndecided(warehouse: Warehouse, timeline: TableDefinition): Promise<number> {
  const [counted] = await warehouse.rows<{ undecided: number }>(
    sql`select count(*) as undecided from ${table(timeline.name)} where not is_kept`,
    LABEL,
  );
  return counted!.undecided;
}

const reachOf = ({ days }: Repetition): Sql => (days === null ? sql`${param(EVER, 'INT64')}` : sql`${days * DAY_MICROS}`);

function undecidedRows(dialect: Dialect, repetition: Repetition): Sql {
  return sql`
    select
      conversion_name, id, ${dialect.unixMicros(raw('conversion_time'))} as at_micros, client_id,
      ${repetition.byUserId ? raw('user_id') : raw('cast(null as string)')} as user_id, ${reachOf(repetition)} as reach_micros,
      false as is_kept
    from ${table(STAGED_CANDIDATES.name)}
    where conversion_name = ${repetition.name} and id is not null and not is_refunded`;
}

/** What was kept before the candidates, of their users. */
function keptBefore(dialect: Dialect, repetition: Repetition, from: string): Sql {
  const { name, days, byUserId } = repetition;
  const begin = sql`${param(from, 'TIMESTAMP')}`;
  const inReach = days === null ? raw('true') : sql`records.conversion_time >= ${dialect.timestampAdd(begin, sql`${-days}`, 'DAY')}`;
  return sql`
    with undecided as (
      select client_id, user_id from ${table(STAGED_TIMELINE.name)} where conversion_name = ${name}
    ),
    clients as (select distinct client_id from undecided where client_id is not null),
    users as (select distinct user_id from undecided where user_id is not null)
    select
      records.conversion_name, records.id, ${dialect.unixMicros(raw('records.conversion_time'))} as at_micros, records.client_id,
      ${byUserId ? raw('records.user_id') : raw('cast(null as string)')} as user_id, ${reachOf(repetition)} as reach_micros, true as is_kept
    from ${table(CONVERSION_RECORDS.name)} as records
    left join clients on clients.client_id = records.client_id
    left join users on users.user_id = records.user_id
    where records.conversion_name = ${name} and records.conversion_time < ${begin} and ${inReach} and not records.is_removed
      and (clients.client_id is not null or users.user_id is not null)`;
}

/** The latest time before a row, of the rows for which a condition holds of the user that a column names; NULL without a user. */
const latest = (which: string, user: 'client_id' | 'user_id'): Sql => sql`
        if(${raw(user)} is null, null, max(if(${raw(which)}, at_micros, null)) over (
          partition by conversion_name, ${raw(user)}, if(${raw(user)} is null, id, null)
          order by at_micros nulls first, id nulls first
          rows between unbounded preceding and 1 preceding
        ))`;

/** Whether a time before a row is near enough to drop it. */
const isInReach = (client: string, user: string): Sql =>
  raw(`(coalesce(${client} >= at_micros - reach_micros, false) or coalesce(${user} >= at_micros - reach_micros, false))`);

/** CTE `judged`: the undecided ones, and whether a kept one drops them. */
const judged = (timeline: TableDefinition): Sql => sql`
    after_kept as (
      select
        conversion_name, id, at_micros, client_id, user_id, reach_micros, is_kept,${latest('is_kept', 'client_id')} as client_kept,${latest('is_kept', 'user_id')} as user_kept
      from ${table(timeline.name)}
    ),
    judged as (
      select conversion_name, id, at_micros, client_id, user_id, reach_micros, ${isInReach('client_kept', 'user_kept')} as is_dropped
      from after_kept
      where not is_kept
    )`;

const droppedRows = (timeline: TableDefinition): Sql => sql`
    with ${judged(timeline)}
    select conversion_name, id from judged where is_dropped`;

/** What the next round looks at: those that this one keeps, because none before them is undecided, and those that stay so. */
const remainingRows = (timeline: TableDefinition): Sql => sql`
    with ${judged(timeline)},
    after_open as (
      select
        conversion_name, id, at_micros, client_id, user_id, reach_micros,${latest('true', 'client_id')} as client_open,${latest('true', 'user_id')} as user_open
      from judged
      where not is_dropped
    )
    select conversion_name, id, at_micros, client_id, user_id, reach_micros, not ${isInReach('client_open', 'user_open')} as is_kept
    from after_open`;
