import { randomBytes } from 'node:crypto';
import { hashWriteKey, type StoredKey, writeKeyId, type WriteKeyKind } from '../../edge/contract/write-key.ts';
import { UserError } from './user-error.ts';

/** What a key may and may not; null takes a rule away, a missing member leaves it as it is. */
export interface PolicyChanges {
  readonly origins?: readonly string[] | null;
  readonly events_per_second?: number | null;
  readonly sample?: number | null;
  readonly paused?: boolean;
  readonly keeps_emails?: boolean;
  /** Id of the key under which the events are stored. */
  readonly stores_as?: string | null;
}

/** A key to be made. */
export interface WantedKey {
  readonly kind: WriteKeyKind;
  readonly name: string;
  /** Of the caller's choosing; default: a random one. */
  readonly key?: string;
  readonly policy?: PolicyChanges;
}

/** What is changed of a key. */
export interface KeyChanges extends PolicyChanges {
  readonly name?: string;
}

/** Keys are user names of HTTP Basic authentication, so a colon would cut them. */
const WRITE_KEY = /^[A-Za-z0-9_.-]{4,128}$/;
const SHORTEST_SERVER_KEY = 20;

/**
 * Makes a key beside the ones there are. Of a server key the record holds only the hash.
 * @throws UserError where the key is malformed or exists, or a rule does not fit.
 */
export function makeKey(keys: readonly StoredKey[], { kind, name, key, policy = {} }: WantedKey): { record: StoredKey; key: string } {
  const chosen = key ?? `${kind === 'browser' ? 'pk' : 'sk'}_${randomBytes(24).toString('base64url').replace(/-/g, '.')}`;
  if (!WRITE_KEY.test(chosen)) {
    throw wrongUsage(`"${chosen}" cannot be a write key: expected 4 to 128 letters, digits and . _ -`);
  }
  if (kind === 'server' && chosen.length < SHORTEST_SERVER_KEY) {
    throw wrongUsage(`A server key is a secret: expected at least ${SHORTEST_SERVER_KEY} characters, or none to get a random one.`);
  }
  const keyHash = hashWriteKey(chosen);
  const existing = keys.find((known) => known.key_hash === keyHash);
  if (existing) {
    const state = existing.revoked_at ? `was revoked on ${existing.revoked_at}` : `exists as ${existing.id} ("${existing.name}")`;
    throw new UserError(`This write key ${state}: choose another.`);
  }
  const bare: StoredKey = {
    id: writeKeyId(keyHash),
    kind,
    ...(kind === 'browser' && { key: chosen }),
    key_hash: keyHash,
    name,
    created_at: new Date().toISOString(),
    revoked_at: null,
  };
  return { record: withChanges(keys, bare, policy), key: chosen };
}

/**
 * The key of that id or name, changed.
 * @throws UserError where there is none, it is revoked, or a rule does not fit.
 */
export function changeKey(keys: readonly StoredKey[], idOrName: string, { name, ...policy }: KeyChanges): StoredKey {
  const found = findKey(keys, idOrName);
  if (found.revoked_at) throw new UserError(`The write key ${idOrName} was revoked on ${found.revoked_at}: create another.`);
  return withChanges(keys, { ...found, ...(name !== undefined && { name }) }, policy);
}

/**
 * The key of that id or name, revoked; revoking again changes nothing.
 * @throws UserError naming the known ids where there is none.
 */
export function revokedKey(keys: readonly StoredKey[], idOrName: string): StoredKey {
  const found = findKey(keys, idOrName);
  return found.revoked_at ? found : { ...found, revoked_at: new Date().toISOString() };
}

/** A name serves where it is unique; one that was given again after a key was revoked is the new key's. */
function findKey(keys: readonly StoredKey[], idOrName: string): StoredKey {
  const named = keys.filter(({ name }) => name === idOrName);
  const alive = named.filter(({ revoked_at }) => revoked_at === null);
  const candidates = alive.length > 0 ? alive : named;
  if (candidates.length > 1 && !keys.some(({ id }) => id === idOrName)) {
    throw wrongUsage(`${candidates.length} write keys are called "${idOrName}": name one by its id, ${listed(candidates)}.`);
  }
  return keys.find(({ id }) => id === idOrName) ?? candidates[0] ?? noSuchKey(keys, idOrName);
}

function noSuchKey(keys: readonly StoredKey[], given: string): never {
  throw wrongUsage(`There is no write key "${given}". Known: ${listed(keys) || 'none'}.`);
}

function listed(keys: readonly StoredKey[]): string {
  return keys.map(({ id, name }) => `${id} ("${name}")`).join(', ');
}

function withChanges(keys: readonly StoredKey[], key: StoredKey, changes: PolicyChanges): StoredKey {
  check(keys, key, changes);
  const { origins, paused, keeps_emails, ...others } = changes;
  const rules = {
    ...others,
    ...(origins !== undefined && { origins: origins && [...new Set(origins.map(normalOrigin))] }),
    // What is false is not said.
    ...(paused !== undefined && { paused: paused || null }),
    ...(keeps_emails !== undefined && { keeps_emails: keeps_emails || null }),
  };
  const entries = Object.entries({ ...key, ...rules }).filter(([name, value]) => value !== null || name === 'revoked_at');
  // The members that a key must have are there, because the key had them.
  return Object.fromEntries(entries) as unknown as StoredKey;
}

function check(
  keys: readonly StoredKey[],
  { id, kind }: StoredKey,
  { origins, events_per_second, sample, stores_as }: PolicyChanges,
): void {
  if (origins && kind === 'server') {
    throw wrongUsage('--origin is for browser keys: a request from a server names no origin');
  }
  if (typeof events_per_second === 'number' && !(events_per_second > 0 && events_per_second <= 1_000_000)) {
    throw wrongUsage(`--events-per-second ${events_per_second}: expected a number above 0, at most 1000000`);
  }
  if (typeof sample === 'number' && !(sample > 0 && sample <= 1)) {
    throw wrongUsage(`--sample ${sample}: expected the share of the visitors to keep, above 0 and at most 1, such as 0.1`);
  }
  if (!stores_as) return;
  if (kind === 'browser') throw wrongUsage('--source is for server keys: a public key could write among the events of another');
  const source = keys.find((key) => key.id === stores_as) ?? noSuchKey(keys, stores_as);
  if (source.id === id) throw wrongUsage(`--source ${stores_as}: expected another key, such as the browser key of the same site`);
  if (source.revoked_at) throw wrongUsage(`--source ${stores_as}: this key was revoked on ${source.revoked_at}`);
  if (source.stores_as) throw wrongUsage(`--source ${stores_as}: this key stores its events as ${source.stores_as} itself; name that one`);
  if (source.kind === 'server') {
    throw wrongUsage(`--source ${stores_as}: this is a server key ("${source.name}"); expected the browser key of the same site`);
  }
}

/**
 * An origin in the form in which browsers send it.
 * @param text `https://www.example.com`, or `https://*.example.com` for all hosts below.
 * @throws UserError
 */
function normalOrigin(text: string): string {
  const url = URL.parse(text.trim());
  const host = url?.hostname.replace(/^\*\./, '') ?? '';
  const isWide = url !== null && host !== url.hostname;
  const isOrigin = url && /^https?:$/.test(url.protocol) && url.pathname === '/' && url.search + url.hash + url.username === '';
  if (!isOrigin || host.includes('*') || (isWide && !host.includes('.'))) {
    const meant = URL.parse(/^[a-z]+:\/\//i.test(text) ? text : `https://${text}`)?.host;
    const example = meant && !meant.includes('*') ? `https://${meant}` : 'https://www.example.com';
    throw wrongUsage(`--origin ${text}: expected scheme and host, such as "${example}", or "https://*.example.com" for all hosts below`);
  }
  return `${url.protocol}//${url.host}`;
}

function wrongUsage(message: string): UserError {
  return new UserError(message, { exitCode: 2 });
}
