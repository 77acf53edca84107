import { expect, test } from 'vitest';
import { adParameters, facebookActionsTable, googleAdsTable } from './costs.ts';
import { problemsOf } from './problems.ts';
import { Config } from './schema.ts';

const config = (...costs: readonly unknown[]) => ({ project: { name: 'Fernhill', timeZone: 'Europe/Berlin', currency: 'EUR' }, costs });
const FILE = { csv: 'a.csv', platform: 'x_ads', source: 'x', medium: 'cpc' };
const OWN = { table: 'marketing.spend', platform: 'x_ads', source: 'x', medium: 'cpc' };

test.each<[string, unknown, string]>([
  ['a misspelt member', { ...FILE, currancy: 'EUR' }, 'costs[0].currancy: "EUR": unknown key; did you mean "currency"?'],
  ['a currency that is none', { ...FILE, currency: 'EURO' }, 'costs[0].currency: "EURO": expected an ISO 4217 code such as "EUR"'],
  [
    'a platform that is no name',
    { ...FILE, platform: 'X Ads' },
    'costs[0].platform: "X Ads": expected lower-case letters, digits and underscores, beginning with a letter',
  ],
  [
    'neither cost nor cost_micros',
    { ...OWN, columns: { date: 'day' } },
    'costs[0].columns: expected either cost (units of the currency) or cost_micros (millionths of one)',
  ],
  [
    'both',
    { ...OWN, columns: { date: 'day', cost: 'a', cost_micros: 'b' } },
    'costs[0].columns: expected either cost (units of the currency) or cost_micros (millionths of one)',
  ],
  [
    'a column that is SQL',
    { ...OWN, columns: { date: 'day', cost: 'a + b' } },
    'costs[0].columns.cost: "a + b": expected the name of a column, such as "spend"',
  ],
  [
    'a column that costs do not have',
    { ...OWN, columns: { date: 'day', cost: 'a', campain: 'b' } },
    'costs[0].columns.campain: "b": unknown key; did you mean "campaign"?',
  ],
  [
    'a table that is SQL',
    { ...OWN, table: 'a; drop', columns: { date: 'd', cost: 'c' } },
    'costs[0].table: "a; drop": expected the name of a table, such as "facebook_ads.AdInsights"',
  ],
  [
    'another table of Google Ads',
    { table: 'google.ads_CampaignStats_1', schema: 'google_ads' },
    'costs[0].table: "google.ads_CampaignStats_1": expected a table of basic statistics of the Google Ads transfer, such as "google_ads.ads_CampaignBasicStats_1234567890" (or AdGroupBasicStats, or AdBasicStats)',
  ],
  [
    'another table of Facebook Ads',
    { table: 'facebook.Campaigns', schema: 'facebook_ads', actionTypes: [] },
    'costs[0].table: "facebook.Campaigns": expected the table AdInsights of the Facebook Ads transfer, such as "facebook_ads.AdInsights"',
  ],
  [
    'a parameter that is a pattern',
    { ...FILE, match: { campaignId: ['(a|b)'] } },
    'costs[0].match.campaignId[0]: "(a|b)": expected the name of a parameter of landing addresses, such as "campaign_id"',
  ],
])('%s is refused with its place and what was expected', (_, cost, message) => {
  const input = config(cost);
  const parsed = Config.safeParse(input);
  expect(parsed.success ? [] : problemsOf(parsed.error, Config, input).map(({ path, message: text }) => `${path}: ${text}`)).toEqual([
    message,
  ]);
});

test('tables of transfers lie beside each other', () => {
  const { level, view } = googleAdsTable('project.google_ads.p_ads_AdGroupBasicStats_4182207731');
  expect([level, view('Campaign')]).toEqual(['AdGroup', 'project.google_ads.ads_Campaign_4182207731']);
  expect(googleAdsTable('ads_AdBasicStats_1').view('Customer')).toBe('ads_Customer_1');
  expect(facebookActionsTable('facebook_ads.AdInsights')).toBe('facebook_ads.AdInsightsActions');
  expect(facebookActionsTable('AdInsights_fernhill')).toBe('AdInsightsActions_fernhill');
});

test('parameters of the cost sources come first, in small letters, each once', () => {
  const costs = Config.parse(config({ ...FILE, match: { adId: ['Anzeige', 'ad_id'] } }, { ...FILE, match: { adId: ['anzeige'] } })).costs;
  expect(adParameters(costs, 'adId')).toEqual(['anzeige', 'ad_id', 'hsa_ad', 'adid', 'creative', 'creative_id', 'creativeid']);
});
