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
    nullable('account', 'STRING', 'Name of the account as it was called last; the id where no name is known.'),
    required('campaign_id', 'STRING', 'Campaign id; the name where the export has no id.'),
    nullable('campaign', 'STRING', 'Name of the campaign as it was called last, whatever the day; the id where no name is known.'),
    required('ad_group_id', 'STRING', 'Ad group id; empty where the export does not go so deep.'),
    nullable('ad_group', 'STRING', 'Name of the ad group, likewise.'),
    required('ad_id', 'STRING', 'Ad id; empty where the export does not go so deep.'),
    nullable('ad', 'STRING', 'Name of the ad, likewise.'),
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
    nullable(
      'platform_conversions_micros',
      'INT64',
      'Conversions that the platform counts itself, in millionths; NULL where it says none.',
    ),
    nullable('platform_value_micros', 'INT64', 'What these are worth to it, in micros of the project currency; NULL without a rate.'),
  ],
  key: ['date', 'platform', 'account_id', 'campaign_id', 'ad_group_id', 'ad_id', 'source', 'medium', 'currency'],
  partitionBy: 'date',
};

/** What an ad name is the name of, from above. */
export const AD_NAME_LEVELS = ['account', 'campaign', 'ad_group', 'ad'] as const;
export type AdNameLevel = (typeof AD_NAME_LEVELS)[number];

export const AD_NAMES: TableDefinition = {
  name: 'ad_names',
  description: 'Every name that an account, campaign, ad group or ad has had: sessions say the one of their time.',
  columns: [
    required('level', 'STRING', 'account, campaign, ad_group or ad.'),
    required('platform', 'STRING', 'Ad platform.'),
    required('account_id', 'STRING', 'Ad account.'),
    required('campaign_id', 'STRING', 'Campaign; empty for an account.'),
    required('ad_group_id', 'STRING', 'Ad group; empty above it.'),
    required('ad_id', 'STRING', 'Ad; empty above it.'),
    required('name', 'STRING', 'A name it has had.'),
    required('last_date', 'DATE', 'The last day with cost on which it was called so.'),
  ],
  key: ['level', 'platform', 'account_id', 'campaign_id', 'ad_group_id', 'ad_id', 'name'],
};

export const AD_REFERENCES: TableDefinition = {
  name: 'ad_references',
  description: 'What the sessions of a reference say about their ad; texts are trimmed and in small letters.',
  columns: [
    required('ad_reference', 'INT64', 'Hash of the rest, as an integer.'),
    nullable('platform', 'STRING', 'Ad platform, by the click id or by source and medium.'),
    nullable('source', 'STRING', 'Source.'),
    nullable('medium', 'STRING', 'Medium.'),
    nullable('given_campaign_id', 'STRING', 'Campaign id in the landing address.'),
    nullable('given_ad_group_id', 'STRING', 'Ad group id in the landing address.'),
    nullable('given_ad_id', 'STRING', 'Ad id in the landing address.'),
    nullable('utm_id', 'STRING', 'utm_id.'),
    nullable('utm_campaign', 'STRING', 'utm_campaign.'),
    nullable('utm_term', 'STRING', 'utm_term.'),
    nullable('utm_content', 'STRING', 'utm_content.'),
  ],
  key: ['ad_reference'],
};

export const REPORT_ADS: TableDefinition = {
  name: 'report_ads',
  description: 'Which ad a session came from, by what it says about it: facts carry the reference, and the costs decide.',
  columns: [
    required('ad_reference', 'INT64', 'What a session says about its ad, as an integer.'),
    nullable('ad_platform', 'STRING', 'Ad platform; NULL where the session is of none.'),
    nullable('account', 'STRING', 'Name of the account as it was called last.'),
    nullable('account_id', 'STRING', 'Ad account.'),
    nullable('campaign', 'STRING', 'Name of the campaign as it was called last; NULL where no campaign is matched.'),
    nullable('campaign_id', 'STRING', 'Campaign id.'),
    nullable('ad_group', 'STRING', 'Name of the ad group as it was called last.'),
    nullable('ad_group_id', 'STRING', 'Ad group id.'),
    nullable('ad', 'STRING', 'Name of the ad as it was called last.'),
    nullable('ad_id', 'STRING', 'Ad id.'),
    nullable(
      'matched_by',
      'STRING',
      'How: campaign_id, ad_group_id or ad_id (of the landing address), utm_campaign_id, campaign_name, ambiguous (of several campaigns), ' +
        'platform (nothing but the platform is known); NULL where the session matches no cost and is of no platform.',
    ),
    required(
      'is_ad',
      'BOOL',
      'Whether the session came from an ad: its platform or campaign is known, or its medium is one of paid placements.',
    ),
    nullable('given_campaign_id', 'STRING', 'Campaign id that the landing address gives, whether it is known or not.'),
  ],
  key: ['ad_reference'],
};

/** All tables of costs but those of the single sources. */
export const COST_TABLES: readonly TableDefinition[] = [COSTS, AD_NAMES, AD_REFERENCES, REPORT_ADS];

/** The rows of the nth cost source of the config as they stand in it; ids and names may be empty, and rows may repeat. */
export function stagedCosts(index: number): TableDefinition {
  return {
    name: `staged_costs_${index + 1}`,
    description: 'The rows of a cost source as they stand in it.',
    columns: [
      required('date', 'DATE', "Day, in the ad account's time zone."),
      nullable('account_id', 'STRING', 'Ad account.'),
      nullable('account', 'STRING', 'Name of the account.'),
      nullable('campaign_id', 'STRING', 'Campaign id.'),
      nullable('campaign', 'STRING', 'Campaign name.'),
      nullable('ad_group_id', 'STRING', 'Ad group id.'),
      nullable('ad_group', 'STRING', 'Ad group name.'),
      nullable('ad_id', 'STRING', 'Ad id.'),
      nullable('ad', 'STRING', 'Ad name.'),
      nullable('currency', 'STRING', 'Currency of the row; default: that of the source.'),
      required('cost', 'FLOAT64', 'Cost in the currency of the account.'),
      nullable('impressions', 'INT64', 'Impressions.'),
      nullable('clicks', 'INT64', 'Clicks.'),
      nullable('platform_conversions', 'FLOAT64', 'Conversions that the platform counts itself.'),
      nullable('platform_value', 'FLOAT64', 'What these are worth to it, in the currency of the cost.'),
    ],
    key: [],
  };
}
