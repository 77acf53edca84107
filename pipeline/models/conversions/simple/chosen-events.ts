import { EVENT_DIMENSIONS, isOfSession } from '../../../config/filter-dimensions.ts';
import type { Filter } from '../../../config/conversions.ts';
import type { Config } from '../../../config/schema.ts';
import type { Dialect } from '../../../warehouse/dialect.ts';
import { type Sql, arrayParam, join, param, raw, sql, table } from '../../../warehouse/sql.ts';
import { columnsOfCustomDimension, customDimension } from '../../dimensions/custom.ts';
import { comparisonsOf, filterSql } from '../../dimensions/filter.ts';
import { EVENTS } from '../../events/tables.ts';
import { SESSIONS } from '../../sessions/tables.ts';
import { longestMicros } from '../../sessions/visit-events.ts';

/** The columns that every conversion reads of an event, beside its properties. */
export const EVENT_COLUMNS = [
  'write_key_id',
  'message_id',
  'sequence',
  'occurred_at',
  'anonymous_id',
  'user_id',
  'ga_client_id',
  'email_hashes',
  'ip_hash',
  'ip_key_id',
];
const READ = [...EVENT_COLUMNS, 'properties'];

/**
 * Whether an event counts: bots and the company itself are left out. A server's purchase needs no anonymous_id.
 * @param alias of `events`.
 */
export function isNamed(dialect: Dialect, alias: string, names: readonly string[]): Sql {
  const of = (column: string) => raw(`${alias}.${column}`);
  return sql`${of('type')} = 'track' and ${dialect.isIn(of('event'), sql`${arrayParam(names, 'STRING')}`)}`;
}
export const isPerson = (alias: string): Sql => raw(`not ${alias}.is_bot and not ${alias}.is_internal`);

/** Whether a time is of the range that is computed again. @param from ISO in UTC; null: all of history. */
export const isFrom = (column: string, from: string | null): Sql =>
  from === null ? raw('true') : sql`${raw(column)} >= ${param(from, 'TIMESTAMP')}`;

/** The events of some names that pass a filter, from a time on: a query of the columns that conversions read. */
export function chosenEvents(
  dialect: Dialect,
  config: Config,
  names: readonly string[],
  filter: Filter | undefined,
  from: string | null,
): Sql {
  const tests = filter === undefined ? [] : comparisonsOf(filter);
  const asked = [...new Set(tests.flatMap(({ dimension }) => dimension ?? []))];
  const columns = [...READ, ...asked.filter((name) => (EVENT_DIMENSIONS as readonly string[]).includes(name))];
  const named = sql`
      select ${list(columns, 'events')}
      from ${table(EVENTS.name)} as events
      where ${isNamed(dialect, 'events', names)} and ${isPerson('events')} and ${isFrom('events.occurred_at', from)}`;
  if (filter === undefined) return named;
  const customs = tests.flatMap(({ custom }) => custom ?? []);
  const ofSession = [...new Set([...asked.filter(isOfSession), ...customs.flatMap((name) => columnsOfCustomDimension(config, name))])];
  const condition = filterSql(dialect, filter, {
    dimension: (name) => raw(isOfSession(name) ? `session_${name}` : name),
    // Without a session there is none of its dimensions, rather than the value of what no rule claims.
    custom: (name) => sql`if(session_id is null, null, ${customDimension(dialect, config, name, (column) => raw(`session_${column}`))})`,
    properties: raw('properties'),
  });
  const placed = ofSession.length === 0 && customs.length === 0 ? named : withSessions(dialect, config, named, columns, ofSession, from);
  return sql`
      select ${list(READ, 'placed_events')}
      from (${placed}
      ) as placed_events
      where ${condition}`;
}

/** Whether a filter reads the session that an event lies in. */
export function readsSessions(filter: Filter | undefined): boolean {
  const tests = filter === undefined ? [] : comparisonsOf(filter);
  return tests.some(({ dimension, custom }) => custom !== undefined || (dimension !== undefined && isOfSession(dimension)));
}

/**
 * Events with columns of the session they lie in. Where one ends in the instant in which the next begins, the event counts
 * for the next.
 */
function withSessions(
  dialect: Dialect,
  config: Config,
  events: Sql,
  columns: readonly string[],
  ofSession: readonly string[],
  from: string | null,
): Sql {
  const read = [...new Set(['session_id', 'anonymous_id', 'started_at', 'ended_at', ...ofSession])];
  // No session is longer.
  const longest = raw(String(-longestMicros(config)));
  const inRange =
    from === null
      ? raw('true')
      : sql`sessions.started_at >= ${dialect.timestampAdd(sql`${param(from, 'TIMESTAMP')}`, longest, 'MICROSECOND')}`;
  return sql`
        select
          ${list(columns, 'named_events')}, visits.session_id${ofSession.map((name) => sql`, visits.${raw(name)} as ${raw(`session_${name}`)}`).reduce((all, one) => sql`${all}${one}`, sql``)}
        from (${events}
        ) as named_events
        left join (
          select ${list(read, 'sessions')} from ${table(SESSIONS.name)} as sessions where ${inRange}
        ) as visits
          on visits.anonymous_id = named_events.anonymous_id
          and visits.started_at <= named_events.occurred_at and visits.ended_at >= named_events.occurred_at
        where true
        qualify row_number() over (
          partition by named_events.write_key_id, named_events.message_id
          order by visits.started_at desc nulls last, visits.session_id nulls first
        ) = 1`;
}

const list = (columns: readonly string[], alias: string): Sql => join(columns.map((name) => raw(`${alias}.${name}`)));
