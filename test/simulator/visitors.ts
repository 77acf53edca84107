/** The many: passers-by, customers who log in, and bots. */
import { arrive, paymentReturn } from './arrivals.ts';
import { DAY, HISTORY_BEGIN, HISTORY_END, HOUR, timeOfDay, berlinDate, visitTime } from './calendar.ts';
import { RETURNS, SOURCES, type Source } from './company.ts';
import { drawDevices, type Draft } from './draft.ts';
import type { Random } from './random.ts';
import type { Person } from './world.ts';

/** Anything later would not be over by the end of the history. */
export const LAST_VISIT = HISTORY_END - 6 * HOUR;

export function drawReturn(random: Random): string {
  return random.weighted(RETURNS, (entry) => entry.weight).key;
}

/** People who look around and leave, some of whom come back, on whatever device is at hand. */
export function addPassersBy(draft: Draft, random: Random, count: number): void {
  for (let i = 0; i < count; i++) {
    const person = draft.crowd.person(drawDevices(random, 'passersBy'));
    draft.people.push(person);
    const source = random.weighted(SOURCES, (entry) => entry.share);
    let at = visitTime(random);
    // Each device of these people appears once at least: one visitor in the eyes of the tracker, never linked.
    const visits = Math.max(person.devices.length, 1 + random.geometric(0.72));
    for (let visit = 0; visit < visits; visit++) {
      const device = person.devices[visit] ?? random.pick(person.devices);
      const key = visit === 0 ? source.key : drawReturn(random);
      if (at < LAST_VISIT) draft.visits.push({ device, at, arrival: arrive(random, key) });
      at = nextVisit(random, at, 11);
    }
  }
}

/** A later instant, some days on, at an hour at which people work. */
export function nextVisit(random: Random, at: number, meanDays: number): number {
  const next = timeOfDay(random, berlinDate(at + random.exponential(meanDays * DAY)));
  return next > at + 2 * HOUR ? next : at + random.integer(2 * HOUR, 5 * HOUR);
}

/** Customers of old: they log in, on several devices, and come back from the payment page. */
export function addCustomers(draft: Draft, random: Random, count: number): void {
  for (let i = 0; i < count; i++) {
    const person = draft.crowd.person(random.pick([['laptop'], ['laptop', 'phone'], ['laptop', 'laptop', 'phone']] as const));
    draft.people.push(person);
    addLogins(draft, random, person, `u_${1_001 + i}`, HISTORY_BEGIN + random.between(0, 40 * DAY), random.chance(0.5));
  }
}

/** Some months of log-ins on all of somebody's devices. */
export function addLogins(draft: Draft, random: Random, person: Person, userId: string, begin: number, tellsEmail: boolean): void {
  let at = Math.round(begin + random.between(DAY, 9 * DAY));
  for (let visit = 0; at < LAST_VISIT && visit < 14; visit++) {
    const device = person.devices[visit % person.devices.length]!;
    const arrival = visit % 5 === 4 ? paymentReturn() : arrive(random, random.chance(0.6) ? 'own_app' : 'direct');
    draft.visits.push({ device, at, arrival, login: { userId, ...(tellsEmail ? { email: person.email } : {}) } });
    at = nextVisit(random, at, 16);
  }
}

/** Crawlers, among them some that follow tagged ad links. */
export function addBots(draft: Draft, random: Random, count: number): void {
  for (let i = 0; i < count; i++) {
    const device = draft.crowd.bot();
    draft.bots.push(device);
    const source: Source = random.pick(SOURCES);
    draft.visits.push({
      device,
      at: Math.min(visitTime(random), LAST_VISIT),
      arrival: arrive(random, random.chance(0.1) ? source.key : 'direct'),
    });
  }
}
