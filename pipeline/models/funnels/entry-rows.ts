import type { EventFunnel } from '../../config/funnels.ts';
import type { Config } from '../../config/schema.ts';
import type { Dialect } from '../../warehouse/dialect.ts';
import { join, raw, sql, type Sql, table } from '../../warehouse/sql.ts';
import { comparisonsOf, filterSql } from '../dimensions/filter.ts';
import { SESSIONS } from '../sessions/tables.ts';
import { allVisitEvents, EVENT_ORDER } from '../sessions/visit-events.ts';
import { STAGED_FUNNEL_VISITORS } from './tables.ts';

const HOUR_MICROS = 3_600_000_000;
const COLUMNS = ['write_key_id', 'message_id', 'anonymous_id', 'occurred_at', 'sequence', 'type', 'event', 'page_path', 'properties'];

/**
 * The rows of report_event_funnels of one funnel. Events are those that sessions are made of, in the order of the visitor.
 *
 * An entry is an event that is the first step, in a session: the first of each session or, with a window, the first of each
 * stretch of that many hours, which follow each other from the visitor's first entry on. From the entry on the earliest event
 * after it that is the second step counts as such, from there on the earliest that is the third, and so on: within the
 * session, or until the window after the entry has passed or the next entry comes. No event is two steps of a way, or a step of two ways.
 * In strict order a way ends with the first event that is another step of the funnel than the next, repetitions of the step
 * the visitor stands on left aside.
 *
 * @param scope `staged`: of the visitors in staged_funnel_visitors only.
 */
export function entryRows(dialect: Dialect, { project }: Pick<Config, 'project'>, funnel: EventFunnel, scope: 'all' | 'staged'): Sql {
  const { steps } = funnel;
  const later = steps.slice(1).map(
    (_, i) => sql`${raw(`reached_${i + 2}`)} as (${nextStep(funnel, i + 2)}
    )`,
  );
  const rows = steps.map(
    (_, i) => sql`
    select
      ${funnel.name} as funnel_name, write_key_id, message_id, ${raw(String(i + 1))} as step, anonymous_id, session_id,
      ${dialect.localDate(raw('entered_at'), project.timeZone)} as entry_date, happened_micros - entry_micros as since_entry_micros,
      happened_micros - previous_micros as since_previous_micros
    from ${raw(`reached_${i + 1}`)}`,
  );
  return sql`
    with happened as (${matchedEvents(dialect, funnel, scope)}
    ),
    placed as (${withSessions(funnel)}
    ),
    reached_1 as (${funnel.windowHours === undefined ? entriesOfSessions() : entriesOfWindows(dialect, funnel.windowHours)}
    ),
    ${join(later, ',\n    ')}${join(rows, '\n    union all')}`;
}

const flagsOf = ({ steps }: EventFunnel): string[] => steps.map((_, i) => `is_${i + 1}`);

/** Events that are a step, with which. */
function matchedEvents(dialect: Dialect, funnel: EventFunnel, scope: 'all' | 'staged'): Sql {
  const { steps } = funnel;
  const asked = steps
    .flatMap(({ filter }) => (filter === undefined ? [] : comparisonsOf(filter)))
    .flatMap(({ dimension }) => dimension ?? []);
  const columns = [...new Set([...COLUMNS, ...asked])];
  const conditions = steps.map(({ event, page_path, filter }) => {
    const isNamed = event !== undefined ? sql`type = 'track' and event = ${event}` : sql`type = 'page' and page_path = ${page_path!}`;
    const passes =
      filter === undefined
        ? []
        : [filterSql(dialect, filter, { dimension: (name) => raw(`visits.${name}`), properties: raw('properties') })];
    return sql`coalesce(${join([isNamed, ...passes], ' and ')}, false)`;
  });
  const only =
    scope === 'all'
      ? sql``
      : sql`
        inner join ${table(STAGED_FUNNEL_VISITORS.name)} as staged on staged.anonymous_id = visits.anonymous_id`;
  const own = raw(
    COLUMNS.slice(0, 5)
      .map((name) => `visits.${name}`)
      .join(', '),
  );
  const flags = flagsOf(funnel);
  return sql`
      select
        write_key_id, message_id, anonymous_id, occurred_at, ${dialect.unixMicros(raw('occurred_at'))} as happened_micros,
        row_number() over (partition by anonymous_id order by ${EVENT_ORDER}) as position, ${raw(flags.join(', '))}
      from (
        select ${own}, ${join(conditions.map((condition, i) => sql`${condition} as ${raw(flags[i]!)}`))}
        from ${allVisitEvents().of(columns, 'visits')}${only}
      ) as flagged
      where ${raw(flags.join(' or '))}`;
}

/** With the session each lies in: where one ends as the next begins, the next. */
function withSessions(funnel: EventFunnel): Sql {
  const own = ['write_key_id', 'message_id', 'anonymous_id', 'occurred_at', 'happened_micros', 'position', ...flagsOf(funnel)];
  return sql`
      select ${raw(own.map((name) => `happened.${name}`).join(', '))}, visits.session_id
      from happened
      left join ${table(SESSIONS.name)} as visits
        on visits.anonymous_id = happened.anonymous_id
        and visits.started_at <= happened.occurred_at and visits.ended_at >= happened.occurred_at
      where true
      qualify row_number() over (
        partition by happened.write_key_id, happened.message_id order by visits.started_at desc nulls last, visits.session_id nulls first
      ) = 1`;
}

const ENTRY = raw(
  'write_key_id, message_id, anonymous_id, session_id, occurred_at as entered_at, happened_micros as entry_micros, happened_micros as previous_micros, happened_micros, position',
);

function entriesOfSessions(): Sql {
  return sql`
      select ${ENTRY}, cast(null as int64) as next_position
      from placed
      where is_1 and session_id is not null
      qualify row_number() over (partition by session_id order by position nulls first) = 1`;
}

function entriesOfWindows(dialect: Dialect, hours: number): Sql {
  const since = raw('happened_micros - min(happened_micros) over (partition by anonymous_id)');
  return sql`
      select ${ENTRY}, lead(position) over (partition by anonymous_id order by position nulls first) as next_position
      from (
        select write_key_id, message_id, anonymous_id, session_id, occurred_at, happened_micros, position
        from (
          select
            write_key_id, message_id, anonymous_id, session_id, occurred_at, happened_micros, position,
            ${dialect.intDiv(since, raw(String(hours * HOUR_MICROS)))} as stretch
          from placed
          where is_1 and session_id is not null
        ) as firsts
        where true
        qualify row_number() over (partition by anonymous_id, stretch order by position nulls first) = 1
      ) as entries`;
}

/** The ways that reached a step, from those that reached the one before. */
function nextStep({ windowHours, order }: EventFunnel, step: number): Sql {
  const within =
    windowHours === undefined
      ? raw('placed.session_id = ways.session_id')
      : raw(
          `placed.happened_micros <= ways.entry_micros + ${windowHours * HOUR_MICROS} and (ways.next_position is null or placed.position < ways.next_position)`,
        );
  const isNext = order === 'strict' ? raw(`(placed.is_${step} or not placed.is_${step - 1})`) : raw(`placed.is_${step}`);
  return sql`
      select write_key_id, message_id, anonymous_id, session_id, entered_at, entry_micros, previous_micros, happened_micros, position, next_position
      from (
        select
          ways.write_key_id, ways.message_id, ways.anonymous_id, ways.session_id, ways.entered_at, ways.entry_micros,
          ways.happened_micros as previous_micros, placed.happened_micros, placed.position, ways.next_position, placed.is_${raw(String(step))} as is_step
        from ${raw(`reached_${step - 1}`)} as ways
        inner join placed on placed.anonymous_id = ways.anonymous_id and placed.position > ways.position and ${within}
        where ${isNext}
        qualify row_number() over (partition by ways.write_key_id, ways.message_id order by placed.position nulls first) = 1
      ) as found
      where is_step`;
}
