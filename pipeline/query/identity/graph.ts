import { isEmailHash } from '../../../edge/contract/email.ts';
import { type KeyRule, TIERS, type Tier, WEAK_EMAIL_KEY } from '../../models/identity/rules.ts';
import { shownKey } from '../journey/selector.ts';

/** A visitor, or the value of an identifier; of a key with a window one episode of the value. */
export type Node =
  | { readonly kind: 'visitor'; readonly anonymousId: string }
  | { readonly kind: 'key'; readonly name: string; readonly value: string; readonly node: string };

export type RefusalReason = 'blocked_value' | 'shared_device' | 'shared_key' | 'conflicting_key' | 'size_cap';

/** An edge as the last run decided it; instants are ISO text in UTC. */
export interface Edge {
  readonly anonymous_id: string;
  readonly key_name: string;
  readonly key_value: string;
  readonly key_node: string;
  readonly episode_start: string | null;
  readonly tier: Tier;
  readonly origin: string;
  readonly first_seen: string;
  readonly last_seen: string;
  readonly verdict: 'used' | 'refused';
  readonly reason: RefusalReason | null;
}

/** What leads from one node to the next: an edge, or two episodes of one value, which say nothing about each other. */
export type Link =
  | { readonly kind: 'edge'; readonly edge: Edge }
  | { readonly kind: 'gap'; readonly earlier: string; readonly later: string };

/** A node as the key of a map. */
export function nodeText(node: Node): string {
  return JSON.stringify(node.kind === 'visitor' ? [node.anonymousId] : [node.name, node.node]);
}

export const visitorOf = ({ anonymous_id: anonymousId }: Edge): Node => ({ kind: 'visitor', anonymousId });
export const keyOf = ({ key_name: name, key_value: value, key_node: node }: Edge): Node => ({ kind: 'key', name, value, node });

/** The rule an edge was judged by: an e-mail hash seen in links only has one of its own. */
export function ruleName({ key_name: name, origin }: Pick<Edge, 'key_name' | 'origin'>): string {
  return name === 'email_hash' && origin === 'url' ? WEAK_EMAIL_KEY : name;
}

/** The total order in which edges are accepted, by code points: tier, priority of the key, first seen, key, id. */
export function edgeOrder(rules: ReadonlyMap<string, KeyRule>): (a: Edge, b: Edge) => number {
  const priority = (edge: Edge) => rules.get(ruleName(edge))?.priority ?? Number.MAX_SAFE_INTEGER;
  return (a, b) =>
    TIERS.indexOf(a.tier) - TIERS.indexOf(b.tier) ||
    priority(a) - priority(b) ||
    compare(a.first_seen, b.first_seen) ||
    compare(a.key_name, b.key_name) ||
    compare(a.key_node, b.key_node) ||
    compare(a.anonymous_id, b.anonymous_id);
}

export const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The value of an identifier as it is shown: of a hash the first eight digits, of an address of the network its key id, too. */
export function shownValue(name: string, value: string): string {
  if (name === 'ip_hash') {
    const colon = value.lastIndexOf(':');
    const hash = value.slice(colon + 1);
    return `${value.slice(0, colon + 1)}${hash.length > 8 ? `${hash.slice(0, 8)}…` : hash}`;
  }
  if (name === 'email_hash' && !isEmailHash(value)) return value;
  return shownKey({ name, value });
}
