import { COSTS, REPORT_ADS } from '../../models/costs/tables.ts';
import { REPORT_CREDITS, REPORT_SESSIONS, REPORT_SOURCES } from '../../models/reports/tables.ts';
import { type Sql, join, param, raw, sql, table } from '../../warehouse/sql.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import type { DateRange } from '../dates.ts';
import type { Publication } from '../publication.ts';
import type { CoverageQuery } from './schema.ts';

/** An ad platform: what it bills, and what of it the site saw. Money in units of the project currency; null where no rate is known. */
export interface PlatformCoverage {
  readonly platform: string;
  readonly cost: number | null;
  readonly impressions: number;
  readonly clicks: number;
  /** Sessions that came from it. */
  readonly sessions: number;
  /** Those of them whose campaign is known. */
  readonly matched_sessions: number;
  /** Cost of what no session came from. */
  readonly unmatched_cost: number | null;
  readonly unmatched_clicks: number;
}

/** A campaign with cost, and how many sessions came from it; a row without a campaign stands for what the platform bills as a whole. */
export interface CampaignCoverage {
  readonly platform: string;
  readonly account: string | null;
  readonly campaign: string | null;
  readonly campaign_id: string | null;
  readonly cost: number | null;
  readonly clicks: number;
  readonly sessions: number;
}

/** How sessions from ads were matched: the `matched_by` of `report_ads`, null where they were not. */
export interface WayCoverage {
  readonly matched_by: string | null;
  readonly sessions: number;
  /** Of all sessions from ads. */
  readonly share: number;
}

/** Sessions from ads whose campaign no cost has, by what they say about it. */
export interface SessionsWithoutCost {
  readonly ad_platform: string | null;
  readonly source: string;
  readonly medium: string;
  /** utm_campaign. */
  readonly campaign: string | null;
  /** Campaign id in the landing address. */
  readonly campaign_id: string | null;
  /** Why: `platform` (says no campaign, or one that no cost has), `ambiguous` (says one that several have), null (of no platform). */
  readonly matched_by: string | null;
  readonly sessions: number;
}

/**
 * What a platform counts itself beside what it is credited here, by date of the click. A platform states one number: it stands
 * beside the conversion that the config says it means (`platformConversion`), else in a row of its own.
 */
export interface PlatformConversions {
  readonly platform: string;
  /** null beside a conversion that the platform does not mean. */
  readonly platform_conversions: number | null;
  readonly platform_value: number | null;
  /** Both null in the row of what the platform counts, where no conversion that was asked for is known to be meant. */
  readonly conversion: string | null;
  readonly model: string | null;
  /** Credits of the platform's sessions; null in its own row. */
  readonly conversions: number | null;
  /** null where the conversion has no monetary value. */
  readonly value: number | null;
}

/** How far costs and sessions belong together, in a period. */
export interface CostCoverage {
  /** By cost, the highest first. */
  readonly platforms: readonly PlatformCoverage[];
  readonly campaigns: readonly CampaignCoverage[];
  /** The most frequent first. */
  readonly ways: readonly WayCoverage[];
  readonly sessions_without_cost: readonly SessionsWithoutCost[];
  readonly platform_conversions: readonly PlatformConversions[];
  readonly meta: {
    readonly project: string;
    readonly currency: string;
    readonly time_zone: string;
    readonly date_range: DateRange;
    readonly publication_id: string;
    readonly published_at: string;
    readonly data_up_to: string | null;
  };
}

/** Answers how far costs and sessions belong together. Sessions count by the date of their start, costs by their own. */
export async function costCoverage(warehouse: Warehouse, publication: Publication, query: CoverageQuery): Promise<CostCoverage> {
  const { date_range } = query;
  const within = (column: string) =>
    sql`${raw(column)} between ${param(date_range.start_date, 'DATE')} and ${param(date_range.end_date, 'DATE')}`;
  const { project, currency, timeZone } = { ...publication.config.project, project: publication.config.project.name };
  const references = sessionsByReference(within, publication.config);
  const campaigns = await campaignsOf(warehouse, references, within);
  const sessions = await sessionsOf(warehouse, references);
  return {
    platforms: platformsOf(campaigns, sessions),
    campaigns: campaigns.map(({ platform, account, campaign, campaign_id, cost_micros, clicks, sessions: came }) => ({
      platform,
      account,
      campaign,
      campaign_id,
      cost: units(cost_micros),
      clicks,
      sessions: came,
    })),
    ways: waysOf(sessions),
    sessions_without_cost: sessions.filter((row) => row.is_unmatched).map(withoutMark),
    platform_conversions: await conversionsOf(warehouse, publication, query, within),
    meta: {
      project,
      currency,
      time_zone: timeZone,
      date_range,
      publication_id: publication.publication_id,
      published_at: publication.published_at,
      data_up_to: publication.data_up_to,
    },
  };
}

type Within = (column: string) => Sql;
type FoundSessions = SessionsWithoutCost & { readonly is_unmatched: boolean };
const withoutMark = ({ ad_platform, source, medium, campaign, campaign_id, matched_by, sessions }: FoundSessions): SessionsWithoutCost => ({
  ad_platform,
  source,
  medium,
  campaign,
  campaign_id,
  matched_by,
  sessions,
});
const total = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);
/** In micros; null where no part is known. */
const costOf = (rows: readonly CampaignRow[]): number | null =>
  rows.reduce<number | null>((all, { cost_micros }) => (cost_micros === null ? all : (all ?? 0) + cost_micros), null);
const texts = (values: readonly string[]): Sql => join(values.map((value) => sql`${value}`));
const units = (micros: number | null): number | null => (micros === null ? null : micros / 1e6);

type CampaignRow = Omit<CampaignCoverage, 'cost'> & { readonly cost_micros: number | null; readonly impressions: number };

/** Facts carry a reference; they are counted by it, or by the source that has it, before anything is looked up. */
function sessionsByReference(within: Within, { hasSourceKeys }: Publication['config']): Sql {
  if (!hasSourceKeys) {
    return sql`
      select ad_reference, source, medium, campaign, count(*) as sessions
      from ${table(REPORT_SESSIONS.name)}
      where ad_reference is not null and ${within('click_date')}
      group by ad_reference, source, medium, campaign`;
  }
  return sql`
    select sources.ad_reference, sources.source, sources.medium, sources.campaign, counted.sessions
    from (
      select source_key, count(*) as sessions from ${table(REPORT_SESSIONS.name)} where ${within('click_date')} group by source_key
    ) as counted
    inner join ${table(REPORT_SOURCES.name)} as sources on sources.source_key = counted.source_key
    where sources.ad_reference is not null`;
}

function campaignsOf(warehouse: Warehouse, references: Sql, within: Within): Promise<CampaignRow[]> {
  const query = sql`
    with found as (
      select ads.ad_platform, coalesce(ads.account_id, '') as account_id, ads.campaign_id, cast(sum(facts.sessions) as int64) as sessions
      from (${references}) as facts
      inner join ${table(REPORT_ADS.name)} as ads on ads.ad_reference = facts.ad_reference
      where ads.ad_platform is not null
      group by ads.ad_platform, coalesce(ads.account_id, ''), ads.campaign_id
    ),
    of_platforms as (
      select ad_platform, cast(sum(sessions) as int64) as sessions from found group by ad_platform
    ),
    spent as (
      select
        platform, account_id, min(account) as account, campaign_id, min(campaign) as campaign,
        sum(cost_micros) as cost_micros, sum(impressions) as impressions, sum(clicks) as clicks
      from ${table(COSTS.name)}
      where ${within('date')}
      group by platform, account_id, campaign_id
    )
    select
      spent.platform, spent.account, spent.campaign, nullif(spent.campaign_id, '') as campaign_id, spent.cost_micros, spent.impressions,
      spent.clicks,
      coalesce(if(spent.campaign_id = '', of_platforms.sessions, found.sessions), 0) as sessions
    from spent
    left join found
      on found.ad_platform = spent.platform and found.account_id = spent.account_id and found.campaign_id = spent.campaign_id
    left join of_platforms on of_platforms.ad_platform = spent.platform
    order by
      spent.cost_micros desc nulls last, spent.platform nulls first, spent.account_id nulls first, spent.campaign_id nulls first`;
  return warehouse.rows<CampaignRow>(query, 'cost by campaign');
}

function sessionsOf(warehouse: Warehouse, references: Sql): Promise<FoundSessions[]> {
  const query = sql`
    select
      ads.ad_platform, facts.source, facts.medium, facts.campaign, ads.given_campaign_id as campaign_id, ads.matched_by,
      ads.campaign_id is null as is_unmatched, cast(sum(facts.sessions) as int64) as sessions
    from (${references}) as facts
    inner join ${table(REPORT_ADS.name)} as ads on ads.ad_reference = facts.ad_reference
    where ads.is_ad
    group by 1, 2, 3, 4, 5, 6, 7
    order by sessions desc nulls last, ${raw([1, 2, 3, 4, 5, 6, 7].map((i) => `${i} nulls first`).join(', '))}`;
  return warehouse.rows(query, 'sessions from ads');
}

/** How sessions were matched, the way of most first; those that were not last among equals. */
function waysOf(sessions: readonly FoundSessions[]): WayCoverage[] {
  const all = total(sessions.map((row) => row.sessions));
  const byWay = Map.groupBy(sessions, ({ matched_by }) => matched_by);
  return [...byWay]
    .map(([matched_by, rows]) => ({ matched_by, sessions: total(rows.map((row) => row.sessions)) }))
    .toSorted((a, b) => b.sessions - a.sessions || order(a.matched_by, b.matched_by))
    .map((row) => ({ ...row, share: row.sessions / all }));
}

function order(a: string | null, b: string | null): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return a < b ? -1 : Number(a > b);
}

/** Platforms that bill something, or that sessions came from. */
function platformsOf(campaigns: readonly CampaignRow[], sessions: readonly FoundSessions[]): PlatformCoverage[] {
  const names = new Set([...campaigns.map(({ platform }) => platform), ...sessions.flatMap((row) => row.ad_platform ?? [])]);
  return [...names]
    .map((platform) => {
      const spent = campaigns.filter((row) => row.platform === platform);
      const unmatched = spent.filter((row) => row.sessions === 0);
      const came = sessions.filter((row) => row.ad_platform === platform);
      return {
        platform,
        cost: units(costOf(spent)),
        impressions: total(spent.map((row) => row.impressions)),
        clicks: total(spent.map((row) => row.clicks)),
        sessions: total(came.map((row) => row.sessions)),
        matched_sessions: total(came.filter((row) => !row.is_unmatched).map((row) => row.sessions)),
        unmatched_cost: unmatched.length === 0 ? 0 : units(costOf(unmatched)),
        unmatched_clicks: total(unmatched.map((row) => row.clicks)),
      };
    })
    .toSorted((a, b) => (b.cost ?? -1) - (a.cost ?? -1) || (a.platform < b.platform ? -1 : 1));
}

/** Only of platforms that state conversions of their own: beside those of others nothing stands to compare. */
async function conversionsOf(
  warehouse: Warehouse,
  { config }: Publication,
  { conversions, models }: CoverageQuery,
  within: Within,
): Promise<PlatformConversions[]> {
  const stated = await warehouse.rows<{ platform: string; conversions: number; value: number | null }>(
    sql`
      select platform, cast(sum(platform_conversions_micros) as int64) as conversions, cast(sum(platform_value_micros) as int64) as value
      from ${table(COSTS.name)}
      where ${within('date')}
      group by platform
      having count(platform_conversions_micros) > 0
      order by platform nulls first`,
    'conversions of the platforms',
  );
  if (stated.length === 0 || conversions.length === 0 || models.length === 0) return [];
  const credited = await warehouse.rows<{ platform: string; conversion: string; model: string; credit: number; value: number | null }>(
    sql`
      with facts as (
        select conversion_name, model, ad_reference, ad_platform, sum(credit) as credit, sum(value_micros) as value
        from ${table(REPORT_CREDITS.name)}
        where ${within('click_date')} and conversion_name in (${texts(conversions)}) and model in (${texts(models)})
        group by conversion_name, model, ad_reference, ad_platform
      )
      select
        coalesce(ads.ad_platform, facts.ad_platform) as platform, facts.conversion_name as conversion, facts.model,
        sum(facts.credit) / 1e9 as credit, sum(facts.value) / 1e6 as value
      from facts
      left join ${table(REPORT_ADS.name)} as ads on ads.ad_reference = facts.ad_reference
      where coalesce(ads.ad_platform, facts.ad_platform) is not null
      group by 1, 2, 3`,
    'credits of the platforms',
  );
  return stated.flatMap(({ platform, conversions: own, value }): PlatformConversions[] => {
    const theirs = { platform_conversions: units(own), platform_value: units(value) };
    const meant = config.platformConversions?.[platform];
    const isBeside = meant !== undefined && conversions.includes(meant);
    const ours = conversions.flatMap((conversion) =>
      models.map((model): PlatformConversions => {
        const found = credited.find((row) => row.platform === platform && row.conversion === conversion && row.model === model);
        const hasValue = config.conversions.some((one) => one.name === conversion && one.value === 'money');
        return {
          platform,
          ...(conversion === meant ? theirs : { platform_conversions: null, platform_value: null }),
          conversion,
          model,
          conversions: found?.credit ?? 0,
          value: hasValue ? (found?.value ?? 0) : null,
        };
      }),
    );
    return [...(isBeside ? [] : [{ platform, ...theirs, conversion: null, model: null, conversions: null, value: null }]), ...ours];
  });
}
