import {
  type CostSource,
  type CsvCost,
  type FacebookAdsCost,
  type GoogleAdsCost,
  type TableCost,
  facebookActionsTable,
  googleAdsTable,
} from '../config/costs.ts';
import type { Dialect } from '../warehouse/dialect.ts';
import { type Sql, arrayParam, join, param, raw, sql, table } from '../warehouse/sql.ts';

/** A cost source that is a table of the warehouse. */
export type WarehouseCost = Exclude<CostSource, CsvCost>;

/** Query of the rows of such a source, in the columns of its staging table. */
export function costsOfTable(dialect: Dialect, cost: WarehouseCost): Sql {
  if ('columns' in cost) return costsOfColumns(dialect, cost);
  return cost.schema === 'google_ads' ? costsOfGoogleAds(dialect, cost) : costsOfFacebookAds(dialect, cost);
}

/** What a table is expected to have, in words. */
export function expectedColumns(cost: WarehouseCost): string {
  if ('columns' in cost) return `expected the columns ${Object.values(cost.columns).join(', ')}, as costs.columns names them`;
  if (cost.schema === 'google_ads') {
    const { level, view } = googleAdsTable(cost.table);
    const views = [...LEVELS.slice(0, LEVELS.indexOf(level) + 1), 'Customer'].map(view).join(', ');
    return `expected the tables of a Google Ads transfer to BigQuery, beside it the views ${views}`;
  }
  const actions = cost.actionTypes.length > 0 ? `, beside it ${facebookActionsTable(cost.table)}` : '';
  return `expected the tables of a Facebook Ads transfer to BigQuery${actions}`;
}

/** A table by a name that may say where it lies. */
function from(dialect: Dialect, name: string): Sql {
  const parts = name.split('.');
  return parts.length === 1
    ? sql`${table(name)}`
    : join(
        parts.map((part) => dialect.identifier(part)),
        '.',
      );
}

/** A count of any numeric type: transfers write them as decimals. */
function wholeNumber(dialect: Dialect, value: Sql): Sql {
  return dialect.intDiv(dialect.micros(sql`${value} * 1e0`), raw('1000000'));
}

const TEXTS = ['account_id', 'account', 'campaign_id', 'campaign', 'ad_group_id', 'ad_group', 'ad_id', 'ad', 'currency'] as const;

function costsOfColumns(dialect: Dialect, { table: name, columns }: TableCost): Sql {
  const column = (given: string) => sql`source.${dialect.identifier(given)}`;
  const text = (given: string | undefined) => (given === undefined ? sql`${param(null, 'STRING')}` : dialect.castText(column(given)));
  const number = (given: string | undefined) => (given === undefined ? sql`${param(null, 'FLOAT64')}` : sql`${column(given)} * 1e0`);
  const count = (given: string | undefined) => (given === undefined ? sql`${param(null, 'INT64')}` : wholeNumber(dialect, column(given)));
  const cost = columns.cost === undefined ? sql`${number(columns.cost_micros)} / 1e6` : number(columns.cost);
  return sql`
    select
      cast(${column(columns.date)} as date) as date,
      ${join(TEXTS.map((of) => sql`${text(columns[of])} as ${raw(of)}`))},
      coalesce(${cost}, 0e0) as cost, ${count(columns.impressions)} as impressions, ${count(columns.clicks)} as clicks,
      ${number(columns.platform_conversions)} as platform_conversions, ${number(columns.platform_value)} as platform_value
    from ${from(dialect, name)} as source`;
}

/** The levels of Google Ads from above: its tables of names, their columns, and what costs call them. */
const LEVELS = ['Campaign', 'AdGroup', 'Ad'] as const;
const GOOGLE_ADS = {
  Campaign: { id: 'campaign_id', name: 'campaign_name', as: 'campaign' },
  AdGroup: { id: 'ad_group_id', name: 'ad_group_name', as: 'ad_group' },
  Ad: { id: 'ad_group_ad_ad_id', name: 'ad_group_ad_ad_name', as: 'ad' },
} as const;

/**
 * Statistics are by day and have ids only. The views of names hold a row for each day on which the transfer ran, so that a
 * name is that of the day itself, else the last one there is.
 * Source: cloud.google.com/bigquery/docs/google-ads-transformation.
 */
function costsOfGoogleAds(dialect: Dialect, { table: name }: GoogleAdsCost): Sql {
  const { level, view } = googleAdsTable(name);
  const levels = LEVELS.slice(0, LEVELS.indexOf(level) + 1).map((one) => ({ view: view(one), ...GOOGLE_ADS[one] }));
  const latest = (value: string, days: string) => dialect.firstValue(raw(value), raw(`${days} desc nulls last, ${value} nulls last`));
  const ctes = levels.flatMap(({ view: of, id, name: column, as }) => [
    sql`${raw(as)}_days as (
      select ${raw(id)} as id, _DATA_DATE as day, min(${raw(column)}) as name
      from ${from(dialect, of)}
      group by ${raw(id)}, _DATA_DATE
    )`,
    sql`${raw(as)}_latest as (select id, ${latest('name', 'day')} as name from ${raw(as)}_days where name is not null group by id)`,
  ]);
  const text = (column: string) => dialect.castText(raw(column));
  const of = (as: 'campaign' | 'ad_group' | 'ad') => {
    const found = levels.find((one) => one.as === as);
    if (!found) return sql`${param(null, 'STRING')} as ${raw(as)}_id, ${param(null, 'STRING')} as ${raw(as)}`;
    return sql`${text(`stats.${found.id}`)} as ${raw(as)}_id, coalesce(${raw(as)}_days.name, ${raw(as)}_latest.name) as ${raw(as)}`;
  };
  const joins = levels.map(
    ({ id, as }) => sql`
    left join ${raw(as)}_days on ${raw(as)}_days.id = stats.${raw(id)} and ${raw(as)}_days.day = stats.segments_date
    left join ${raw(as)}_latest on ${raw(as)}_latest.id = stats.${raw(id)}`,
  );
  return sql`
    with ${join(ctes, ',\n    ')},
    accounts as (
      select
        customer_id as id, ${latest('customer_descriptive_name', '_DATA_DATE')} as name,
        ${latest('customer_currency_code', '_DATA_DATE')} as currency
      from ${from(dialect, view('Customer'))}
      group by customer_id
    )
    select
      stats.segments_date as date,
      ${text('stats.customer_id')} as account_id, accounts.name as account, accounts.currency,
      ${of('campaign')}, ${of('ad_group')}, ${of('ad')},
      coalesce(stats.metrics_cost_micros, 0) / 1e6 as cost, stats.metrics_impressions as impressions, stats.metrics_clicks as clicks,
      stats.metrics_conversions as platform_conversions, stats.metrics_conversions_value as platform_value
    from ${from(dialect, name)} as stats
    left join accounts on accounts.id = stats.customer_id${join(joins, '')}`;
}

/**
 * Insights are by day and ad; actions by type besides, in two collections: how many, and what they are worth.
 * Source: cloud.google.com/bigquery/docs/facebook-ads-transformation.
 */
function costsOfFacebookAds(dialect: Dialect, { table: name, actionTypes }: FacebookAdsCost): Sql {
  const nothing = sql`
    select cast(null as date) as day, cast(null as string) as ad_id, ${param(null, 'FLOAT64')} as conversions, ${param(null, 'FLOAT64')} as worth
    from (select 1 as nothing) as none
    where false`;
  // As integers: a sum of floats would depend on the order.
  const value = dialect.micros(raw('ActionValue * 1e0'));
  const actions = sql`
    select
      cast(DateStart as date) as day, ${dialect.castText(raw('AdId'))} as ad_id,
      sum(if(ActionCollection = 'Actions', ${value}, null)) / 1e6 as conversions,
      sum(if(ActionCollection = 'ActionValues', ${value}, null)) / 1e6 as worth
    from ${from(dialect, facebookActionsTable(name))}
    where ${dialect.isIn(raw('ActionType'), sql`${arrayParam(actionTypes, 'STRING')}`)}
    group by 1, 2`;
  const insight = (column: string) => dialect.castText(raw(`insights.${column}`));
  // Should an ad have two rows for a day, its conversions are those of the first.
  return sql`
    with actions as (${actionTypes.length > 0 ? actions : nothing}
    ),
    insights as (
      select
        source.*,
        row_number() over (
          partition by source.DateStart, source.AdId order by source.Spend desc nulls last, source.CampaignId nulls last, source.AdSetId nulls last
        ) as place
      from ${from(dialect, name)} as source
    )
    select
      cast(insights.DateStart as date) as date,
      ${insight('AdAccountId')} as account_id, insights.AdAccountName as account, insights.AccountCurrency as currency,
      ${insight('CampaignId')} as campaign_id, insights.CampaignName as campaign,
      ${insight('AdSetId')} as ad_group_id, insights.AdSetName as ad_group,
      ${insight('AdId')} as ad_id, insights.AdName as ad,
      coalesce(insights.Spend * 1e0, 0e0) as cost,
      ${wholeNumber(dialect, raw('insights.Impressions'))} as impressions, ${wholeNumber(dialect, raw('insights.Clicks'))} as clicks,
      if(insights.place = 1, actions.conversions, null) as platform_conversions,
      if(insights.place = 1, actions.worth, null) as platform_value
    from insights
    left join actions on actions.day = cast(insights.DateStart as date) and actions.ad_id = ${insight('AdId')}`;
}
