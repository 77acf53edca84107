import { readFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import * as z from 'zod';
import { hashWriteKey, writeKeyId } from '../../edge/contract/write-key.ts';
import { UserError } from '../config/user-error.ts';
import { writeAtomically } from './durable.ts';
import { whileLocked } from './lock.ts';

const StoredKey = z.object({
  id: z.string().min(1),
  kind: z.enum(['browser', 'server']),
  /** The key itself, of browser keys only: they are public, and the site needs them. */
  key: z.string().optional(),
  /** SHA-256, hex. */
  key_hash: z.string().regex(/^[0-9a-f]{64}$/),
  name: z.string(),
  created_at: z.string(),
  revoked_at: z.string().nullable(),
});
/** A write key as `keys.json` holds it. */
export type StoredKey = z.infer<typeof StoredKey>;

const KeyFile = z.object({ keys: z.array(StoredKey) });

/** Keys are user names of HTTP Basic authentication, so a colon would cut them. */
const WRITE_KEY = /^[A-Za-z0-9_.-]{4,128}$/;
const SHORTEST_SERVER_KEY = 20;

function keyFile(dataFolder: string): string {
  return join(dataFolder, 'keys.json');
}

/**
 * The write keys of a data folder, revoked ones included, oldest first.
 * @throws UserError where the file is damaged.
 */
export async function listKeys(dataFolder: string): Promise<StoredKey[]> {
  const file = keyFile(dataFolder);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new UserError(`The write keys in ${file} cannot be read: ${(error as Error).message}.`, { cause: error });
  }
  try {
    return KeyFile.parse(JSON.parse(text)).keys;
  } catch (cause) {
    throw new UserError(
      `${file} does not hold write keys as expected: ${cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause)}. Restore it from a backup, or move it away and create new keys.`,
      { cause },
    );
  }
}

/**
 * Creates a write key. Of a server key only the hash is stored: the returned key is shown once and cannot be had again.
 * @param key a key of the caller's choosing; default: a random one.
 * @throws UserError where the key is malformed or exists.
 */
export async function createKey(
  dataFolder: string,
  { kind, name, key }: { kind: StoredKey['kind']; name: string; key?: string },
): Promise<{ record: StoredKey; key: string }> {
  const chosen = key ?? `${kind === 'browser' ? 'pk' : 'sk'}_${randomBytes(24).toString('base64url').replace(/-/g, '.')}`;
  if (!WRITE_KEY.test(chosen)) {
    throw new UserError(`"${chosen}" cannot be a write key: expected 4 to 128 letters, digits and . _ -`, { exitCode: 2 });
  }
  if (kind === 'server' && chosen.length < SHORTEST_SERVER_KEY) {
    throw new UserError(`A server key is a secret: expected at least ${SHORTEST_SERVER_KEY} characters, or none to get a random one.`, {
      exitCode: 2,
    });
  }
  const record = await changeKeys(dataFolder, (keys) => {
    const added = newRecord(keys, { kind, name, key: chosen });
    return { keys: [...keys, added], result: added };
  });
  return { record, key: chosen };
}

function newRecord(keys: readonly StoredKey[], { kind, name, key }: { kind: StoredKey['kind']; name: string; key: string }): StoredKey {
  const keyHash = hashWriteKey(key);
  const existing = keys.find((known) => known.key_hash === keyHash);
  if (existing) {
    const state = existing.revoked_at ? `was revoked on ${existing.revoked_at}` : `exists as ${existing.id} ("${existing.name}")`;
    throw new UserError(`This write key ${state}: choose another.`);
  }
  return {
    id: writeKeyId(keyHash),
    kind,
    ...(kind === 'browser' && { key }),
    key_hash: keyHash,
    name,
    created_at: new Date().toISOString(),
    revoked_at: null,
  };
}

/**
 * Revokes a key by its id; the record stays, so that its events keep a name. Revoking again changes nothing.
 * @throws UserError naming the known ids where there is no such key.
 */
export async function revokeKey(dataFolder: string, id: string): Promise<StoredKey> {
  return await changeKeys(dataFolder, (keys) => {
    const found = keys.find((key) => key.id === id);
    if (!found) {
      const known = keys.map((key) => key.id).join(', ') || 'none';
      throw new UserError(`There is no write key "${id}". Known: ${known}.`, { exitCode: 2 });
    }
    if (found.revoked_at) return { keys, result: found };
    const revoked = { ...found, revoked_at: new Date().toISOString() };
    return { keys: keys.map((key) => (key === found ? revoked : key)), result: revoked };
  });
}

/** Reads the keys, changes them and writes them back, one process after the other, so that none undoes what another did. */
async function changeKeys<Result>(
  dataFolder: string,
  change: (keys: readonly StoredKey[]) => { keys: readonly StoredKey[]; result: Result },
): Promise<Result> {
  return await whileLocked(join(dataFolder, 'keys.lock'), async () => {
    const before = await listKeys(dataFolder);
    const { keys, result } = change(before);
    if (keys !== before) await writeAtomically(keyFile(dataFolder), `${JSON.stringify({ keys }, null, 2)}\n`, 0o600);
    return result;
  });
}
