import type { Config } from '../../config/schema.ts';
import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, join, raw, sql, table } from '../../warehouse/sql.ts';
import { EVENTS } from '../events/tables.ts';
import type { Step } from '../step.ts';
import { projectSites } from './site-lookup.ts';
import { SESSIONS } from './tables.ts';
import { clickIdKinds, trafficSourceCtes, unreserved } from './traffic-source.ts';

const MICROS_PER_MINUTE = 60_000_000;
const MICROS_PER_HOUR = 60 * MICROS_PER_MINUTE;
/** Above every ordinal of an event: puts the events that do not qualify behind those that do, in their own order. */
const BEHIND = raw('1000000000000000');
const UTM = ['utm_source', 'utm_medium', 'utm_campaign', 'utm_term', 'utm_content', 'utm_id'] as const;

/** events → sessions. */
export const sessions: Step = async ({ warehouse, config }) => ({
  changes: {
    sessions: await warehouse.merge(SESSIONS, sessionRows(warehouse.dialect, config), { deleteUnmatched: true, label: 'sessions' }),
  },
  warnings: [],
});

/**
 * Events that take part in sessions: visitors' own. A pixel event has neither the visitor's address nor a page behind
 * it: it opens no session and prolongs none.
 */
export const IS_VISIT = raw(
  "anonymous_id is not null and not is_bot and not is_internal and coalesce(library <> 'pixel' and not starts_with(library, 'pixel/'), true)",
);

/**
 * All sessions. A session ends
 * - where the next event is more than the time-out later,
 * - where an event brings a campaign or a click id other than the last one since the pause (the landing addresses of a
 *   visit may repeat theirs on every event),
 * - and each full `maximumHours` after the start that these two rules give, whether or not there is a pause.
 *
 * The event order within a visitor is (occurred_at, sequence, message_id).
 */
export function sessionRows(dialect: Dialect, config: Config): Sql {
  const timeout = raw(String(config.sessions.timeoutMinutes * MICROS_PER_MINUTE));
  const longest = raw(String(config.sessions.maximumHours * MICROS_PER_HOUR));
  const pause = dialect.timestampDiff(raw('occurred_at'), raw('previous_at'), 'MICROSECOND');
  const sinceStart = dialect.timestampDiff(raw('occurred_at'), raw('visit_started_at'), 'MICROSECOND');
  const first = (condition: string, members: readonly string[]) =>
    dialect.firstValue(
      dialect.struct(Object.fromEntries(members.map((name) => [name, raw(name)]))),
      sql`if(${raw(condition)}, ordinal, ordinal + ${BEHIND}) nulls first`,
    );
  return sql`
    with clicks as (
      select events.write_key_id, events.message_id, lower(click.name) as name, click.value as value
      from ${table(EVENTS.name)} as events, ${dialect.unnest(raw('events.click_ids'), 'click')}
      where ${IS_VISIT}
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
        events.write_key_id, events.message_id, events.anonymous_id, events.type, events.occurred_at, events.sequence,
        ${text('events.page_url')} as page_url, events.page_path, events.referrer,
        ${join(UTM.map((name) => sql`${text(`events.${name}`)} as ${raw(name)}`))},
        events.click_ids, event_clicks.click_signature, event_clicks.click_priority,
        events.country, events.region, events.city, events.device_type, events.browser, events.os, events.engaged_seconds
      from ${table(EVENTS.name)} as events
      left join event_clicks
        on event_clicks.write_key_id = events.write_key_id and event_clicks.message_id = events.message_id
      where ${IS_VISIT}
    ),
    signed_events as (
      select
        visit_events.*,
        case when ${join(
          UTM.map((name) => sql`${raw(name)} is not null`),
          ' or ',
        )} then ${dialect.concat(...UTM.flatMap((name) => [sql`coalesce(${raw(name)}, '')`, sql`${'\n'}`]))} end as campaign_signature
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
      window visitor as (
        partition by anonymous_id
        order by occurred_at nulls first, sequence nulls first, message_id nulls first, write_key_id nulls first
      )
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
    grouped_sessions as (
      select
        anonymous_id,
        min(occurred_at) as started_at,
        max(occurred_at) as ended_at,
        count(*) as events,
        countif(type = 'page') as page_views,
        coalesce(sum(${dialect.micros(raw('engaged_seconds'))}), 0) / 1000000 as engaged_seconds,
        ${first('true', ['write_key_id', 'message_id'])} as opening,
        ${first('page_url is not null', ['page_url', 'page_path', 'referrer'])} as landing,
        ${first('campaign_signature is not null', UTM)} as campaign,
        ${first('click_signature is not null', ['click_ids', 'click_priority'])} as click,
        ${first('country is not null', ['country', 'region', 'city'])} as place,
        ${first('device_type is not null or browser is not null', ['device_type', 'browser', 'os'])} as device
      from parted_events
      group by anonymous_id, visit_ordinal, part
    ),
    keyed_sessions as (
      select
        ${sessionId(dialect)} as session_key,
        anonymous_id, started_at, ended_at, events, page_views, engaged_seconds,
        landing.page_url as landing_url, landing.page_path as landing_path, landing.referrer as referrer,
        ${join(UTM.map((name) => raw(`campaign.${name} as ${name}`)))},
        click.click_ids as click_ids, click.click_priority as click_priority,
        place.country as country, place.region as region, place.city as city,
        device.device_type as device_type, device.browser as browser, device.os as os
      from grouped_sessions
    ),
    ${trafficSourceCtes(dialect, 'keyed_sessions', projectSites(config.site.domains), config.costs)}
    select
      keyed_sessions.session_key as session_id,
      keyed_sessions.anonymous_id, keyed_sessions.started_at, keyed_sessions.ended_at,
      ${dialect.localDate(raw('keyed_sessions.started_at'), config.project.timeZone)} as start_date,
      keyed_sessions.events, keyed_sessions.page_views, keyed_sessions.engaged_seconds,
      keyed_sessions.landing_url, ${dimension('landing_path')}, keyed_sessions.referrer,
      ${join(UTM.map((name) => raw(`keyed_sessions.${name}`)))},
      keyed_sessions.click_ids,
      sourced_visits.source, sourced_visits.medium,
      ${dimension('utm_campaign', 'campaign')}, ${dimension('utm_term', 'term')}, ${dimension('utm_content', 'content')},
      sourced_visits.channel, sourced_visits.ad_platform, sourced_visits.is_direct,
      ${dimension('country')}, ${dimension('region')}, ${dimension('city')},
      ${dimension('device_type')}, ${dimension('browser')}, keyed_sessions.os
    from keyed_sessions
    inner join sourced_visits on sourced_visits.session_key = keyed_sessions.session_key`;
}

const soFar = raw('partition by anonymous_id order by ordinal nulls first rows between unbounded preceding and current row');

/** A column that reports break down by. */
function dimension(column: string, name = column): Sql {
  return sql`${unreserved(raw(`keyed_sessions.${column}`))} as ${raw(name)}`;
}

/** A text without its outer spaces; NULL where nothing is left. */
function text(name: string): Sql {
  return sql`nullif(trim(${raw(name)}), '')`;
}

/** The value that the last earlier event of the visitor with a `signature` has in a column. */
function previous(signature: Sql, column: string): Sql {
  return sql`last_value(if(${signature} is not null, ${raw(column)}, null) ignore nulls)
          over (visitor rows between unbounded preceding and 1 preceding)`;
}

/**
 * Hash of the visitor and the first event. An event is known by its write key and message id; the lengths keep two
 * different triples from reading the same.
 */
function sessionId(dialect: Dialect): Sql {
  const part = (name: string) => [dialect.castText(sql`length(${raw(name)})`), raw("':'"), raw(name)];
  return dialect.sha256Hex(dialect.concat(...part('anonymous_id'), ...part('opening.message_id'), raw('opening.write_key_id')));
}
