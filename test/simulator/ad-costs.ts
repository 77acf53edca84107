import { berlinDate, historyDates } from './calendar.ts';
import { PLACEMENTS } from './placements.ts';
import type { Random } from './random.ts';
import type { Cost, Device } from './world.ts';

/** What the platforms bill: every click that was tracked, and some that never reached the site's tracker. */
export function billAds(random: Random, devices: readonly Device[]): Cost[] {
  const clicks = new Map<string, Set<string>>();
  for (const device of devices) {
    for (const { arrival, hits } of device.visits) {
      if (arrival.placement === undefined || device.bot) continue;
      const key = `${arrival.placement} ${berlinDate(hits[0]!.at)}`;
      const seen = clicks.get(key) ?? new Set();
      clicks.set(key, seen.add(arrival.clickId!.value));
    }
  }
  const costs: Cost[] = [];
  for (const placement of PLACEMENTS) {
    for (const date of historyDates()) {
      const tracked = clicks.get(`${placement.key} ${date}`)?.size ?? 0;
      let billed = tracked;
      for (let click = 0; click < tracked; click++) if (random.chance(0.12)) billed++;
      let costCents = 0;
      for (let click = 0; click < billed; click++) costCents += Math.round(placement.clickCents * random.between(0.6, 1.4));
      const impressions = Math.round((billed + random.next()) / (placement.clickThroughRate * random.between(0.8, 1.25)));
      costs.push({ placement: placement.key, date, costCents, impressions, clicks: billed });
    }
  }
  return costs;
}
