import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { takeLock, whileLocked } from '../embedded/lock.ts';
import type { ImportIdentity } from './journal.ts';

/** The right to do one import; different imports have different ones. */
export interface ImportLock {
  /** Gives it up, and removes its file. */
  release(): Promise<void>;
}

/**
 * Takes the lock of an import. Its file goes with it, so that a folder does not collect one for each import that there ever was: it is
 * made, locked and removed only by who holds the one lock that stays (`imports.lock`), else two could hold it, one under its name and
 * one without. A killed import leaves its file behind; the same import takes it over.
 * @returns undefined where the same import is under way.
 */
export async function lockImport(dataFolder: string, identity: ImportIdentity): Promise<ImportLock | undefined> {
  const folder = path.join(dataFolder, 'imports');
  const guard = path.join(folder, 'imports.lock');
  const name = createHash('sha256').update(JSON.stringify(identity)).digest('hex').slice(0, 8);
  const file = path.join(folder, `${name}.lock`);
  const lock = await whileLocked(guard, async () => takeLock(file));
  if (!lock) return undefined;
  const remove = async (): Promise<void> => {
    lock.release();
    await rm(file, { force: true });
  };
  return { release: async () => await whileLocked(guard, remove) };
}
