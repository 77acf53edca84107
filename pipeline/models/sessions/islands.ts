import type { Config } from '../../config/schema.ts';
import { standsIn } from '../../warehouse/days.ts';
import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, raw, sql, table } from '../../warehouse/sql.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { unreadChanges } from '../events/changes.ts';
import { SESSIONS, STAGED_ISLANDS } from './tables.ts';
import { longestMicros, timeoutMicros } from './visit-events.ts';

const DAY_MICROS = 86_400_000_000;

/**
 * Stages the islands: of each visitor whose events changed, the changed times and the former sessions, joined where they
 * lie no further apart than the time-out, as far as such a stretch holds a change. What lies outside of them is further
 * than the time-out from all that changed: no session there can have become another.
 *
 * Sessions are read by the days around the changes; where an island reaches into further days, these are read, too.
 * @returns the days (UTC) that the islands lie in; none where nothing changed.
 */
export async function stageIslands(warehouse: Warehouse, config: Config): Promise<string[]> {
  const { dialect } = warehouse;
  let days = await daysAround(warehouse, config, unreadChanges('sessions'));
  while (days.length > 0) {
    await warehouse.load(STAGED_ISLANDS, [], { replace: true, label: 'islands' });
    await warehouse.append(STAGED_ISLANDS, islandRows(dialect, config, days), 'islands');
    const known = new Set(days);
    const reached = await daysAround(warehouse, config, sql`select first_at, last_at from ${table(STAGED_ISLANDS.name)}`);
    if (reached.every((day) => known.has(day))) break;
    days = [...new Set([...days, ...reached])].toSorted();
  }
  return days;
}

/**
 * The days in which a session may begin that reaches to within the time-out of a stretch.
 * @param stretches query of (first_at, last_at).
 */
async function daysAround(warehouse: Warehouse, config: Config, stretches: Sql): Promise<string[]> {
  const { dialect } = warehouse;
  const timeout = timeoutMicros(config);
  const before = raw(String(-(timeout + longestMicros(config))));
  const days = await warehouse.rows<{ first_day: string; last_day: string }>(
    sql`
      select distinct
        date(${dialect.timestampAdd(raw('first_at'), before, 'MICROSECOND')}) as first_day,
        date(${dialect.timestampAdd(raw('last_at'), raw(String(timeout)), 'MICROSECOND')}) as last_day
      from (${stretches}) as stretches
      order by first_day nulls first, last_day nulls first`,
    'days of islands',
  );
  return [...new Set(days.flatMap(({ first_day, last_day }) => daysFrom(first_day, last_day)))].toSorted();
}

/** The days from one to the other, both included. */
function daysFrom(first: string, last: string): string[] {
  const start = Date.parse(first);
  const count = (Date.parse(last) - start) / (DAY_MICROS / 1000) + 1;
  return Array.from({ length: count }, (_, day) => new Date(start + (day * DAY_MICROS) / 1000).toISOString().slice(0, 10));
}

function islandRows(dialect: Dialect, config: Config, days: readonly string[]): Sql {
  const timeout = raw(String(timeoutMicros(config)));
  const gap = dialect.timestampDiff(raw('first_at'), raw('reached_at'), 'MICROSECOND');
  return sql`
    with changes as (${unreadChanges('sessions')}
    ),
    stretches as (
      select anonymous_id, first_at, last_at, true as is_change from changes
      union all
      select sessions.anonymous_id, sessions.started_at as first_at, sessions.ended_at as last_at, false as is_change
      from ${table(SESSIONS.name)} as sessions
      inner join (select distinct anonymous_id from changes) as changed on changed.anonymous_id = sessions.anonymous_id
      where ${standsIn(dialect, SESSIONS, raw('sessions.started_at'), days)}
    ),
    reached_stretches as (
      select
        anonymous_id, first_at, last_at, is_change,
        max(last_at) over (
          partition by anonymous_id order by first_at nulls first, last_at nulls first rows between unbounded preceding and 1 preceding
        ) as reached_at
      from stretches
    ),
    numbered_stretches as (
      select
        anonymous_id, first_at, last_at, is_change,
        sum(if(coalesce(${gap} > ${timeout}, true), 1, 0)) over (
          partition by anonymous_id order by first_at nulls first, last_at nulls first rows between unbounded preceding and current row
        ) as island
      from reached_stretches
    )
    select anonymous_id, min(first_at) as first_at, max(last_at) as last_at
    from numbered_stretches
    group by anonymous_id, island
    having countif(is_change) > 0`;
}

/** Sessions of the islands as they stood: a query of session_id. */
export function formerSessions(dialect: Dialect, days: readonly string[]): Sql {
  return sql`
    select sessions.session_id
    from ${table(SESSIONS.name)} as sessions
    inner join ${table(STAGED_ISLANDS.name)} as islands
      on islands.anonymous_id = sessions.anonymous_id
      and sessions.started_at >= islands.first_at and sessions.started_at <= islands.last_at
    where ${standsIn(dialect, SESSIONS, raw('sessions.started_at'), days)}`;
}
