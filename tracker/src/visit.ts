import { isStorageOpen, type State, update } from './storage.ts';

/**
 * A campaign parameter: UTM or an ad click id, with a value. The names are `CLICK_ID_PARAMETERS` of the edge's contract,
 * written short; a test walks them. The edge reads what they say; here it only matters that a visit begins so.
 */
const CAMPAIGN =
  /&(utm_\w+|\w*clid|[gw]braid|igshid|msclkid|li_fat_id|sccid|epik|rdt_cid|irclickid|tblci|dicbo|adct|awc|cjevent|ransiteid|ko_click_id|_kx)=[^&#]+/gi;

/** A campaign explains a visit, not what is done on the same page hours later: 30 minutes, as sessions are cut by default. */
const TIMEOUT = 1_800_000;

/** How a visit that begins on this page begins. */
let begins: State | undefined;

/** The address without its campaign parameters, for comparison; it is none any more. */
export function withoutCampaign(address: string): string {
  return address.replace('?', '&').replace(CAMPAIGN, '');
}

/** The campaign parameters of an address; empty where there are none. */
function campaignOf(address = ''): string {
  return address.replace('?', '&').match(CAMPAIGN)?.join() ?? '';
}

/** Whether an address brings a campaign along. */
export function hasCampaign(address: string): boolean {
  return campaignOf(address) !== '';
}

/**
 * Notes that something happens now, and returns the visit it belongs to. All tabs share one; a visit ends after half an hour
 * without an event, or where another campaign begins, and keeps from page to page what it began with.
 */
export function touchVisit(now: number): State {
  begins ??= { landing: location.href, referrer: document.referrer };
  const { active = 0, landing } = update();
  const campaign = campaignOf(begins.landing);
  // The same campaign may be carried from page to page: the first of them stays the landing page.
  const isNew = Math.abs(now - active) > TIMEOUT || (campaign && campaign !== campaignOf(landing));
  const visit = update({ ...(isNew && begins), active: Math.max(now, active) });
  // It is written down now; after a long silence on the same page, another visit begins without a campaign.
  if (isStorageOpen) begins = { landing: location.href, referrer: '' };
  return visit;
}
