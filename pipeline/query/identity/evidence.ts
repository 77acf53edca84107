import { EVENT_ORIGINS } from '../../config/identity-keys.ts';
import { EVENTS } from '../../models/events/tables.ts';
import { IDENTITY_KEYS } from '../../models/identity/tables.ts';
import { IS_PERSON } from '../../models/identity/evidence.ts';
import { param, raw, sql, table } from '../../warehouse/sql.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { type Edge, compare } from './graph.ts';

/** Where an edge comes from: the earliest event that carries the identifier, or the CRM source that first told it. */
export type Evidence =
  | {
      readonly kind: 'event';
      readonly message_id: string;
      readonly occurred_at: string;
      readonly type: string;
      readonly event: string | null;
      readonly page_path: string | null;
    }
  | { readonly kind: 'crm'; readonly source: string; readonly seen_at: string }
  /** The id is itself what another visitor named as its former id. */
  | { readonly kind: 'named_by_other'; readonly anonymous_id: string; readonly seen_at: string };

interface CandidateEvent {
  readonly message_id: string;
  readonly occurred_at: string;
  readonly type: string;
  readonly event: string | null;
  readonly page_path: string | null;
  readonly user_id: string | null;
  readonly ga_client_id: string | null;
  readonly previous_id: string | null;
  readonly ip_hash: string | null;
  readonly ip_key_id: string | null;
  readonly email_hashes: readonly { readonly hash: string; readonly origin: string }[];
  readonly click_ids: readonly { readonly name: string; readonly value: string }[];
}

/** @returns null where nothing tells it any more (its event was deleted since the last run). */
export async function evidenceOf(warehouse: Warehouse, edge: Edge): Promise<Evidence | null> {
  const observations = await warehouse.rows<{ anonymous_id: string; origin: string; first_seen: string }>(
    sql`
    select anonymous_id, origin, min(first_seen) as first_seen
    from ${table(IDENTITY_KEYS.name)}
    where key_name = ${edge.key_name} and key_value = ${edge.key_value}
      and (anonymous_id = ${edge.anonymous_id} or (key_name = 'previous_id' and key_value = ${edge.anonymous_id}))
      and day >= ${param(edge.first_seen.slice(0, 10), 'DATE')} and day <= ${param(edge.last_seen.slice(0, 10), 'DATE')}
      and first_seen >= ${param(edge.first_seen, 'TIMESTAMP')} and first_seen <= ${param(edge.last_seen, 'TIMESTAMP')}
    group by anonymous_id, origin
    order by first_seen nulls first, anonymous_id nulls first, origin nulls first`,
    'evidence of an edge',
  );
  const own = observations.filter(
    ({ anonymous_id: id, origin }) =>
      id === edge.anonymous_id && (edge.origin === 'url' || edge.key_name !== 'email_hash' || origin !== 'url'),
  );
  const [first] = own.toSorted(
    (a, b) => compare(a.first_seen, b.first_seen) || Number(b.origin === edge.origin) - Number(a.origin === edge.origin),
  );
  if (first === undefined) {
    const [other] = observations.filter(({ anonymous_id: id }) => id !== edge.anonymous_id);
    return other ? { kind: 'named_by_other', anonymous_id: other.anonymous_id, seen_at: other.first_seen } : null;
  }
  if (!(EVENT_ORIGINS as readonly string[]).includes(first.origin)) return { kind: 'crm', source: first.origin, seen_at: first.first_seen };
  const events = await warehouse.rows<CandidateEvent>(
    sql`
    select message_id, occurred_at, type, event, page_path, user_id, ga_client_id, previous_id, ip_hash, ip_key_id, email_hashes, click_ids
    from ${table(EVENTS.name)} as events
    where ${IS_PERSON} and anonymous_id = ${edge.anonymous_id} and occurred_at = ${param(first.first_seen, 'TIMESTAMP')}
    order by sequence nulls first, message_id nulls first, write_key_id nulls first
    limit ${raw('1000')}`,
    'event of an edge',
  );
  const event = events.find((candidate) => carries(candidate, edge));
  if (event === undefined) return null;
  const { message_id, occurred_at, type, event: name, page_path } = event;
  return { kind: 'event', message_id, occurred_at, type, event: name, page_path };
}

function carries(event: CandidateEvent, { key_name: name, key_value: value }: Edge): boolean {
  switch (name) {
    case 'user_id':
    case 'ga_client_id':
    case 'previous_id':
      return event[name] === value;
    case 'ip_hash':
      return `${event.ip_key_id}:${event.ip_hash}` === value;
    case 'email_hash':
      return event.email_hashes.some(({ hash }) => hash.toLowerCase() === value);
    case 'click_id':
      return event.click_ids.some((click) => `${click.name.toLowerCase()}=${click.value}` === value);
    default:
      return false;
  }
}
