import {
  conversionRow,
  expectedLinks,
  type Link,
  type Made,
  randomWorld,
  type Random,
  STAGES,
  timeOf,
} from '../../../models/funnels/testing/link-worlds.ts';
import { REPORT_FUNNEL } from '../../../models/funnels/tables.ts';
import { REPORT_CREDITS } from '../../../models/reports/tables.ts';
import type { Row, TableDefinition } from '../../../warehouse/warehouse.ts';
import type { Publication } from '../../publication.ts';
import { PUBLICATION } from '../../testing/world.ts';

/** A credit of a lead. */
export interface LeadCredit {
  readonly lead_id: string;
  readonly channel: string;
  readonly medium: string;
  /** Parts of 1e9. */
  readonly credit: number;
}

/** Leads with their credits, and what became of them. */
export interface CohortWorld {
  readonly conversions: readonly Made[];
  readonly links: readonly Link[];
  readonly credits: readonly LeadCredit[];
}

export const COHORT_PUBLICATION: Publication = {
  ...PUBLICATION,
  data_up_to: '2026-01-03T00:00:00.000000Z',
  config: {
    ...PUBLICATION.config,
    conversions: STAGES.map((name) => ({ name, label: name.toUpperCase(), value: name === 'lead' || name === 'mql' ? 'none' : 'money' })),
    funnel: [...STAGES],
    models: ['linear'],
    modelDetails: [],
    dimensions: {},
    params: [],
  },
};

const CHANNELS = ['Email', 'Direct', 'Paid Search', '(not attributed)'];

/** Many small worlds beside each other: nothing links one to another, and their figures add up. */
export function randomCohorts(worlds: number, next: Random): CohortWorld {
  const made = Array.from({ length: worlds }, (_, i) => randomWorld(`c${i}`, next));
  const conversions = made.flat();
  const leads = conversions.filter(({ conversion_name }) => conversion_name === 'lead');
  return { conversions, links: made.flatMap(expectedLinks), credits: leads.flatMap(({ id }) => randomCredits(id, next)) };
}

function randomCredits(lead_id: string, next: Random): LeadCredit[] {
  const count = 1 + next(3);
  const cuts = [0, ...Array.from({ length: count - 1 }, () => next(1_000_000_000)), 1_000_000_000].toSorted((a, b) => a - b);
  return Array.from({ length: count }, (_, i) => {
    const channel = CHANNELS[next(4)]!;
    return { lead_id, channel, medium: `m${next(2)}`, credit: cuts[i + 1]! - cuts[i]! };
  }).filter(({ credit }) => credit > 0);
}

/** The world as the tables that a publication holds. */
export function cohortTables({ conversions, links, credits }: CohortWorld): readonly (readonly [TableDefinition, readonly Row[]])[] {
  const byKey = new Map(conversions.map((one) => [`${one.conversion_name} ${one.id}`, one]));
  const of = (name: string, id: string) => byKey.get(`${name} ${id}`)!;
  const funnel = links.map((link): Row => {
    const { conversion_time, conversion_date, value_micros } = conversionRow(of(link.conversion_name, link.id));
    const lead_time = link.lead_id === null ? null : timeOf(of('lead', link.lead_id).minute);
    return { ...link, conversion_time: conversion_time!, conversion_date: conversion_date!, value_micros: value_micros!, lead_time };
  });
  const facts = credits.map(({ lead_id, channel, medium, credit }, i): Row => {
    const { conversion_date } = conversionRow(of('lead', lead_id));
    return {
      conversion_name: 'lead',
      conversion_id: lead_id,
      model: 'linear',
      session_id: `s${i}`,
      conversion_date: conversion_date!,
      click_date: conversion_date!,
      credit,
      params: [],
      channel,
      source: 'x',
      medium,
    };
  });
  return [
    [REPORT_FUNNEL, funnel],
    [REPORT_CREDITS, facts],
  ];
}

const HOUR = 3_600_000_000n;
const micros = (minute: number): bigint => BigInt(minute) * 60_000_000n;

interface Asked {
  readonly stages: readonly string[];
  readonly split: string | null;
  readonly by: 'channel' | 'medium' | null;
  /** Dates of the leads. */
  readonly from: string;
  readonly to: string;
}

/** Counts lead by lead and credit by credit, in whole numbers: every figure but rank and open. */
export function expectedCohort(
  { conversions, links, credits }: CohortWorld,
  { stages, split, by, from, to }: Asked,
): Map<string, readonly object[]> {
  const made = new Map(conversions.map((one) => [`${one.conversion_name} ${one.id}`, one]));
  const leads = conversions
    .filter(({ conversion_name }) => conversion_name === 'lead')
    .map(({ id }) => ({ conversion_name: 'lead', id, lead_id: id }));
  const ofLead = Map.groupBy(
    [...leads, ...links].filter(({ lead_id }) => lead_id !== null),
    ({ lead_id }) => lead_id!,
  );
  const rows = new Map<string, { lead: string; credit: bigint }[]>();
  for (const { lead_id, credit, ...dimensions } of credits) {
    const date = timeOf(made.get(`lead ${lead_id}`)!.minute).slice(0, 10);
    if (date < from || date > to) continue;
    const passed = split === null ? null : ofLead.get(lead_id)!.some(({ conversion_name }) => conversion_name === split);
    const key = JSON.stringify([by === null ? null : dimensions[by], passed]);
    rows.set(key, [...(rows.get(key) ?? []), { lead: lead_id, credit: BigInt(credit) }]);
  }
  const reachedBy = (lead: string, stage: string) =>
    ofLead
      .get(lead)!
      .filter(({ conversion_name }) => conversion_name === stage)
      .map(({ conversion_name, id }) => made.get(`${conversion_name} ${id}`)!);
  const firstAt = (lead: string, stage: string) => {
    const minutes = reachedBy(lead, stage).map(({ minute }) => minute);
    return minutes.length === 0 ? undefined : micros(Math.min(...minutes));
  };
  return new Map(
    [...rows].map(([key, list]) => [
      key,
      stages.map((stage, place) => {
        const previous = stages.slice(0, place).findLast((name) => name !== split);
        const sum = (parts: (one: { lead: string; credit: bigint }) => bigint) => list.reduce((total, one) => total + parts(one), 0n);
        const leads = sum(({ lead, credit }) => (firstAt(lead, stage) === undefined ? 0n : credit));
        const all = sum(({ credit }) => credit);
        const before = previous === undefined ? 0n : sum(({ lead, credit }) => (firstAt(lead, previous) === undefined ? 0n : credit));
        const gaps = list.flatMap(({ lead, credit }) => {
          const [a, b] = [previous === undefined ? undefined : firstAt(lead, previous), firstAt(lead, stage)];
          return a === undefined || b === undefined ? [] : [{ gap: (b - a) / HOUR, credit }];
        });
        const both = gaps.reduce((total, { credit }) => total + credit, 0n);
        const values = list.flatMap(({ lead, credit }) =>
          reachedBy(lead, stage).flatMap(({ value_micros }) => (value_micros === null ? [] : [BigInt(value_micros) * credit])),
        );
        const money = stage === 'opportunity' || stage === 'closed_won';
        const count = sum(({ lead, credit }) => credit * BigInt(reachedBy(lead, stage).length));
        return {
          leads: Number(leads) / 1e9,
          conversions: Number(count) / 1e9,
          value: !money ? null : count === 0n ? 0 : values.length === 0 ? null : Number(values.reduce((a, b) => a + b)) / 1e15,
          rate_from_lead: Number(leads) / Number(all),
          rate_from_previous: before === 0n ? null : Number(both) / Number(before),
          dropped: previous === undefined ? null : Number(before - both) / 1e9,
          skipped: previous === undefined ? null : Number(leads - both) / 1e9,
          median_days: medianDays(gaps),
        };
      }),
    ]),
  );
}

/** In whole hours. Every gap as often as its credit says would be half a thousand million rows: the middle is found by walking over them. */
function medianDays(gaps: readonly { readonly gap: bigint; readonly credit: bigint }[]): number | null {
  if (gaps.length === 0) return null;
  const sorted = gaps.toSorted((a, b) => (a.gap < b.gap ? -1 : a.gap > b.gap ? 1 : 0));
  const all = sorted.reduce((total, { credit }) => total + credit, 0n);
  const at = (position: bigint) => {
    let until = 0n;
    return sorted.find(({ credit }) => (until += credit) >= position)!.gap;
  };
  // Positions count from 1: of an even number the two in the middle, of an odd one the one there twice.
  const [low, high] = [(all + 1n) / 2n, (all + 2n) / 2n];
  return Number(at(low) + at(high)) / 48;
}
