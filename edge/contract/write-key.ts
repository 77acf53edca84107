import { sha256Hex } from './sha256.ts';

/**
 * `browser` keys are public: they cannot import history nor set address, user agent or location.
 * `server` keys are secret and may.
 */
export type WriteKeyKind = 'browser' | 'server';

/** What the key store holds under the hash of a key; the key itself is not part of it. */
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
