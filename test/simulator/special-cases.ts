/** What makes the numbers hard: cases that a careless session, identity or attribution rule gets wrong. */
import { adClick, arrive, newsletterClick, newslettersAfter } from './arrivals.ts';
import { berlin, berlinDate, DAY, HISTORY_BEGIN, HOUR, MINUTE, SECOND, timeOfDay, visitTime } from './calendar.ts';
import { sourceOf } from './company.ts';
import { placementOf } from './placements.ts';
import type { Draft, Prospect } from './draft.ts';
import { drawFate } from './funnel.ts';
import type { Random } from './random.ts';
import { LAST_VISIT } from './visitors.ts';
import type { Arrival, Device } from './world.ts';

/** Adds each case `times` times as often as the smallest world has it. */
export function addSpecialCases(draft: Draft, random: Random, prospects: readonly Prospect[], times: number): void {
  for (let i = 0; i < times; i++) {
    pausesAroundHalfAnHour(draft, random);
    campaignsWithinASession(draft, random);
    sessionOverMidnight(draft, random);
    wallBoard(draft, random);
    sharedComputer(draft, random);
    leadsTypedInBySales(draft, random);
  }
  for (let i = 0; i < Math.ceil(times / 6); i++) tradeFairTablet(draft, random);
  forwardedNewsletters(draft, random, prospects, 3 * times);
  publishedLinks(draft, random, prospects, Math.ceil(times / 6));
}

function loneVisitor(draft: Draft): Device {
  const person = draft.crowd.person(['laptop']);
  draft.people.push(person);
  return person.devices[0]!;
}

const ordinaryTime = (random: Random) => Math.min(visitTime(random), LAST_VISIT - 2 * DAY);

/** Exactly 30 minutes belong to the session, a millisecond more does not. */
function pausesAroundHalfAnHour(draft: Draft, random: Random): void {
  for (const gap of [30 * MINUTE - 1, 30 * MINUTE, 30 * MINUTE + 1]) {
    const device = loneVisitor(draft);
    const at = ordinaryTime(random);
    draft.visits.push({ device, at, arrival: arrive(random, 'organic_search'), script: [0, 40 * SECOND] });
    draft.visits.push({ device, at: at + 40 * SECOND + gap, arrival: arrive(random, 'direct'), script: [0, 25 * SECOND] });
  }
}

/** Another campaign begins a session at once; the same click, or a mere referrer, does not. */
function campaignsWithinASession(draft: Draft, random: Random): void {
  const ad = () => adClick(random, placementOf('google_scheduling'));
  const clicked = ad();
  const pairs: readonly (readonly [Arrival, Arrival])[] = [
    [arrive(random, 'organic_search'), adClick(random, placementOf('google_brand'))],
    [adClick(random, placementOf('linkedin_guide')), ad()],
    [arrive(random, 'direct'), adClick(random, placementOf('microsoft_scheduling'))],
    [clicked, clicked],
    [arrive(random, 'organic_search'), arrive(random, 'ai_assistant')],
    [ad(), arrive(random, 'own_app')],
  ];
  for (const [first, second] of pairs) {
    const device = loneVisitor(draft);
    const at = ordinaryTime(random);
    draft.visits.push({ device, at, arrival: first, script: [0, 50 * SECOND] });
    draft.visits.push({ device, at: at + 9 * MINUTE, arrival: second, script: [0, 70 * SECOND] });
  }
}

function sessionOverMidnight(draft: Draft, random: Random): void {
  const device = loneVisitor(draft);
  const at = berlin(`${berlinDate(ordinaryTime(random))}T23:52:00`) + random.integer(0, MINUTE);
  draft.visits.push({ device, at, arrival: arrive(random, 'organic_search'), script: [0, 6 * MINUTE, 14 * MINUTE, 33 * MINUTE] });
}

/** A screen in a dispatch room that reloads a page for 27 hours: 24 hours are the longest session. */
function wallBoard(draft: Draft, random: Random): void {
  const device = loneVisitor(draft);
  const script: number[] = [];
  for (let at = 0; at < 27 * HOUR; at += random.integer(24 * MINUTE, 28 * MINUTE)) script.push(at);
  draft.visits.push({ device, at: ordinaryTime(random), arrival: { channel: 'Direct', landing: '/status-board', referrer: '' }, script });
}

/** Two colleagues send forms from one computer: as far as anyone can observe they are one person. */
function sharedComputer(draft: Draft, random: Random): void {
  const first = draft.crowd.person(['laptop']);
  const second = draft.crowd.person(['laptop']);
  draft.people.push(first, second);
  const device = first.devices[0]!;
  const at = Math.min(visitTime(random), LAST_VISIT - 40 * DAY);
  const visits = [
    { person: first, device, at, key: 'google_ads' },
    { person: second, device, at: at + 3 * DAY, key: 'direct' },
    { person: second, device: second.devices[0]!, at: at + 8 * DAY, key: 'organic_search' },
  ];
  for (const [index, { person, device, at, key }] of visits.entries()) {
    const origin = { device, at, arrival: arrive(random, key), form: { form: 'newsletter', path: '/newsletter', email: person.email } };
    draft.visits.push(origin);
    if (index < 2) draft.leads.push({ email: person.email, company: person.company, form: 'newsletter', origin, device, fate: {} });
  }
}

/** Leads without a cookie: found by their address, not found, without any identifier, found but long after the last visit. */
function leadsTypedInBySales(draft: Draft, random: Random): void {
  const source = sourceOf('organic_search');
  const fate = () => drawFate(random, source, true, () => undefined);
  for (const weeksUntilCall of [2, 20]) {
    const reader = draft.crowd.person(['laptop']);
    draft.people.push(reader);
    const at = timeOfDay(random, berlinDate(HISTORY_BEGIN + random.between(2 * DAY, 60 * DAY)));
    // The form for blog updates does not reach the CRM; its hash is what the address is found by.
    const form = { form: 'blog-updates', path: '/blog/rota-planning', email: reader.email };
    draft.visits.push({ device: reader.devices[0]!, at, arrival: arrive(random, 'organic_search'), form });
    draft.leads.push({
      email: reader.email,
      company: reader.company,
      form: 'phone',
      origin: at + weeksUntilCall * 7 * DAY,
      device: undefined,
      fate: fate(),
    });
  }
  const stranger = draft.crowd.person([]);
  draft.leads.push({
    email: stranger.email,
    company: stranger.company,
    form: 'phone',
    origin: ordinaryTime(random),
    device: undefined,
    fate: fate(),
  });
  draft.leads.push({ email: '', company: 'Walk-in', form: 'trade-fair', origin: ordinaryTime(random), device: undefined, fate: {} });
}

/** Six people type their address into one tablet at a fair: a shared device, which must link nobody. */
function tradeFairTablet(draft: Draft, random: Random): void {
  const tablet = draft.crowd.device('tablet');
  draft.people.push({ name: 'Fair tablet', company: 'Fernhill', email: '', devices: [tablet] });
  let at = berlin(`${berlinDate(Math.min(visitTime(random), LAST_VISIT - 30 * DAY))}T09:30:00`);
  for (let visitor = 0; visitor < 6; visitor++) {
    const person = draft.crowd.person(['laptop']);
    draft.people.push(person);
    const form = { form: 'newsletter', path: '/newsletter', email: person.email };
    const origin = { device: tablet, at, arrival: arrive(random, 'direct'), form };
    draft.visits.push(origin);
    draft.leads.push({ email: person.email, company: person.company, form: 'newsletter', origin, device: tablet, fate: {} });
    // Later at their own desk, where only their own address may join them with anything.
    const own = { device: person.devices[0]!, at: at + (5 + visitor) * DAY, arrival: arrive(random, 'organic_search') };
    draft.visits.push(visitor % 2 === 0 ? { ...own, form: { form: 'demo', path: '/demo', email: person.email } } : own);
    at += random.integer(50 * MINUTE, 80 * MINUTE);
  }
}

/** A colleague whose own address is known clicks the link in somebody else's newsletter: that must not join the two. */
function forwardedNewsletters(draft: Draft, random: Random, prospects: readonly Prospect[], count: number): void {
  const subscribers = prospects.filter((prospect) => prospect.subscribed && prospect.hashed);
  const colleagues = prospects.filter((prospect) => !prospect.subscribed && prospect.hashed);
  const used = new Set<Prospect>();
  for (let i = 0; i < count; i++) {
    const from = random.pick(subscribers);
    const to = random.pick(colleagues);
    const date = newslettersAfter(berlinDate(Math.max(from.formVisit.at, to.formVisit.at) + 2 * DAY))[0];
    if (date === undefined || used.has(from) || used.has(to)) continue;
    used.add(from).add(to);
    draft.visits.push({ device: to.device, at: timeOfDay(random, date), arrival: newsletterClick(random, date, from.person.email) });
  }
}

/** A newsletter link copied into a forum: eight strangers share its hash, which then says nothing about anyone. */
function publishedLinks(draft: Draft, random: Random, prospects: readonly Prospect[], count: number): void {
  const subscribers = prospects.filter((prospect) => prospect.subscribed && prospect.hashed && prospect.person.devices.length === 1);
  for (let i = 0; i < count && i < subscribers.length; i++) {
    const from = subscribers[Math.floor((subscribers.length * i) / count)]!;
    const date = newslettersAfter(berlinDate(from.formVisit.at + 2 * DAY))[0];
    if (date === undefined) continue;
    for (let reader = 0; reader < 8; reader++) {
      const at = timeOfDay(random, date) + random.integer(0, 5) * DAY;
      if (at < LAST_VISIT) draft.visits.push({ device: loneVisitor(draft), at, arrival: newsletterClick(random, date, from.person.email) });
    }
  }
}
