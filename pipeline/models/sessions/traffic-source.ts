import type { Config } from '../../config/schema.ts';
import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, join, raw, sql } from '../../warehouse/sql.ts';
import { NOT_ATTRIBUTED } from '../reports/publication.ts';
import { channelOf, isPaid } from './channels.ts';
import { CLICK_ID_KINDS } from './click-ids.ts';
import { siteLookup } from './site-lookup.ts';
import type { Site } from './sites.ts';

/** Query of all kinds of click ids, in the order in which they decide. */
export function clickIdKinds(dialect: Dialect): Sql {
  return dialect.values(
    'kind',
    { name: 'STRING', priority: 'INT64', source: 'STRING', medium: 'STRING', ad_platform: 'STRING', ads_only: 'BOOL' },
    CLICK_ID_KINDS.map((kind, i) => [kind.name, i, kind.source, kind.medium, kind.adPlatform, kind.adsOnly]),
  );
}

/** A text that a visitor sent, where it is a name that reports have for something else: `(not set)`. */
export function unreserved(text: Sql): Sql {
  return sql`if(lower(trim(${text})) = ${NOT_ATTRIBUTED}, '(not set)', ${text})`;
}

/**
 * CTEs that give each visit its source, medium and channel.
 *
 * What says most decides: the UTM parameters by themselves; a click id that only ads carry; the referrer; a click id
 * that a platform hangs on every link. A visit that has none of them, or whose referrer is the site itself, a payment
 * or sign-in page or spam, is direct / none.
 *
 * @param visits name of a CTE with session_key, landing_url, referrer, utm_source, utm_medium, utm_campaign, utm_id and
 *   click_priority (of {@link clickIdKinds}; NULL without a known click id).
 * @param costs the cost files: a visit without a click id belongs to the one platform whose clicks arrive with its source and medium.
 * @returns CTEs of which `sourced_visits` has session_key, source, medium, channel, ad_platform, is_direct.
 */
export function trafficSourceCtes(dialect: Dialect, visits: string, sites: readonly Site[], costs: Config['costs']): Sql {
  const host = (url: string) => dialect.regexpExtract(sql`lower(${raw(url)})`, '^(?:https?|android-app)://(?:[^/?#@]*@)?([^/:?#]+)');
  const withoutWww = (text: string) => dialect.regexpReplace(raw(text), '^www[.]', '');
  const input = { source: raw('source'), medium: raw('medium'), campaign: raw('utm_campaign'), category: raw('category') };
  return sql`
    visit_hosts as (
      select
        session_key,
        ${unreserved(sql`lower(utm_source)`)} as utm_source,
        ${unreserved(sql`lower(utm_medium)`)} as utm_medium,
        utm_campaign,
        utm_source is not null or utm_medium is not null or utm_campaign is not null or utm_id is not null as is_tagged,
        click_priority,
        ${host('landing_url')} as landing_host,
        ${unreserved(host('referrer'))} as referrer_host
      from ${raw(visits)}
    ),
    referrer_sites as (${siteLookup(dialect, sql`select referrer_host as text from visit_hosts`, sites)}
    ),
    referrals as (
      select
        visit_hosts.session_key,
        case when referrer_sites.category is null then ${withoutWww('visit_hosts.referrer_host')} else referrer_sites.source end as source,
        case when referrer_sites.category is null then 'referral' else referrer_sites.medium end as medium
      from visit_hosts
      left join referrer_sites on referrer_sites.text = visit_hosts.referrer_host
      where visit_hosts.referrer_host is not null
        and coalesce(referrer_sites.category, 'plain') not in ('own', 'transit', 'spam')
        and coalesce(${withoutWww('visit_hosts.referrer_host')} <> ${withoutWww('visit_hosts.landing_host')}, true)
    ),
    named_visits as (
      select
        visit_hosts.session_key,
        visit_hosts.utm_campaign,
        kind.ad_platform,
        kind.ads_only,
        coalesce(
          visit_hosts.utm_source,
          if(kind.ads_only, kind.source, null),
          referrals.source,
          kind.source,
          if(visit_hosts.is_tagged, '(not set)', 'direct')
        ) as source,
        case
          when visit_hosts.utm_medium is not null then visit_hosts.utm_medium
          when kind.ads_only then kind.medium
          when visit_hosts.utm_source is not null then '(not set)'
          else coalesce(referrals.medium, kind.medium, if(visit_hosts.is_tagged, '(not set)', 'none'))
        end as medium
      from visit_hosts
      left join ${clickIdKinds(dialect)} on kind.priority = visit_hosts.click_priority
      left join referrals on referrals.session_key = visit_hosts.session_key
    ),
    source_sites as (${siteLookup(dialect, sql`select source as text from named_visits`, sites)}
    ),
    categorised_visits as (
      select
        named_visits.session_key, named_visits.source, named_visits.medium, named_visits.utm_campaign,
        named_visits.ad_platform, named_visits.ads_only, source_sites.category
      from named_visits
      left join source_sites on source_sites.text = named_visits.source
    ),
    sourced_visits as (
      select
        session_key,
        source,
        medium,
        ${channelOf(dialect, input)} as channel,
        case when ads_only is null then ${platformOfCosts(costs)} when ads_only or ${isPaid(dialect, raw('medium'))} then ad_platform end as ad_platform,
        source in ('direct', '(direct)') and medium in ('none', '(none)', '(not set)') as is_direct
      from categorised_visits
    )`;
}

/** The ad platform of a source and medium, where they are those of exactly one. */
function platformOfCosts(costs: Config['costs']): Sql {
  const arrivals = Map.groupBy(costs, ({ source, medium }) => JSON.stringify([source.toLowerCase(), medium.toLowerCase()]));
  const cases = [...arrivals.values()].flatMap(([first, ...others]) =>
    first && others.every(({ platform }) => platform === first.platform)
      ? [sql`when source = ${first.source.toLowerCase()} and medium = ${first.medium.toLowerCase()} then ${first.platform}`]
      : [],
  );
  return cases.length > 0 ? sql`case ${join(cases, ' ')} end` : raw('cast(null as string)');
}
