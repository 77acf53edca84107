import type { Dialect } from '../../../warehouse/dialect.ts';
import { type Sql, join, param, raw, sql, table } from '../../../warehouse/sql.ts';
import { GRACE_MINUTES } from '../../conversions/resolve.ts';
import { CONVERSIONS } from '../../conversions/tables.ts';
import { IDENTITIES } from '../../identity/tables.ts';
import { SESSIONS } from '../../sessions/tables.ts';
import type { TrainingWindow } from './months.ts';

/** What the paths of a conversion in a window are to be counted for. */
export interface PathWindow extends TrainingWindow {
  readonly conversion: string;
  /** How far before its end a path may begin. */
  readonly lookbackDays: number;
}

const DAY = 86_400_000;

/** From when to when sessions can be on a path of the windows, ISO in UTC. */
export function reachOf(windows: readonly PathWindow[]): { readonly first: string; readonly last: string } {
  const first = Math.min(...windows.map(({ from, lookbackDays }) => Date.parse(from) - lookbackDays * DAY));
  const last = Math.max(...windows.map(({ to }) => Date.parse(to))) + GRACE_MINUTES * 60_000;
  return { first: new Date(first).toISOString(), last: new Date(last).toISOString() };
}

/** The channels of the sessions that can be on a path of the windows: the one at place i has the code i + 1. */
export const channelNames = (windows: readonly PathWindow[]): Sql => sql`
  select distinct channel
  from ${table(SESSIONS.name)} as sessions
  where ${inReach(windows)}
  order by channel nulls first`;

/** What touches carry of their sessions. */
export interface Carried {
  /** By the name that touches have it under: an expression over `sessions`, `identities` and what is joined. */
  readonly columns: Readonly<Record<string, Sql>>;
  /** Joined to `sessions`; default: nothing. */
  readonly joined?: Sql;
}

/** The channel as a code, in the order of the names; it is never 0. */
export function channelCode(dialect: Dialect, channels: readonly string[]): Carried {
  const codes = dialect.values(
    'coded',
    { channel: 'STRING', code: 'INT64' },
    channels.map((channel, i) => [channel, i + 1]),
  );
  return { columns: { channel: raw('coded.code') }, joined: sql`inner join ${codes} on coded.channel = sessions.channel` };
}

/**
 * CTEs up to `touches`: the sessions on the paths of every window, one row each (window_number, month, conversion_id,
 * person_key, is_converted, started_at, session_id, and what is carried; window_number is the place in `windows`, month its
 * own). All fitted models learn from these.
 *
 * The path of a conversion has the sessions in its look-back window, as they are credited. The path of a person without a
 * conversion has the sessions since their last conversion, if any, up to their last session before the end of the window,
 * which lies in it, and no further back from it than the look-back: it ends with that session, and conversion_id is empty.
 */
export function pathTouches(dialect: Dialect, windows: readonly PathWindow[], { columns: carried, joined = sql`` }: Carried): Sql {
  const rows = windows.map(({ conversion, month, from, to, lookbackDays }, i) => [i, month, conversion, from, to, -lookbackDays]);
  const columns = {
    window_number: 'INT64',
    month: 'DATE',
    conversion_name: 'STRING',
    from_at: 'TIMESTAMP',
    to_at: 'TIMESTAMP',
    back_days: 'INT64',
  } as const;
  const expressions = join(
    Object.entries(carried).map(([name, expression]) => sql`${expression} as ${raw(name)}`),
    ', ',
  );
  const ofVisit = raw(['person_key', 'started_at', 'session_id', ...Object.keys(carried)].map((name) => `visits.${name}`).join(', '));
  const back = (time: string): Sql => dialect.timestampAdd(raw(time), raw('windows.back_days'), 'DAY');
  const grace = (time: string): Sql => dialect.timestampAdd(raw(time), raw(String(GRACE_MINUTES)), 'MINUTE');
  return sql`
    windows as (
      select given.window_number, given.month, given.conversion_name, given.from_at, given.to_at, given.back_days
      from ${dialect.values('given', columns, rows)}
    ),
    visits as (
      select identities.person_key, sessions.started_at, sessions.session_id, ${expressions}
      from ${table(SESSIONS.name)} as sessions
      inner join ${table(IDENTITIES.name)} as identities on identities.anonymous_id = sessions.anonymous_id
      ${joined}
      where ${inReach(windows)}
    ),
    last_conversions as (
      select windows.window_number, conversions.person_key, max(conversions.attribution_time) as converted_at
      from windows
      inner join ${table(CONVERSIONS.name)} as conversions
        on conversions.conversion_name = windows.conversion_name and conversions.attribution_time < windows.to_at
      where conversions.person_key is not null
      group by windows.window_number, conversions.person_key
    ),
    unconverted as (
      select
        windows.window_number, windows.month, windows.back_days, visits.person_key, last_conversions.converted_at,
        max(visits.started_at) as last_at
      from windows
      inner join visits on visits.started_at < windows.to_at and visits.started_at >= windows.from_at
      left join last_conversions
        on last_conversions.window_number = windows.window_number and last_conversions.person_key = visits.person_key
      where last_conversions.converted_at is null or visits.started_at > ${grace('last_conversions.converted_at')}
      group by windows.window_number, windows.month, windows.back_days, visits.person_key, last_conversions.converted_at
    ),
    touches as (
      select
        windows.window_number, windows.month, conversions.id as conversion_id, true as is_converted, ${ofVisit}
      from windows
      inner join ${table(CONVERSIONS.name)} as conversions
        on conversions.conversion_name = windows.conversion_name
        and conversions.attribution_time >= windows.from_at and conversions.attribution_time < windows.to_at
      inner join visits
        on visits.person_key = conversions.person_key
        and visits.started_at >= ${back('conversions.attribution_time')}
        and visits.started_at <= ${grace('conversions.attribution_time')}
      union all
      select
        windows.window_number, windows.month, '' as conversion_id, false as is_converted, ${ofVisit}
      from unconverted as windows
      inner join visits
        on visits.person_key = windows.person_key
        and visits.started_at >= ${back('windows.last_at')} and visits.started_at <= windows.last_at
      where windows.converted_at is null or visits.started_at > ${grace('windows.converted_at')}
    )`;
}

/** Constants, so that no other partition of sessions is read. */
function inReach(windows: readonly PathWindow[]): Sql {
  const { first, last } = reachOf(windows);
  return sql`sessions.started_at >= ${param(first, 'TIMESTAMP')} and sessions.started_at <= ${param(last, 'TIMESTAMP')}`;
}
