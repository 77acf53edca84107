import * as z from 'zod';

// The part `costs` of the config: where daily ad cost comes from, and how sessions say which ad they belong to.

const CURRENCIES = new Set(Intl.supportedValuesOf('currency'));
const currency = z.string().refine((code) => CURRENCIES.has(code), {
  error: (issue) => `${JSON.stringify(issue.input)}: expected an ISO 4217 code such as "EUR"`,
});
const platform = z.string().regex(/^[a-z][a-z0-9_]*$/, 'expected lower-case letters, digits and underscores, beginning with a letter');
const text = z.string().min(1);
const tableName = z
  .string()
  .regex(/^[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)*$/, 'expected the name of a table, such as "facebook_ads.AdInsights"');
const column = z.string().regex(/^[A-Za-z_]\w*$/, 'expected the name of a column, such as "spend"');
const parameter = z
  .string()
  .regex(/^[A-Za-z0-9_.-]+$/, 'expected the name of a parameter of landing addresses, such as "campaign_id"')
  .transform((name) => name.toLowerCase());

/** A table with basic statistics of the Google Ads transfer: what it counts, and the customer it is of. */
const GOOGLE_ADS_TABLE = /^(?:p_)?ads_(Campaign|AdGroup|Ad)BasicStats_(\w+)$/;
/** The table of the Facebook Ads transfer; a transfer may be given a suffix. */
const FACEBOOK_ADS_TABLE = /^AdInsights(_\w+)?$/;

/**
 * Parameters of landing addresses that carry the ids of ads, in the order in which they are asked, by what the id is of.
 * Google Ads appends `gad_campaignid` by itself; `hsa_*` is how HubSpot tags; the others are common names in the tracking
 * templates of the platforms (`{campaignid}`, `{{campaign.id}}`, …). `utm_id` is asked after them.
 */
export const AD_PARAMETERS = {
  campaignId: ['gad_campaignid', 'hsa_cam', 'campaignid', 'campaign_id', 'utm_campaign_id'],
  adGroupId: ['hsa_grp', 'adgroupid', 'adgroup_id', 'ad_group_id', 'adset_id', 'adsetid'],
  adId: ['hsa_ad', 'ad_id', 'adid', 'creative', 'creative_id', 'creativeid'],
} as const;
export type AdLevel = keyof typeof AD_PARAMETERS;

const match = z.strictObject({
  /** Parameters of landing addresses with the campaign's id, asked before the usual ones. */
  campaignId: z.array(parameter).default([]),
  /** The same with the id of the ad group or ad set. */
  adGroupId: z.array(parameter).default([]),
  /** The same with the id of the ad. */
  adId: z.array(parameter).default([]),
});

/** An export that lost more than this share of its rows, and at least 20, or all of them, stops the run: a broken export deletes nothing. */
const maximumShrink = z.number().min(0).max(1).default(0.3);

const common = {
  /** Name of the conversion that the platform means by its `platform_conversions`: these stand beside it. Default: beside none. */
  platformConversion: text.optional(),
  /** ISO 4217 code of the cost; default: what the source says by row, else the project's. */
  currency: currency.optional(),
  match: match.default({ campaignId: [], adGroupId: [], adId: [] }),
  maximumShrink,
};

/** Source and medium with which the clicks of this platform arrive. */
const arrival = { platform, source: text, medium: text };

const csvCost = z.strictObject({
  /**
   * CSV file: date, account_id, campaign_id, campaign, ad_group_id, ad_group, ad_id, ad, cost, impressions, clicks; and where the
   * export has them account, currency, platform_conversions, platform_value.
   */
  csv: text,
  ...arrival,
  ...common,
});

const columns = z
  .strictObject({
    date: column,
    /** Cost in units of the currency; else `cost_micros`. */
    cost: column.optional(),
    cost_micros: column.optional(),
    currency: column.optional(),
    account_id: column.optional(),
    account: column.optional(),
    campaign_id: column.optional(),
    campaign: column.optional(),
    ad_group_id: column.optional(),
    ad_group: column.optional(),
    ad_id: column.optional(),
    ad: column.optional(),
    impressions: column.optional(),
    clicks: column.optional(),
    /** Conversions that the platform counts itself. */
    platform_conversions: column.optional(),
    /** What these are worth to it, in the currency of the cost. */
    platform_value: column.optional(),
  })
  .refine((given) => (given.cost === undefined) !== (given.cost_micros === undefined), {
    error: 'expected either cost (units of the currency) or cost_micros (millionths of one)',
  });
export type CostColumns = z.infer<typeof columns>;

const tableCost = z.strictObject({
  /** Table or view of the warehouse. */
  table: tableName,
  /** Its columns, by what they hold. */
  columns,
  ...arrival,
  ...common,
});

const googleAdsCost = z.strictObject({
  /** `ads_CampaignBasicStats_…`, `ads_AdGroupBasicStats_…` or `ads_AdBasicStats_…` of the Google Ads transfer to BigQuery. */
  table: tableName.refine((name) => GOOGLE_ADS_TABLE.test(lastPart(name)), {
    error: ({ input }) =>
      `${JSON.stringify(input)}: expected a table of basic statistics of the Google Ads transfer, such as ` +
      '"google_ads.ads_CampaignBasicStats_1234567890" (or AdGroupBasicStats, or AdBasicStats)',
  }),
  schema: z.literal('google_ads'),
  platform: platform.default('google_ads'),
  source: text.default('google'),
  medium: text.default('cpc'),
  ...common,
});

const facebookAdsCost = z.strictObject({
  /** `AdInsights` of the Facebook Ads transfer to BigQuery. */
  table: tableName.refine((name) => FACEBOOK_ADS_TABLE.test(lastPart(name)), {
    error: ({ input }) =>
      `${JSON.stringify(input)}: expected the table AdInsights of the Facebook Ads transfer, such as "facebook_ads.AdInsights"`,
  }),
  schema: z.literal('facebook_ads'),
  platform: platform.default('meta_ads'),
  source: text.default('facebook'),
  medium: text.default('paid_social'),
  /**
   * Types of actions in `AdInsightsActions` that are its conversions, such as "offsite_conversion.fb_pixel_purchase". It counts one
   * purchase under several types, so name one of them. Default: none, and it has no `platform_conversions`.
   */
  actionTypes: z.array(text).default([]),
  ...common,
});

/** One source of ad cost: a file, a table with columns of one's own, or a table of a transfer whose columns are known. */
export const cost = z.union([csvCost, tableCost, googleAdsCost, facebookAdsCost]);
export type CostSource = z.infer<typeof cost>;
export type CsvCost = z.infer<typeof csvCost>;
export type TableCost = z.infer<typeof tableCost>;
export type GoogleAdsCost = z.infer<typeof googleAdsCost>;
export type FacebookAdsCost = z.infer<typeof facebookAdsCost>;

/** The name of a table without what it lies in. */
function lastPart(name: string): string {
  return name.split('.').at(-1)!;
}

/** What a table of the Google Ads transfer holds: its deepest level, and a table of the same customer by what it is of. */
export function googleAdsTable(name: string): { level: 'Campaign' | 'AdGroup' | 'Ad'; view: (of: string) => string } {
  const [, level, customer] = GOOGLE_ADS_TABLE.exec(lastPart(name))!;
  const folder = name.slice(0, name.length - lastPart(name).length);
  return { level: level as 'Campaign' | 'AdGroup' | 'Ad', view: (of) => `${folder}ads_${of}_${customer}` };
}

/** The table of the same Facebook Ads transfer that holds the actions of a table of insights. */
export function facebookActionsTable(name: string): string {
  const [, suffix = ''] = FACEBOOK_ADS_TABLE.exec(lastPart(name))!;
  return `${name.slice(0, name.length - lastPart(name).length)}AdInsightsActions${suffix}`;
}

/** The parameters of landing addresses that may carry the id of a level: those of the cost sources, then the usual ones. */
export function adParameters(costs: readonly Pick<CostSource, 'match'>[], level: AdLevel): string[] {
  return [...new Set([...costs.flatMap(({ match: own }) => own[level]), ...AD_PARAMETERS[level]])];
}
