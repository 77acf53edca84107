import type { JsonObject } from '../records.ts';
import { objectIn, type ParamValue, textOf } from './params.ts';

/** How a visit came, as an event says it (`context.campaign` and `context.clickIds`). */
export interface Campaign {
  readonly campaign: Readonly<Record<string, string>> | undefined;
  readonly clickIds: Readonly<Record<string, string>> | undefined;
}

/** Where the export holds each part, in the three places it may be. */
const PARTS = [
  { member: 'source', collected: 'manual_source', param: 'source', user: 'source' },
  { member: 'medium', collected: 'manual_medium', param: 'medium', user: 'medium' },
  { member: 'name', collected: 'manual_campaign_name', param: 'campaign', user: 'name' },
  { member: 'id', collected: 'manual_campaign_id', param: 'campaign_id', user: undefined },
  { member: 'term', collected: 'manual_term', param: 'term', user: undefined },
  { member: 'content', collected: 'manual_content', param: 'content', user: undefined },
] as const;

const CLICK_IDS = ['gclid', 'dclid', 'gbraid', 'wbraid'] as const;

/** Events of the hit with which a visit begins. */
const LANDING_EVENTS: ReadonlySet<string> = new Set(['first_visit', 'first_open', 'session_start']);

/**
 * The campaign of an event: what was collected with it (`collected_traffic_source`), else what its parameters say. `traffic_source` is
 * that of the user's first visit and stands on every later event, too: it counts only where the first visit begins. The three are not
 * mixed, so that no campaign is made up.
 * Source: https://support.google.com/analytics/answer/7029846
 */
export function campaignOf(row: JsonObject, params: Readonly<Record<string, ParamValue>>): Campaign {
  const collected = objectIn(row, 'collected_traffic_source');
  const isLanding = LANDING_EVENTS.has(String(row['event_name'])) || String(params['entrances']) === '1';
  const isFirst = isLanding && (params['ga_session_number'] === undefined || String(params['ga_session_number']) === '1');
  const campaign =
    partsOf((part) => collected[part.collected]) ??
    partsOf((part) => params[part.param]) ??
    (isFirst ? partsOf((part) => (part.user === undefined ? undefined : objectIn(row, 'traffic_source')[part.user])) : undefined);
  const clicks = CLICK_IDS.flatMap((name) => {
    const value = textOf(collected[name]) ?? textOf(params[name]);
    return value === undefined ? [] : [[name, value] as const];
  });
  return { campaign, clickIds: clicks.length > 0 ? Object.fromEntries(clicks) : undefined };
}

function partsOf(value: (part: (typeof PARTS)[number]) => unknown): Readonly<Record<string, string>> | undefined {
  const parts = PARTS.flatMap((part) => {
    const text = textOf(value(part));
    // In brackets stand words for what there is not: (direct), (none), (organic), (referral).
    return text === undefined || /^\(.*\)$/.test(text) ? [] : [[part.member, text] as const];
  });
  return parts.some(([member]) => member === 'source' || member === 'medium' || member === 'name') ? Object.fromEntries(parts) : undefined;
}
