import type { WeaklyJoined } from './joined-ids.ts';
import type { PlaceState } from './tombstones.ts';

const PREFIX = 'not included: ';

/** How a receipt keeps what a weaker signal joins with the person: the signal and a count, since a receipt names nobody. */
export function notIncluded({ signal, tier, ids }: WeaklyJoined): PlaceState {
  const count = Object.values(ids).reduce((total, values) => total + values.length, 0);
  const what = count === 1 ? '1 further identifier is' : `${count.toLocaleString('en')} further identifiers are`;
  return { place: `${PREFIX}${signal}`, deleted: 0, left: 0, note: `${what} joined only by ${signal} (${tier})` };
}

/** Whether a state of a receipt is one of those; it is no place. */
export const isNotIncluded = ({ place }: PlaceState): boolean => place.startsWith(PREFIX);
