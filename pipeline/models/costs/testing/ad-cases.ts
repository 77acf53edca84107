import type { ConfigInput } from '../../../config/schema.ts';
import type { World } from '../../../testing/world.ts';
import type { Row } from '../../../warehouse/warehouse.ts';
import { IDENTITIES } from '../../identity/tables.ts';
import { SESSIONS } from '../../sessions/tables.ts';

/** Two accounts of Google, and two platforms whose clicks arrive alike. */
export const AD_PROJECT: Partial<ConfigInput> = {
  costs: [
    { csv: 'google.csv', platform: 'google_ads', source: 'google', medium: 'cpc', match: { campaignId: ['kampagne'] } },
    { csv: 'meta.csv', platform: 'meta_ads', source: 'social', medium: 'paid' },
    { csv: 'linkedin.csv', platform: 'linkedin_ads', source: 'social', medium: 'paid' },
  ],
};

const HEADER = 'date,account_id,account,campaign_id,campaign,ad_group_id,ad_group,ad_id,ad,cost,impressions,clicks';

/** What the platforms bill: campaigns that were renamed, that share a name, and that have no id. */
export const AD_FILES: Readonly<Record<string, readonly string[]>> = {
  'google.csv': [
    HEADER,
    // Called "Crew Sale" first, "Crew Always On" later; one of its ads was renamed too.
    '2026-03-01,100,North,2001,Crew Sale,301,Exact,401,Plan,1,10,1',
    '2026-03-02,100,North,2001,Crew Always On,301,Exact,401,Plan every crew,1,10,1',
    '2026-03-02,100,North,2001,Crew Always On,302,Broad,402,Save time,1,10,1',
    '2026-03-02,100,North,2001,Crew Always On,302,Broad,403,Twin,1,10,1',
    '2026-03-02,100,North,2001,Crew Always On,301,Exact,404,Twin,1,10,1',
    // Two accounts have a campaign of one name.
    '2026-03-02,100,North,2002,Brand,303,Brand,405,Official,1,10,1',
    '2026-03-02,200,South,2003,Brand,304,Brand,406,Official,1,10,1',
    // The name that 2001 had is now that of another campaign.
    '2026-03-03,200,South,2004,Crew Sale,305,Sale,407,Sale,1,10,1',
  ],
  'meta.csv': [HEADER, '2026-03-02,900,Page,5001,Owners,5101,Lookalike,5201,Video,1,10,1', '2026-03-02,900,Page,5002,Shared,,,,,1,10,1'],
  'linkedin.csv': [
    HEADER,
    '2026-03-02,800,Firm,,Book a Demo,,,,,1,10,1',
    '2026-03-02,800,Firm,630118,Shared,640118,Leads,650118,Guide,1,10,1',
  ],
};

type Told = Partial<Record<'url' | 'source' | 'medium' | 'ad_platform' | 'utm_campaign' | 'utm_id' | 'utm_term' | 'utm_content', string>>;
/** Platform, account, campaign, ad group and ad, by id, and how they were found. */
type Found = readonly [string | null, string | null, string | null, string | null, string | null, string | null];

const google: Told = { source: 'google', medium: 'cpc', ad_platform: 'google_ads' };
const social: Told = { source: 'social', medium: 'paid' };
const NOTHING: Found = [null, null, null, null, null, null];

/** What a session says, and the ad that it is of. */
export const AD_CASES: readonly (readonly [string, Told, Found])[] = [
  // Ids in the landing address.
  ['gad', { ...google, url: '/?gclid=x&gad_campaignid=2001' }, ['google_ads', '100', '2001', null, null, 'campaign_id']],
  ['case', { ...google, url: '/?GAD_CampaignID=2001#top' }, ['google_ads', '100', '2001', null, null, 'campaign_id']],
  ['hsa', { ...google, url: '/?hsa_cam=2001&hsa_grp=301&hsa_ad=401' }, ['google_ads', '100', '2001', '301', '401', 'campaign_id']],
  ['own', { ...google, url: '/?campaign_id=1&kampagne=2002' }, ['google_ads', '100', '2002', null, null, 'campaign_id']],
  ['utm_id', { ...google, utm_id: ' 2003 ' }, ['google_ads', '200', '2003', null, null, 'campaign_id']],
  ['group', { ...google, url: '/?adgroupid=305' }, ['google_ads', '200', '2004', '305', null, 'ad_group_id']],
  ['ad', { ...google, url: '/?creative=402' }, ['google_ads', '100', '2001', '302', '402', 'ad_id']],
  ['fragment', { ...google, url: '/#?gad_campaignid=2001' }, ['google_ads', null, null, null, null, 'platform']],
  ['part', { ...google, url: '/?my_gad_campaignid=2001' }, ['google_ads', null, null, null, null, 'platform']],
  // An id that no cost knows leads on to the name.
  [
    'unknown id',
    { ...google, url: '/?gad_campaignid=9', utm_campaign: 'crew always on' },
    ['google_ads', '100', '2001', null, null, 'campaign_name'],
  ],
  // The id decides against the name.
  ['both', { ...google, url: '/?gad_campaignid=2001', utm_campaign: 'Brand' }, ['google_ads', '100', '2001', null, null, 'campaign_id']],
  // utm_campaign.
  ['as id', { ...google, utm_campaign: '2004' }, ['google_ads', '200', '2004', null, null, 'utm_campaign_id']],
  ['as name', { ...google, utm_campaign: ' CREW always on' }, ['google_ads', '100', '2001', null, null, 'campaign_name']],
  ['as both', { ...google, utm_campaign: 'Crew Sale' }, ['google_ads', null, null, null, null, 'ambiguous']],
  ['twice', { ...google, utm_campaign: 'brand' }, ['google_ads', null, null, null, null, 'ambiguous']],
  // Within the campaign.
  ['term', { ...google, utm_campaign: '2001', utm_term: '302' }, ['google_ads', '100', '2001', '302', null, 'utm_campaign_id']],
  ['content id', { ...google, utm_campaign: '2001', utm_content: '403' }, ['google_ads', '100', '2001', '302', '403', 'utm_campaign_id']],
  [
    'content name',
    { ...google, utm_campaign: '2001', utm_content: 'save TIME' },
    ['google_ads', '100', '2001', '302', '402', 'utm_campaign_id'],
  ],
  ['former name', { ...google, utm_campaign: '2001', utm_content: 'plan' }, ['google_ads', '100', '2001', '301', '401', 'utm_campaign_id']],
  ['twin', { ...google, utm_campaign: '2001', utm_content: 'Twin' }, ['google_ads', '100', '2001', null, null, 'utm_campaign_id']],
  [
    'twin of group',
    { ...google, utm_campaign: '2001', utm_term: '301', utm_content: 'Twin' },
    ['google_ads', '100', '2001', '301', '404', 'utm_campaign_id'],
  ],
  [
    'other group',
    { ...google, utm_campaign: '2001', utm_term: '301', utm_content: '402' },
    ['google_ads', '100', '2001', '301', null, 'utm_campaign_id'],
  ],
  ['ad elsewhere', { ...google, utm_campaign: '2001', utm_content: '405' }, ['google_ads', '100', '2001', null, null, 'utm_campaign_id']],
  // Platforms.
  ['platform', { ...google }, ['google_ads', null, null, null, null, 'platform']],
  ['not its own', { ...google, utm_campaign: 'Owners' }, ['google_ads', null, null, null, null, 'platform']],
  [
    'unbilled',
    { source: 'bing', medium: 'cpc', ad_platform: 'microsoft_ads', utm_campaign: 'Brand' },
    ['microsoft_ads', null, null, null, null, 'platform'],
  ],
  ['either', { ...social, utm_campaign: 'Owners' }, ['meta_ads', '900', '5001', null, null, 'campaign_name']],
  ['without id', { ...social, utm_campaign: 'book a demo' }, ['linkedin_ads', '800', 'Book a Demo', null, null, 'utm_campaign_id']],
  ['of both', { ...social, utm_campaign: 'Shared' }, [null, null, null, null, null, 'ambiguous']],
  [
    'clicked',
    { ...social, ad_platform: 'linkedin_ads', utm_campaign: 'Shared' },
    ['linkedin_ads', '800', '630118', null, null, 'campaign_name'],
  ],
  // Without a platform only an id of an ad says which.
  [
    'anywhere',
    { source: 'x', medium: 'y', url: '/?campaign_id=630118&adset_id=640118' },
    ['linkedin_ads', '800', '630118', '640118', null, 'campaign_id'],
  ],
  ['newsletter', { source: 'newsletter', medium: 'email', utm_campaign: 'Owners' }, NOTHING],
  ['banner', { source: 'portal', medium: 'banner', utm_campaign: 'Owners' }, NOTHING],
  ['directory', { source: 'portal', medium: 'paid-listing' }, NOTHING],
  ['a name as id', { source: 'x', medium: 'y', utm_id: 'book a demo' }, NOTHING],
];

/** Loads the sessions of the cases, each of a person of its own, and writes the cost files. */
export async function arriveWithAds(world: World): Promise<void> {
  for (const [file, lines] of Object.entries(AD_FILES)) await world.file(file, lines.join('\n') + '\n');
  await world.load(
    SESSIONS,
    AD_CASES.map(([name, { url, ...told }]): Row => ({
      session_id: name,
      anonymous_id: name,
      started_at: '2026-03-02T10:00:00.000Z',
      ended_at: '2026-03-02T10:05:00.000Z',
      start_date: '2026-03-02',
      events: 1,
      page_views: 1,
      engaged_seconds: 0,
      click_ids: [],
      channel: 'Paid Other',
      is_direct: false,
      landing_url: `https://www.fernhill.example${url ?? '/'}`,
      utm_source: told.source ?? null,
      utm_medium: told.medium ?? null,
      ...told,
    })),
  );
  await world.load(
    IDENTITIES,
    AD_CASES.map(([name], i) => ({ anonymous_id: name, person_id: name, person_key: i + 1, first_seen: '2026-03-02T10:00:00.000Z' })),
  );
}

/** The ad of each session as `report_ads` has it. */
export const FOUND = `
  select facts.session_id, ads.ad_platform, ads.account_id, ads.campaign_id, ads.ad_group_id, ads.ad_id, ads.matched_by
  from report_sessions as facts
  left join report_ads as ads on ads.ad_reference = facts.ad_reference`;
