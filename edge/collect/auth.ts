import { hashWriteKey, writeKeyId, type WriteKeyKind, type WriteKeyRecord } from '../contract/write-key.ts';
import { log } from '../log.ts';
import { RequestRejected } from './rejections.ts';

/** Looks a key up by its hash; undefined is an unknown or revoked key, a rejection means the store did not answer. */
export type KeyLookup = (keyHash: string) => Promise<WriteKeyRecord | undefined>;

/** The key a request came with, as far as the events need to know it. */
export interface AuthenticatedKey {
  /** Id under which its events are stored: the key's own, or that of the key whose copies they may be. */
  readonly id: string;
  readonly kind: WriteKeyKind;
  /** False where the key store did not answer: the events are accepted all the same and marked. */
  readonly verified: boolean;
  /** What the key store holds of it; missing where it did not answer. */
  readonly record?: WriteKeyRecord;
}

/**
 * How long an answer of the key store is believed: a new key works, and a revoked one ends, within this time, or at once where
 * the authenticator is told to forget.
 */
const KNOWN_FOR_MS = 60_000;
const UNKNOWN_FOR_MS = 5_000;
const REMEMBERED_KEYS = 1_000;
const LONGEST_REMEMBERED_KEY = 200;

/** The write key that stands beside the body: Basic user name, then X-Write-Key, then the query (beacons cannot set headers). */
export function presentedKey(headers: Headers, query: URLSearchParams): string | undefined {
  const key = basicUser(headers.get('authorization')) || headers.get('x-write-key') || query.get('writeKey');
  return key?.trim() || undefined;
}

/** The write key in a body. */
export function keyInBody(body: Readonly<Record<string, unknown>>): string | undefined {
  const key = body['writeKey'];
  return (typeof key === 'string' && key.trim()) || undefined;
}

function basicUser(authorization: string | null): string | undefined {
  if (authorization === null) return undefined;
  const encoded = /^basic\s+([a-z0-9+/=_-]+)\s*$/i.exec(authorization)?.[1];
  if (!encoded) return undefined;
  try {
    return atob(encoded).split(':', 1)[0];
  } catch {
    // Not base64: then the header presents no key, and the other places are asked.
    return undefined;
  }
}

/** Hashes of presented keys: to hash one takes longer than everything else that is done with it. */
const hashes = new Map<string, string>();

function hashOf(key: string): string {
  let hash = hashes.get(key);
  if (hash === undefined) {
    hash = hashWriteKey(key);
    if (hashes.size >= REMEMBERED_KEYS) hashes.clear();
    if (key.length <= LONGEST_REMEMBERED_KEY) hashes.set(key, hash);
  }
  return hash;
}

/** Says whose key a request came with. */
export interface Authenticator {
  /** @throws RequestRejected missing_write_key or unknown_write_key, or what the store rejected it with. */
  authenticate(this: void, key: string | undefined): Promise<AuthenticatedKey>;
  /** What {@link authenticate} would say, where it knows so without the store; undefined where it does not, or would throw. */
  remembered(this: void, key: string | undefined): AuthenticatedKey | undefined;
  /** Asks the store anew about every key: it has changed. */
  forget(): void;
}

/**
 * Remembers the answers of a key store. While the store fails, keys seen before keep working and others are accepted
 * unverified, as browser keys: an event turned away is lost, one accepted in error can be deleted.
 */
export function createAuthenticator(lookup: KeyLookup, now: () => number = Date.now): Authenticator {
  let known = new Map<string, { record: WriteKeyRecord | undefined; until: number }>();

  async function authenticate(key: string | undefined): Promise<AuthenticatedKey> {
    if (key === undefined) throw new RequestRejected('missing_write_key');
    const hash = hashOf(key);
    // An answer to a question from before `forget` goes where nobody looks any more.
    const answers = known;
    let entry = answers.get(hash);
    if (!entry || entry.until <= now()) {
      try {
        const found = await lookup(hash);
        const record = found?.revoked_at ? undefined : found;
        entry = { record, until: now() + (record ? KNOWN_FOR_MS : UNKNOWN_FOR_MS) };
        if (answers.size >= REMEMBERED_KEYS) answers.clear();
        answers.set(hash, entry);
      } catch (cause) {
        if (cause instanceof RequestRejected) throw cause;
        log('error', 'key_store_failed', {}, cause);
        if (!entry?.record) return { id: writeKeyId(hash), kind: 'browser', verified: false };
      }
    }
    if (!entry.record) throw new RequestRejected('unknown_write_key');
    return toKey(entry.record);
  }

  function remembered(key: string | undefined): AuthenticatedKey | undefined {
    const entry = key === undefined ? undefined : known.get(hashOf(key));
    return entry?.record && entry.until > now() ? toKey(entry.record) : undefined;
  }

  return { authenticate, remembered, forget: () => void (known = new Map()) };
}

const toKey = (record: WriteKeyRecord): AuthenticatedKey => ({
  id: record.stores_as ?? record.id,
  kind: record.kind,
  verified: true,
  record,
});
