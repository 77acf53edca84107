import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../config/user-error.ts';

/** Held by one process at a time, and within it by one holder; it ends with the process, however that ends. */
export interface FileLock {
  release(): void;
}

/** SQLite's code for "somebody else holds it" (https://sqlite.org/rescode.html#busy). */
const SQLITE_BUSY = 5;

/**
 * Takes the lock of a file, which is made where it is missing and never removed: a removed one could be locked twice, once
 * under its name and once without.
 *
 * The lock is the kernel's (SQLite's RESERVED lock, https://sqlite.org/lockingv3.html), so taking it is one step and there is
 * nothing stale to be told from something living. Neither a process id in a file nor a socket can do that: an id may have been
 * given to somebody else, and two that find the same dead socket each remove what they take for it.
 * Invariant: nothing but this function opens the file, because a process loses such a lock when it closes any handle of it.
 * @returns undefined where it is held.
 * @throws UserError where the file system cannot lock.
 */
export function takeLock(file: string): FileLock | undefined {
  // Mostly the data folder; what lies in it is personal data of the visitors.
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file, { timeout: 0 });
    // Not "exclusive": two that ask for it at the same time would both be refused.
    database.exec('begin immediate');
  } catch (error) {
    database?.close();
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return undefined;
    throw new UserError(`${file} cannot be locked: ${(error as Error).message}. Choose a folder on a local disk with --data.`, {
      cause: error,
    });
  }
  const held = database;
  return { release: () => held.close() };
}

const RETRY_MS = 20;
const PATIENCE_MS = 30_000;

/**
 * Does something while holding the lock of a file, after whoever holds it now. For work of milliseconds.
 * @throws UserError where the lock stays held for half a minute.
 */
export async function whileLocked<Result>(file: string, work: () => Promise<Result>): Promise<Result> {
  const deadline = performance.now() + PATIENCE_MS;
  let lock = takeLock(file);
  while (!lock) {
    if (performance.now() > deadline) throw new UserError(`Another process has held ${file} for half a minute. End it, then try again.`);
    await sleep(RETRY_MS);
    lock = takeLock(file);
  }
  try {
    return await work();
  } finally {
    lock.release();
  }
}
