/** How a visit began, as it is sent in the context of each of its events. */
export interface Campaign {
  /** Segment's `context.campaign`: source, medium, name, term, content, id. */
  readonly campaign: Record<string, string>;
  /** Ad click ids by parameter name (lower-case), values exactly as in the address. */
  readonly clickIds: Record<string, string>;
}

const UTM = /^utm_(source|medium|campaign|term|content|id)$/;

/** The names of `CLICK_ID_PARAMETERS` of the edge's contract, written short; a test keeps the two equal. */
const CLICK_ID =
  /^((g|d|fb|tt|tw|y|q|ir|ob)clid|[gw]braid|igshid|msclkid|li_fat_id|sccid|epik|rdt_cid|irclickid|tblci|dicbo|adct|awc|cjevent|ransiteid|ko_click_id|_kx)$/;

/**
 * Reads the campaign from the query of an address; undefined where there is none.
 * Names match in any letter case (Snapchat writes both `ScCid` and `sccid`), values keep theirs: Meta's are case-sensitive.
 * The first of repeated parameters counts.
 */
export function readCampaign(search: string): Campaign | undefined {
  let found: Campaign | undefined;
  new URLSearchParams(search).forEach((value, key) => {
    const name = key.toLowerCase();
    const utm = UTM.exec(name)?.[1];
    if (!value || !(utm || CLICK_ID.test(name))) return;
    found ??= { campaign: {}, clickIds: {} };
    if (utm) found.campaign[utm === 'campaign' ? 'name' : utm] ??= value;
    else found.clickIds[name] ??= value;
  });
  return found;
}
