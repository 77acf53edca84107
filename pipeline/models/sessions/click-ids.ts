import { CLICK_ID_PARAMETERS, type ClickIdName } from '../../../edge/contract/click-ids.ts';
import type { ChannelsConfig } from '../../config/channels.ts';

/** What a click id in a landing address says about where the click came from. */
interface ClickOrigin {
  readonly source: string;
  readonly medium: string;
  /**
   * Whether only paid placements carry it. A platform that marks every outgoing link (fbclid) proves the platform, not
   * the ad: it is the source only where neither UTM nor the referrer name one, and an ad only where the medium says so.
   */
  readonly adsOnly: boolean;
}

/** A click id and what it says. */
export interface ClickIdKind extends ClickOrigin {
  /** Parameter name, lower-case. */
  readonly name: string;
  readonly adPlatform: string;
}

const ad = (source: string, medium = 'cpc'): ClickOrigin => ({ source, medium, adsOnly: true });
const link = (source: string, medium = 'referral'): ClickOrigin => ({ source, medium, adsOnly: false });

const ORIGINS: Readonly<Record<ClickIdName, ClickOrigin>> = {
  gclid: ad('google'),
  gbraid: ad('google'),
  wbraid: ad('google'),
  dclid: ad('doubleclick', 'cpm'),
  msclkid: ad('bing'),
  ttclid: ad('tiktok'),
  twclid: ad('twitter'),
  li_fat_id: ad('linkedin'),
  sccid: ad('snapchat'),
  epik: ad('pinterest'),
  rdt_cid: ad('reddit'),
  yclid: ad('yandex'),
  qclid: ad('quora'),
  tblci: ad('taboola'),
  obclid: ad('outbrain'),
  dicbo: ad('outbrain'),
  adct: ad('adroll'),
  ko_click_id: ad('kochava'),
  irclickid: ad('impact', 'affiliate'),
  irclid: ad('impact', 'affiliate'),
  awc: ad('awin', 'affiliate'),
  cjevent: ad('cj', 'affiliate'),
  ransiteid: ad('rakuten_advertising', 'affiliate'),
  fbclid: link('facebook.com'),
  igshid: link('instagram.com'),
  _kx: link('klaviyo', 'email'),
};

const kinds = CLICK_ID_PARAMETERS.map(({ name, platform }): ClickIdKind => ({ name, adPlatform: platform, ...ORIGINS[name] }));

/** In the order in which they decide where an address carries several: those of paid placements first. */
export const CLICK_ID_KINDS: readonly ClickIdKind[] = [...kinds.filter((kind) => kind.adsOnly), ...kinds.filter((kind) => !kind.adsOnly)];

/** The meanings that a project gives to click ids, by parameter name in lower case. */
const ownOrigins = ({ clickIds }: Pick<ChannelsConfig, 'clickIds'>): Map<string, Omit<ClickIdKind, 'name'>> =>
  new Map(
    Object.entries(clickIds).map(([name, { source, medium, platform, adsOnly }]) => [
      name.toLowerCase(),
      { source: source.toLowerCase(), medium: medium.toLowerCase(), adPlatform: platform, adsOnly },
    ]),
  );

/** The built-in kinds in their order, with the meanings that the project gives them. */
export function clickIdKindsOf(channels: Pick<ChannelsConfig, 'clickIds'>): readonly ClickIdKind[] {
  const own = ownOrigins(channels);
  return CLICK_ID_KINDS.map((kind) => ({ ...kind, ...own.get(kind.name) }));
}

/** Click ids that only the project knows: they are read from the landing address. */
export function projectClickIds(channels: Pick<ChannelsConfig, 'clickIds'>): readonly ClickIdKind[] {
  const builtIn = new Set<string>(CLICK_ID_KINDS.map(({ name }) => name));
  return [...ownOrigins(channels)].filter(([name]) => !builtIn.has(name)).map(([name, origin]) => ({ name, ...origin }));
}
