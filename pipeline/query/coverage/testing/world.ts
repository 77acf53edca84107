import { COSTS, REPORT_ADS } from '../../../models/costs/tables.ts';
import { REPORT_COSTS, REPORT_CREDITS, REPORT_SESSIONS } from '../../../models/reports/tables.ts';
import type { Row, TableDefinition } from '../../../warehouse/warehouse.ts';

// Published rows written by hand. Google bills two campaigns, one of which nobody came from, and states its conversions;
// Meta bills an account as a whole; LinkedIn bills in a currency without a rate; Reddit bills nothing, but people came.

const cost = (given: Partial<Record<string, string | number | null>>): Row => ({
  date: '2026-01-05',
  platform: 'google_ads',
  account_id: '100',
  account: 'North',
  campaign_id: '',
  campaign: null,
  ad_group_id: '',
  ad_id: '',
  source: 'google',
  medium: 'cpc',
  channel: 'Paid Search',
  cost_micros: 0,
  original_cost: 0,
  currency: 'EUR',
  impressions: 100,
  clicks: 0,
  ...given,
});

const ad = (ad_reference: number, given: Partial<Record<string, string | boolean>>): Row => ({ ad_reference, is_ad: true, ...given });

let sessions = 0;
const session = (ad_reference: number | null, given: Partial<Record<string, string | number>> = {}): Row => ({
  session_id: `s${++sessions}`,
  person_key: sessions,
  session_number: 1,
  click_date: '2026-01-05',
  channel: 'Paid Search',
  source: 'google',
  medium: 'cpc',
  ad_reference,
  ...given,
});

const credit = (id: string, ad_reference: number | null, given: Partial<Record<string, string | number>> = {}): Row => ({
  conversion_name: 'closed_won',
  conversion_id: id,
  model: 'last_click',
  session_id: id,
  conversion_date: '2026-03-10',
  click_date: '2026-01-05',
  credit: 1_000_000_000,
  value_micros: 500_000_000,
  params: [],
  channel: 'Paid Search',
  source: 'google',
  medium: 'cpc',
  ad_reference,
  ...given,
});

/** A lead that no touch is known of. */
const nobody = (id: string, reason: string): Row =>
  credit(id, null, {
    conversion_name: 'lead',
    session_id: '',
    click_date: '2026-03-10',
    value_micros: 0,
    reason,
    channel: '(not attributed)',
    source: '(not attributed)',
    medium: '(not attributed)',
  });

export const COVERAGE_TABLES: readonly (readonly [TableDefinition, readonly Row[]])[] = [
  [
    COSTS,
    [
      cost({
        campaign_id: '1',
        campaign: 'Brand',
        cost_micros: 60_000_000,
        clicks: 6,
        platform_conversions_micros: 2_500_000,
        platform_value_micros: 900_000_000,
      }),
      cost({ campaign_id: '1', campaign: 'Brand', date: '2026-01-06', cost_micros: 40_000_000, clicks: 4 }),
      cost({ campaign_id: '2', campaign: 'Forgotten', cost_micros: 25_000_000, clicks: 3 }),
      // Outside of the period.
      cost({ campaign_id: '2', campaign: 'Forgotten', date: '2026-02-01', cost_micros: 500_000_000, clicks: 50 }),
      cost({ platform: 'meta_ads', account_id: '900', account: 'Page', cost_micros: 30_000_000, clicks: 8 }),
      cost({
        platform: 'linkedin_ads',
        account_id: '8',
        account: 'Firm',
        campaign_id: '7',
        campaign: 'Guide',
        cost_micros: null,
        currency: 'USD',
        clicks: 2,
      }),
    ],
  ],
  [
    REPORT_ADS,
    [
      ad(1, {
        ad_platform: 'google_ads',
        account: 'North',
        account_id: '100',
        campaign: 'Brand',
        campaign_id: '1',
        matched_by: 'campaign_id',
      }),
      ad(2, { ad_platform: 'google_ads', matched_by: 'platform', given_campaign_id: '99' }),
      ad(3, { ad_platform: 'meta_ads', matched_by: 'platform' }),
      ad(4, { ad_platform: 'reddit_ads', matched_by: 'platform' }),
      ad(5, { matched_by: 'ambiguous' }),
      ad(6, { is_ad: false }),
      ad(7, {}),
    ],
  ],
  [
    REPORT_SESSIONS,
    [
      session(1, { campaign: 'brand' }),
      session(1, { campaign: 'brand' }),
      session(1, { campaign: 'brand', click_date: '2026-01-06' }),
      session(1, { campaign: 'brand', click_date: '2026-02-01' }),
      session(2),
      session(3, { source: 'facebook', medium: 'paid_social' }),
      session(4, { source: 'reddit', medium: 'paid', campaign: 'AMA' }),
      session(5, { source: 'social', medium: 'paid', campaign: 'Shared' }),
      session(6, { source: 'newsletter', medium: 'email', campaign: 'January' }),
      session(7, { source: 'portal', medium: 'cpc' }),
      session(null, { source: 'direct', medium: 'none' }),
    ],
  ],
  [
    REPORT_CREDITS,
    [
      credit('D1', 1),
      credit('D2', 2, { credit: 250_000_000, value_micros: 100_000_000 }),
      credit('D3', 3),
      credit('D4', 1, { click_date: '2026-02-01' }),
      credit('D5', null, { source: 'direct', medium: 'none' }),
      credit('L1', 1, { conversion_name: 'lead', value_micros: 0 }),
      credit('D1', 1, { model: 'first_click' }),
      ...['N1', 'N2'].map((id) => nobody(id, 'no_consent')),
      nobody('N3', 'no_identifier'),
    ],
  ],
  [REPORT_COSTS, []],
];
