import type { World } from '../../../../testing/world.ts';
import { CONVERSIONS } from '../../../conversions/tables.ts';
import { IDENTITIES } from '../../../identity/tables.ts';
import { SESSIONS } from '../../../sessions/tables.ts';
import type { PathWindow } from '../training-paths.ts';

// Small worlds for fitted models: what the steps below them would have left, and the paths in them by their definition.

export interface Visit {
  readonly person: number;
  readonly channel: string;
  /** ISO in UTC. */
  readonly at: string;
}

export interface Sale {
  readonly name: string;
  readonly person: number | null;
  readonly at: string;
}

export interface Population {
  readonly visits: readonly Visit[];
  readonly sales: readonly Sale[];
}

const DAY = 86_400_000;

/** A time some days after the first of 2026, in UTC. */
export const at = (days: number, minutes = 0): string => new Date(Date.UTC(2026, 0, 1) + days * DAY + minutes * 60_000).toISOString();

/** Each person has a browser of their own; the odd ones come back with a second one at every other visit. */
const browserOf = ({ person }: Visit, number: number): string => `p${person}${person % 2 === 1 && number % 2 === 1 ? 'b' : ''}`;

const sessionId = (number: number): string => `s${String(number).padStart(5, '0')}`;
const saleId = ({ name }: Sale, number: number): string => `${name}-${number}`;

/** Makes a warehouse hold a population; what it held before is gone. */
export async function settle({ warehouse }: World, { visits, sales }: Population): Promise<void> {
  const replace = { replace: true };
  const browsers = new Map(visits.map((visit, i) => [browserOf(visit, i), visit.person]));
  const identities = [...browsers].map(([anonymous_id, person]) => ({
    anonymous_id,
    person_id: `p${person}`,
    person_key: person,
    first_seen: at(0),
  }));
  const sessions = visits.map((visit, i) => ({
    session_id: sessionId(i),
    anonymous_id: browserOf(visit, i),
    started_at: visit.at,
    ended_at: visit.at,
    start_date: visit.at.slice(0, 10),
    events: 1,
    page_views: 1,
    engaged_seconds: 0,
    source: 'some',
    medium: 'some',
    channel: visit.channel,
    is_direct: visit.channel === 'Direct',
  }));
  const conversions = sales.map((sale, i) => ({
    conversion_name: sale.name,
    id: saleId(sale, i),
    conversion_time: sale.at,
    attribution_time: sale.at,
    conversion_date: sale.at.slice(0, 10),
    client_id: sale.person === null ? null : `p${sale.person}`,
    person_id: sale.person === null ? null : `p${sale.person}`,
    person_key: sale.person,
    matched_by: sale.person === null ? null : 'client_id',
  }));
  await warehouse.load(IDENTITIES, identities, replace);
  await warehouse.load(SESSIONS, sessions, replace);
  await warehouse.load(CONVERSIONS, conversions, replace);
}

/** A path as its definition has it: names of channels in their order. */
export interface ExpectedPath {
  readonly channels: readonly string[];
  readonly converts: boolean;
}

/** The paths of a window, one conversion and one person at a time. */
export function pathsOf({ visits, sales }: Population, { conversion, from, to, lookbackDays }: PathWindow): ExpectedPath[] {
  const [begin, end] = [Date.parse(from), Date.parse(to)];
  const numbered = visits.map((visit, i) => ({ ...visit, time: Date.parse(visit.at), id: sessionId(i) }));
  const ordered = numbered.toSorted((one, other) => one.time - other.time || (one.id < other.id ? -1 : 1));
  const own = sales.filter(({ name }) => name === conversion).map((sale) => ({ ...sale, time: Date.parse(sale.at) }));
  const grace = 5 * 60_000;
  const converted = own
    .filter(({ time }) => time >= begin && time < end)
    .map(({ person, time }) => ({
      converts: true,
      channels: ordered
        .filter((visit) => visit.person === person && visit.time >= time - lookbackDays * DAY && visit.time <= time + grace)
        .map(({ channel }) => channel),
    }));
  const others = [...new Set(visits.map(({ person }) => person))].map((person) => {
    const last = Math.max(...own.filter((sale) => sale.person === person && sale.time < end).map(({ time }) => time));
    const since = ordered.filter((visit) => visit.person === person && visit.time < end && visit.time > last + grace);
    const lastVisit = since.at(-1)?.time ?? -Infinity;
    const isInWindow = lastVisit >= begin;
    const path = isInWindow ? since.filter(({ time }) => time >= lastVisit - lookbackDays * DAY) : [];
    return { converts: false, channels: path.map(({ channel }) => channel) };
  });
  return [...converted, ...others].filter(({ channels }) => channels.length > 0);
}

const CHANNELS = ['Direct', 'Email', 'Organic Search', 'Paid > Social', 'Paid, Search'] as const;
export const NAMES = ['lead', 'demo'] as const;

/** Visits and sales of some persons at random times of 200 days, some of them at the edges of days and windows. */
export function randomPopulation(next: (below: number) => number, persons: number): Population {
  const visits: Visit[] = [];
  const sales: Sale[] = [];
  for (let person = 1; person <= persons; person++) {
    let day = next(150);
    for (let i = 1 + next(6); i > 0; i--) {
      visits.push({ person, channel: CHANNELS[next(CHANNELS.length)]!, at: at(day, next(1440)) });
      day += next(20);
    }
    for (let i = next(3); i > 0; i--) {
      const visit = visits.at(-1 - next(Math.min(2, visits.length)))!;
      const minutes = [-5, -1, 0, 3, 5, 6, 90][next(7)]!;
      const time = new Date(Date.parse(visit.at) + minutes * 60_000).toISOString();
      sales.push({ name: NAMES[next(NAMES.length)]!, person: next(12) === 0 ? null : person, at: time });
    }
  }
  return { visits, sales };
}
