/** The truth added up as reports show it. */
import { MODELS, NOT_ATTRIBUTED, STAGES, type Model, type Stage, type TrueConversion, type Truth } from './truth.ts';

export interface Sum {
  conversions: number;
  valueCents: number;
}

export interface Period {
  /** Dates in Berlin, both included. */
  readonly from: string;
  readonly to: string;
}

export const WHOLE_HISTORY: Period = { from: '2025-11-01', to: '2026-06-30' };

const within = (date: string, { from, to }: Period) => date >= from && date <= to;

/** The channel a model credits a conversion to. */
export function channelOf(conversion: TrueConversion, model: Model): string {
  return conversion.credited[model]?.channel ?? NOT_ATTRIBUTED;
}

/** Conversions and value by channel, by the date of the conversion or of the credited click (else of the attribution time). */
export function conversionsByChannel(truth: Truth, stage: Stage, model: Model, period: Period = WHOLE_HISTORY): Map<string, Sum> {
  const sums = new Map<string, Sum>();
  for (const conversion of truth.conversions) {
    if (conversion.stage !== stage || !within(conversion.date, period)) continue;
    const channel = channelOf(conversion, model);
    const sum = sums.get(channel) ?? { conversions: 0, valueCents: 0 };
    sum.conversions += 1;
    sum.valueCents += conversion.valueCents ?? 0;
    sums.set(channel, sum);
  }
  return sums;
}

/** Stage × channel for every model. */
export function funnels(truth: Truth, period: Period = WHOLE_HISTORY): Record<Model, Record<Stage, Map<string, Sum>>> {
  const table = (model: Model) =>
    Object.fromEntries(STAGES.map((stage) => [stage, conversionsByChannel(truth, stage, model, period)])) as Record<
      Stage,
      Map<string, Sum>
    >;
  return Object.fromEntries(MODELS.map((model) => [model, table(model)])) as Record<Model, Record<Stage, Map<string, Sum>>>;
}

/** Cost in cents by channel; a channel without ads has no entry. */
export function costByChannel(truth: Truth, period: Period = WHOLE_HISTORY): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { date, channel, cents } of truth.costs) if (within(date, period)) sums.set(channel, (sums.get(channel) ?? 0) + cents);
  return sums;
}

/** Revenue over cost of each channel that has cost; a channel without cost has no ROAS. */
export function roasByChannel(truth: Truth, model: Model, period: Period = WHOLE_HISTORY): Map<string, number> {
  const revenue = conversionsByChannel(truth, 'closed_won', model, period);
  const ratios = new Map<string, number>();
  for (const [channel, cost] of costByChannel(truth, period))
    if (cost > 0) ratios.set(channel, (revenue.get(channel)?.valueCents ?? 0) / cost);
  return ratios;
}

/** Sessions, and people with at least one, by channel. */
export function trafficByChannel(truth: Truth, period: Period = WHOLE_HISTORY): Map<string, { sessions: number; users: number }> {
  const sessions = new Map<string, number>();
  const users = new Map<string, Set<unknown>>();
  for (const { date, channel, person } of truth.sessions) {
    if (!within(date, period)) continue;
    sessions.set(channel, (sessions.get(channel) ?? 0) + 1);
    users.set(channel, (users.get(channel) ?? new Set()).add(person));
  }
  return new Map([...sessions].map(([channel, count]) => [channel, { sessions: count, users: users.get(channel)!.size }]));
}
