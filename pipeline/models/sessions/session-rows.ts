import type { Config } from '../../config/schema.ts';
import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, join, raw, sql } from '../../warehouse/sql.ts';
import { NOT_ATTRIBUTED } from '../reports/publication.ts';
import { blockCtes } from './blocks.ts';
import { askedFields } from './channels.ts';
import { projectClickIds } from './click-ids.ts';
import { fewRows } from './few-rows.ts';
import { upToHost } from './site-addresses.ts';
import { projectSites } from './site-lookup.ts';
import { splitVisitCtes } from './split-visits.ts';
import { clickIdKinds, trafficSourceCtes, unreserved } from './traffic-source.ts';
import { UTM, type VisitEvents } from './visit-events.ts';

const PLACE = ['country', 'region', 'city'];
const DEVICE = ['device_type', 'browser', 'os'];

/**
 * What decides about the source of a session. Millions of sessions arrive in a few thousand ways: only these are looked at.
 * Texts are empty where there is none, so that they join.
 */
const WAY = ['way_source', 'way_medium', 'way_campaign', 'way_has_id', 'way_click', 'way_landing', 'way_referrer'];

/** What is then known of it. */
const SOURCE = ['source', 'medium', 'channel', 'ad_platform', 'is_direct'];

/**
 * The sessions of all these events. Visitors whose blocks are one session each have them from {@link blockCtes}; of the
 * others each event is looked at, by {@link splitVisitCtes}, which defines what a session is.
 */
export function sessionRows(dialect: Dialect, config: Config, visitEvents: VisitEvents): Sql {
  const arrived = arrivedSessions(dialect, config);
  const sourcedWays = sql`
        select
          numbered_ways.session_key, ${join(WAY.map((name) => raw(`numbered_ways.${name}`)))},
          ${join(SOURCE.map((name) => raw(`sourced_visits.${name}`)))}
        from numbered_ways
        inner join sourced_visits on sourced_visits.session_key = numbered_ways.session_key`;
  return sql`
    with ${blockCtes(dialect, config, visitEvents)},
    ${splitVisitCtes(dialect, config, visitEvents)},
    opening_clicks as (
      select clicks.anonymous_id, clicks.started_at, min(kind.priority) as click_priority
      from (
        select openings.anonymous_id, openings.started_at, ${dialect.lower(raw('click.name'))} as name
        from openings, ${dialect.unnest(raw('openings.click_ids'), 'click')}
      ) as clicks
      inner join ${clickIdKinds(dialect)} on kind.name = clicks.name
      group by clicks.anonymous_id, clicks.started_at
    ),
    ways as (
      select distinct ${join(WAY.map((name) => raw(name)))} from (${arrived}) as arrived_sessions
    ),
    numbered_ways as (
      select
        ${join(WAY.map((name) => raw(name)))},
        row_number() over (order by ${join(WAY.map((name) => raw(`${name} nulls first`)))}) as session_key,
        nullif(way_source, '') as utm_source, nullif(way_medium, '') as utm_medium, nullif(way_campaign, '') as utm_campaign,
        if(way_has_id, 'id', null) as utm_id, nullif(way_click, -1) as click_priority,
        nullif(way_landing, '') as landing_url, nullif(way_referrer, '') as referrer
      from ways
    ),
    ${trafficSourceCtes(dialect, 'numbered_ways', projectSites(config.site.domains, config.channels.sites), config.costs, config.channels)},
    sourced_ways as (${fewRows(dialect, sourcedWays, [...WAY, ...SOURCE], 'session_key')}
    )
    select
      keyed_sessions.session_key as session_id,
      keyed_sessions.anonymous_id, keyed_sessions.started_at, keyed_sessions.ended_at,
      ${dialect.localDate(raw('keyed_sessions.started_at'), config.project.timeZone)} as start_date,
      keyed_sessions.events, keyed_sessions.page_views, keyed_sessions.engaged_micros / 1000000 as engaged_seconds,
      keyed_sessions.landing_url, ${dimension(dialect, 'landing_path')}, keyed_sessions.referrer,
      ${join(UTM.map((name) => raw(`keyed_sessions.${name}`)))},
      keyed_sessions.click_ids,
      sourced_ways.source, sourced_ways.medium,
      ${dimension(dialect, 'utm_campaign', 'campaign')}, ${dimension(dialect, 'utm_term', 'term')}, ${dimension(dialect, 'utm_content', 'content')},
      sourced_ways.channel, sourced_ways.ad_platform, sourced_ways.is_direct,
      ${dimension(dialect, 'country')}, ${dimension(dialect, 'region')}, ${dimension(dialect, 'city')},
      ${dimension(dialect, 'device_type')}, ${dimension(dialect, 'browser')}, keyed_sessions.os
    from (${arrived}) as keyed_sessions
    inner join sourced_ways
      on ${join(
        WAY.map((name) => raw(`sourced_ways.${name} = keyed_sessions.${name}`)),
        ' and ',
      )}`;
}

/**
 * Query of the sessions with their ways, not yet their sources. It is read twice, for the ways and for the sessions, and is
 * spelled out both times: DuckDB keeps a copy of what a CTE gives that is read twice, here of all sessions with all their
 * texts, while the few columns of the ways are made from the openings in no time.
 */
function arrivedSessions(dialect: Dialect, config: Config): Sql {
  const { channels } = config;
  // Where no rule asks for more of it, a landing address only says whether the referrer is the site itself.
  const isAsked = askedFields(channels).has('landingPath') || projectClickIds(channels).length > 0;
  const landing = isAsked
    ? raw("coalesce(landing_url, '')")
    : sql`if(referrer is null, '', coalesce(${upToHost(dialect, raw('landing_url'))}, ''))`;
  const keyed = sql`
      select
        ${sessionId(dialect, 'openings', 'openings.anonymous_id')} as session_key,
        openings.anonymous_id, openings.started_at, openings.ended_at, openings.events, openings.page_views, openings.engaged_micros,
        openings.page_url as landing_url, openings.page_path as landing_path, openings.referrer,
        ${join([...UTM, 'click_ids'].map((name) => raw(`openings.${name}`)))}, opening_clicks.click_priority,
        ${join([...PLACE, ...DEVICE].map((name) => raw(`openings.${name}`)))}
      from openings
      left join opening_clicks on opening_clicks.anonymous_id = openings.anonymous_id and opening_clicks.started_at = openings.started_at
      where openings.anonymous_id not in (select anonymous_id from split_visitors)
      union all
      select
        ${sessionId(dialect, 'opening')} as session_key,
        anonymous_id, started_at, ended_at, events, page_views, engaged_micros,
        landing.page_url as landing_url, landing.page_path as landing_path, landing.referrer as referrer,
        ${join(UTM.map((name) => raw(`campaign.${name} as ${name}`)))},
        click.click_ids as click_ids, click.click_priority as click_priority,
        ${join(PLACE.map((name) => raw(`place.${name} as ${name}`)))},
        ${join(DEVICE.map((name) => raw(`device.${name} as ${name}`)))}
      from split_sessions`;
  return sql`
      select
        keyed_sessions.*,
        coalesce(utm_source, '') as way_source, coalesce(utm_medium, '') as way_medium, coalesce(utm_campaign, '') as way_campaign,
        utm_id is not null as way_has_id, coalesce(click_priority, -1) as way_click,
        ${landing} as way_landing, coalesce(${upToHost(dialect, raw('referrer'))}, '') as way_referrer
      from (${keyed}
      ) as keyed_sessions`;
}

/** A column that reports break down by. A text too short to be a reserved name is not looked at further: nearly all are. */
function dimension(dialect: Dialect, column: string, name = column): Sql {
  const value = raw(`keyed_sessions.${column}`);
  return sql`case when length(${value}) < ${raw(String(NOT_ATTRIBUTED.length))} then ${value} else ${unreserved(dialect, value)} end as ${raw(name)}`;
}

/**
 * Hash of the visitor and the first event. An event is known by its write key and message id; the lengths keep two
 * different triples from reading the same.
 * @param opening what has the ids of the first event.
 */
function sessionId(dialect: Dialect, opening: string, anonymousId = 'anonymous_id'): Sql {
  const part = (name: string) => [dialect.castText(sql`length(${raw(name)})`), raw("':'"), raw(name)];
  return dialect.sha256Hex(dialect.concat(...part(anonymousId), ...part(`${opening}.message_id`), raw(`${opening}.write_key_id`)));
}
