import type { Config } from '../../config/schema.ts';
import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, join, raw, sql, table } from '../../warehouse/sql.ts';
import { isPaid } from '../sessions/channels.ts';
import { mediumOf } from '../sessions/traffic-source.ts';
import { AD_NAMES, AD_REFERENCES, COSTS } from './tables.ts';

/** How a campaign is found, in the order in which it is tried: the kind of text, and the signal that says it. */
const WAYS = [
  { name: 'by_given_campaign', kind: 'campaign_id', signal: 'given_campaign_id', matchedBy: 'campaign_id' },
  { name: 'by_utm_id', kind: 'campaign_id', signal: 'utm_id', matchedBy: 'campaign_id' },
  { name: 'by_given_ad_group', kind: 'ad_group_id', signal: 'given_ad_group_id', matchedBy: 'ad_group_id' },
  { name: 'by_given_ad', kind: 'ad_id', signal: 'given_ad_id', matchedBy: 'ad_id' },
  { name: 'by_utm_campaign', kind: 'campaign_id', signal: 'utm_campaign', matchedBy: 'utm_campaign_id' },
  { name: 'by_name', kind: 'campaign_name', signal: 'utm_campaign', matchedBy: 'campaign_name' },
] as const;

/** Mediums of paid placements that are not called paid: those of the channel Display. */
const DISPLAY_MEDIUMS = ['display', 'banner', 'expandable', 'interstitial', 'cpm'];

/** The scope of sessions of no known platform: an id of an ad must be that of one campaign on all platforms. */
const EVERYWHERE = '';

/**
 * The rows of report_ads.
 *
 * A campaign is looked for within the platform of the session, in the order of {@link WAYS}: the first way that leads to one
 * campaign decides. What leads to several is not guessed: it counts as ambiguous, and tells the platform and the account only
 * where all of them share these. Within the campaign, the ad group is that of the landing address, else of utm_term; the ad
 * that of the landing address, else of utm_content, by its id or by a name it has had.
 */
export function adMatches(dialect: Dialect, config: Config): Sql {
  const small = (column: string) => dialect.lower(dialect.trim(raw(column)));
  const found = (member: string) =>
    join([raw('case'), ...WAYS.map(({ name }) => raw(`when ${name}.campaigns = 1 then ${name}.${member}`)), raw('end')], ' ');
  const ambiguous = (member: string) =>
    raw(`case ${WAYS.map(({ name }) => `when ${name}.campaigns > 1 then ${name}.${member}`).join(' ')} end`);
  const joins = WAYS.map(
    ({ name, kind, signal }) => sql`
      left join campaigns_of_texts as ${raw(name)}
        on ${raw(name)}.scope = scoped.scope and ${raw(name)}.kind = ${kind} and ${raw(name)}.text = scoped.${raw(signal)}`,
  );
  return sql`
    with ads as (
      select distinct platform, account_id, campaign_id, ad_group_id, ad_id from ${table(COSTS.name)} where campaign_id <> ''
    ),
    ad_texts as (
      select platform, account_id, campaign_id, ad_group_id, ad_id, 'campaign_id' as kind, ${small('campaign_id')} as text from ads
      union all
      select platform, account_id, campaign_id, ad_group_id, ad_id, 'ad_group_id' as kind, ${small('ad_group_id')} as text from ads
      where ad_group_id <> ''
      union all
      select platform, account_id, campaign_id, ad_group_id, ad_id, 'ad_id' as kind, ${small('ad_id')} as text from ads
      where ad_id <> ''
      union all
      select platform, account_id, campaign_id, ad_group_id, ad_id, 'campaign_name' as kind, ${small('name')} as text
      from ${table(AD_NAMES.name)}
      where level = 'campaign'
      union all
      select platform, account_id, campaign_id, ad_group_id, ad_id, 'ad_name' as kind, ${small('name')} as text
      from ${table(AD_NAMES.name)}
      where level = 'ad'
    ),
    named_ids as (
      select distinct platform, account_id, campaign_id, text from ad_texts where kind = 'campaign_name'
    ),
    scopes as (${scopes(dialect, config)}
    ),
    scoped_texts as (
      select scopes.scope, ad_texts.kind, ad_texts.text, ad_texts.platform, ad_texts.account_id, ad_texts.campaign_id
      from ad_texts
      inner join scopes on scopes.platform = ad_texts.platform
      where ad_texts.kind <> 'ad_name'
      union all
      select ${EVERYWHERE} as scope, ad_texts.kind, ad_texts.text, ad_texts.platform, ad_texts.account_id, ad_texts.campaign_id
      from ad_texts
      left join named_ids
        on named_ids.platform = ad_texts.platform and named_ids.account_id = ad_texts.account_id
        and named_ids.campaign_id = ad_texts.campaign_id and named_ids.text = ad_texts.text
      where ad_texts.kind in ('campaign_id', 'ad_group_id', 'ad_id') and named_ids.text is null
    ),
    campaigns_of_texts as (
      select
        scope, kind, text, count(*) as campaigns,
        if(min(platform) = max(platform), min(platform), null) as platform,
        if(min(platform) = max(platform) and min(account_id) = max(account_id), min(account_id), null) as account_id,
        if(count(*) = 1, min(campaign_id), null) as campaign_id
      from (select distinct scope, kind, text, platform, account_id, campaign_id from scoped_texts) as campaigns
      group by scope, kind, text
    ),
    scoped as (
      select told.*, ${scopeOf(config)} as scope
      from ${table(AD_REFERENCES.name)} as told
    ),
    in_campaigns as (
      select
        scoped.*,
        ${found('campaign_id')} as campaign_id,
        ${found('account_id')} as known_account_id,
        ${found('platform')} as known_platform,
        case ${join(
          WAYS.map(({ name, matchedBy }) => sql`when ${raw(name)}.campaigns = 1 then ${matchedBy}`),
          ' ',
        )} end as known_by,
        ${ambiguous('campaigns')} is not null as is_ambiguous,
        ${ambiguous('platform')} as ambiguous_platform,
        ${ambiguous('account_id')} as ambiguous_account_id
      from scoped${join(joins, '')}
    ),
    ad_groups_of_texts as (
      select platform, account_id, campaign_id, text, min(ad_group_id) as ad_group_id
      from ad_texts
      where kind = 'ad_group_id'
      group by platform, account_id, campaign_id, text
    ),
    in_ad_groups as (
      select in_campaigns.*, coalesce(given.ad_group_id, by_term.ad_group_id) as ad_group_id
      from in_campaigns
      left join ad_groups_of_texts as given
        on given.platform = in_campaigns.known_platform and given.account_id = in_campaigns.known_account_id
        and given.campaign_id = in_campaigns.campaign_id and given.text = in_campaigns.given_ad_group_id
      left join ad_groups_of_texts as by_term
        on by_term.platform = in_campaigns.known_platform and by_term.account_id = in_campaigns.known_account_id
        and by_term.campaign_id = in_campaigns.campaign_id and by_term.text = in_campaigns.utm_term
    ),
    ads_of_texts as (
      select
        platform, account_id, campaign_id, ad_group, kind, text, count(*) as ads,
        min(ad_group_id) as ad_group_id, min(ad_id) as ad_id
      from (
        select distinct platform, account_id, campaign_id, ad_group_id as ad_group, kind, text, ad_group_id, ad_id
        from ad_texts where kind in ('ad_id', 'ad_name')
        union distinct
        select distinct platform, account_id, campaign_id, cast(null as string) as ad_group, kind, text, ad_group_id, ad_id
        from ad_texts where kind in ('ad_id', 'ad_name')
      ) as texts
      group by platform, account_id, campaign_id, ad_group, kind, text
    ),
    in_ads as (
      select
        in_ad_groups.*,
        coalesce(given.ad_id, by_content.ad_id, by_name.ad_id) as ad_id,
        coalesce(given.ad_group_id, by_content.ad_group_id, by_name.ad_group_id) as group_of_ad
      from in_ad_groups${join([adJoin('given', 'ad_id', 'given_ad_id'), adJoin('by_content', 'ad_id', 'utm_content'), adJoin('by_name', 'ad_name', 'utm_content')], '')}
    ),
    matched as (
      select
        in_ads.ad_reference, in_ads.campaign_id, in_ads.given_campaign_id, in_ads.ad_id,
        coalesce(in_ads.known_platform, in_ads.platform, in_ads.ambiguous_platform) as ad_platform,
        if(in_ads.campaign_id is null, in_ads.ambiguous_account_id, in_ads.known_account_id) as account_id,
        coalesce(in_ads.ad_group_id, nullif(in_ads.group_of_ad, '')) as ad_group_id,
        case
          when in_ads.campaign_id is not null then in_ads.known_by
          when in_ads.is_ambiguous then 'ambiguous'
          when in_ads.platform is not null then 'platform'
        end as matched_by,
        in_ads.scope <> ${EVERYWHERE} or in_ads.campaign_id is not null or coalesce(${isPaid(dialect, raw('in_ads.medium'))}, false)
          or coalesce(in_ads.medium in (${join(DISPLAY_MEDIUMS.map((name) => sql`${name}`))}), false) as is_ad
      from in_ads
    ),
    account_names as (
      select platform, account_id, min(account) as account from ${table(COSTS.name)} where account_id <> '' group by platform, account_id
    ),
    campaign_names as (
      select platform, account_id, campaign_id, min(campaign) as campaign
      from ${table(COSTS.name)}
      group by platform, account_id, campaign_id
    ),
    ad_group_names as (
      select platform, account_id, campaign_id, ad_group_id, min(ad_group) as ad_group
      from ${table(COSTS.name)}
      group by platform, account_id, campaign_id, ad_group_id
    ),
    ad_names_now as (
      select platform, account_id, campaign_id, ad_group_id, ad_id, min(ad) as ad
      from ${table(COSTS.name)}
      group by platform, account_id, campaign_id, ad_group_id, ad_id
    )
    select
      matched.ad_reference, matched.ad_platform, account_names.account, nullif(matched.account_id, '') as account_id,
      campaign_names.campaign, matched.campaign_id, ad_group_names.ad_group, matched.ad_group_id, ad_names_now.ad, matched.ad_id,
      matched.matched_by, matched.is_ad, matched.given_campaign_id
    from matched
    left join account_names on account_names.platform = matched.ad_platform and account_names.account_id = matched.account_id
    left join campaign_names
      on campaign_names.platform = matched.ad_platform and campaign_names.account_id = matched.account_id
      and campaign_names.campaign_id = matched.campaign_id
    left join ad_group_names
      on ad_group_names.platform = matched.ad_platform and ad_group_names.account_id = matched.account_id
      and ad_group_names.campaign_id = matched.campaign_id and ad_group_names.ad_group_id = matched.ad_group_id
    left join ad_names_now
      on ad_names_now.platform = matched.ad_platform and ad_names_now.account_id = matched.account_id
      and ad_names_now.campaign_id = matched.campaign_id and ad_names_now.ad_group_id = coalesce(matched.ad_group_id, '')
      and ad_names_now.ad_id = matched.ad_id`;
}

/** Ads that a text means: in the ad group where that is known, else in the whole campaign; of several it means none. */
function adJoin(alias: string, kind: 'ad_id' | 'ad_name', signal: string): Sql {
  const name = raw(alias);
  return sql`
      left join ads_of_texts as ${name}
        on ${name}.platform = in_ad_groups.known_platform and ${name}.account_id = in_ad_groups.known_account_id
        and ${name}.campaign_id = in_ad_groups.campaign_id and ${name}.kind = ${kind} and ${name}.text = in_ad_groups.${raw(signal)}
        and ${name}.ads = 1 and coalesce(${name}.ad_group, '') = coalesce(in_ad_groups.ad_group_id, '')
        and (${name}.ad_group is null) = (in_ad_groups.ad_group_id is null)`;
}

/** Sources and mediums with which the clicks of more than one platform arrive: sessions of these are of any of them. */
function sharedArrivals(config: Config): { scope: string; source: string; medium: string; platforms: string[] }[] {
  const arrivals = Map.groupBy(config.costs, ({ source, medium }) =>
    JSON.stringify([source.toLowerCase(), mediumOf(medium, config.channels)]),
  );
  return [...arrivals].flatMap(([scope, costs]) => {
    const platforms = [...new Set(costs.map(({ platform }) => platform))];
    const [source, medium] = JSON.parse(scope) as [string, string];
    return platforms.length > 1 ? [{ scope, source, medium, platforms }] : [];
  });
}

/** Query of (scope, platform): where the campaigns of a session are looked for. */
function scopes(dialect: Dialect, config: Config): Sql {
  const shared = sharedArrivals(config).flatMap(({ scope, platforms }) => platforms.map((platform) => [scope, platform]));
  const ofPlatforms = sql`
      select distinct platform as scope, platform from ${table(COSTS.name)}`;
  if (shared.length === 0) return ofPlatforms;
  return sql`${ofPlatforms}
      union all
      select arrival.scope, arrival.platform from ${dialect.values('arrival', { scope: 'STRING', platform: 'STRING' }, shared)}`;
}

function scopeOf(config: Config): Sql {
  const shared = sharedArrivals(config).map(
    ({ scope, source, medium }) => sql`when told.source = ${source} and told.medium = ${medium} then ${scope}`,
  );
  return sql`case when told.platform is not null then told.platform ${join(shared, ' ')} else ${EVERYWHERE} end`;
}
