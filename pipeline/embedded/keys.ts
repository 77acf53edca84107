import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { faultOfKey, type StoredKey } from '../../edge/contract/write-key.ts';
import { UserError } from '../config/user-error.ts';
import { changeKey, type KeyChanges, makeKey, revokedKey, type WantedKey } from '../config/write-keys.ts';
import { writeAtomically } from './durable.ts';
import { whileLocked } from './lock.ts';

export type { StoredKey } from '../../edge/contract/write-key.ts';

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
    return readKeys(JSON.parse(text));
  } catch (cause) {
    throw new UserError(
      `${file} does not hold write keys as expected: ${(cause as Error).message}. Restore it from a backup, or move it away and create new keys.`,
      { cause },
    );
  }
}

/** @throws TypeError saying what is wrong. */
function readKeys(content: unknown): StoredKey[] {
  const keys = (content as { keys?: unknown } | null)?.keys;
  if (!Array.isArray(keys)) throw new TypeError('it has no list "keys"');
  for (const [i, key] of keys.entries()) {
    const fault = faultOfKey(key);
    if (fault !== undefined) throw new TypeError(fault === '' ? `keys[${i}] is no object` : `keys[${i}].${fault} is missing or wrong`);
  }
  return keys as StoredKey[];
}

/**
 * Creates a write key. Of a server key only the hash is stored: the returned key is shown once and cannot be had again.
 * @throws UserError where the key is malformed or exists, or a rule does not fit.
 */
export async function createKey(dataFolder: string, wanted: WantedKey): Promise<{ record: StoredKey; key: string }> {
  return await changeKeys(dataFolder, (keys) => {
    const made = makeKey(keys, wanted);
    return { keys: [...keys, made.record], result: made };
  });
}

/**
 * Changes what a key may.
 * @throws UserError where there is no such key, it is revoked, or a rule does not fit.
 */
export async function updateKey(dataFolder: string, idOrName: string, changes: KeyChanges): Promise<StoredKey> {
  return await changeKeys(dataFolder, (keys) => replaced(keys, changeKey(keys, idOrName, changes)));
}

/**
 * Revokes a key by its id, or its name where it is unique; the record stays, so that its events keep a name. Revoking again changes nothing.
 * @throws UserError naming the known ids where there is no such key.
 */
export async function revokeKey(dataFolder: string, idOrName: string): Promise<StoredKey> {
  return await changeKeys(dataFolder, (keys) => replaced(keys, revokedKey(keys, idOrName)));
}

function replaced(keys: readonly StoredKey[], result: StoredKey): { keys: readonly StoredKey[]; result: StoredKey } {
  return { keys: keys.map((key) => (key.id === result.id ? result : key)), result };
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
