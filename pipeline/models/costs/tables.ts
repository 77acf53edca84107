import type { TableDefinition } from '../../warehouse/warehouse.ts';
import { nullable, required } from '../../warehouse/columns.ts';

export const COSTS: TableDefinition = {
  name: 'costs',
  description:
    "Ad cost by day, platform, account, campaign, ad group and ad, per source, medium and currency, in the account's local date.",
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
    nullable('rate', 'FLOAT64', 'Units of currency for one of the project currency; NULL where both are the same, or none is known.'),
    nullable('rate_date', 'DATE', 'Day of that rate: the day of the cost, or the last one within 7 days that has a rate.'),
    required('impressions', 'INT64', 'Impressions.'),
    required('clicks', 'INT64', 'Clicks.'),
  ],
  key: ['date', 'platform', 'account_id', 'campaign_id', 'ad_group_id', 'ad_id', 'source', 'medium', 'currency'],
  partitionBy: 'date',
};

/** The rows of the nth cost file of the config as they stand in it; ids and names may be empty, and rows may repeat. */
export function stagedCosts(index: number): TableDefinition {
  return {
    name: `staged_costs_${index + 1}`,
    description: 'The rows of a cost file as they stand in it.',
    columns: [
      required('date', 'DATE', "Day, in the ad account's time zone."),
      nullable('account_id', 'STRING', 'Ad account.'),
      nullable('campaign_id', 'STRING', 'Campaign id.'),
      nullable('campaign', 'STRING', 'Campaign name.'),
      nullable('ad_group_id', 'STRING', 'Ad group id.'),
      nullable('ad_group', 'STRING', 'Ad group name.'),
      nullable('ad_id', 'STRING', 'Ad id.'),
      nullable('ad', 'STRING', 'Ad name.'),
      required('cost', 'FLOAT64', 'Cost in the currency of the account.'),
      nullable('impressions', 'INT64', 'Impressions.'),
      nullable('clicks', 'INT64', 'Clicks.'),
    ],
    key: [],
  };
}
