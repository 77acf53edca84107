import type { DeliveryRow } from '../../edge/contract/event-row.ts';
import { EMAIL_HASH } from './addresses.ts';
import { identityOf, nameOf, numberOf, type Row, rowsOf } from './copies.ts';
import type { Traffic } from './traffic.ts';
import type { World } from './world.ts';

/** Complaints are cut: the first ones tell enough. */
const MOST_COMPLAINTS = 10;

/** A message that nobody can have sent; it stays in the archive. */
export const UNREADABLE = 'no delivery';

/** Where everything is. */
interface Places {
  /** Message ids. */
  readonly events: ReadonlySet<string>;
  readonly failed: ReadonlySet<string>;
  /** What the archive holds for later. */
  readonly held: ReadonlySet<string>;
}

function placesOf(world: World): Places {
  const objects = [...world.archive.contents('spill/').values(), ...world.archive.contents('dead/').values()];
  return {
    events: new Set(world.bigquery.rows('events_raw').map(({ message_id }) => String(message_id))),
    failed: new Set(world.bigquery.rows('failed_events').map(nameOf)),
    held: new Set(objects.flatMap(rowsOf).map(nameOf)),
  };
}

/**
 * Says what is wrong while dead letters may lie in the archive: each event that was taken must be in `events_raw`, in
 * `failed_events` or in the archive, and never in both tables.
 */
export function auditHeld(world: World, traffic: Traffic): string[] {
  const { events, failed, held } = placesOf(world);
  const complaints: string[] = [];
  for (const [id, kind] of traffic.accepted) {
    if (!events.has(id) && !failed.has(id) && !held.has(id)) complaints.push(`${kind} ${id} is nowhere`);
    if (events.has(id) && failed.has(id)) complaints.push(`${kind} ${id} is in both tables`);
  }
  for (const name of traffic.rejected) {
    if (!failed.has(name) && !held.has(name)) complaints.push(`rejected ${name} is nowhere`);
  }
  return complaints.slice(0, MOST_COMPLAINTS);
}

/** Says what is wrong when the archive holds nothing back any more: nothing may be missing, doubled, in the wrong table or changed. */
export function auditSettled(world: World, traffic: Traffic): string[] {
  const { events, failed, held } = placesOf(world);
  const complaints: string[] = [];
  if (held.size > 0) complaints.push(`the archive still holds ${held.size} rows`);
  const refused = new Set([...world.archive.contents('invalid/').values()].map((text) => nameOf(JSON.parse(text) as Row)));
  for (const [id, kind] of traffic.accepted) {
    const wanted = kind === 'clean' ? 'events_raw' : 'failed_events';
    const found = [events.has(id) && 'events_raw', failed.has(id) && 'failed_events'].filter(Boolean).join(' and ') || 'no table';
    if (found !== wanted) complaints.push(`${kind} ${id} is in ${found}`);
    if (kind !== 'clean' && !refused.has(id)) complaints.push(`the original of ${kind} ${id} is not kept`);
  }
  for (const name of traffic.rejected) {
    if (!failed.has(name)) complaints.push(`rejected ${name} is in no table`);
    if (events.has(name)) complaints.push(`rejected ${name} is in events_raw`);
  }
  const others = [...changedRows(world), ...copies(world), ...duplicates(world, traffic), ...ledger(world), ...addresses(world)];
  return [...complaints, ...others].slice(0, MOST_COMPLAINTS);
}

/** Copies of one row are equal, and an event holds what was sent. */
function changedRows(world: World): string[] {
  const complaints: string[] = [];
  const seen = new Map<string, string>();
  for (const row of world.bigquery.rows('events_raw')) {
    const { name } = JSON.parse(String(row['properties'])) as { name: string };
    if (name !== row['message_id']) complaints.push(`${String(row['message_id'])} holds the properties of ${name}`);
    const key = identityOf(row);
    const text = JSON.stringify(row);
    if ((seen.get(key) ?? text) !== text) complaints.push(`copies of ${key} differ`);
    seen.set(key, text);
  }
  return complaints;
}

/**
 * Each copy of a row is there for a cause. Left out are empty headers, which do no harm: the number of a delivery that seems missing is
 * filled again where the delivery of another one failed with it.
 */
function copies(world: World): string[] {
  const caused = world.witness.causes.counts();
  return [...rowCounts(world)]
    .filter(([identity, count]) => count - 1 > (caused.get(identity) ?? 0) && !identity.endsWith('/header of 0'))
    .map(([identity, count]) => `${identity} is stored ${count} times, and ${caused.get(identity) ?? 0} copies have a cause`);
}

/** How often each row is stored, headers included. */
function rowCounts(world: World): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const identity of ['events_raw', 'failed_events', 'deliveries'].flatMap((table) => world.bigquery.rows(table).map(identityOf))) {
    counts.set(identity, (counts.get(identity) ?? 0) + 1);
  }
  return counts;
}

/** Rows that are stored more than once. */
export function copiedRows(world: World): number {
  return [...rowCounts(world).values()].filter((count) => count > 1).length;
}

/** By (write key, message id), DESIGN §3.3, each event is one, and it was in no more deliveries than requests. */
function duplicates(world: World, traffic: Traffic): string[] {
  const places = new Map<string, { readonly keys: Set<unknown>; readonly deliveries: Set<string> }>();
  for (const row of world.bigquery.rows('events_raw')) {
    const id = String(row['message_id']);
    if (!places.has(id)) places.set(id, { keys: new Set(), deliveries: new Set() });
    const { keys, deliveries } = places.get(id)!;
    keys.add(row['write_key_id']);
    deliveries.add(numberOf(row));
  }
  return [...places].flatMap(([id, { keys, deliveries }]) => {
    const sent = traffic.sent.get(id) ?? 0;
    return [
      ...(keys.size > 1 ? [`${id} is two events: of the keys ${[...keys].join(' and ')}`] : []),
      ...(deliveries.size > sent ? [`${id} was sent ${sent} times and is in ${deliveries.size} deliveries`] : []),
    ];
  });
}

/** No address of a visitor has left the Worker, though they were in what came. */
function addresses(world: World): string[] {
  const rows = world.bigquery.rows('events_raw');
  const complaints = [...world.witness.leaks];
  if (!rows.some(({ email_hashes }) => JSON.stringify(email_hashes ?? null).includes(EMAIL_HASH)))
    complaints.push('no e-mail address came');
  if (!rows.some(({ ip_hash }) => typeof ip_hash === 'string')) complaints.push('no IP address came');
  return complaints;
}

/** The ledger of DESIGN §3.1: no gaps, and of each number the greatest count is that of its rows. */
function ledger(world: World): string[] {
  const complaints: string[] = [];
  const counts = new Map<string, number>();
  const last = new Map<string, number>();
  for (const row of world.bigquery.rows('deliveries') as unknown as DeliveryRow[]) {
    const number = numberOf(row);
    counts.set(number, Math.max(counts.get(number) ?? 0, row.count));
    last.set(row.edge_instance, Math.max(last.get(row.edge_instance) ?? 0, row.edge_sequence));
  }
  const rows = new Map<string, Set<string>>();
  for (const table of ['events_raw', 'failed_events']) {
    for (const row of world.bigquery.rows(table)) {
      const number = numberOf(row);
      if (!rows.has(number)) rows.set(number, new Set());
      rows.get(number)!.add(nameOf(row));
    }
  }
  for (const number of new Set([...counts.keys(), ...rows.keys()])) {
    const [count, found] = [counts.get(number), rows.get(number)?.size ?? 0];
    if (count !== found) complaints.push(`delivery ${number} counts ${count} and has ${found} rows`);
  }
  for (const header of world.witness.durableHeaders) {
    const { delivery } = JSON.parse(header) as { delivery: DeliveryRow };
    if (!counts.has(numberOf(delivery))) complaints.push(`delivery ${numberOf(delivery)} was durable and has no header`);
  }
  // What a dead isolate could not store was never acknowledged; the living one has filled its gaps.
  const newest = world.bigquery.rows('events_raw').reduce((a, b) => (String(a['received_at']) > String(b['received_at']) ? a : b));
  const living = String(newest['edge_instance']);
  for (let sequence = 1; sequence <= (last.get(living) ?? 0); sequence++) {
    if (!counts.has(`${living}/${sequence}`)) complaints.push(`delivery ${living}/${sequence} is a gap`);
  }
  return complaints;
}
