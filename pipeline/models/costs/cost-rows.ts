import type { Config } from '../../config/schema.ts';
import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, join, param, raw, sql, table } from '../../warehouse/sql.ts';
import { projectMicros, ratesOf } from '../rates/lookup.ts';
import { channelOf, projectRules } from '../sessions/channels.ts';
import { projectSites, siteLookup } from '../sessions/site-lookup.ts';
import { mediumOf } from '../sessions/traffic-source.ts';
import { AD_NAMES, AD_NAME_LEVELS, type AdNameLevel, stagedCosts } from './tables.ts';

/** Columns that say what a row of cost is of, from the account to the ad. */
const IDS = AD_NAME_LEVELS.map((level) => `${level}_id`);

/** The rows of the staged cost sources, as one query: ids that are missing are names, or empty. */
function stagedRows(dialect: Dialect, config: Config): Sql {
  const trimmed = (name: string) => sql`nullif(${dialect.trim(raw(name))}, '')`;
  const id = (level: AdNameLevel) =>
    level === 'account'
      ? sql`coalesce(${trimmed('account_id')}, '') as account_id`
      : sql`coalesce(${trimmed(`${level}_id`)}, ${trimmed(level)}, '') as ${raw(level)}_id`;
  const sources = config.costs.map((cost, i) => {
    const currency = sql`coalesce(${dialect.upperAscii(trimmed('currency'))}, ${config.project.currency})`;
    return sql`
      select
        date,
        ${cost.platform} as platform,
        ${join(AD_NAME_LEVELS.map((level) => sql`${id(level)}, ${trimmed(level)} as ${raw(level)}`))},
        ${cost.source.toLowerCase()} as source, ${mediumOf(cost.medium, config.channels)} as medium,
        ${cost.currency === undefined ? currency : sql`${cost.currency}`} as currency,
        ${dialect.micros(raw('cost'))} as micros, coalesce(impressions, 0) as impressions, coalesce(clicks, 0) as clicks,
        ${dialect.micros(raw('platform_conversions'))} as conversions_micros, ${dialect.micros(raw('platform_value'))} as value_micros
      from ${table(stagedCosts(i).name)}`;
  });
  return sources.length > 0 ? join(sources, '\n      union all') : noRows();
}

/** The rows of ad_names: what the cost sources call things, and until when they did. */
export function nameRows(dialect: Dialect, config: Config): Sql {
  const levels = AD_NAME_LEVELS.map((level, depth) => {
    const ids = IDS.map((id, i) => (i <= depth ? raw(id) : sql`'' as ${raw(id)}`));
    return sql`
    select ${level} as level, platform, ${join(ids)}, ${raw(level)} as name, max(date) as last_date
    from cost_rows
    where ${raw(level)} is not null and ${raw(level)}_id <> ''
    group by platform, ${raw(IDS.slice(0, depth + 1).join(', '))}, ${raw(level)}`;
  });
  return sql`
    with cost_rows as (${stagedRows(dialect, config)}
    )
    ${join(levels, '\n    union all')}`;
}

/**
 * The rows of costs: the staged ones added up by their ids, in the project's currency, with the names that things were called
 * last. It reads `ad_names` as {@link nameRows} makes it.
 */
export function costRows(dialect: Dialect, config: Config): Sql {
  const { currency } = config.project;
  const input = {
    source: raw('summed_rows.source'),
    medium: raw('summed_rows.medium'),
    campaign: raw('campaign_names.name'),
    adPlatform: raw('summed_rows.platform'),
    category: raw('sites.category'),
  };
  const inProjectCurrency = (micros: string) => sql`
      if(
        summed_rows.currency = ${currency},
        ${raw(micros)},
        ${projectMicros(dialect, sql`${raw(micros)} / 1000000`, raw('summed_rows.currency'), raw('rates.rate'), currency)}
      )`;
  const names = AD_NAME_LEVELS.map(
    (level, depth) => sql`
    left join latest_names as ${raw(level)}_names
      on ${raw(level)}_names.level = ${level} and ${raw(level)}_names.platform = summed_rows.platform
      and ${raw(IDS.map((id, i) => `${level}_names.${id} = ${i <= depth ? `summed_rows.${id}` : "''"}`).join(' and '))}`,
  );
  const named = AD_NAME_LEVELS.map((level) =>
    raw(`summed_rows.${level}_id, coalesce(${level}_names.name, nullif(summed_rows.${level}_id, '')) as ${level}`),
  );
  const summed = `platform, ${IDS.join(', ')}, source, medium, currency`;
  return sql`
    with cost_rows as (${stagedRows(dialect, config)}
    ),
    summed_rows as (
      select
        date, ${raw(summed)},
        sum(micros) as micros, sum(impressions) as impressions, sum(clicks) as clicks,
        sum(conversions_micros) as conversions_micros, sum(value_micros) as value_micros
      from cost_rows
      group by date, ${raw(summed)}
    ),
    latest_names as (
      select level, platform, ${raw(IDS.join(', '))},
        ${dialect.firstValue(raw('name'), raw('last_date desc nulls last, name nulls first'))} as name
      from ${table(AD_NAMES.name)}
      group by level, platform, ${raw(IDS.join(', '))}
    ),
    sites as (${siteLookup(dialect, sql`select source as text from summed_rows`, projectSites(config.site.domains, config.channels.sites))}
    ),
    rates as (${ratesOf(dialect, sql`(select currency, date as day from summed_rows) as spent`, currency)}
    )
    select
      summed_rows.date, summed_rows.platform, ${join(named)}, summed_rows.source, summed_rows.medium,
      ${channelOf(dialect, input, projectRules(config.channels))} as channel,
      ${inProjectCurrency('summed_rows.micros')} as cost_micros,
      summed_rows.micros / 1000000 as original_cost,
      summed_rows.currency, rates.rate, rates.rate_date, summed_rows.impressions, summed_rows.clicks,
      summed_rows.conversions_micros as platform_conversions_micros,
      ${inProjectCurrency('summed_rows.value_micros')} as platform_value_micros
    from summed_rows${join(names, '')}
    left join sites on sites.text = summed_rows.source
    left join rates on rates.currency = summed_rows.currency and rates.day = summed_rows.date`;
}

/** The shape of the rows of a project without cost sources. */
function noRows(): Sql {
  const texts = ['platform', ...AD_NAME_LEVELS.flatMap((level) => [`${level}_id`, level]), 'source', 'medium', 'currency'];
  const numbers = ['micros', 'impressions', 'clicks', 'conversions_micros', 'value_micros'];
  return sql`
      select ${param(null, 'DATE')} as date, ${join(texts.map((name) => sql`cast(null as string) as ${raw(name)}`))},
        ${join(numbers.map((name) => sql`cast(null as int64) as ${raw(name)}`))}
      from (select 1 as nothing) as none
      where false`;
}
