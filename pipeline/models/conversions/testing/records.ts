import { IDENTITIES, IDENTITY_KEYS, USER_IDENTITIES } from '../../identity/tables.ts';
import { SESSIONS } from '../../sessions/tables.ts';
import type { Row } from '../../../warehouse/warehouse.ts';
import { type World, instant } from '../../../testing/world.ts';
import { CONVERSION_RECORDS, TOUCHED_CONVERSIONS } from '../tables.ts';

/** A record as a test writes it: its conversion, its id, what it says; everything else has a default. */
export interface RecordInput {
  readonly name: string;
  readonly id: string;
  /** conversion_time, as {@link instant} reads it; default: noon of 2026-03-02 in UTC. */
  readonly at?: string;
  readonly anchor?: string;
  readonly client?: string;
  readonly lead?: string;
  readonly user?: string;
  readonly email?: string;
  readonly ip?: string;
  readonly value?: number;
  readonly currency?: string;
  readonly answer?: string;
  readonly removed?: boolean;
}

/** The rows of conversion_records that these are. */
export function recordRow({ at = '12:00', anchor = at, ...given }: RecordInput): Row {
  return {
    conversion_name: given.name,
    id: given.id,
    row_hash: 'h',
    conversion_time: instant(at),
    attribution_time: instant(anchor),
    client_id: given.client ?? null,
    lead_id: given.lead ?? null,
    user_id: given.user ?? null,
    email_hash: given.email ?? null,
    ip_key: given.ip ?? null,
    original_value: given.value ?? null,
    currency: given.currency ?? 'EUR',
    is_qualified: null,
    self_reported_source: given.answer ?? null,
    params: [],
    is_removed: given.removed ?? false,
  };
}

/** Appends records, and queues them as a night does that found them new. */
export async function addRecords(world: World, ...inputs: readonly RecordInput[]): Promise<void> {
  await world.load(CONVERSION_RECORDS, inputs.map(recordRow));
  await touch(world, ...inputs);
}

/** Makes conversion_records hold these alone, and queues those that are named. */
export async function replaceRecords(
  world: World,
  inputs: readonly RecordInput[],
  touched: readonly Pick<RecordInput, 'name' | 'id'>[],
): Promise<void> {
  await world.warehouse.load(CONVERSION_RECORDS, inputs.map(recordRow), { replace: true });
  await touch(world, ...touched);
}

export async function touch(world: World, ...keys: readonly Pick<RecordInput, 'name' | 'id'>[]): Promise<void> {
  await world.load(TOUCHED_CONVERSIONS, keys.map(({ name, id }) => ({ conversion_name: name, id }))); // prettier-ignore
}

/** What attribution does at the end of a night. */
export async function forgetTouched(world: World): Promise<void> {
  await world.warehouse.load(TOUCHED_CONVERSIONS, [], { replace: true });
}

/** A person of one visitor: its ids by key name, and when its sessions began. */
export async function addPerson(
  world: World,
  person: { readonly id: string; readonly visitor: string; readonly key: number },
  keys: Readonly<Record<string, string>> = {},
  ...sessions: readonly string[]
): Promise<void> {
  const seen = { first_seen: instant('09:00'), last_seen: instant('09:00') };
  await world.load(IDENTITIES, [
    { anonymous_id: person.visitor, person_id: person.id, person_key: person.key, first_seen: instant('09:00') },
  ]);
  await world.load(
    USER_IDENTITIES,
    Object.entries(keys).map(([name, value]) => ({ person_id: person.id, key_name: name, key_value: value, ...seen })),
  );
  await world.load(SESSIONS, sessions.map((at) => sessionRow(person.visitor, at))); // prettier-ignore
}

/** A direct session of a visitor. */
export function sessionRow(visitor: string, at: string): Row {
  const time = instant(at);
  return {
    session_id: `s-${visitor}-${time}`,
    anonymous_id: visitor,
    started_at: time,
    ended_at: time,
    start_date: time.slice(0, 10),
    events: 1,
    page_views: 1,
    engaged_seconds: 0,
    click_ids: [],
    source: 'direct',
    medium: 'none',
    channel: 'Direct',
    is_direct: true,
  };
}

/** A visitor seen with an address: the first and the last time of one day. */
export function sightRow(visitor: string, address: string, first: string, last = first): Row {
  return {
    anonymous_id: visitor,
    key_name: 'ip_hash',
    key_value: address,
    origin: 'event',
    day: instant(first).slice(0, 10),
    first_seen: instant(first),
    last_seen: instant(last),
  };
}

export async function addSights(world: World, ...rows: readonly Row[]): Promise<void> {
  await world.load(IDENTITY_KEYS, rows);
}
