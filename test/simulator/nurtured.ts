/** Readers whom the newsletter turns into leads: the first click is another channel's, the last significant one Email's. */
import { arrive, newsletterClick, newslettersAfter } from './arrivals.ts';
import type { VisitPlan } from './browsing.ts';
import { berlinDate, DAY, HISTORY_END, timeOfDay, visitTime } from './calendar.ts';
import { sourceOf } from './company.ts';
import { drawDevices, type Draft } from './draft.ts';
import { drawFate } from './funnel.ts';
import type { Random } from './random.ts';
import { LAST_VISIT } from './visitors.ts';

export function addNurturedReaders(draft: Draft, random: Random, count: number): void {
  for (let i = 0; i < count; i++) {
    const person = draft.crowd.person(drawDevices(random, 'prospects'));
    draft.people.push(person);
    const source = sourceOf(random.pick(['organic_search', 'organic_search', 'linkedin_ads', 'organic_social']));
    const at = Math.min(visitTime(random), HISTORY_END - 60 * DAY);
    // Signing up for blog updates reaches the newsletter tool but not the CRM.
    const form = { form: 'blog-updates', path: '/blog/route-planning', email: person.email };
    draft.visits.push({ device: person.devices[0]!, at, arrival: arrive(random, source.key), form });
    const letters = newslettersAfter(berlinDate(at + 2 * DAY)).slice(0, random.integer(1, 6));
    for (const [index, date] of letters.entries()) {
      const demoTime = index === letters.length - 1;
      if (!demoTime && random.chance(0.5)) continue;
      const device = random.pick(person.devices);
      const visit = { device, at: Math.min(timeOfDay(random, date), LAST_VISIT), arrival: newsletterClick(random, date, person.email) };
      if (!demoTime) {
        draft.visits.push(visit);
        continue;
      }
      const origin: VisitPlan = { ...visit, form: { form: 'demo', path: '/demo', email: person.email } };
      const fate = drawFate(random, source, true, () => undefined);
      draft.visits.push(origin);
      draft.leads.push({ email: person.email, company: person.company, form: 'demo', origin, device, fate });
    }
  }
}
