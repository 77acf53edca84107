import { berlinDate, DAY } from './calendar.ts';
import { placementOf, type Placement } from './placements.ts';
import type { World } from './world.ts';

/** Days after a click for which a platform claims what happens: as the platforms have it when nobody changes it. */
const WINDOW_DAYS: Readonly<Record<Placement['platform'], number>> = { google_ads: 30, microsoft_ads: 30, linkedin_ads: 30, meta_ads: 7 };

/**
 * The leads that the platforms claim, by placement and Berlin date of the click (`key date`): each platform that somebody
 * clicked within its window before the form was sent counts the lead as a whole, for the last of its clicks. It knows its
 * users on all their devices, and nothing of the clicks of others.
 */
export function claimedLeads(world: World): Map<string, number> {
  const claims = new Map<string, number>();
  const owners = new Map(world.people.flatMap((person) => person.devices.map((device) => [device, person] as const)));
  for (const lead of world.leads) {
    const devices = lead.device && owners.get(lead.device)?.devices;
    if (!devices) continue;
    const last = new Map<Placement['platform'], { at: number; key: string }>();
    for (const { arrival, hits } of devices.flatMap(({ visits }) => visits)) {
      if (arrival.placement === undefined) continue;
      const { platform, key } = placementOf(arrival.placement);
      const at = hits[0]!.at;
      const isInWindow = at <= lead.createdAt && at >= lead.createdAt - WINDOW_DAYS[platform] * DAY;
      if (isInWindow && at > (last.get(platform)?.at ?? -Infinity)) last.set(platform, { at, key });
    }
    for (const { at, key } of last.values()) {
      const place = `${key} ${berlinDate(at)}`;
      claims.set(place, (claims.get(place) ?? 0) + 1);
    }
  }
  return claims;
}
