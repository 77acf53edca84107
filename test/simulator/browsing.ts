import { ACTIVITIES, INNER_PAGES, SITE } from './company.ts';
import { MINUTE, SECOND } from './calendar.ts';
import type { Random } from './random.ts';
import type { Arrival, Device, Hit, Visit } from './world.ts';

/** A form that is sent at the end of a visit. */
export interface FormPlan {
  readonly form: string;
  readonly path: string;
  readonly email: string;
  /** An embedded form the tracker cannot read: the event carries no hash. */
  readonly embedded?: boolean;
}

export interface LoginPlan {
  readonly userId: string;
  /** Sent with `identify` by some applications, by others not. */
  readonly email?: string;
}

/** A visit that is going to happen. */
export interface VisitPlan {
  readonly device: Device;
  readonly at: number;
  readonly arrival: Arrival;
  readonly form?: FormPlan;
  readonly login?: LoginPlan;
  /** Exactly these offsets from the start, in milliseconds, one page each; the visit is not moved either. */
  readonly script?: readonly number[];
}

/** Longest pause inside a visit: under the 30 minutes that end a session. */
const LONGEST_PAUSE = 29 * MINUTE;
/** Visits that are not scripted are moved apart so that 30 minutes and more lie between them. */
const SHORTEST_ABSENCE = 31 * MINUTE;

/** Lets the planned visits happen, each device in order of time, and returns when the form of each was sent. */
export function carryOut(random: Random, plans: readonly VisitPlan[]): Map<VisitPlan, number> {
  const submissions = new Map<VisitPlan, number>();
  const lastHit = new Map<Device, number>();
  for (const plan of plans.toSorted((a, b) => a.at - b.at)) {
    const previous = lastHit.get(plan.device);
    let start = plan.at;
    if (previous !== undefined && !plan.script) start = Math.max(start, previous + SHORTEST_ABSENCE + random.integer(0, 40 * MINUTE));
    const visit = plan.script ? scriptedVisit(plan, start, plan.script) : freeVisit(random, plan, start);
    if (previous !== undefined && start <= previous) throw new Error('a scripted visit begins before the previous one has ended');
    plan.device.visits.push(visit);
    lastHit.set(plan.device, visit.hits.at(-1)!.at);
    const submitted = visit.hits.find((hit) => hit.form !== undefined);
    if (submitted) submissions.set(plan, submitted.at);
  }
  return submissions;
}

function freeVisit(random: Random, plan: VisitPlan, start: number): Visit {
  const hits: Hit[] = [];
  let at = start;
  let path = plan.arrival.landing;
  let referrer = plan.arrival.referrer;
  const page = (arrival?: Arrival) => hits.push({ at, kind: 'page', path, referrer, ...(arrival ? { arrival } : {}) });
  const activity = () => {
    const candidates = ACTIVITIES.filter((entry) => entry.path === path);
    if (candidates.length === 0 || !random.chance(0.45)) return;
    at += pause(random, 25 * SECOND);
    hits.push({ at, kind: 'track', path, referrer, event: random.pick(candidates).event });
  };
  const open = (next: string) => {
    referrer = SITE + path;
    path = next;
    at += pause(random, 55 * SECOND);
    page();
  };

  page(plan.arrival);
  activity();
  const pages = Math.min(plan.form || plan.login ? 2 + random.geometric(0.3) : random.geometric(0.21), 24);
  for (let more = 0; more < pages; more++) {
    open(random.pick(INNER_PAGES));
    activity();
  }
  if (plan.form) {
    const { form, email, embedded } = plan.form;
    if (path !== plan.form.path) open(plan.form.path);
    at += random.integer(12 * SECOND, 3 * MINUTE);
    hits.push({ at, kind: 'track', path, referrer, event: 'Form Submitted', form, ...(embedded ? {} : { email }) });
  }
  if (plan.login) {
    const { userId, email } = plan.login;
    if (path !== '/login') open('/login');
    at += random.integer(4 * SECOND, 40 * SECOND);
    // Both calls are made in one handler: the same millisecond, told apart by the client's counter only.
    hits.push({ at, kind: 'identify', path, referrer, userId, ...(email === undefined ? {} : { email }) });
    hits.push({ at, kind: 'track', path, referrer, event: 'Logged In', userId });
  }
  return { arrival: plan.arrival, hits };
}

function scriptedVisit(plan: VisitPlan, start: number, offsets: readonly number[]): Visit {
  const { landing, referrer } = plan.arrival;
  const hits = offsets.map((offset, index): Hit => {
    const at = start + offset;
    if (index === 0) return { at, kind: 'page', path: landing, referrer, arrival: plan.arrival };
    return { at, kind: 'page', path: landing, referrer: SITE + landing };
  });
  return { arrival: plan.arrival, hits };
}

/** Reading time: mostly a minute or so, sometimes a telephone call in between. */
function pause(random: Random, mean: number): number {
  const length = random.chance(0.015) ? random.between(20 * MINUTE, LONGEST_PAUSE) : random.exponential(mean);
  return Math.round(Math.min(Math.max(length, 1.5 * SECOND), LONGEST_PAUSE));
}
