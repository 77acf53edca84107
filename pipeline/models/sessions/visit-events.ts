import type { Config } from '../../config/schema.ts';
import { standsIn } from '../../warehouse/days.ts';
import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, join, raw, sql, table } from '../../warehouse/sql.ts';
import { EVENTS } from '../events/tables.ts';
import { STAGED_ISLANDS } from './tables.ts';

const MICROS_PER_MINUTE = 60_000_000;
const MICROS_PER_HOUR = 60 * MICROS_PER_MINUTE;

export const UTM = ['utm_source', 'utm_medium', 'utm_campaign', 'utm_term', 'utm_content', 'utm_id'] as const;

/** The order of the events of a visitor. */
export const EVENT_ORDER = raw('occurred_at nulls first, sequence nulls first, message_id nulls first, write_key_id nulls first');

/**
 * Events that take part in sessions: visitors' own. A pixel event has neither the visitor's address nor a page behind
 * it: it opens no session and prolongs none.
 */
const IS_VISIT = raw(
  "anonymous_id is not null and not is_bot and not is_internal and coalesce(library <> 'pixel' and not starts_with(library, 'pixel/'), true)",
);

/** The events that sessions are made of. */
export interface VisitEvents {
  /** A FROM item of these columns, under an alias. */
  readonly of: (columns: readonly string[], alias: string) => Sql;
}

const FIRST_COLUMNS = ['anonymous_id', 'is_bot', 'is_internal', 'library'];

/** All of them. */
export function allVisitEvents(): VisitEvents {
  return {
    of: (columns, alias) =>
      sql`(select ${join(columns.map((name) => raw(name)))} from ${table(EVENTS.name)} where ${IS_VISIT}) as ${raw(alias)}`,
  };
}

/**
 * Those of the staged islands.
 * @param days of occurred_at, in which all of them lie.
 */
export function islandVisitEvents(dialect: Dialect, days: readonly string[]): VisitEvents {
  return {
    of: (columns, alias) => {
      const read = [...new Set([...FIRST_COLUMNS, 'occurred_at', ...columns])];
      return sql`(
        select ${join(columns.map((name) => raw(`events.${name}`)))}
        from (
          select ${join(read.map((name) => raw(name)))}
          from ${table(EVENTS.name)}
          where ${standsIn(dialect, EVENTS, raw('occurred_at'), days)} and ${IS_VISIT}
        ) as events
        inner join ${table(STAGED_ISLANDS.name)} as islands
          on islands.anonymous_id = events.anonymous_id
          and events.occurred_at >= islands.first_at and events.occurred_at <= islands.last_at
      ) as ${raw(alias)}`;
    },
  };
}

/** Microseconds without an event after which the next one opens a session. */
export function timeoutMicros({ sessions }: Config): number {
  return sessions.timeoutMinutes * MICROS_PER_MINUTE;
}

/** Microseconds after which a session is cut. */
export function longestMicros({ sessions }: Config): number {
  return sessions.maximumHours * MICROS_PER_HOUR;
}

/** A text without its outer spaces; NULL where nothing is left. */
export function text(dialect: Dialect, name: string): Sql {
  return sql`nullif(${dialect.trim(raw(name))}, '')`;
}

/** What tells two campaigns apart: all UTM parameters; NULL where an event has none. The columns hold texts as of {@link text}. */
export function campaignSignature(dialect: Dialect): Sql {
  const isTagged = join(
    UTM.map((name) => sql`${raw(name)} is not null`),
    ' or ',
  );
  return sql`case when ${isTagged} then ${dialect.concat(...UTM.flatMap((name) => [sql`coalesce(${raw(name)}, '')`, sql`${'\n'}`]))} end`;
}
