/** What a click id in a landing address says about where the click came from. */
export interface ClickIdKind {
  /** Parameter name, lower-case. */
  readonly name: string;
  readonly source: string;
  readonly medium: string;
  readonly adPlatform: string;
  /**
   * Whether only ads carry it. A platform that marks every outgoing link (fbclid) proves the platform, not the ad: it
   * is the source only where neither UTM nor the referrer name one, and an ad only where the medium says so.
   */
  readonly adsOnly: boolean;
}

/** In the order in which they decide where an address carries several. */
export const CLICK_ID_KINDS: readonly ClickIdKind[] = [
  { name: 'gclid', source: 'google', medium: 'cpc', adPlatform: 'google_ads', adsOnly: true },
  { name: 'gbraid', source: 'google', medium: 'cpc', adPlatform: 'google_ads', adsOnly: true },
  { name: 'wbraid', source: 'google', medium: 'cpc', adPlatform: 'google_ads', adsOnly: true },
  { name: 'msclkid', source: 'bing', medium: 'cpc', adPlatform: 'microsoft_ads', adsOnly: true },
  { name: 'li_fat_id', source: 'linkedin', medium: 'cpc', adPlatform: 'linkedin_ads', adsOnly: true },
  { name: 'ttclid', source: 'tiktok', medium: 'cpc', adPlatform: 'tiktok_ads', adsOnly: true },
  { name: 'rdt_cid', source: 'reddit', medium: 'cpc', adPlatform: 'reddit_ads', adsOnly: true },
  { name: 'twclid', source: 'twitter', medium: 'cpc', adPlatform: 'x_ads', adsOnly: true },
  { name: 'sccid', source: 'snapchat', medium: 'cpc', adPlatform: 'snapchat_ads', adsOnly: true },
  { name: 'epik', source: 'pinterest', medium: 'cpc', adPlatform: 'pinterest_ads', adsOnly: true },
  { name: 'yclid', source: 'yandex', medium: 'cpc', adPlatform: 'yandex_direct', adsOnly: true },
  { name: 'dclid', source: 'doubleclick', medium: 'cpm', adPlatform: 'display_video_360', adsOnly: true },
  { name: 'fbclid', source: 'facebook.com', medium: 'referral', adPlatform: 'meta_ads', adsOnly: false },
];
