import type { VisitPlan } from './browsing.ts';
import type { LeadPlan } from './funnel.ts';
import type { Crowd, DeviceKind } from './people.ts';
import type { Random } from './random.ts';
import type { Device, Person } from './world.ts';

/** A world while it is being planned: every concern adds its people, visits and leads. */
export interface Draft {
  readonly crowd: Crowd;
  readonly people: Person[];
  readonly bots: Device[];
  readonly visits: VisitPlan[];
  readonly leads: LeadPlan[];
}

/** A prospect as later concerns need it: whose browser sent which form. */
export interface Prospect {
  readonly person: Person;
  readonly device: Device;
  /** The visit with the form, and when it was planned. */
  readonly formVisit: VisitPlan;
  readonly subscribed: boolean;
  /** The tracker could read the form and sent the hash. */
  readonly hashed: boolean;
}

const EQUIPMENT = [
  { kinds: ['laptop'], passersBy: 50, prospects: 28 },
  { kinds: ['phone'], passersBy: 27, prospects: 10 },
  { kinds: ['laptop', 'phone'], passersBy: 17, prospects: 46 },
  { kinds: ['laptop', 'laptop', 'phone'], passersBy: 3, prospects: 8 },
  { kinds: ['laptop', 'phone', 'tablet'], passersBy: 3, prospects: 8 },
] as const;

/** Devices people use: who compares software for weeks does so on several. */
export function drawDevices(random: Random, who: 'passersBy' | 'prospects'): readonly DeviceKind[] {
  return random.weighted(EQUIPMENT, (entry) => entry[who]).kinds;
}
