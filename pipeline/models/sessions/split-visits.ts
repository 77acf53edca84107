import type { Config } from '../../config/schema.ts';
import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, join, raw, sql } from '../../warehouse/sql.ts';
import { clickIdKinds } from './traffic-source.ts';
import { EVENT_ORDER, UTM, type VisitEvents, campaignSignature, longestMicros, text, timeoutMicros } from './visit-events.ts';

/** Above every ordinal of an event: puts the events that do not qualify behind those that do, in their own order. */
const BEHIND = raw('1000000000000000');

const EVENT_COLUMNS = [
  'write_key_id',
  'message_id',
  'anonymous_id',
  'type',
  'occurred_at',
  'sequence',
  'page_path',
  'referrer',
  'click_ids',
  'country',
  'region',
  'city',
  'device_type',
  'browser',
  'os',
  'engaged_seconds',
  'page_url',
  ...UTM,
] as const;
/** Columns that are read without outer spaces. */
const TEXTS: ReadonlySet<string> = new Set(['page_url', ...UTM]);

/**
 * CTEs that make sessions of the events of the `split_visitors`, looking at each event in its order. A session ends
 * - where the next event is more than the time-out later,
 * - where an event brings a campaign or a click id other than the last one since the pause (the landing addresses of a
 *   visit may repeat theirs on every event),
 * - and each full `maximumHours` after the start that these two rules give, whether or not there is a pause.
 *
 * @returns CTEs of which `split_sessions` has anonymous_id, started_at, ended_at, events, page_views, engaged_micros and
 *   the structs opening (write_key_id, message_id), landing, campaign, click, place and device.
 */
export function splitVisitCtes(dialect: Dialect, config: Config, visitEvents: VisitEvents): Sql {
  const timeout = raw(String(timeoutMicros(config)));
  const longest = raw(String(longestMicros(config)));
  const pause = dialect.timestampDiff(raw('occurred_at'), raw('previous_at'), 'MICROSECOND');
  const sinceStart = dialect.timestampDiff(raw('occurred_at'), raw('visit_started_at'), 'MICROSECOND');
  const first = (condition: string, members: readonly string[]) =>
    dialect.firstValue(
      dialect.struct(Object.fromEntries(members.map((name) => [name, raw(name)]))),
      sql`if(${raw(condition)}, ordinal, ordinal + ${BEHIND}) nulls first`,
    );
  return sql`
    split_events as (
      select ${join(EVENT_COLUMNS.map((name) => raw(`events.${name}`)))}
      from ${visitEvents.of(EVENT_COLUMNS, 'events')}
      inner join split_visitors on split_visitors.anonymous_id = events.anonymous_id
    ),
    clicks as (
      select split_events.write_key_id, split_events.message_id, ${dialect.lower(raw('click.name'))} as name, click.value as value
      from split_events, ${dialect.unnest(raw('split_events.click_ids'), 'click')}
    ),
    event_clicks as (
      select
        clicks.write_key_id,
        clicks.message_id,
        string_agg(${dialect.concat(raw('clicks.name'), raw("'='"), raw('clicks.value'))}, '&' order by clicks.name nulls first, clicks.value nulls first) as click_signature,
        min(kind.priority) as click_priority
      from clicks
      left join ${clickIdKinds(dialect)} on kind.name = clicks.name
      group by clicks.write_key_id, clicks.message_id
    ),
    visit_events as (
      select
        ${join(EVENT_COLUMNS.map((name) => (TEXTS.has(name) ? sql`${text(dialect, `split_events.${name}`)} as ${raw(name)}` : raw(`split_events.${name}`))))},
        event_clicks.click_signature, event_clicks.click_priority
      from split_events
      left join event_clicks
        on event_clicks.write_key_id = split_events.write_key_id and event_clicks.message_id = split_events.message_id
    ),
    signed_events as (
      select visit_events.*, ${campaignSignature(dialect)} as campaign_signature
      from visit_events
    ),
    ordered_events as (
      select
        signed_events.*,
        row_number() over visitor as ordinal,
        lag(occurred_at) over visitor as previous_at,
        ${previous(raw('campaign_signature'), 'campaign_signature')} as previous_campaign,
        ${previous(raw('campaign_signature'), 'occurred_at')} as previous_campaign_at,
        ${previous(raw('click_signature'), 'click_signature')} as previous_click,
        ${previous(raw('click_signature'), 'occurred_at')} as previous_click_at
      from signed_events
      window visitor as (partition by anonymous_id order by ${EVENT_ORDER})
    ),
    paused_events as (
      select
        ordered_events.*,
        coalesce(${pause} > ${timeout}, true) as is_after_pause,
        max(if(coalesce(${pause} > ${timeout}, true), occurred_at, null)) over (${soFar}) as pause_ended_at
      from ordered_events
    ),
    marked_events as (
      select
        paused_events.*,
        is_after_pause
          or coalesce(campaign_signature is not null and (previous_campaign_at < pause_ended_at or previous_campaign <> campaign_signature), true)
          or coalesce(click_signature is not null and (previous_click_at < pause_ended_at or previous_click <> click_signature), true)
          as starts_visit
      from paused_events
    ),
    visits as (
      select
        marked_events.*,
        max(if(starts_visit, ordinal, null)) over (${soFar}) as visit_ordinal,
        max(if(starts_visit, occurred_at, null)) over (${soFar}) as visit_started_at
      from marked_events
    ),
    parted_events as (
      select visits.*, ${dialect.intDiv(sinceStart, longest)} as part from visits
    ),
    split_sessions as (
      select
        anonymous_id,
        min(occurred_at) as started_at,
        max(occurred_at) as ended_at,
        count(*) as events,
        countif(type = 'page') as page_views,
        coalesce(sum(${dialect.micros(raw('engaged_seconds'))}), 0) as engaged_micros,
        ${first('true', ['write_key_id', 'message_id'])} as opening,
        ${first('page_url is not null', ['page_url', 'page_path', 'referrer'])} as landing,
        ${first('campaign_signature is not null', UTM)} as campaign,
        ${first('click_signature is not null', ['click_ids', 'click_priority'])} as click,
        ${first('country is not null', ['country', 'region', 'city'])} as place,
        ${first('device_type is not null or browser is not null', ['device_type', 'browser', 'os'])} as device
      from parted_events
      group by anonymous_id, visit_ordinal, part
    )`;
}

const soFar = raw('partition by anonymous_id order by ordinal nulls first rows between unbounded preceding and current row');

/** The value that the last earlier event of the visitor with a `signature` has in a column. */
function previous(signature: Sql, column: string): Sql {
  return sql`last_value(if(${signature} is not null, ${raw(column)}, null) ignore nulls)
          over (visitor rows between unbounded preceding and 1 preceding)`;
}
