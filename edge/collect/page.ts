import { CLICK_ID_PARAMETERS } from '../contract/click-ids.ts';
import type { EventRow } from '../contract/event-row.ts';
import { type Members, objectAt, textAt } from './members.ts';
import { pageAddress } from './page-address.ts';

/** What is known of the page. */
export type PageColumns = Pick<EventRow, 'page_url' | 'page_path' | 'page_title' | 'referrer'>;
/** What is known of the campaign. */
export type CampaignColumns = Pick<EventRow, 'utm_source' | 'utm_medium' | 'utm_campaign' | 'utm_term' | 'utm_content' | 'utm_id'>;

/** The page an event happened on: from the context, or, as page calls have it, from the properties. */
export function pageColumns(context: Members, properties: Members): PageColumns {
  const page = objectAt(context, 'page');
  const url = textAt(page, 'url') ?? textAt(properties, 'url');
  return {
    page_url: url,
    page_path: textAt(page, 'path') ?? textAt(properties, 'path') ?? pageAddress(url)?.pathname ?? null,
    page_title: textAt(page, 'title') ?? textAt(properties, 'title'),
    referrer: textAt(page, 'referrer') ?? textAt(properties, 'referrer') ?? textAt(objectAt(context, 'referrer'), 'url'),
  };
}

/** Campaign members as Segment's clients name them, and the URL parameters they come from. */
const CAMPAIGN = [
  { column: 'utm_source', members: ['source'], parameter: 'utm_source' },
  { column: 'utm_medium', members: ['medium'], parameter: 'utm_medium' },
  { column: 'utm_campaign', members: ['name', 'campaign'], parameter: 'utm_campaign' },
  { column: 'utm_term', members: ['term', 'keyword'], parameter: 'utm_term' },
  { column: 'utm_content', members: ['content'], parameter: 'utm_content' },
  { column: 'utm_id', members: ['id'], parameter: 'utm_id' },
] as const;

const NO_CAMPAIGN: CampaignColumns = {
  utm_source: null,
  utm_medium: null,
  utm_campaign: null,
  utm_term: null,
  utm_content: null,
  utm_id: null,
};

/** Members of `context.campaign` that have a column of their own. */
export const CAMPAIGN_MEMBERS: ReadonlySet<string> = new Set(CAMPAIGN.flatMap(({ members }) => members));

/**
 * The address whose query tells how the visit began: the page's where it brings a campaign or click id, else the landing page's,
 * which our tracker sends with each event of the visit.
 */
export function campaignUrl(context: Members, pageUrl: string | null): string | null {
  const isCampaign = pageAddress(pageUrl)?.parameters.some(([parameter, value]) => {
    const name = parameter.toLowerCase();
    return value.trim() !== '' && (CLICK_ID_NAMES.has(name) || CAMPAIGN.some((member) => member.parameter === name));
  });
  return isCampaign ? pageUrl : (textAt(objectAt(context, 'landing'), 'url') ?? pageUrl);
}

/**
 * The campaign: what the client says, as a whole, or what the address says (see {@link campaignUrl}). The two are not mixed: a
 * client that remembers a campaign and a page with half of another would give a campaign that never was.
 */
export function campaignColumns(context: Members, url: string | null): CampaignColumns {
  const columns = { ...NO_CAMPAIGN };
  if (context['campaign']) {
    const campaign = objectAt(context, 'campaign');
    for (const { column, members } of CAMPAIGN) columns[column] = textAt(campaign, ...members);
    if (CAMPAIGN.some(({ column }) => columns[column] !== null)) return columns;
  }
  // Names in any letter case, the first of repeated ones.
  for (const [name, value] of pageAddress(url)?.parameters ?? []) {
    const column = CAMPAIGN.find(({ parameter }) => parameter === name.toLowerCase())?.column;
    if (column !== undefined) columns[column] ??= value.trim() || null;
  }
  return columns;
}

const CLICK_ID_NAMES: ReadonlySet<string> = new Set(CLICK_ID_PARAMETERS.map(({ name }) => name));
/** Longer values are none of a platform's; the longest known are a few hundred characters. */
const LONGEST_CLICK_ID = 1_024;

/**
 * Ad click ids from `context.clickIds` (an object, or a list of name and value) and from the query of an address (see {@link campaignUrl}).
 * Names in lower case, values as they are; the client's own come first.
 */
export function clickIds(context: Members, url: string | null): EventRow['click_ids'] {
  // Most events have none.
  let found: Map<string, string> | undefined;
  const add = (name: string, value: unknown) => {
    const key = name.toLowerCase();
    if (typeof value !== 'string' || value === '' || value.length > LONGEST_CLICK_ID) return;
    if (CLICK_ID_NAMES.has(key) && !found?.has(key)) (found ??= new Map<string, string>()).set(key, value);
  };
  const said = context['clickIds'] ?? context['click_ids'];
  if (Array.isArray(said)) for (const item of said as Members[]) add(textAt(item, 'name') ?? '', textAt(item, 'value'));
  else if (typeof said === 'object' && said !== null) for (const [name, value] of Object.entries(said)) add(name, value);
  for (const [name, value] of pageAddress(url)?.parameters ?? []) add(name, value);
  return found ? [...found].map(([name, value]) => ({ name, value })) : [];
}
