import { type IDENTITY_KEY_NAMES, NO_IDENTITY_KEYS } from '../../config/identity-keys.ts';
import type { Config } from '../../config/schema.ts';

export type Tier = 'deterministic' | 'weak' | 'probabilistic';

/** How strongly a key binds, and when it binds nobody. */
export interface KeyRule {
  readonly tier: Tier;
  /** Among keys of one tier the smaller number is accepted first. */
  readonly priority: number;
  /** Observations further apart than this are of different episodes, which say nothing about each other; null: one for ever. */
  readonly windowDays: number | null;
  /** A value (of a key with a window: an episode) held by more anonymous ids than this links nobody. */
  readonly maxAnonymousIds: number;
  /** A person holds at most one value of it: what would bring a second one together is refused. */
  readonly exclusive: boolean;
}

/** Tiers in the order in which their edges are accepted. */
export const TIERS: readonly Tier[] = ['deterministic', 'weak', 'probabilistic'];

/** An e-mail hash that an anonymous id was seen with in links only; as evidence it is `email_hash` with the origin `url`. */
export const WEAK_EMAIL_KEY = 'email_hash_link';

const ALWAYS = { windowDays: null, exclusive: false } as const;

const KEY_RULES: Readonly<Record<(typeof IDENTITY_KEY_NAMES)[number], KeyRule>> = {
  user_id: { tier: 'deterministic', priority: 1, maxAnonymousIds: 100, windowDays: null, exclusive: true },
  email_hash: { tier: 'deterministic', priority: 2, maxAnonymousIds: 100, ...ALWAYS },
  // The edge vouches for it: the cookie of the visit named the former one.
  previous_id: { tier: 'deterministic', priority: 3, maxAnonymousIds: 20, ...ALWAYS },
  ga_client_id: { tier: 'deterministic', priority: 4, maxAnonymousIds: 20, ...ALWAYS },
  // Whoever a mail was forwarded to has its link too.
  [WEAK_EMAIL_KEY]: { tier: 'weak', priority: 2, maxAnonymousIds: 5, ...ALWAYS },
  // An address with its click id is copied and sent on.
  click_id: { tier: 'probabilistic', priority: 6, maxAnonymousIds: 5, windowDays: 30, exclusive: false },
  // A household or an office for days; a mobile network soon gives the address to somebody else.
  ip_hash: { tier: 'probabilistic', priority: 7, maxAnonymousIds: 100, windowDays: 3, exclusive: false },
};

/** Ids of CRM, payment and support tools. */
export const CRM_KEY: KeyRule = { tier: 'deterministic', priority: 5, maxAnonymousIds: 100, ...ALWAYS };

/** An anonymous id with more e-mail hashes, or more user ids, than this is a shared device and links nobody. */
export const MAXIMUM_IDENTITIES_OF_A_DEVICE = 3;

/** The rules of a project by key name: the built-in ones, one per CRM id, and what the config changes. */
export function keyRules(config: Config): Map<string, KeyRule> {
  const rules = new Map<string, KeyRule>(Object.entries(KEY_RULES));
  for (const source of Object.values(config.sources)) {
    for (const name of Object.values(source.identity)) if (!rules.has(name) && !NO_IDENTITY_KEYS.includes(name)) rules.set(name, CRM_KEY);
  }
  for (const [name, change] of Object.entries(config.identity.keys)) {
    const { tier, windowDays, maxAnonymousIds, exclusive } = change;
    const rule = rules.get(name) ?? CRM_KEY;
    rules.set(name, {
      ...rule,
      ...(tier !== undefined && { tier }),
      ...(windowDays !== undefined && { windowDays }),
      ...(maxAnonymousIds !== undefined && { maxAnonymousIds }),
      ...(exclusive !== undefined && { exclusive }),
    });
  }
  return rules;
}
