import type { DeliveryRow } from '../../edge/contract/event-row.ts';
import type { Traffic } from './traffic.ts';
import type { World } from './world.ts';

type Row = Readonly<Record<string, unknown>>;

/** Complaints are cut: the first ones tell enough. */
const MOST_COMPLAINTS = 10;

/** A message that nobody can have sent; it stays in the archive. */
export const UNREADABLE = 'no delivery';

/** Where everything is. */
interface Places {
  /** Message ids. */
  readonly events: ReadonlySet<string>;
  readonly failed: ReadonlySet<string>;
  /** What the archive holds for later, as one text. */
  readonly held: string;
}

function placesOf(world: World): Places {
  const objects = [...world.archive.contents('spill/').values(), ...world.archive.contents('dead/').values()];
  const held = objects.filter((text) => text !== UNREADABLE).join('');
  return {
    events: new Set(world.bigquery.rows('events_raw').map(({ message_id }) => String(message_id))),
    failed: new Set(world.bigquery.rows('failed_events').map(nameOf)),
    held,
  };
}

/** The message id of a failure, or the name in its payload. */
function nameOf({ message_id, payload }: Row): string {
  return typeof message_id === 'string' ? message_id : (/name-\d+-\d+/.exec(String(payload))?.[0] ?? '');
}

/**
 * Says what is wrong while dead letters may lie in the archive: each event that was taken must be in `events_raw`, in
 * `failed_events` or in the archive, and never in both tables.
 */
export function auditHeld(world: World, traffic: Traffic): string[] {
  const { events, failed, held } = placesOf(world);
  const complaints: string[] = [];
  for (const [id, kind] of traffic.accepted) {
    const isHeld = () => held.includes(`"message_id":${JSON.stringify(id)}`);
    if (!events.has(id) && !failed.has(id) && !isHeld()) complaints.push(`${kind} ${id} is nowhere`);
    if (events.has(id) && failed.has(id)) complaints.push(`${kind} ${id} is in both tables`);
  }
  for (const name of traffic.rejected) {
    if (!failed.has(name) && !held.includes(name)) complaints.push(`rejected ${name} is nowhere`);
  }
  return complaints.slice(0, MOST_COMPLAINTS);
}

/** Says what is wrong when the archive holds nothing back any more: nothing may be missing, doubled, in the wrong table or changed. */
export function auditSettled(world: World, traffic: Traffic): string[] {
  const { events, failed, held } = placesOf(world);
  const complaints: string[] = [];
  if (held !== '') complaints.push(`the archive still holds ${held.length} characters`);
  const refused = [...world.archive.contents('invalid/').values()].join('');
  for (const [id, kind] of traffic.accepted) {
    const wanted = kind === 'clean' ? 'events_raw' : 'failed_events';
    const found = [events.has(id) && 'events_raw', failed.has(id) && 'failed_events'].filter(Boolean).join(' and ') || 'no table';
    if (found !== wanted) complaints.push(`${kind} ${id} is in ${found}`);
    if (kind !== 'clean' && !refused.includes(JSON.stringify(id))) complaints.push(`the original of ${kind} ${id} is not kept`);
  }
  for (const name of traffic.rejected) {
    if (!failed.has(name)) complaints.push(`rejected ${name} is in no table`);
    if (events.has(name)) complaints.push(`rejected ${name} is in events_raw`);
  }
  return [...complaints, ...changedRows(world), ...ledger(world)].slice(0, MOST_COMPLAINTS);
}

/** Copies of one row are equal, and an event holds what was sent. */
function changedRows(world: World): string[] {
  const complaints: string[] = [];
  const seen = new Map<string, string>();
  for (const row of world.bigquery.rows('events_raw')) {
    const { name } = JSON.parse(String(row['properties'])) as { name: string };
    if (name !== row['message_id']) complaints.push(`${String(row['message_id'])} holds the properties of ${name}`);
    const key = identityOf(row, name);
    const text = JSON.stringify(row);
    if ((seen.get(key) ?? text) !== text) complaints.push(`copies of ${key} differ`);
    seen.set(key, text);
  }
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
  for (const header of world.durableHeaders) {
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

function numberOf(row: { readonly edge_instance?: unknown; readonly edge_sequence?: unknown }): string {
  return `${String(row.edge_instance)}/${String(row.edge_sequence)}`;
}

function identityOf(row: Row, name: string): string {
  return `${numberOf(row)}/${name}`;
}
