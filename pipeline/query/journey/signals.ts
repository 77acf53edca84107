import type { IdentityKey, LandedLinks } from './links.ts';
import { keyText } from './links.ts';
import type { Person } from './person.ts';
import { shownKey } from './selector.ts';
import type { Signal, SignalEvidence } from './types.ts';

/** An edge of the identity graph as it is published. */
export interface EdgeRow {
  readonly anonymous_id: string;
  readonly key_name: string;
  readonly key_value: string;
  readonly tier: string;
  readonly origin: string;
  readonly first_seen: string;
  readonly verdict: string;
  readonly reason: string | null;
}

/** The identifiers of a person: those that join devices first, then the others; each by first seen. */
export function signalsOf(edges: readonly EdgeRow[], person: Person, links: LandedLinks): Signal[] {
  const own = new Set(person.anonymousIds);
  const signals = new Map<string, { key: IdentityKey; seen: SignalEvidence[] }>();
  const add = (key: IdentityKey, evidence: SignalEvidence) => {
    const signal = signals.get(keyText(key)) ?? { key, seen: [] };
    signals.set(keyText(key), signal);
    if (!signal.seen.some(({ anonymous_id }) => anonymous_id === evidence.anonymous_id)) signal.seen.push(evidence);
  };
  for (const { anonymous_id, key_name, key_value, tier, origin, first_seen, verdict, reason } of edges) {
    add(
      { name: key_name, value: key_value },
      { anonymous_id, tier, origin, first_seen, verdict: verdict === 'used' ? 'used' : 'refused', reason },
    );
  }
  for (const key of person.keys) {
    for (const { anonymous_id, origin, seen } of links.evidenceOf(key)) {
      if (own.has(anonymous_id)) add(key, { anonymous_id, tier: null, origin, first_seen: seen, verdict: 'pending', reason: null });
    }
  }
  return [...signals.values()]
    .map(({ key, seen }) => ({
      key_name: key.name,
      shown_value: shownKey(key),
      joins: seen.filter(({ verdict }) => verdict !== 'refused').length > 1,
      seen: seen.toSorted((a, b) => order(a.first_seen, b.first_seen) || order(a.anonymous_id, b.anonymous_id)),
    }))
    .toSorted(
      (a, b) =>
        Number(b.joins) - Number(a.joins) ||
        order(a.seen[0]!.first_seen, b.seen[0]!.first_seen) ||
        order(a.key_name, b.key_name) ||
        order(a.shown_value, b.shown_value),
    );
}

const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
