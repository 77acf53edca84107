import { randomNumbers } from '../../../testing/random.ts';
import type { Row } from '../../../warehouse/warehouse.ts';

// Random funnels and who belongs to which lead, decided row by row without SQL.

/** The stages of these worlds, and a conversion that is none. */
export const STAGES = ['lead', 'mql', 'opportunity', 'closed_won'] as const;
const OTHER = 'newsletter';

export interface Made {
  readonly conversion_name: string;
  readonly id: string;
  /** Minutes after the beginning. */
  readonly minute: number;
  readonly lead_id: string | null;
  readonly user_id: string | null;
  readonly person_key: number | null;
  readonly value_micros: number | null;
}

export type Random = ReturnType<typeof randomNumbers>;

const pick = <Item>(next: Random, items: readonly Item[]): Item => items[next(items.length)]!;

/** The conversions of a world: few ids, users and persons, so that they meet in every way. */
export function randomWorld(world: string, next: Random): Made[] {
  const size = 1 + next(14);
  const taken = new Set<string>();
  return Array.from({ length: size }, () => randomConversion(world, next)).filter((one) => {
    const key = `${one.conversion_name} ${one.id}`;
    return !taken.has(key) && taken.add(key);
  });
}

export function randomConversion(world: string, next: Random): Made {
  const id = () => `${world}-${next(8)}`;
  return {
    conversion_name: pick(next, [...STAGES, 'lead', OTHER]),
    id: id(),
    minute: next(6) * 400,
    lead_id: pick(next, [null, id(), id()]),
    user_id: pick(next, [null, null, `${world}-u${next(3)}`]),
    person_key: pick(next, [null, (Number(world.replaceAll(/\D/g, '')) + 1) * 10 + next(3)]),
    value_micros: pick(next, [null, next(5) * 1_000_000]),
  };
}

const START = Date.UTC(2026, 0, 1);
export const timeOf = (minute: number): string => `${new Date(START + minute * 60_000).toISOString().slice(0, -1)}000Z`;

/** A row of `conversions`. */
export function conversionRow({ minute, ...made }: Made): Row {
  const time = timeOf(minute);
  return { ...made, conversion_time: time, attribution_time: time, conversion_date: time.slice(0, 10), params: [] };
}

export interface Link {
  readonly conversion_name: string;
  readonly id: string;
  readonly lead_id: string | null;
  readonly linked_by: string | null;
  readonly is_first: boolean;
  readonly lead_conversions: number | null;
  readonly lead_valued: number | null;
  readonly lead_value_micros: number | null;
}

/** What the definition says, in words of arrays: every conversion of a later stage with its lead. */
export function expectedLinks(conversions: readonly Made[]): Link[] {
  const leads = conversions.filter((one) => one.conversion_name === STAGES[0]);
  const known = new Map<string, string | null>(leads.map((one) => [`${STAGES[0]} ${one.id}`, one.id]));
  const links: (Pick<Link, 'lead_id' | 'linked_by'> & { readonly one: Made })[] = [];
  STAGES.forEach((stage, place) => {
    if (place === 0) return;
    const order = [STAGES[0], ...STAGES.slice(1, place).toReversed()];
    for (const one of conversions.filter((made) => made.conversion_name === stage)) {
      const led = one.lead_id === null ? undefined : order.map((name) => known.get(`${name} ${one.lead_id}`)).find((lead) => lead != null);
      const ofUser = nearest(
        one,
        leads.filter((lead) => one.user_id !== null && lead.user_id === one.user_id),
      );
      const ofPerson = nearest(
        one,
        leads.filter((lead) => one.person_key !== null && lead.person_key === one.person_key),
      );
      const lead_id = led ?? ofUser ?? ofPerson ?? null;
      known.set(`${stage} ${one.id}`, lead_id);
      const linked_by = led !== undefined ? 'lead_id' : ofUser !== undefined ? 'user_id' : ofPerson !== undefined ? 'person' : null;
      links.push({ one, lead_id, linked_by });
    }
  });
  return links.map(({ one, lead_id, linked_by }) => {
    const link = { conversion_name: one.conversion_name, id: one.id, lead_id, linked_by };
    const all = links
      .filter((other) => lead_id !== null && other.lead_id === lead_id && other.one.conversion_name === one.conversion_name)
      .map((other) => other.one)
      .toSorted((a, b) => a.minute - b.minute || (a.id < b.id ? -1 : 1));
    if (all[0] !== one) return { ...link, is_first: false, lead_conversions: null, lead_valued: null, lead_value_micros: null };
    const values = all.flatMap(({ value_micros }) => value_micros ?? []);
    const lead_value_micros = values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0);
    return { ...link, is_first: true, lead_conversions: all.length, lead_valued: values.length, lead_value_micros };
  });
}

function nearest(one: Made, leads: readonly Made[]): string | undefined {
  const before = leads.filter(({ minute }) => minute <= one.minute);
  const at = before.length > 0 ? Math.max(...before.map(({ minute }) => minute)) : Math.min(...leads.map(({ minute }) => minute));
  return leads
    .filter(({ minute }) => minute === at)
    .map(({ id }) => id)
    .toSorted()[0];
}
