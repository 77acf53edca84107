import type { Consent } from '../../consent.ts';

/**
 * How things stand with one platform, from strict to free: 0 the visitor refused; 1 nobody has decided; 2 measuring is
 * allowed; 3 the visitor chose so, advertising included; 4 there is no such platform. Of several the strictest is followed,
 * which is the least number.
 */
export type Standing = 0 | 1 | 2 | 3 | 4;

/** The state of each standing. Global Privacy Control means "do not sell or share": only 3 outweighs it. */
export const STATES: readonly Consent[] = ['denied', 'pending', 'granted', 'granted'];

/** The standing where measuring is allowed or not, which is the visitor's choice or a default. */
export function standing(isAllowed: unknown, isChosen: unknown, isForAdvertising: unknown): Standing {
  if (!isAllowed) return isChosen ? 0 : 1;
  return isChosen && isForAdvertising ? 3 : 2;
}
