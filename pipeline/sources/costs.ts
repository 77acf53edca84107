import path from 'node:path';
import type { Config } from '../config/schema.ts';
import { guardAgainstShrinking } from './shrink-guard.ts';
import type { Dialect } from '../warehouse/dialect.ts';
import { type Sql, join, param, raw, sql, table } from '../warehouse/sql.ts';
import { projectMicros, ratesOf } from '../models/rates/lookup.ts';
import { counted, noRate, noRatesYet } from '../models/rates/words.ts';
import { channelOf, projectRules } from '../models/sessions/channels.ts';
import { projectSites, siteLookup } from '../models/sessions/site-lookup.ts';
import { mediumOf } from '../models/sessions/traffic-source.ts';
import type { Step } from '../models/step.ts';
import { COSTS, stagedCosts } from '../models/costs/tables.ts';
import type { Warehouse } from '../warehouse/warehouse.ts';

/** Cost files of the config → costs. */
export const syncCosts: Step = async ({ warehouse, config, configFolder, allowMassDelete }) => {
  const warnings: string[] = [];
  for (const [i, cost] of config.costs.entries()) {
    const staged = stagedCosts(i);
    const file = path.resolve(configFolder, cost.csv);
    const guarded = { file, configPath: `costs[${i}].csv`, table: staged.name, maximumShrink: cost.maximumShrink, allowMassDelete };
    warnings.push(...(await guardAgainstShrinking(warehouse, guarded)));
    await warehouse.loadCsv(staged, file, { label: `costs[${i}]` });
  }
  const source = costRows(warehouse.dialect, config);
  const change = await warehouse.merge(COSTS, source, { deleteUnmatched: true, label: 'costs' });
  return { changes: { costs: change }, warnings: [...warnings, ...(await withoutRate(warehouse, config))] };
};

/** What the reader must know of costs that are in no total. */
async function withoutRate(warehouse: Warehouse, config: Config): Promise<string[]> {
  const rows = await warehouse.rows<{ platform: string; currency: string; amounts: number; first_day: string; last_day: string }>(
    sql`
      select platform, currency, count(*) as amounts, min(date) as first_day, max(date) as last_day
      from ${table(COSTS.name)}
      where cost_micros is null
      group by platform, currency
      order by platform nulls first, currency nulls first`,
    'costs without a rate',
  );
  return rows.map(({ platform, currency, amounts, first_day, last_day }) => {
    const which = `costs: ${counted(amounts, 'row')} of ${platform} in ${currency} ${amounts === 1 ? 'is' : 'are'} in no total`;
    if (config.rates === undefined) return `${which}: ${noRatesYet(config.project.currency)}`;
    return `${which}: ${noRate(currency, first_day, last_day)}`;
  });
}

function costRows(dialect: Dialect, config: Config): Sql {
  const trimmed = (name: string) => dialect.trim(raw(name));
  const files = config.costs.map((cost, i) => {
    const currency = cost.currency ?? config.project.currency;
    return sql`
      select
        date,
        ${cost.platform} as platform,
        coalesce(${trimmed('account_id')}, '') as account_id,
        coalesce(${trimmed('campaign_id')}, ${trimmed('campaign')}, '') as campaign_id,
        ${trimmed('campaign')} as campaign,
        coalesce(${trimmed('ad_group_id')}, ${trimmed('ad_group')}, '') as ad_group_id,
        ${trimmed('ad_group')} as ad_group,
        coalesce(${trimmed('ad_id')}, ${trimmed('ad')}, '') as ad_id,
        ${trimmed('ad')} as ad,
        ${cost.source.toLowerCase()} as source, ${mediumOf(cost.medium, config.channels)} as medium, ${currency} as currency,
        ${dialect.micros(raw('cost'))} as micros, coalesce(impressions, 0) as impressions, coalesce(clicks, 0) as clicks
      from ${table(stagedCosts(i).name)}`;
  });
  const input = {
    source: raw('summed_rows.source'),
    medium: raw('summed_rows.medium'),
    campaign: raw('summed_rows.campaign'),
    adPlatform: raw('summed_rows.platform'),
    category: raw('sites.category'),
  };
  return sql`
    with cost_rows as (${files.length > 0 ? join(files, '\n      union all') : noRows()}
    ),
    summed_rows as (
      select
        date, platform, account_id, campaign_id, min(campaign) as campaign, ad_group_id, min(ad_group) as ad_group,
        ad_id, min(ad) as ad, source, medium, currency,
        sum(micros) as micros, sum(impressions) as impressions, sum(clicks) as clicks
      from cost_rows
      group by date, platform, account_id, campaign_id, ad_group_id, ad_id, source, medium, currency
    ),
    sites as (${siteLookup(dialect, sql`select source as text from summed_rows`, projectSites(config.site.domains, config.channels.sites))}
    ),
    rates as (${ratesOf(dialect, sql`(select currency, date as day from summed_rows) as spent`, config.project.currency)}
    )
    select
      summed_rows.date, summed_rows.platform, summed_rows.account_id, summed_rows.campaign_id, summed_rows.campaign,
      summed_rows.ad_group_id, summed_rows.ad_group, summed_rows.ad_id, summed_rows.ad, summed_rows.source, summed_rows.medium,
      ${channelOf(dialect, input, projectRules(config.channels))} as channel,
      if(
        summed_rows.currency = ${config.project.currency},
        summed_rows.micros,
        ${projectMicros(dialect, raw('summed_rows.micros / 1000000'), raw('summed_rows.currency'), raw('rates.rate'), config.project.currency)}
      ) as cost_micros,
      summed_rows.micros / 1000000 as original_cost,
      summed_rows.currency, rates.rate, rates.rate_date, summed_rows.impressions, summed_rows.clicks
    from summed_rows
    left join sites on sites.text = summed_rows.source
    left join rates on rates.currency = summed_rows.currency and rates.day = summed_rows.date`;
}

/** The shape of the cost rows of a project without cost files. */
function noRows(): Sql {
  const texts = [
    'platform',
    'account_id',
    'campaign_id',
    'campaign',
    'ad_group_id',
    'ad_group',
    'ad_id',
    'ad',
    'source',
    'medium',
    'currency',
  ];
  const numbers = ['micros', 'impressions', 'clicks'];
  return sql`
      select ${param(null, 'DATE')} as date, ${join(texts.map((name) => sql`cast(null as string) as ${raw(name)}`))},
        ${join(numbers.map((name) => sql`cast(null as int64) as ${raw(name)}`))}
      from (select 1 as nothing) as none
      where false`;
}
