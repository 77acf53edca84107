import type { EventRow } from '../../../edge/contract/event-row.ts';

/** An identifier by name and value. */
export interface IdentityKey {
  readonly name: string;
  readonly value: string;
}

/** Where and when an identifier was seen with a visitor, in events that are not yet processed. */
export interface Evidence {
  readonly key: IdentityKey;
  readonly anonymous_id: string;
  readonly origin: string;
  readonly seen: string;
  /** Whether it was seen in links alone: whoever a mail was forwarded to has its link too. */
  readonly onlyInLinks: boolean;
}

/** A value seen with more visitors than this is taken for shared and leads nowhere; the run decides by its own limits. */
const MOST_VISITORS = 5;

/** A key as the key of a map. Neither part can be mistaken for the other. */
export const keyText = ({ name, value }: IdentityKey) => JSON.stringify([name, value]);

/** The identifiers an event carries beside its anonymous_id. */
export function keysOf(event: EventRow): { key: IdentityKey; origin: string }[] {
  const keys = (event.email_hashes ?? []).map(({ hash, origin }) => ({
    key: { name: 'email_hash', value: hash },
    origin: origin as string,
  }));
  if (event.user_id) keys.push({ key: { name: 'user_id', value: event.user_id }, origin: event.type });
  if (event.ga_client_id) keys.push({ key: { name: 'ga_client_id', value: event.ga_client_id }, origin: 'event' });
  return keys;
}

/**
 * Which visitors and identifiers belong together in the events that are not yet processed. A preview for the reader of
 * a journey: the identity graph of the next run has the last word.
 */
export class LandedLinks {
  readonly #evidence = new Map<string, Map<string, Evidence>>();
  readonly #keysOfVisitor = new Map<string, Map<string, IdentityKey>>();
  #latest: { anonymous_id: string; received_at: string; occurred_at: string } | undefined;

  add(event: EventRow): void {
    const { anonymous_id } = event;
    if (!anonymous_id) return;
    if (!event.is_bot && (!this.#latest || isLater(event, this.#latest))) {
      this.#latest = { anonymous_id, received_at: event.received_at, occurred_at: event.occurred_at };
    }
    for (const { key, origin } of keysOf(event)) {
      const text = keyText(key);
      const visitors = this.#evidence.get(text) ?? new Map<string, Evidence>();
      const known = visitors.get(anonymous_id);
      const onlyInLinks = origin === 'url' && (known?.onlyInLinks ?? true);
      const earliest = !known || event.occurred_at < known.seen ? { key, anonymous_id, origin, seen: event.occurred_at } : known;
      visitors.set(anonymous_id, { ...earliest, onlyInLinks });
      this.#evidence.set(text, visitors);
      const keys = this.#keysOfVisitor.get(anonymous_id) ?? new Map<string, IdentityKey>();
      this.#keysOfVisitor.set(anonymous_id, keys.set(text, key));
    }
  }

  /** The visitor whose event arrived last; bots are nobody. */
  get latestVisitor(): string | undefined {
    return this.#latest?.anonymous_id;
  }

  keysOfVisitor(anonymousId: string): IdentityKey[] {
    return [...(this.#keysOfVisitor.get(anonymousId)?.values() ?? [])];
  }

  /** The visitors seen with an identifier; none where it looks shared. */
  visitorsOf(key: IdentityKey): string[] {
    const visitors = this.#evidence.get(keyText(key));
    return visitors && visitors.size <= MOST_VISITORS ? [...visitors.keys()] : [];
  }

  /** All that a visitor was seen with. */
  evidenceWith(anonymousId: string): Evidence[] {
    return this.keysOfVisitor(anonymousId).flatMap((key) => this.#evidence.get(keyText(key))?.get(anonymousId) ?? []);
  }

  evidenceOf(key: IdentityKey): Evidence[] {
    return [...(this.#evidence.get(keyText(key))?.values() ?? [])];
  }
}

function isLater(event: EventRow, other: { received_at: string; occurred_at: string }): boolean {
  if (event.received_at !== other.received_at) return event.received_at > other.received_at;
  return event.occurred_at > other.occurred_at;
}
