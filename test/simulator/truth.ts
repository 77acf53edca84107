/**
 * What the reports of a world must say, worked out from what happened in it: never from events, SQL or the pipeline.
 *
 * The rules are those of the design (§6), in plain loops:
 * - Session: what one browser does with pauses of at most 30 minutes, at most 24 hours long. Arriving by a campaign or ad
 *   click other than the session's own begins a new one at once; a mere referrer does not; midnight does not. Bots have none.
 * - The channel of a session is how the visit that opened it came about.
 * - Person: see `observed-people.ts`.
 * - A lead belongs to the person whose cookie its form handed over, else to the one its e-mail address is known of.
 *   Its later stages and its deals have the lead's time as `attribution_time`: what brought the lead brought the deal.
 * - Sessions that began within 90 days before `attribution_time`, or up to 5 minutes after it, compete for the credit.
 */
import { berlinDate, DAY, endOfBerlinDay, HOUR, MINUTE } from './calendar.ts';
import { placementOf } from './placements.ts';
import { comparable, observePeople, type ObservedPerson } from './observed-people.ts';
import type { Arrival, Channel, Device, Lead, World } from './world.ts';

export const NOT_ATTRIBUTED = '(not attributed)';
export const STAGES = ['lead', 'mql', 'hand_raiser', 'opportunity', 'closed_won'] as const;
export type Stage = (typeof STAGES)[number];
export const MODELS = ['first_click', 'last_click', 'last_significant_click'] as const;
export type Model = (typeof MODELS)[number];

const PAUSE = 30 * MINUTE;
const LONGEST_SESSION = 24 * HOUR;
const LOOK_BACK = 90 * DAY;
const AFTER_CONVERSION = 5 * MINUTE;

export interface TrueSession {
  readonly device: Device;
  readonly person: ObservedPerson;
  readonly startedAt: number;
  /** Berlin date of the start. */
  readonly date: string;
  readonly channel: Channel;
  /** The visit that opened it. */
  readonly opening: Arrival;
}

export interface TrueConversion {
  readonly stage: Stage;
  readonly id: string;
  readonly lead: Lead;
  readonly time: number;
  /** Berlin date of the business event. */
  readonly date: string;
  readonly attributionTime: number;
  /** In cents of EUR; undefined for stages without a value. */
  readonly valueCents: number | undefined;
  readonly person: ObservedPerson | undefined;
  /** The credited session of each model; undefined where it is not attributed. */
  readonly credited: Readonly<Record<Model, TrueSession | undefined>>;
}

export interface TrueCost {
  readonly date: string;
  readonly channel: Channel;
  readonly cents: number;
  readonly impressions: number;
  readonly clicks: number;
}

export interface Truth {
  readonly people: readonly ObservedPerson[];
  readonly sessions: readonly TrueSession[];
  readonly conversions: readonly TrueConversion[];
  readonly costs: readonly TrueCost[];
}

/** Works out the truth of a world. */
export function tellTruth(world: World): Truth {
  const people = observePeople(world);
  const sessions: TrueSession[] = [];
  const sessionsOf = new Map<ObservedPerson, TrueSession[]>();
  for (const person of people) {
    const own = person.devices.flatMap((device) => sessionsOfDevice(device, person)).sort((a, b) => a.startedAt - b.startedAt);
    sessionsOf.set(person, own);
    sessions.push(...own);
  }

  const conversions: TrueConversion[] = [];
  for (const business of businessEvents(world)) {
    const person = personOf(business.lead, people);
    const candidates = person ? withinWindow(sessionsOf.get(person)!, business.attributionTime) : [];
    conversions.push({ ...business, person, credited: credit(candidates) });
  }
  return { people, sessions, conversions, costs: world.costs.map(toTrueCost) };
}

/** The sessions of one browser, in order. */
function sessionsOfDevice(device: Device, person: ObservedPerson): TrueSession[] {
  const sessions: TrueSession[] = [];
  let opening: Arrival | undefined;
  let startedAt = 0;
  let lastHitAt = 0;
  for (const { arrival, hits } of device.visits) {
    for (const hit of hits) {
      const begins =
        opening === undefined ||
        hit.at - lastHitAt > PAUSE ||
        hit.at - startedAt > LONGEST_SESSION ||
        (hit.arrival !== undefined && isAnotherCampaign(hit.arrival, opening));
      if (begins) {
        opening = arrival;
        startedAt = hit.at;
        sessions.push({ device, person, startedAt, date: berlinDate(startedAt), channel: arrival.channel, opening });
      }
      lastHitAt = hit.at;
    }
  }
  return sessions;
}

function isAnotherCampaign(arrival: Arrival, opening: Arrival): boolean {
  if (!arrival.campaign && !arrival.clickId) return false;
  return (
    arrival.clickId?.value !== opening.clickId?.value ||
    arrival.campaign?.source !== opening.campaign?.source ||
    arrival.campaign?.medium !== opening.campaign?.medium ||
    arrival.campaign?.name !== opening.campaign?.name
  );
}

function personOf(lead: Lead, people: readonly ObservedPerson[]): ObservedPerson | undefined {
  for (const person of people) if (lead.device && person.devices.includes(lead.device)) return person;
  const email = comparable(lead.email);
  for (const person of people) if (email !== '' && person.emails.has(email)) return person;
  return undefined;
}

function withinWindow(sessions: readonly TrueSession[], attributionTime: number): TrueSession[] {
  return sessions.filter(({ startedAt }) => startedAt >= attributionTime - LOOK_BACK && startedAt <= attributionTime + AFTER_CONVERSION);
}

/** Who gets the whole credit, by each model; the candidates are in order of time. */
function credit(candidates: readonly TrueSession[]): Record<Model, TrueSession | undefined> {
  for (let i = 1; i < candidates.length; i++) {
    if (candidates[i]!.startedAt === candidates[i - 1]!.startedAt)
      throw new Error('two sessions of one person begin at the same millisecond: the truth is ambiguous');
  }
  const first = candidates[0];
  const last = candidates.at(-1);
  let significant = last;
  for (const session of candidates) if (session.channel !== 'Direct') significant = session;
  return { first_click: first, last_click: last, last_significant_click: significant };
}

type BusinessEvent = Omit<TrueConversion, 'person' | 'credited'>;

function businessEvents(world: World): BusinessEvent[] {
  const events: BusinessEvent[] = [];
  const add = (stage: Stage, id: string, lead: Lead, time: number | undefined, valueCents?: number) => {
    if (time === undefined) return;
    events.push({ stage, id, lead, time, date: berlinDate(time), attributionTime: lead.createdAt, valueCents });
  };
  for (const lead of world.leads) {
    add('lead', lead.leadId, lead, lead.createdAt);
    add('mql', lead.leadId, lead, lead.mqlAt);
    add('hand_raiser', lead.leadId, lead, lead.handRaisedAt);
  }
  for (const deal of world.deals) {
    add('opportunity', deal.dealId, deal.lead, deal.createdAt, deal.amountCents);
    const won = deal.stages.at(-1)!.stage === 'closed_won' && deal.closedOn !== undefined;
    if (won) add('closed_won', deal.dealId, deal.lead, endOfBerlinDay(deal.closedOn), deal.amountCents);
  }
  return events;
}

function toTrueCost({ placement, date, costCents, impressions, clicks }: World['costs'][number]): TrueCost {
  const { platform } = placementOf(placement);
  const channel = platform === 'google_ads' || platform === 'microsoft_ads' ? 'Paid Search' : 'Paid Social';
  return { date, channel, cents: costCents, impressions, clicks };
}
