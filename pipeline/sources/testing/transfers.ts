import type { ConfigInput } from '../../config/schema.ts';
import type { World } from '../../testing/world.ts';
import { nullable } from '../../warehouse/columns.ts';
import type { Row, TableDefinition } from '../../warehouse/warehouse.ts';

/** A project whose costs are tables of transfers, and one of its own. */
export const TRANSFER_PROJECT: Partial<ConfigInput> = {
  costs: [
    { table: 'p_ads_AdGroupBasicStats_4182207731', schema: 'google_ads' },
    { table: 'AdInsights', schema: 'facebook_ads', actionTypes: ['offsite_conversion.fb_pixel_purchase'] },
    {
      table: 'reddit_spend',
      columns: { date: 'day', cost_micros: 'spend_micros', campaign: 'name', clicks: 'n', platform_value: 'worth' },
      platform: 'reddit_ads',
      source: 'reddit',
      medium: 'paid',
    },
  ],
};

type Columns = Readonly<Record<string, 'STRING' | 'INT64' | 'FLOAT64' | 'DATE'>>;
const tableOf = (name: string, columns: Columns): TableDefinition => ({
  name,
  description: 'A table of a transfer.',
  columns: Object.entries(columns).map(([column, type]) => nullable(column, type, 'As the transfer writes it.')),
  key: [],
});

/** Columns as the transfers have them, those that are read and some beside. */
const GOOGLE_STATS = tableOf('p_ads_AdGroupBasicStats_4182207731', {
  customer_id: 'INT64',
  campaign_id: 'INT64',
  ad_group_id: 'INT64',
  metrics_clicks: 'INT64',
  metrics_conversions: 'FLOAT64',
  metrics_conversions_value: 'FLOAT64',
  metrics_cost_micros: 'INT64',
  metrics_impressions: 'INT64',
  segments_ad_network_type: 'STRING',
  segments_date: 'DATE',
  segments_device: 'STRING',
});
const DAYS = { _DATA_DATE: 'DATE', _LATEST_DATE: 'DATE' } as const;
const GOOGLE_CAMPAIGNS = tableOf('ads_Campaign_4182207731', {
  customer_id: 'INT64',
  campaign_id: 'INT64',
  campaign_name: 'STRING',
  ...DAYS,
});
const GOOGLE_AD_GROUPS = tableOf('ads_AdGroup_4182207731', {
  campaign_id: 'INT64',
  ad_group_id: 'INT64',
  ad_group_name: 'STRING',
  ...DAYS,
});
const GOOGLE_CUSTOMERS = tableOf('ads_Customer_4182207731', {
  customer_id: 'INT64',
  customer_descriptive_name: 'STRING',
  customer_currency_code: 'STRING',
  ...DAYS,
});
const INSIGHTS = tableOf('AdInsights', {
  DateStart: 'DATE',
  DateEnd: 'DATE',
  AccountCurrency: 'STRING',
  AdAccountId: 'STRING',
  AdAccountName: 'STRING',
  CampaignId: 'STRING',
  CampaignName: 'STRING',
  AdSetId: 'STRING',
  AdSetName: 'STRING',
  AdId: 'STRING',
  AdName: 'STRING',
  Clicks: 'FLOAT64',
  Impressions: 'FLOAT64',
  Spend: 'FLOAT64',
});
const ACTIONS = tableOf('AdInsightsActions', {
  DateStart: 'DATE',
  AdId: 'STRING',
  ActionCollection: 'STRING',
  ActionType: 'STRING',
  ActionValue: 'FLOAT64',
});
const OWN = tableOf('reddit_spend', { day: 'DATE', name: 'STRING', spend_micros: 'INT64', n: 'INT64', worth: 'FLOAT64' });

const [FIRST, SECOND] = ['2026-03-01', '2026-03-02'];
const stats = (segments_date: string, segments_device: string, metrics_cost_micros: number, metrics_conversions: number): Row => ({
  customer_id: 4182207731,
  campaign_id: 21040010,
  ad_group_id: 31001,
  metrics_clicks: 2,
  metrics_impressions: 40,
  metrics_cost_micros,
  metrics_conversions,
  metrics_conversions_value: metrics_conversions * 10,
  segments_ad_network_type: 'SEARCH',
  segments_date,
  segments_device,
});
const insight = (AdId: string, AdName: string, Spend: number | null): Row => ({
  DateStart: FIRST,
  DateEnd: FIRST,
  AccountCurrency: 'EUR',
  AdAccountId: '1090447718255431',
  AdAccountName: 'Fernhill',
  CampaignId: '120210447001',
  CampaignName: 'Owners',
  AdSetId: '120210447101',
  AdSetName: 'Lookalike',
  AdId,
  AdName,
  Clicks: 3,
  Impressions: 100,
  Spend,
});
const action = (AdId: string, ActionCollection: string, ActionType: string, ActionValue: number): Row => ({
  DateStart: FIRST,
  AdId,
  ActionCollection,
  ActionType,
  ActionValue,
});

/** Fills the tables of the transfers. @param more further rows of the own table. */
export async function loadTransfers({ warehouse }: World, more: readonly Row[] = []): Promise<void> {
  const tables: readonly (readonly [TableDefinition, readonly Row[]])[] = [
    // Two devices of one day are one row of cost.
    [GOOGLE_STATS, [stats(FIRST, 'MOBILE', 1_250_000, 0.5), stats(FIRST, 'DESKTOP', 750_000, 1), stats(SECOND, 'MOBILE', 3_000_001, 0)]],
    [
      GOOGLE_CAMPAIGNS,
      [
        { customer_id: 4182207731, campaign_id: 21040010, campaign_name: 'Brand', _DATA_DATE: FIRST, _LATEST_DATE: SECOND },
        { customer_id: 4182207731, campaign_id: 21040010, campaign_name: 'Brand DACH', _DATA_DATE: SECOND, _LATEST_DATE: SECOND },
      ],
    ],
    // Known of the second day only: the first day has its name.
    [GOOGLE_AD_GROUPS, [{ campaign_id: 21040010, ad_group_id: 31001, ad_group_name: 'exact', _DATA_DATE: SECOND, _LATEST_DATE: SECOND }]],
    [
      GOOGLE_CUSTOMERS,
      [
        {
          customer_id: 4182207731,
          customer_descriptive_name: 'Fernhill GmbH',
          customer_currency_code: 'EUR',
          _DATA_DATE: SECOND,
          _LATEST_DATE: SECOND,
        },
      ],
    ],
    [INSIGHTS, [insight('1', 'Video', 9.5), insight('2', 'Image', null)]],
    [
      ACTIONS,
      [
        action('1', 'Actions', 'offsite_conversion.fb_pixel_purchase', 2),
        action('1', 'Actions', 'omni_purchase', 2),
        action('1', 'ActionValues', 'offsite_conversion.fb_pixel_purchase', 80.25),
      ],
    ],
    [OWN, [{ day: FIRST, name: 'Crew', spend_micros: 2_500_000, n: 4, worth: 7 }, ...more]],
  ];
  await warehouse.migrate(tables.map(([table]) => table));
  for (const [table, rows] of tables) await warehouse.load(table, rows, { replace: true });
}

/** Their costs: by hand from the rows above. */
export const TRANSFER_COSTS: readonly (readonly (string | number | null)[])[] = [
  ['google_ads', FIRST, 'Fernhill GmbH', '21040010', 'Brand DACH', '31001', 'exact', '', 2_000_000, 80, 4, 1_500_000, 15_000_000],
  ['google_ads', SECOND, 'Fernhill GmbH', '21040010', 'Brand DACH', '31001', 'exact', '', 3_000_001, 40, 2, 0, 0],
  ['meta_ads', FIRST, 'Fernhill', '120210447001', 'Owners', '120210447101', 'Lookalike', '1', 9_500_000, 100, 3, 2_000_000, 80_250_000],
  ['meta_ads', FIRST, 'Fernhill', '120210447001', 'Owners', '120210447101', 'Lookalike', '2', 0, 100, 3, null, null],
  ['reddit_ads', FIRST, null, 'Crew', 'Crew', '', null, '', 2_500_000, 0, 4, null, 7_000_000],
];

/** The costs in the order and the columns of {@link TRANSFER_COSTS}. */
export async function readCosts(world: World): Promise<unknown[][]> {
  const rows = await world.rows(`
    select platform, date, account, campaign_id, campaign, ad_group_id, ad_group, ad_id, cost_micros, impressions, clicks,
      platform_conversions_micros, platform_value_micros
    from costs
    order by platform nulls first, date nulls first, ad_id nulls first`);
  return rows.map((row) => Object.values(row));
}
