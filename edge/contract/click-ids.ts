/**
 * URL parameters with which ad platforms mark one click, in lower case (Snapchat writes `ScCid`; names are matched without
 * regard to case, values keep theirs). Parameters that are the same for many clicks, such as `gad_source`, are not click ids:
 * as an identity key they would join strangers.
 */
export const CLICK_ID_PARAMETERS = [
  { name: 'gclid', platform: 'google_ads' },
  { name: 'gbraid', platform: 'google_ads' },
  { name: 'wbraid', platform: 'google_ads' },
  { name: 'dclid', platform: 'campaign_manager_360' },
  { name: 'fbclid', platform: 'meta_ads' },
  { name: 'igshid', platform: 'instagram' },
  { name: 'msclkid', platform: 'microsoft_ads' },
  { name: 'ttclid', platform: 'tiktok_ads' },
  { name: 'twclid', platform: 'x_ads' },
  { name: 'li_fat_id', platform: 'linkedin_ads' },
  { name: 'sccid', platform: 'snapchat_ads' },
  { name: 'epik', platform: 'pinterest_ads' },
  { name: 'rdt_cid', platform: 'reddit_ads' },
  { name: 'yclid', platform: 'yandex_direct' },
  { name: 'qclid', platform: 'quora_ads' },
  { name: 'irclickid', platform: 'impact' },
  { name: 'irclid', platform: 'impact' },
  { name: 'tblci', platform: 'taboola' },
  { name: 'obclid', platform: 'outbrain' },
  { name: 'dicbo', platform: 'outbrain' },
  { name: 'adct', platform: 'adroll' },
  { name: 'awc', platform: 'awin' },
  { name: 'cjevent', platform: 'cj' },
  { name: 'ransiteid', platform: 'rakuten' },
  { name: 'ko_click_id', platform: 'kochava' },
  { name: '_kx', platform: 'klaviyo' },
] as const;

/** The name of a click id, as the stored row holds it. */
export type ClickIdName = (typeof CLICK_ID_PARAMETERS)[number]['name'];
