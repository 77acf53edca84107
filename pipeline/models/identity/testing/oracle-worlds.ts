import type { Lead, Sighting } from './oracle.ts';

const START = Date.UTC(2026, 2, 2);
const HOUR = 3_600_000;

/** A world of visitors who share identifiers; all of its ids and values begin with its name, so that worlds share nothing. */
export interface SmallWorld {
  readonly name: string;
  readonly sightings: readonly (Sighting & { readonly night: 0 | 1 })[];
  readonly leads: readonly (Lead & { readonly night: 0 | 1 })[];
}

/** Every third world is crowded around few values, so that caps are crossed; times often lie exactly a window apart. */
export function smallWorld(name: string, next: (below: number) => number): SmallWorld {
  const crowded = next(3) === 0;
  const chance = (percent: number) => next(100) < percent;
  const pick = (letter: string, below: number) => `${name}${letter}${next(crowded ? Math.ceil(below / 2) : below)}`;
  const visitor = () => `${name}a${next(12).toString(16)}`;
  const address = () =>
    chance(8) ? `info@${name}.example` : `${['ann', 'bob', 'cem', 'dee', 'eve', 'fay'][next(crowded ? 3 : 6)]}@${name}.example`;
  // A quarter of a day, now and then a millisecond before or after.
  const instant = () => START + next(48) * 6 * HOUR + (chance(20) ? next(3) - 1 : 0);
  const night = (): 0 | 1 => (chance(35) ? 1 : 0);
  const sightings = Array.from({ length: 8 + next(16) }, () => ({
    night: night(),
    id: visitor(),
    at: instant(),
    userId: chance(25) ? (chance(10) ? 'undefined' : pick('u', 5)) : null,
    gaClientId: chance(15) ? pick('g', 3) : null,
    previousId: chance(12) ? visitor() : null,
    ip: chance(40) ? pick('i', 3) : null,
    emails: chance(40)
      ? Array.from({ length: 1 + next(2) }, () => ({
          address: address(),
          origin: (['form', 'identify', 'server', 'url', 'url', 'url'] as const)[next(6)]!,
        }))
      : [],
    clicks: chance(20) ? [{ name: chance(50) ? 'gclid' : 'GCLID', value: pick('c', 2) }] : [],
    isBot: chance(6),
    isInternal: chance(4),
  }));
  const leads = Array.from({ length: next(3) }, (_, i) => ({
    night: night(),
    leadId: `${name}l${chance(80) ? i : 0}`,
    createdAt: chance(70) ? instant() : null,
    email: address(),
    ip: chance(60) ? pick('i', 3) : null,
    id: chance(80) ? visitor() : null,
  }));
  return { name, sightings, leads: [...new Map(leads.map((lead) => [lead.leadId, lead])).values()] };
}
