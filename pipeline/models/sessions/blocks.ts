import type { Config } from '../../config/schema.ts';
import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, join, raw, sql } from '../../warehouse/sql.ts';
import { UTM, type VisitEvents, longestMicros, text, timeoutMicros } from './visit-events.ts';

/** Microseconds from the year 1, where both engines' calendars begin, to 1970: added, no time is negative. */
const MICROS_BEFORE_1970 = raw('62135596800000000');

/** What is read of the event that opens a session, beside its time. */
export const OPENING_COLUMNS = [
  'write_key_id',
  'message_id',
  'page_url',
  'page_path',
  'referrer',
  ...UTM,
  'click_ids',
  'country',
  'region',
  'city',
  'device_type',
  'browser',
  'os',
] as const;

/**
 * CTEs that find the blocks of all visitors (maximal runs of events without a pause) and the event that opens each, and
 * tell the visitors of whom each block is one session from those of whom one may not be.
 *
 * Nearly all blocks are one session, and everything about it stands in its first event. To order all events for the sake
 * of the others would be most of the work, so the events are not ordered at all: those of a visitor that fall into the
 * same slot of time, as long as the time-out, belong together whatever their order; only the slots are ordered, and of
 * these only those of visitors with two that follow one another without a pause. All others are a block each: between the
 * events of slots that are not neighbours lies more than the time-out.
 *
 * @returns CTEs of which
 *   `openings` has anonymous_id, started_at, ended_at, events, page_views, engaged_micros and {@link OPENING_COLUMNS}
 *   (page_url and the UTM parameters without outer spaces), a row for each event at the first instant of a block;
 *   `split_visitors` has the anonymous_id of the visitors with a block that may not be one session, or whose first event
 *   does not say all: those are to be looked at event by event.
 */
export function blockCtes(dialect: Dialect, config: Config, visitEvents: VisitEvents): Sql {
  const timeout = raw(String(timeoutMicros(config)));
  const longest = raw(String(longestMicros(config)));
  const slot = dialect.intDiv(sql`${dialect.unixMicros(raw('occurred_at'))} + ${MICROS_BEFORE_1970}`, timeout);
  const pause = dialect.timestampDiff(raw('first_at'), raw('previous_at'), 'MICROSECOND');
  const isTagged = join([...UTM.map((name) => sql`${raw(name)} is not null`), raw('array_length(click_ids) > 0')], ' or ');
  return sql`
    slots as (
      select
        anonymous_id, ${slot} as slot,
        min(occurred_at) as first_at, max(occurred_at) as last_at,
        count(*) as events, countif(type = 'page') as page_views, sum(${dialect.micros(raw('engaged_seconds'))}) as engaged_micros
      from ${visitEvents.of(['anonymous_id', 'occurred_at', 'type', 'engaged_seconds'], 'visit_events')}
      group by anonymous_id, slot
    ),
    continued_visitors as (
      select distinct slots.anonymous_id
      from slots
      inner join slots as former on former.anonymous_id = slots.anonymous_id and former.slot = slots.slot - 1
      where ${dialect.timestampDiff(raw('slots.first_at'), raw('former.last_at'), 'MICROSECOND')} <= ${timeout}
    ),
    paused_slots as (
      select
        anonymous_id, slot, first_at, last_at, events, page_views, engaged_micros,
        lag(last_at) over (partition by anonymous_id order by first_at nulls first) as previous_at
      from slots
      where anonymous_id in (select anonymous_id from continued_visitors)
    ),
    placed_slots as (
      select
        anonymous_id, slot, last_at, events, page_views, engaged_micros,
        last_value(if(coalesce(${pause} > ${timeout}, true), first_at, null) ignore nulls) over (
          partition by anonymous_id order by first_at nulls first rows between unbounded preceding and current row
        ) as started_at
      from paused_slots
    ),
    lone_slots as (
      select anonymous_id, slot, last_at, events, page_views, engaged_micros, first_at as started_at
      from slots
      where anonymous_id not in (select anonymous_id from continued_visitors)
    ),
    blocks as (
      select anonymous_id, started_at, last_at as ended_at, events, page_views, coalesce(engaged_micros, 0) as engaged_micros
      from lone_slots
      union all
      select
        anonymous_id, started_at,
        max(last_at) as ended_at, sum(events) as events, sum(page_views) as page_views, coalesce(sum(engaged_micros), 0) as engaged_micros
      from placed_slots
      group by anonymous_id, started_at
    ),
    tagged_slots as (
      select anonymous_id, ${slot} as slot, min(occurred_at) as tagged_at, min(tag) as least_tag, max(tag) as greatest_tag
      from (
        select anonymous_id, occurred_at, ${tag(dialect)} as tag
        from ${visitEvents.of(['anonymous_id', 'occurred_at', 'click_ids', ...UTM], 'visit_events')}
        where ${isTagged}
      ) as tagged_events
      group by anonymous_id, slot
    ),
    tagged_blocks as (
      select
        placed_slots.anonymous_id, placed_slots.started_at,
        min(tagged_at) as tagged_at, min(least_tag) as least_tag, max(greatest_tag) as greatest_tag
      from (
        select anonymous_id, slot, started_at from lone_slots
        union all
        select anonymous_id, slot, started_at from placed_slots
      ) as placed_slots
      inner join tagged_slots on tagged_slots.anonymous_id = placed_slots.anonymous_id and tagged_slots.slot = placed_slots.slot
      group by placed_slots.anonymous_id, placed_slots.started_at
    ),
    openings as (
      select
        blocks.anonymous_id, blocks.started_at, blocks.ended_at, blocks.events, blocks.page_views, blocks.engaged_micros,
        ${openingColumns(dialect)}
      from ${visitEvents.of(['anonymous_id', 'occurred_at', ...OPENING_COLUMNS], 'opening')}
      inner join blocks on blocks.anonymous_id = opening.anonymous_id and blocks.started_at = opening.occurred_at
    ),
    silent_visitors as (
      select
        anonymous_id,
        countif(page_url is null) > 0 as lacks_page,
        countif(country is null) > 0 as lacks_place,
        countif(device_type is null and browser is null) > 0 as lacks_device
      from openings
      where page_url is null or country is null or (device_type is null and browser is null)
      group by anonymous_id
    ),
    split_visitors as (
      select anonymous_id from blocks where ${dialect.timestampDiff(raw('ended_at'), raw('started_at'), 'MICROSECOND')} >= ${longest}
      union distinct
      select anonymous_id from tagged_blocks where tagged_at > started_at or least_tag <> greatest_tag
      union distinct
      select anonymous_id from openings group by anonymous_id, started_at having count(*) > 1
      union distinct
      select silent_visitors.anonymous_id
      from ${visitEvents.of(['anonymous_id', 'page_url', 'country', 'device_type', 'browser'], 'visit_events')}
      inner join silent_visitors on silent_visitors.anonymous_id = visit_events.anonymous_id
      where (silent_visitors.lacks_page and ${text(dialect, 'visit_events.page_url')} is not null)
        or (silent_visitors.lacks_place and visit_events.country is not null)
        or (silent_visitors.lacks_device and (visit_events.device_type is not null or visit_events.browser is not null))
    )`;
}

/** Campaign and click ids of an event as they came: where two events have the same, neither brings another than the other. */
function tag(dialect: Dialect): Sql {
  const texts = UTM.flatMap((name) => [sql`coalesce(${raw(name)}, '')`, sql`${'\n'}`]);
  return dialect.concat(...texts, sql`if(array_length(click_ids) > 0, ${dialect.jsonString(raw('click_ids'))}, '')`);
}

function openingColumns(dialect: Dialect): Sql {
  const trimmed = new Set<string>(['page_url', ...UTM]);
  return join(
    OPENING_COLUMNS.map((name) => (trimmed.has(name) ? sql`${text(dialect, `opening.${name}`)} as ${raw(name)}` : raw(`opening.${name}`))),
  );
}
