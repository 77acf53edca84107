import { CONVERSIONS } from '../../../pipeline/models/conversions/tables.ts';
import { EVENTS } from '../../../pipeline/models/events/tables.ts';
import { personKey } from '../../../pipeline/models/identity/person-key.ts';
import { IDENTITIES } from '../../../pipeline/models/identity/tables.ts';
import { SESSIONS } from '../../../pipeline/models/sessions/tables.ts';
import { raw, sql } from '../../../pipeline/warehouse/sql.ts';
import type { Row, Warehouse } from '../../../pipeline/warehouse/warehouse.ts';
import { WORLD_DAYS } from './parameters.ts';
import type { Life, Visit } from './person.ts';
import type { CausalWorld } from './world.ts';

/** Name of the conversion of causal worlds. */
export const CONVERSION = 'lead';
/** Each lasts four months, and is over twice as long before the next begins: no path reaches from one into another. */
const MONTHS_APART = 12;
const FIRST_YEAR = 2001;

const MINUTE = 60_000;
const DAY = 86_400_000;
/** From the begin of a visit to the conversion in it. */
const UNTIL_CONVERTED = 2 * MINUTE;

/** When the world at a place of a list happens, ISO in UTC, and the first days of its months. */
export function periodOf(place: number): { readonly from: string; readonly to: string; readonly months: readonly string[] } {
  const begin = Date.UTC(FIRST_YEAR, place * MONTHS_APART, 1);
  const month = (number: number) => new Date(Date.UTC(FIRST_YEAR, place * MONTHS_APART + number, 1)).toISOString().slice(0, 10);
  return { from: iso(begin), to: iso(begin + WORLD_DAYS * DAY), months: [0, 1, 2, 3].map((number) => month(number)) };
}

const iso = (time: number): string => new Date(time).toISOString();
const digits = (number: number, length: number): string => String(number).padStart(length, '0');
/** A person of the world at a place. */
const personOf = (place: number, number: number): string => `world ${digits(place, 3)}, person ${digits(number, 7)}`;
/** How the ids of a world begin. */
export const prefixOf = (place: number): string => `world ${digits(place, 3)},`;
export const PREFIX_LENGTH = prefixOf(0).length;

interface Inhabitant {
  readonly place: number;
  readonly id: string;
  readonly life: Life;
}

/** Makes a warehouse hold causal worlds, one after the other in time, and nothing else: what the steps below attribution would have left. */
export async function loadCausalWorlds(warehouse: Warehouse, worlds: readonly CausalWorld[]): Promise<void> {
  const replace = { replace: true };
  const seen = worlds.flatMap(({ lives }, place) =>
    lives.flatMap((life, number): Inhabitant[] => (life.visits.length === 0 ? [] : [{ place, id: personOf(place, number), life }])),
  );
  await warehouse.load(EVENTS, [eventRow()], replace);
  await warehouse.load(IDENTITIES, seen.map(identityRow), replace);
  await warehouse.load(
    SESSIONS,
    seen.flatMap((one) => one.life.visits.map((visit, i) => sessionRow(one, visit, i))),
    replace,
  );
  await warehouse.load(CONVERSIONS, seen.filter(({ life }) => life.isConverted).map(conversionRow), replace);
  // The key is a number beyond those that JavaScript holds.
  const key = personKey(warehouse.dialect, raw('person_id'));
  for (const target of [IDENTITIES, CONVERSIONS]) {
    const others = target.columns.map(({ name }) => name).filter((name) => name !== 'person_key');
    await warehouse.merge(target, sql`select ${raw(others.join(', '))}, ${key} as person_key from ${raw(target.name)}`);
  }
}

const startOf = ({ place }: Inhabitant, { minute }: Visit): number => Date.parse(periodOf(place).from) + minute * MINUTE;

function identityRow({ place, id }: Inhabitant): Row {
  return { anonymous_id: id, person_id: id, person_key: 0, first_seen: periodOf(place).from, has_events: true };
}

function sessionRow(one: Inhabitant, visit: Visit, number: number): Row {
  const isDirect = visit.channel === 'Direct';
  const start = startOf(one, visit);
  return {
    session_id: `${one.id}, ${digits(number, 4)}`,
    anonymous_id: one.id,
    started_at: iso(start),
    ended_at: iso(start + visit.seconds * 1000),
    start_date: iso(start).slice(0, 10),
    events: 1,
    page_views: 1 + Math.floor(visit.seconds / 45),
    engaged_seconds: visit.seconds,
    source: isDirect ? 'direct' : visit.channel.toLowerCase(),
    medium: isDirect ? 'none' : 'campaign',
    channel: visit.channel,
    is_direct: isDirect,
    device_type: one.life.device,
  };
}

function conversionRow(one: Inhabitant): Row {
  const at = iso(startOf(one, one.life.visits.at(-1)!) + UNTIL_CONVERTED);
  return {
    conversion_name: CONVERSION,
    id: one.id,
    conversion_time: at,
    attribution_time: at,
    conversion_date: at.slice(0, 10),
    client_id: one.id,
    person_id: one.id,
    matched_by: 'client_id',
  };
}

function eventRow(): Row {
  const { from: at } = periodOf(0);
  const who = { write_key_id: 'wk', message_id: 'm', type: 'page', anonymous_id: personOf(0, 0), edge_instance: 'e', edge_sequence: 1 };
  return { ...who, occurred_at: at, received_at: at, is_bot: false, is_internal: false };
}
