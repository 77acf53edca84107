import type { WayCoverage } from './coverage.ts';

/** How sessions were matched, in words. */
const WAYS: Readonly<Record<string, string>> = {
  campaign_id: 'campaign id in the landing address',
  ad_group_id: 'ad group id in the landing address',
  ad_id: 'ad id in the landing address',
  utm_campaign_id: 'utm_campaign is the campaign id',
  campaign_name: 'utm_campaign is a name of the campaign',
  ambiguous: 'several campaigns fit',
  platform: 'only the platform is known',
};

/** What a way of matching is called. */
export const wayText = ({ matched_by }: Pick<WayCoverage, 'matched_by'>): string =>
  matched_by === null ? 'nothing fits' : (WAYS[matched_by] ?? matched_by);

const PLATFORMS: Readonly<Record<string, string>> = {
  google_ads: 'Google Ads',
  linkedin_ads: 'LinkedIn Ads',
  meta_ads: 'Meta Ads',
  microsoft_ads: 'Microsoft Ads',
  reddit_ads: 'Reddit Ads',
  tiktok_ads: 'TikTok Ads',
  x_ads: 'X Ads',
};

/** What an ad platform is called; one of the config's own stays as it is. */
export const platformText = (name: string): string => PLATFORMS[name] ?? name;

const REASONS: Readonly<Record<string, { readonly label: string; readonly meaning: string }>> = {
  before_tracking: { label: 'Before tracking', meaning: 'It happened before the site was tracked' },
  no_identifier: { label: 'No identifier', meaning: 'Its source names no identifier of the person' },
  unknown_identifier: { label: 'Never seen', meaning: 'Its identifiers were never seen on the site' },
  no_session_in_window: { label: 'No session in time', meaning: 'No session of the person lies in the look-back window' },
  no_consent: { label: 'No consent', meaning: 'The person gave no consent' },
};

/** What stands for the conversion in the row of a platform's own number. */
export const OWN_COUNT = '(as the platform counts)';

/** Why a conversion is not attributed: a short name, and what it means. */
export const reasonText = (reason: string): { readonly label: string; readonly meaning: string } =>
  REASONS[reason] ?? { label: reason, meaning: '' };
