import { MODEL_TYPES } from '../../../pipeline/config/attribution.ts';
import { Config } from '../../../pipeline/config/schema.ts';
import { FITTED_TABLES } from '../../../pipeline/models/attribution/fitted-tables.ts';
import { REPORT_ADS } from '../../../pipeline/models/costs/tables.ts';
import { publishedConfig } from '../../../pipeline/models/reports/publication.ts';
import {
  PREVIOUS_BY,
  previousDate,
  REPORT_COSTS,
  REPORT_CREDITS,
  REPORT_OTHER_COSTS,
  REPORT_SESSIONS,
  REPORT_SOURCES,
} from '../../../pipeline/models/reports/tables.ts';
import type { Publication } from '../../../pipeline/query/publication.ts';
import type { DuckDbWarehouse } from '../../../pipeline/warehouse/duckdb/duckdb.ts';

export const FIRST_DAY = '2025-07-01';
export const LAST_DAY = '2026-06-30';
const DAYS = 365;

/** A publication whose models are all of those that a config can name; {@link MODELS} are credited here. */
const CONFIG = Config.parse({
  project: { name: 'Bench', timeZone: 'Europe/Berlin', currency: 'EUR' },
  conversions: [
    { name: 'lead', label: 'Lead', sql: 'lead.sql' },
    { name: 'closed_won', label: 'Closed/Won', sql: 'closed_won.sql', value: 'money', margin: 0.6 },
  ],
  funnel: ['lead', 'closed_won'],
  attribution: { models: [...MODEL_TYPES] },
  dimensions: {
    brand: { label: 'Brand', rules: [{ value: 'Brand', when: { dimension: 'campaign', startsWith: 'campaign 1' } }], otherwise: 'Other' },
  },
});

export const PUBLICATION: Publication = {
  publication_id: '20260701T030000Z',
  published_at: '2026-07-01T03:00:00.000000Z',
  data_up_to: '2026-06-30T23:00:00.000000Z',
  config: { ...publishedConfig(CONFIG), params: [] },
};

/** Models that credit one session, and those that divide a conversion among all of its path. */
const SINGLE = ['first_click', 'last_click', 'last_significant_click'];
const DIVIDED = ['linear', 'position_based', 'time_decay', 'shapley', 'markov', 'visit_scoring'];
export const MODELS: readonly string[] = [...SINGLE, ...DIVIDED];

export interface Size {
  readonly seed: number;
  readonly sessions: number;
  readonly conversions: number;
}

/** A whole number from 0 to below `below`, by the seed and what it is for. */
const drawn = (seed: number, purpose: string, number: string, below: number) =>
  `cast(hash(${number}, '${seed} ${purpose}') % ${below}::ubigint as bigint)`;
/** The same, small numbers far more often than large ones, as of campaigns and pages. */
const skewed = (seed: number, purpose: string, number: string, below: number) =>
  `cast(floor(${below} * pow(${drawn(seed, purpose, number, 1_000_000)} / 1000000.0, 3)) as bigint)`;

/** One of these texts, by a number in SQL. */
const text = (list: readonly string[], of: string) => `[${list.map((one) => `'${one}'`).join(', ')}][${of} + 1]`;

/** When a person came before, as the step of the reports says it. */
const before = (by: (typeof PREVIOUS_BY)[number] | undefined) => {
  const same = by === undefined ? '' : `, ${by === 'source_medium' ? "source || ' / ' || medium" : by}`;
  return `lag(click_date) over (partition by person_key${same} order by click_date, session_id) as ${previousDate(by)}`;
};

/**
 * Fills the tables of reports as a publication holds them: sessions day by day, conversions with paths of up to four sessions of
 * the quarter before, nine models each, and costs of 300 campaigns.
 */
export async function fillPublication(warehouse: DuckDbWarehouse, size: Size): Promise<void> {
  const { seed, sessions, conversions } = size;
  await warehouse.migrate([
    REPORT_SESSIONS,
    REPORT_CREDITS,
    REPORT_COSTS,
    REPORT_OTHER_COSTS,
    REPORT_SOURCES,
    REPORT_ADS,
    ...FITTED_TABLES,
  ]);
  const persons = Math.max(10, Math.round(sessions * 0.6));
  const day = (number: string, of: number) => `date '${FIRST_DAY}' + cast(${number} * ${DAYS} // ${of} as integer)`;
  const channel = (of: string) => drawn(seed, 'channel', of, 12);
  const statements = [
    `create temporary table visits as
    with numbered as (select s, ${channel('s')} as kind, ${skewed(seed, 'campaign', 's', 300)} as campaign from range(${sessions}) as numbers(s))
    select
      sha256('s' || s) as session_id, ${drawn(seed, 'person', 's', persons)} * 1000003 as person_key, ${day('s', sessions)} as click_date,
      1 + ${skewed(seed, 'number', 's', 9)} as session_number,
      case when kind < 5 then 1000000000000 + campaign * 8 + ${drawn(seed, 'ad', 's', 8)} end as ad_reference,
      ${text(['Paid Search', 'Paid Search', 'Paid Social', 'Display', 'Email', 'Direct', 'Direct', 'Direct', 'Organic Search', 'Organic Search', 'Organic Social', 'Referral'], 'kind')} as channel,
      case when kind = 11 then 'partner' || ${skewed(seed, 'partner', 's', 400)} || '.example' else
        ${text(['google', 'bing', 'facebook', 'google', 'newsletter', 'direct', 'direct', 'direct', 'google', 'bing', 'facebook', ''], 'kind')} end as source,
      ${text(['cpc', 'cpc', 'paid-social', 'display', 'email', 'none', 'none', 'none', 'organic', 'organic', 'social', 'referral'], 'kind')} as medium,
      case when kind < 5 then 'campaign ' || campaign end as campaign,
      ${text(['google_ads', 'microsoft_ads', 'meta_ads', 'google_ads'], 'least(kind, 4)')} as ad_platform,
      case when kind < 2 then 'keyword ' || ${skewed(seed, 'term', 's', 20_000)} end as term,
      case when kind < 5 then 'ad ' || ${skewed(seed, 'content', 's', 900)} end as content,
      '/page/' || ${skewed(seed, 'page', 's', 3000)} as landing_path,
      ${text(['DE', 'DE', 'DE', 'AT', 'CH', 'FR', 'GB', 'US'], drawn(seed, 'country', 's', 8))} as country,
      'region ' || ${skewed(seed, 'region', 's', 80)} as region, 'city ' || ${skewed(seed, 'city', 's', 5000)} as city,
      ${text(['desktop', 'mobile', 'mobile', 'tablet'], drawn(seed, 'device', 's', 4))} as device_type,
      ${text(['Chrome', 'Safari', 'Firefox', 'Edge'], drawn(seed, 'browser', 's', 4))} as browser,
      ${text(['Windows', 'iOS', 'Android', 'macOS'], drawn(seed, 'browser', 's', 4))} as os
    from numbered`,
    `insert into report_sessions by name
    select *, cast(hash(channel, source, medium, campaign, ad_platform, ad_reference) >> 4 as bigint) as source_key,
      ${[undefined, ...PREVIOUS_BY].map(before).join(', ')}
    from visits order by click_date`,
    'drop table visits',
    `insert into report_sources by name
    select distinct source_key, channel, source, medium, campaign, ad_platform, ad_reference from report_sessions`,
    `create temporary table paths as
    select
      n, touch, touches,
      -- Sessions lie in the order of time: those of a path are of the quarter before.
      greatest(0, cast(n * ${sessions} // ${conversions} as bigint) - ${drawn(seed, 'touch', 'n * 8 + touch', Math.ceil(sessions / 4))}) as place
    from (select n, 1 + ${skewed(seed, 'touches', 'n', 4)} as touches from range(${conversions}) as numbers(n)), range(4) as places(touch)
    where touch < touches`,
    `insert into report_credits by name
    with models as (
      select unnest([${MODELS.map((name) => `'${name}'`).join(', ')}]) as model, unnest([${MODELS.map((name) => String(SINGLE.includes(name))).join(', ')}]) as is_single
    ),
    touched as (
      select paths.*, sessions.*
      from paths
      inner join (select *, row_number() over () - 1 as session_place from report_sessions) as sessions on sessions.session_place = paths.place
    )
    select
      if(n % 4 = 0, 'closed_won', 'lead') as conversion_name, 'C' || lpad(cast(n as varchar), 9, '0') as conversion_id, model,
      session_id, person_key, ${day('n', conversions)} as conversion_date, click_date,
      case when is_single then 1000000000 else 1000000000 // touches + if(touch = 0, 1000000000 % touches, 0) end as credit,
      case when n % 4 = 0 then 1000000 * (1 + ${drawn(seed, 'value', 'n', 5000)}) // if(is_single, 1, touches) end as value_micros,
      ${drawn(seed, 'qualified', 'n', 3)} = 0 as is_qualified, cast(null as varchar) as reason, [] as params,
      session_number, ad_reference, source_key, channel, source, medium, campaign, ad_platform, term, content, landing_path, country, region, city,
      device_type, browser, os
    from touched cross join models
    where not is_single or touch = if(model = 'first_click', 0, touches - 1)
    order by ${REPORT_CREDITS.snapshotOrder!.join(', ')}, n, touch`,
    `insert into report_ads by name
    select
      1000000000000 + r as ad_reference, 'google_ads' as ad_platform, 'Main' as account, 'campaign ' || (r // 8) as campaign,
      'group ' || (r // 4) as ad_group, 'ad ' || r as ad, true as is_ad
    from range(${300 * 8}) as numbers(r)
    where r % 5 > 0`,
    `insert into report_costs by name
    select
      sha256('c' || c || '.' || d) as cost_key, date '${FIRST_DAY}' + cast(d as integer) as click_date, 'Paid Search' as channel, 'google' as source,
      'cpc' as medium, 'campaign ' || (c // 4) as campaign, 'google_ads' as ad_platform, 'Main' as account, 'group ' || c as ad_group,
      1000000 * (1 + ${drawn(seed, 'cost', 'c * 1000 + d', 90)}) as cost_micros, 'EUR' as currency,
      ${drawn(seed, 'impressions', 'c * 1000 + d', 4000)} as impressions, ${drawn(seed, 'clicks', 'c * 1000 + d', 90)} as clicks
    from range(1200) as campaigns(c), range(${DAYS}) as days(d)`,
    'drop table paths',
    'checkpoint',
  ];
  for (const statement of statements) await warehouse.session.run(statement, 'bench: the publication');
}
