import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { hashWriteKey, type StoredKey } from '../../edge/contract/write-key.ts';
import { UserError } from '../config/user-error.ts';
import { writeAtomically } from '../embedded/durable.ts';
import { createKey, listKeys } from '../embedded/keys.ts';

/** The server key with which a data folder imports. */
export interface ImportKey {
  readonly key: string;
  /** Whether a running edge does not know it yet. */
  readonly isNew: boolean;
}

/**
 * The key "import" of a data folder, made where there is none. It stays the same from one import to the next, because events are
 * copies of each other only under the same key; so it is kept beside the other secrets of the folder, for its user alone.
 * @param storesAs id or name of the browser key under whose id the events are stored; undefined: under the key's own.
 * @throws UserError where that key is not known, or the key "import" was revoked.
 */
export async function importKey(dataFolder: string, storesAs: string | undefined): Promise<ImportKey> {
  const known = await listKeys(dataFolder);
  const source = storesAs === undefined ? undefined : idOf(known, storesAs);
  const folder = path.join(dataFolder, 'imports');
  const file = path.join(folder, 'keys.json');
  const kept = readKept(file);
  const name = source ?? '';
  let key = kept[name];
  if (key === undefined) {
    key = `sk_${randomBytes(24).toString('base64url').replace(/-/g, '.')}`;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    // Before it is made: a process that is killed in between makes this one the next time.
    await writeAtomically(file, `${JSON.stringify({ ...kept, [name]: key }, null, 2)}\n`, 0o600);
  }
  const record = known.find(({ key_hash }) => key_hash === hashWriteKey(key));
  if (record?.revoked_at) {
    throw new UserError(
      `the server key "${record.name}" (${record.id}), with which this folder imports, was revoked on ${record.revoked_at.slice(0, 10)}. ` +
        `With another one, what is imported again would count twice; where you want that, remove ${file}.`,
    );
  }
  if (record) return { key, isNew: false };
  await createKey(dataFolder, { kind: 'server', name: 'import', key, ...(source !== undefined && { policy: { stores_as: source } }) });
  return { key, isNew: true };
}

function idOf(keys: readonly StoredKey[], idOrName: string): string {
  const alive = keys.filter(({ name, kind, revoked_at }) => name === idOrName && kind === 'browser' && revoked_at === null);
  const found = keys.find(({ id }) => id === idOrName) ?? (alive.length === 1 ? alive[0] : undefined);
  if (found) return found.id;
  const known = keys.filter(({ kind, revoked_at }) => kind === 'browser' && revoked_at === null).map(({ id, name }) => `${id} ("${name}")`);
  throw new UserError(`--as ${idOrName}: there is no such browser key. Known: ${known.join(', ') || 'none'}.`, { exitCode: 2 });
}

function readKept(file: string): Readonly<Record<string, string>> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new UserError(`${file} cannot be read: ${(error as Error).message}`, { cause: error });
  }
  try {
    return JSON.parse(text) as Record<string, string>;
  } catch (cause) {
    throw new UserError(
      `${file} does not hold keys as expected: restore it from a backup, or remove it; then what is imported again counts twice`,
      { cause },
    );
  }
}

/**
 * When tracking can have begun at the earliest: when the first browser key was made. Milliseconds since 1970; undefined without one.
 */
export async function trackingSince(dataFolder: string): Promise<number | undefined> {
  const times = (await listKeys(dataFolder)).filter(({ kind }) => kind === 'browser').map(({ created_at }) => Date.parse(created_at));
  return times.length > 0 ? Math.min(...times) : undefined;
}
