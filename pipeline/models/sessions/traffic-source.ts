import type { ChannelsConfig } from '../../config/channels.ts';
import type { Config } from '../../config/schema.ts';
import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, join, raw, sql } from '../../warehouse/sql.ts';
import { NOT_ATTRIBUTED } from '../reports/publication.ts';
import { askedFields, channelOf, isPaid, projectRules } from './channels.ts';
import { type ClickIdKind, CLICK_ID_KINDS, clickIdKindsOf, projectClickIds } from './click-ids.ts';
import { siteLookup } from './site-lookup.ts';
import type { Site } from './sites.ts';
import { hostOf, parameterIn, pathOf, upToHost } from './site-addresses.ts';

/** What a project says about sources beyond what is built in. */
export type SourceSettings = Pick<ChannelsConfig, 'rules' | 'mediums' | 'clickIds'>;
const NO_SETTINGS: SourceSettings = { rules: [], mediums: {}, clickIds: {} };

/** Query of all kinds of click ids, in the order in which they decide. */
export function clickIdKinds(dialect: Dialect): Sql {
  return kindsTable(dialect, 'kind', CLICK_ID_KINDS);
}

function kindsTable(dialect: Dialect, alias: string, kinds: readonly ClickIdKind[]): Sql {
  return dialect.values(
    alias,
    { name: 'STRING', priority: 'INT64', source: 'STRING', medium: 'STRING', ad_platform: 'STRING', ads_only: 'BOOL' },
    kinds.map((kind, i) => [kind.name, i, kind.source, kind.medium, kind.adPlatform, kind.adsOnly]),
  );
}

/** A text that a visitor sent, where it is a name that reports have for something else: `(not set)`. */
export function unreserved(dialect: Dialect, text: Sql): Sql {
  return sql`if(${dialect.lower(dialect.trim(text))} = ${NOT_ATTRIBUTED}, '(not set)', ${text})`;
}

/** The name that a medium has in reports. */
export function mediumOf(medium: string, { mediums }: Pick<ChannelsConfig, 'mediums'>): string {
  const given = medium.toLowerCase();
  return (
    Object.entries(mediums)
      .find(([from]) => from.toLowerCase() === given)?.[1]
      .toLowerCase() ?? given
  );
}

/** What decides about a visit; visits that agree in all of it are looked at once. Texts are empty where there is none, so that they join. */
const ARRIVAL = [
  'utm_source',
  'utm_medium',
  'utm_campaign',
  'is_tagged',
  'click_priority',
  'landing_origin',
  'referrer_origin',
  'own_click',
  'landing_path',
] as const;

/**
 * CTEs that give each visit its source, medium and channel.
 *
 * What says most decides: the UTM parameters by themselves; a click id that only ads carry; the referrer; a click id
 * that a platform hangs on every link. A visit that has none of them, or whose referrer is the site itself, a payment
 * or sign-in page or spam, is direct / none.
 *
 * Millions of visits arrive in a few thousand ways: a visit itself is only cut into texts, without a regular expression,
 * and joined with its way of arriving, which alone is looked up and classified.
 *
 * @param visits name of a CTE with session_key, landing_url, referrer, utm_source, utm_medium, utm_campaign, utm_id and
 *   click_priority (of {@link clickIdKinds}; NULL without a known click id).
 * @param costs the cost files: a visit without a click id belongs to the one platform whose clicks arrive with its source and medium.
 * @param settings what the project says itself.
 * @returns CTEs of which `sourced_visits` has session_key, source, medium, channel, ad_platform, is_direct.
 */
export function trafficSourceCtes(
  dialect: Dialect,
  visits: string,
  sites: readonly Site[],
  costs: Config['costs'],
  settings: SourceSettings = NO_SETTINGS,
): Sql {
  const withoutWww = (text: string) => dialect.regexpReplace(raw(text), '^www[.]', '');
  const asked = askedFields(settings);
  const ownClickIds = projectClickIds(settings);
  const ownClick =
    ownClickIds.length === 0
      ? raw("''")
      : sql`coalesce(${parameterIn(
          dialect,
          raw('landing_url'),
          ownClickIds.map(({ name }) => name),
        )}, '')`;
  const landingPath = asked.has('landingPath') ? sql`coalesce(${pathOf(dialect, raw('landing_url'))}, '')` : raw("''");
  const arrival = (alias: string) => join(ARRIVAL.map((name) => raw(`${alias}.${name}`)));
  return sql`
    visit_texts as (
      select
        session_key,
        coalesce(utm_source, '') as utm_source,
        coalesce(utm_medium, '') as utm_medium,
        coalesce(utm_campaign, '') as utm_campaign,
        utm_source is not null or utm_medium is not null or utm_campaign is not null or utm_id is not null as is_tagged,
        coalesce(click_priority, -1) as click_priority,
        if(referrer is null, '', coalesce(${upToHost(dialect, raw('landing_url'))}, '')) as landing_origin,
        coalesce(${upToHost(dialect, raw('referrer'))}, '') as referrer_origin,
        ${ownClick} as own_click,
        ${landingPath} as landing_path
      from ${raw(visits)}
    ),
    arrivals as (
      select distinct ${arrival('visit_texts')} from visit_texts
    ),
    arrival_hosts as (
      select
        arrivals.*,
        ${unreserved(dialect, sql`nullif(${dialect.lower(raw('utm_source'))}, '')`)} as source_text,
        ${unreserved(dialect, sql`nullif(${dialect.lower(raw('utm_medium'))}, '')`)} as medium_text,
        ${hostOf(dialect, raw('landing_origin'))} as landing_host,
        ${unreserved(dialect, hostOf(dialect, raw('referrer_origin')))} as referrer_host
      from arrivals
    ),
    known_sites as (${siteLookup(
      dialect,
      sql`select referrer_host as text from arrival_hosts
        union all
        select source_text as text from arrival_hosts
        union all
        select kind.source as text from ${kindsTable(dialect, 'kind', [...clickIdKindsOf(settings), ...ownClickIds])}`,
      sites,
    )}
    ),
    referred_arrivals as (
      select
        arrival_hosts.*,
        referrer_site.source as site_source, referrer_site.medium as site_medium, referrer_site.category as site_category,
        arrival_hosts.referrer_host is not null
          and coalesce(referrer_site.category, 'plain') not in ('own', 'transit', 'spam')
          and coalesce(${withoutWww('arrival_hosts.referrer_host')} <> ${withoutWww('arrival_hosts.landing_host')}, true) as is_referred
      from arrival_hosts
      left join known_sites as referrer_site on referrer_site.text = arrival_hosts.referrer_host
    ),
    clicked_arrivals as (
      select
        referred_arrivals.*,
        own_kind.name is not null and not coalesce(kind.ads_only, false) as is_own_click,
        kind.name as kind_name, kind.source as kind_source, kind.medium as kind_medium,
        kind.ad_platform as kind_platform, kind.ads_only as kind_ads_only,
        own_kind.source as own_source, own_kind.medium as own_medium,
        own_kind.ad_platform as own_platform, own_kind.ads_only as own_ads_only
      from referred_arrivals
      left join ${kindsTable(dialect, 'kind', clickIdKindsOf(settings))} on kind.priority = referred_arrivals.click_priority
      left join ${kindsTable(dialect, 'own_kind', ownClickIds)} on own_kind.name = referred_arrivals.own_click
    ),
    evidence as (
      select
        ${arrival('clicked_arrivals')},
        source_text, medium_text,
        ${withoutWww('referrer_host')} as referrer_host,
        if(is_referred, coalesce(site_source, ${withoutWww('referrer_host')}), null) as referrer_source,
        if(is_referred, if(site_category is null, 'referral', site_medium), null) as referrer_medium,
        if(is_referred, referrer_host, null) as referrer_text,
        if(is_own_click, own_click, kind_name) as click_id,
        if(is_own_click, own_source, kind_source) as click_source,
        if(is_own_click, own_medium, kind_medium) as click_medium,
        if(is_own_click, own_platform, kind_platform) as click_platform,
        if(is_own_click, own_ads_only, kind_ads_only) as ads_only
      from clicked_arrivals
    ),
    named_arrivals as (
      select
        ${arrival('evidence')},
        referrer_host, click_id, click_platform, ads_only,
        coalesce(source_text, if(ads_only, click_source, null), referrer_source, click_source, if(is_tagged, '(not set)', 'direct')) as source,
        ${synonym(MEDIUM, settings)} as medium,
        coalesce(source_text, if(ads_only, click_source, null), referrer_text, click_source) as site_text
      from evidence
    ),
    categorised_arrivals as (
      select
        named_arrivals.*,
        source_site.category,
        case
          when ads_only is null then ${platformOfCosts(costs, settings)}
          when ads_only or ${isPaid(dialect, raw('named_arrivals.medium'))} then click_platform
        end as ad_platform
      from named_arrivals
      left join (select text, category from known_sites) as source_site on source_site.text = named_arrivals.site_text
    ),
    sourced_arrivals as (
      select
        ${arrival('categorised_arrivals')},
        source, medium, ad_platform,
        ${channelOf(
          dialect,
          {
            source: raw('source'),
            medium: raw('medium'),
            campaign: raw('utm_campaign'),
            category: raw('category'),
            referrerHost: raw('referrer_host'),
            landingPath: raw('landing_path'),
            adPlatform: raw('ad_platform'),
            clickId: raw('click_id'),
          },
          projectRules(settings),
        )} as channel,
        source in ('direct', '(direct)') and medium in ('none', '(none)', '(not set)') as is_direct
      from categorised_arrivals
    ),
    sourced_visits as (
      select
        visit_texts.session_key,
        sourced_arrivals.source, sourced_arrivals.medium, sourced_arrivals.channel,
        sourced_arrivals.ad_platform, sourced_arrivals.is_direct
      from visit_texts
      inner join sourced_arrivals
        on ${join(
          ARRIVAL.map((name) => raw(`sourced_arrivals.${name} = visit_texts.${name}`)),
          ' and ',
        )}
    )`;
}

const MEDIUM = raw(`case
          when medium_text is not null then medium_text
          when ads_only then click_medium
          when source_text is not null then '(not set)'
          else coalesce(referrer_medium, click_medium, if(is_tagged, '(not set)', 'none'))
        end`);

/** The name that a medium of a visit has in reports. */
function synonym(medium: Sql, { mediums }: SourceSettings): Sql {
  const entries = Object.entries(mediums);
  if (entries.length === 0) return medium;
  return sql`case ${medium} ${join(
    entries.map(([from, to]) => sql`when ${from.toLowerCase()} then ${to.toLowerCase()}`),
    ' ',
  )} else ${medium} end`;
}

/** The ad platform of a source and medium, where they are those of exactly one. */
function platformOfCosts(costs: Config['costs'], settings: SourceSettings): Sql {
  const arrivals = Map.groupBy(costs, ({ source, medium }) => JSON.stringify([source.toLowerCase(), mediumOf(medium, settings)]));
  const cases = [...arrivals.values()].flatMap(([first, ...others]) =>
    first && others.every(({ platform }) => platform === first.platform)
      ? [sql`when source = ${first.source.toLowerCase()} and medium = ${mediumOf(first.medium, settings)} then ${first.platform}`]
      : [],
  );
  return cases.length > 0 ? sql`case ${join(cases, ' ')} end` : raw('cast(null as string)');
}
