import { CLICK_ID_PARAMETERS } from '../../../edge/contract/click-ids.ts';

/** Where a field of ours stands in an event, member by member. */
export type Place = readonly string[];

/** Fields with a place of their own, by the name that a mapping gives them. */
const PLACES: Readonly<Record<string, Place>> = {
  type: ['type'],
  event: ['event'],
  name: ['name'],
  messageId: ['messageId'],
  anonymousId: ['anonymousId'],
  userId: ['userId'],
  previousId: ['previousId'],
  groupId: ['groupId'],
  timestamp: ['timestamp'],
  // Where it goes depends on the event: see emailPlace.
  email: [],
  url: ['context', 'page', 'url'],
  path: ['context', 'page', 'path'],
  title: ['context', 'page', 'title'],
  referrer: ['context', 'page', 'referrer'],
  utm_source: ['context', 'campaign', 'source'],
  utm_medium: ['context', 'campaign', 'medium'],
  utm_campaign: ['context', 'campaign', 'name'],
  utm_term: ['context', 'campaign', 'term'],
  utm_content: ['context', 'campaign', 'content'],
  utm_id: ['context', 'campaign', 'id'],
  ip: ['context', 'ip'],
  userAgent: ['context', 'userAgent'],
  country: ['context', 'location', 'country'],
  region: ['context', 'location', 'region'],
  city: ['context', 'location', 'city'],
  timezone: ['context', 'timezone'],
  gaClientId: ['context', 'gaClientId'],
  engagedSeconds: ['properties', 'engaged_seconds'],
  ...Object.fromEntries(CLICK_ID_PARAMETERS.map(({ name }) => [name, ['context', 'clickIds', name]])),
};

/** Objects of an event whose members are the user's own. */
export const FREE_OBJECTS = ['properties', 'traits', 'context'] as const;
export type FreeObject = (typeof FREE_OBJECTS)[number];

/** The names that a mapping may use, without those below `properties.`, `traits.` and `context.`. */
export const TARGET_NAMES: readonly string[] = [...Object.keys(PLACES), ...FREE_OBJECTS];

/** The place of a target; undefined where the name is none. */
export function placeOf(target: string): Place | undefined {
  if (Object.hasOwn(PLACES, target)) return PLACES[target];
  if (FREE_OBJECTS.some((free) => free === target)) return [target];
  const [free, ...members] = target.split('.');
  const isFree = FREE_OBJECTS.some((known) => known === free) && members.length > 0 && members.every((name) => name !== '');
  return isFree ? [free!, ...members] : undefined;
}

const plain = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
const BY_PLAIN_NAME: ReadonlyMap<string, string> = new Map(Object.keys(PLACES).map((target) => [plain(target), target]));

/** The target that a column's name means by itself: `Anonymous ID` → `anonymousId`. */
export function targetNamed(column: string): string | undefined {
  return BY_PLAIN_NAME.get(plain(column)) ?? (placeOf(column) && !TARGET_NAMES.includes(column) ? column : undefined);
}
