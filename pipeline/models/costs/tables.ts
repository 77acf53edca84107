import type { TableDefinition } from '../../warehouse/warehouse.ts';
import { nullable, required } from '../columns.ts';

export const COSTS: TableDefinition = {
  name: 'costs',
  description: "Ad cost by day, platform, account, campaign, ad group and ad, in the account's local date.",
  columns: [
    required('date', 'DATE', "Day, in the ad account's time zone."),
    required('platform', 'STRING', 'Ad platform, for example google_ads.'),
    required('account_id', 'STRING', 'Ad account; empty where unknown.'),
    required('campaign_id', 'STRING', 'Campaign id; the name where the export has no id.'),
    nullable('campaign', 'STRING', 'Campaign name.'),
    required('ad_group_id', 'STRING', 'Ad group id; empty where the export does not go so deep.'),
    nullable('ad_group', 'STRING', 'Ad group name.'),
    required('ad_id', 'STRING', 'Ad id; empty where the export does not go so deep.'),
    nullable('ad', 'STRING', 'Ad name.'),
    required('source', 'STRING', 'Source its clicks arrive with.'),
    required('medium', 'STRING', 'Medium its clicks arrive with.'),
    required('channel', 'STRING', 'Channel, by the same rules as sessions.'),
    nullable('cost_micros', 'INT64', 'Cost in micros of the project currency; NULL without a rate.'),
    required('original_cost', 'FLOAT64', 'Cost as the platform reported it.'),
    required('currency', 'STRING', 'Currency of original_cost.'),
    required('impressions', 'INT64', 'Impressions.'),
    required('clicks', 'INT64', 'Clicks.'),
  ],
  key: ['date', 'platform', 'account_id', 'campaign_id', 'ad_group_id', 'ad_id'],
  partitionBy: 'date',
};
