/** The few whose address becomes known: research on several devices, a form, the newsletter, perhaps a deal. */
import { arrive, newsletterClick, newslettersAfter } from './arrivals.ts';
import type { VisitPlan } from './browsing.ts';
import { berlinDate, DAY, HISTORY_BEGIN, HISTORY_END, timeOfDay, visitTime } from './calendar.ts';
import { SOURCES, type Source } from './company.ts';
import { drawDevices, type Draft, type Prospect } from './draft.ts';
import { drawFate } from './funnel.ts';
import type { Random } from './random.ts';
import { addLogins, drawReturn, LAST_VISIT, nextVisit } from './visitors.ts';
import type { Device, Person } from './world.ts';

/** Adds the prospects among `visitors` people and returns them. */
export function addProspects(draft: Draft, random: Random, visitors: number): Prospect[] {
  const prospects: Prospect[] = [];
  for (const source of SOURCES) {
    const count = Math.round(visitors * source.share * source.leadRate);
    for (let i = 0; i < count; i++) prospects.push(addProspect(draft, random, source, prospects.length));
  }
  return prospects;
}

function addProspect(draft: Draft, random: Random, source: Source, number: number): Prospect {
  const person = draft.crowd.person(drawDevices(random, 'prospects'));
  draft.people.push(person);
  const anyDevice = () => (random.chance(0.72) ? person.devices[0]! : random.pick(person.devices));

  const researched = research(draft, random, source, anyDevice);
  const { at, arrival } = researched;
  const device = anyDevice();
  const askedForDemo = random.chance(source.demoShare);
  const embedded = random.chance(0.05);
  const form = askedForDemo
    ? { form: 'demo', path: '/demo', email: person.email, embedded }
    : { form: 'newsletter', path: source.key === 'linkedin_ads' ? '/guide/dispatching' : '/newsletter', email: person.email, embedded };
  const formVisit: VisitPlan = { device, at, arrival, form };
  draft.visits.push(formVisit);

  const laterDemo = () => {
    const later = at + random.between(6 * DAY, 56 * DAY);
    if (later >= LAST_VISIT - DAY) return undefined;
    const demoForm = { form: 'demo', path: '/demo', email: person.email };
    const plan: VisitPlan = {
      device: anyDevice(),
      at: timeOfDay(random, berlinDate(later)),
      arrival: arrive(random, drawReturn(random)),
      form: demoForm,
    };
    draft.visits.push(plan);
    return plan;
  };
  const fate = drawFate(random, source, askedForDemo, laterDemo);
  // A blocked script or a form without the hidden field: the CRM has the address only.
  const cookieKnown = embedded || random.chance(0.95);
  draft.leads.push({
    email: typed(random, person.email),
    company: person.company,
    form: form.form,
    origin: formVisit,
    device: cookieKnown ? device : undefined,
    fate,
  });

  returnsAfterForm(draft, random, person, at, anyDevice);
  if (!askedForDemo) readNewsletters(draft, random, person, at);
  const end = fate.deal?.stages.at(-1);
  if (fate.deal && end?.stage === 'closed_won') {
    addLogins(draft, random, person, `u_${20_001 + number}`, at + fate.deal.after + end.after + DAY, random.chance(0.5));
  }
  return { person, device, formVisit, subscribed: !askedForDemo, hashed: !embedded };
}

/** The visits before the form; returns when and how the visit with the form begins. */
function research(draft: Draft, random: Random, source: Source, anyDevice: () => Device): Pick<VisitPlan, 'at' | 'arrival'> {
  let at = Math.min(visitTime(random), HISTORY_END - 2 * DAY);
  let arrival = arrive(random, source.key);
  const visits = Math.min(random.geometric(0.38), 7);
  for (let visit = 0; visit < visits; visit++) {
    // Some pause for a season: their first click lies outside the look-back window of 90 days.
    const mean = visit === 0 && random.chance(0.07) ? 110 : 10;
    const next = mean === 110 ? Math.round(at + random.between(60 * DAY, 140 * DAY)) : nextVisit(random, at, mean);
    if (next >= HISTORY_END - 2 * DAY) break;
    draft.visits.push({ device: anyDevice(), at, arrival });
    at = next;
    arrival = arrive(random, drawReturn(random));
  }
  return { at, arrival };
}

function returnsAfterForm(draft: Draft, random: Random, person: Person, formAt: number, anyDevice: () => Device): void {
  let at = nextVisit(random, formAt, 9);
  for (let left = Math.min(random.geometric(0.4), 6); left > 0 && at < LAST_VISIT; left--) {
    draft.visits.push({ device: anyDevice(), at, arrival: arrive(random, drawReturn(random)) });
    at = nextVisit(random, at, 14);
  }
}

/** Clicks in the newsletter, mostly on another device than the form's: the link's hash is what joins the two. */
function readNewsletters(draft: Draft, random: Random, person: Person, formAt: number): void {
  for (const date of newslettersAfter(berlinDate(formAt + DAY))) {
    if (!random.chance(0.13)) continue;
    const at = Math.max(timeOfDay(random, date), HISTORY_BEGIN);
    const device = random.chance(0.6) ? person.devices.at(-1)! : person.devices[0]!;
    if (at < LAST_VISIT) draft.visits.push({ device, at, arrival: newsletterClick(random, date, person.email) });
  }
}

/** People type their address with capitals, phones put a space behind it. */
function typed(random: Random, email: string): string {
  if (random.chance(0.04)) return email.replace(/(^|\.|@)[a-z]/g, (start) => start.toUpperCase());
  return random.chance(0.02) ? `${email} ` : email;
}
