import type { Config } from '../../config/schema.ts';

export type Tier = 'deterministic' | 'weak' | 'probabilistic';

/** How strongly a key binds, and when it binds nobody. */
export interface KeyRule {
  readonly tier: Tier;
  /** Among keys of one tier the smaller number is accepted first. */
  readonly priority: number;
  /** A value held by more anonymous ids than this links nobody. */
  readonly maxAnonymousIds: number;
  /** A person holds at most one value of it: what would bring a second one together is refused. */
  readonly exclusive: boolean;
  /** Evidence farther apart than this does not link; absent: without limit. */
  readonly windowDays?: number;
  /** Whether evidence of it is collected. */
  readonly enabled: boolean;
}

/** Tiers in the order in which their edges are accepted. */
export const TIERS: readonly Tier[] = ['deterministic', 'weak', 'probabilistic'];

/** The name under which {@link WEAK_EMAIL} may be set in the config; as evidence it is `email_hash` with the origin `url`. */
export const WEAK_EMAIL_KEY = 'email_hash_link';

/** An e-mail hash that an anonymous id was seen with in links only: whoever a mail was forwarded to has it too. */
export const WEAK_EMAIL: KeyRule = { tier: 'weak', priority: 2, maxAnonymousIds: 5, exclusive: false, enabled: true };

export const KEY_RULES: Readonly<Record<string, KeyRule>> = {
  user_id: { tier: 'deterministic', priority: 1, maxAnonymousIds: 100, exclusive: true, enabled: true },
  email_hash: { tier: 'deterministic', priority: 2, maxAnonymousIds: 100, exclusive: false, enabled: true },
  ga_client_id: { tier: 'deterministic', priority: 3, maxAnonymousIds: 20, exclusive: false, enabled: true },
  click_id: { tier: 'probabilistic', priority: 5, maxAnonymousIds: 5, exclusive: false, windowDays: 3, enabled: false },
  ip_hash: { tier: 'probabilistic', priority: 6, maxAnonymousIds: 100, exclusive: false, windowDays: 3, enabled: false },
};

/** Ids of CRM, payment and support tools. */
export const CRM_KEY: KeyRule = { tier: 'deterministic', priority: 4, maxAnonymousIds: 100, exclusive: false, enabled: true };

/** An anonymous id with more e-mail hashes, or more user ids, than this is a shared device and links nobody. */
export const MAXIMUM_IDENTITIES_OF_A_DEVICE = 3;

/** Columns of a CRM source that are no keys of their own: an address is hashed, anonymous_id is the other end of the edge. */
const NO_KEYS = new Set(['anonymous_id', 'email']);

/** The rules of a project by key name: the built-in ones, one per CRM id, and what the config changes. */
export function keyRules(config: Config): Map<string, KeyRule> {
  const rules = new Map(Object.entries(KEY_RULES));
  rules.set(WEAK_EMAIL_KEY, WEAK_EMAIL);
  for (const source of Object.values(config.sources)) {
    for (const name of Object.values(source.identity)) if (!rules.has(name) && !NO_KEYS.has(name)) rules.set(name, CRM_KEY);
  }
  for (const [name, change] of Object.entries(config.identity.keys)) {
    const { tier, maxAnonymousIds, exclusive } = change;
    const rule = rules.get(name) ?? CRM_KEY;
    rules.set(name, {
      ...rule,
      ...(tier !== undefined && { tier }),
      ...(maxAnonymousIds !== undefined && { maxAnonymousIds }),
      ...(exclusive !== undefined && { exclusive }),
    });
  }
  return rules;
}
