import { hashWriteKey, writeKeyId, type WriteKeyKind, type WriteKeyRecord } from '../contract/write-key.ts';
import { RequestRejected } from './rejections.ts';

/** Looks a key up by its hash; undefined is an unknown or revoked key, a rejection means the store did not answer. */
export type KeyLookup = (keyHash: string) => Promise<WriteKeyRecord | undefined>;

/** The key a request came with, as far as the events need to know it. */
export interface AuthenticatedKey {
  readonly id: string;
  readonly kind: WriteKeyKind;
  /** False where the key store did not answer: the events are accepted all the same and marked. */
  readonly verified: boolean;
}

/**
 * How long an answer of the key store is believed: a new key works, and a revoked one ends, within this time, or at once where
 * the authenticator is told to forget.
 */
const KNOWN_FOR_MS = 60_000;
const UNKNOWN_FOR_MS = 5_000;
const REMEMBERED_KEYS = 1_000;

/**
 * The write key of a request: Basic user name, then X-Write-Key, then the query (beacons cannot set headers), then the body.
 */
export function presentedKey(headers: Headers, query: URLSearchParams, body?: unknown): string | undefined {
  const candidates = [basicUser(headers.get('authorization')), headers.get('x-write-key'), query.get('writeKey'), bodyKey(body)];
  return candidates.find((candidate) => candidate)?.trim() || undefined;
}

function basicUser(authorization: string | null): string | undefined {
  const encoded = /^basic\s+([a-z0-9+/=_-]+)\s*$/i.exec(authorization ?? '')?.[1];
  if (!encoded) return undefined;
  try {
    return atob(encoded).split(':', 1)[0];
  } catch {
    // Not base64: then the header presents no key, and the other places are asked.
    return undefined;
  }
}

function bodyKey(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null || !('writeKey' in body)) return undefined;
  return typeof body.writeKey === 'string' ? body.writeKey : undefined;
}

/** Says whose key a request came with. */
export interface Authenticator {
  /** @throws RequestRejected missing_write_key or unknown_write_key, or what the store rejected it with. */
  authenticate(this: void, key: string | undefined): Promise<AuthenticatedKey>;
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
    const hash = hashWriteKey(key);
    // An answer to a question from before `forget` goes where nobody looks any more.
    const answers = known;
    let entry = answers.get(hash);
    if (!entry || entry.until <= now()) {
      try {
        const record = await lookup(hash);
        entry = { record, until: now() + (record ? KNOWN_FOR_MS : UNKNOWN_FOR_MS) };
        if (answers.size >= REMEMBERED_KEYS) answers.clear();
        answers.set(hash, entry);
      } catch (cause) {
        if (cause instanceof RequestRejected) throw cause;
        console.error('the key store did not answer', cause);
        if (!entry?.record) return { id: writeKeyId(hash), kind: 'browser', verified: false };
      }
    }
    if (!entry.record) throw new RequestRejected('unknown_write_key');
    return { id: entry.record.id, kind: entry.record.kind, verified: true };
  }

  return { authenticate, forget: () => void (known = new Map()) };
}
