import { sha256Hex } from './sha256.ts';

/**
 * `browser` keys are public: they cannot import history nor set address, user agent or location.
 * `server` keys are secret and may.
 */
export type WriteKeyKind = 'browser' | 'server';

/** What the key store holds under the hash of a key. */
export interface WriteKeyRecord {
  readonly id: string;
  readonly kind: WriteKeyKind;
  readonly name: string;
  /** Id of the key under which its events are stored: a server's and a browser's copies of one event then count once. */
  readonly stores_as?: string;
  /** Pages that may use a browser key: `https://www.example.com` or `https://*.example.com`. None given: any. */
  readonly origins?: readonly string[];
  /** Events that are accepted per second, over ten seconds. */
  readonly events_per_second?: number;
  /** Share of the visitors that is kept, above 0 and at most 1. */
  readonly sample?: number;
  /** Whether everything that comes with the key is refused. */
  readonly paused?: boolean;
  /** Whether the site allows that e-mail addresses are stored as they are. */
  readonly keeps_emails?: boolean;
  /** Since when the key is none any more. */
  readonly revoked_at?: string | null;
}

/** A write key as its owner keeps it, revoked ones included, so that their events keep a name. */
export interface StoredKey extends WriteKeyRecord {
  /** The key itself, of browser keys only: they are public, and the site needs them. */
  readonly key?: string;
  /** SHA-256, hex. */
  readonly key_hash: string;
  /** ISO 8601, UTC. */
  readonly created_at: string;
  readonly revoked_at: string | null;
}

const isText = (value: unknown) => typeof value === 'string' && value !== '';
const isFlag = (value: unknown) => typeof value === 'boolean';
/** What each member must be; small, because the Worker carries it, too. */
const MEMBERS: { readonly [Member in keyof Required<StoredKey>]: (value: unknown) => boolean } = {
  id: isText,
  kind: (value) => value === 'browser' || value === 'server',
  name: (value) => typeof value === 'string',
  key_hash: (value) => /^[0-9a-f]{64}$/.test(String(value)),
  created_at: isText,
  revoked_at: (value) => value === null || isText(value),
  key: isText,
  stores_as: isText,
  // An origin as browsers send it, or all hosts below one.
  origins: (value) => Array.isArray(value) && value.every((origin) => /^https?:\/\/(\*\.)?[^\s*/?#@]+$/.test(String(origin))),
  events_per_second: (value) => typeof value === 'number' && value > 0,
  sample: (value) => typeof value === 'number' && value > 0 && value <= 1,
  paused: isFlag,
  keeps_emails: isFlag,
};
const REQUIRED = ['id', 'kind', 'name', 'key_hash', 'created_at', 'revoked_at'];

/**
 * Checks what is said to be a {@link StoredKey}.
 * @returns the name of the first member that is missing or wrong, `""` where it is no object; undefined where all is well.
 */
export function faultOfKey(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return '';
  const key = value as Record<string, unknown>;
  return Object.entries(MEMBERS).find(([name, fits]) => (key[name] !== undefined || REQUIRED.includes(name)) && !fits(key[name]))?.[0];
}

/** SHA-256, hex, of a presented key: the name of its record in the key store. */
export function hashWriteKey(key: string): string {
  return sha256Hex(key);
}

/**
 * The public id of a key, derived from its hash, so that the edge can name the key even while the key store does not answer.
 */
export function writeKeyId(keyHash: string): string {
  return `wk_${keyHash.slice(0, 16)}`;
}

/** The entry of the key store that says how far it is loaded; no hash of a key has this form. */
export const GENERATION_ENTRY = 'generation';
