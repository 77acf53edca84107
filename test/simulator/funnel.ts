import { berlinDate, DAY, HISTORY_END, HOUR, MINUTE, SECOND } from './calendar.ts';
import type { VisitPlan } from './browsing.ts';
import type { Random } from './random.ts';
import type { Deal, DealStage, Device, Lead } from './world.ts';
import type { Source } from './company.ts';

/** How far a lead will come; all times are milliseconds after the lead's creation unless a visit says when. */
export interface Fate {
  readonly mqlAfter?: number;
  /** Asked for a demo: at once or some time after creation, or with the form of a later visit. */
  readonly handRaise?: number | VisitPlan;
  readonly deal?: {
    readonly after: number;
    /** Stages after the first, in order, with their distance from the deal's creation. */
    readonly stages: readonly { readonly stage: string; readonly after: number }[];
    readonly amountCents: number;
  };
}

/** A lead that is going to be in the CRM. */
export interface LeadPlan {
  /** As it was typed. */
  readonly email: string;
  readonly company: string;
  readonly form: string;
  /** The visit with the form, or the instant at which sales typed it in. */
  readonly origin: VisitPlan | number;
  /** The browser whose cookie the hidden field handed over. */
  readonly device: Device | undefined;
  readonly fate: Fate;
}

/** Draws how a lead of the given source fares: by its first form and the quality of the source. */
export function drawFate(random: Random, source: Source, askedForDemo: boolean, laterDemo: () => VisitPlan | undefined): Fate {
  if (!random.chance(Math.min(0.95, source.mqlRate * (askedForDemo ? 1.35 : 0.75)))) return {};
  const mqlAfter = Math.round(askedForDemo ? random.between(5 * MINUTE, 20 * HOUR) : random.between(2 * HOUR, 6 * DAY));
  let handRaise: number | VisitPlan | undefined;
  let interestAfter = mqlAfter;
  if (askedForDemo) handRaise = mqlAfter + random.integer(0, 4 * HOUR);
  else if (random.chance(0.35)) handRaise = laterDemo();
  const raised = handRaise !== undefined;
  if (typeof handRaise === 'object') interestAfter = 62 * DAY;
  if (!random.chance(Math.min(0.95, raised ? source.opportunityRate * 1.5 : source.opportunityRate * 0.2))) {
    return { mqlAfter, ...(handRaise === undefined ? {} : { handRaise }) };
  }
  const after = Math.round(interestAfter + DAY + Math.min(random.logNormal(5 * DAY, 0.7), 40 * DAY));
  const deal = { after, stages: drawStages(random, random.chance(source.winRate)), amountCents: drawAmount(random, source.amountEuro) };
  return { mqlAfter, ...(handRaise === undefined ? {} : { handRaise }), deal };
}

function drawStages(random: Random, won: boolean): { stage: string; after: number }[] {
  // Two deals in five wait for a committee or the budget of the next half-year.
  const days = random.chance(0.45) ? random.between(115, 165) : Math.min(Math.max(random.logNormal(58, 0.55), 9), 120);
  const cycle = days * DAY;
  const at = (share: number) => Math.round(cycle * share * random.between(0.9, 1.05));
  const steps = [
    { stage: 'demo', after: at(0.12) },
    { stage: 'proposal', after: at(0.4) },
    { stage: 'negotiation', after: at(0.7) },
  ];
  // Lost deals end earlier in the process, and often without a proposal.
  const kept = won ? steps : steps.slice(0, random.integer(1, 3));
  const end = Math.round(won ? cycle : cycle * random.between(0.75, 1));
  return [...kept.filter((step) => step.after < end), { stage: won ? 'closed_won' : 'closed_lost', after: end }];
}

/** Round figures, as price lists make them: multiples of 120 EUR. */
function drawAmount(random: Random, medianEuro: number): number {
  return Math.max(10, Math.round(random.logNormal(medianEuro, 0.55) / 120)) * 12_000;
}

const wholeSecond = (instant: number) => Math.ceil(instant / SECOND) * SECOND;
const withinHistory = (instant: number) => (instant < HISTORY_END ? instant : undefined);

/** Turns plans into CRM rows once it is known when each form was really sent; ids follow the order of creation. */
export function enterCrm(
  random: Random,
  plans: readonly LeadPlan[],
  submissions: ReadonlyMap<VisitPlan, number>,
): { leads: Lead[]; deals: Deal[] } {
  const submitted = (plan: VisitPlan) => {
    const at = submissions.get(plan);
    if (at === undefined) throw new Error('a lead was planned on a visit that sent no form');
    return at;
  };
  const entered: { plan: LeadPlan; createdAt: number }[] = [];
  for (const plan of plans) {
    const base = typeof plan.origin === 'number' ? plan.origin : submitted(plan.origin);
    const createdAt = wholeSecond(base + random.integer(2 * SECOND, 40 * SECOND));
    if (createdAt < HISTORY_END) entered.push({ plan, createdAt });
  }
  entered.sort((a, b) => a.createdAt - b.createdAt || (a.plan.email < b.plan.email ? -1 : 1));

  const leads: Lead[] = [];
  const drafts: Omit<Deal, 'dealId'>[] = [];
  for (const [index, { plan, createdAt }] of entered.entries()) {
    const { mqlAfter, handRaise, deal } = plan.fate;
    let handRaisedAt: number | undefined;
    if (typeof handRaise === 'number') handRaisedAt = wholeSecond(createdAt + handRaise);
    else if (handRaise) handRaisedAt = wholeSecond(submitted(handRaise) + 5 * SECOND);
    const lead: Lead = {
      leadId: `L-${10_001 + index}`,
      createdAt,
      email: plan.email,
      device: plan.device,
      form: plan.form,
      mqlAt: mqlAfter === undefined ? undefined : withinHistory(wholeSecond(createdAt + mqlAfter)),
      handRaisedAt: handRaisedAt === undefined ? undefined : withinHistory(handRaisedAt),
    };
    leads.push(lead);
    const opened = deal && withinHistory(wholeSecond(createdAt + deal.after));
    if (deal && opened !== undefined) drafts.push(openDeal(lead, plan.company, opened, deal));
  }
  drafts.sort((a, b) => a.createdAt - b.createdAt || (a.lead.leadId < b.lead.leadId ? -1 : 1));
  return { leads, deals: drafts.map((draft, index) => ({ dealId: `D-${2_001 + index}`, ...draft })) };
}

function openDeal(lead: Lead, company: string, createdAt: number, plan: NonNullable<Fate['deal']>): Omit<Deal, 'dealId'> {
  const stages: DealStage[] = [{ stage: 'qualified', enteredAt: createdAt }];
  for (const { stage, after } of plan.stages) {
    const enteredAt = wholeSecond(createdAt + after);
    if (enteredAt < HISTORY_END) stages.push({ stage, enteredAt });
  }
  const last = stages.at(-1)!;
  const closedOn = last.stage.startsWith('closed_') ? berlinDate(last.enteredAt) : undefined;
  return { lead, name: `${company}: Fernhill`, createdAt, stages, closedOn, amountCents: plan.amountCents };
}
