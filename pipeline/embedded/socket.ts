import { createHash } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync, unlinkSync } from 'node:fs';
import type { Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { takeLock } from './lock.ts';

/** The system's limit for the path of a Unix socket is 108 bytes on Linux and 104 on macOS, with the final NUL. */
const LONGEST_PATH = 103;

/**
 * Where a socket of a data folder lies: in the folder itself, or, where that path is too long for a socket, under the
 * temporary folder in a folder named by the hash of the data folder's path.
 */
export function socketPath(dataFolder: string, name: string): string {
  const path = join(resolve(dataFolder), name);
  if (Buffer.byteLength(path) <= LONGEST_PATH) return path;
  const hash = createHash('sha256').update(resolve(dataFolder)).digest('hex').slice(0, 16);
  return join(tmpdir(), `touchtrail-${hash}`, name);
}

/**
 * Listens on a Unix socket that only this user may use. A socket file that a killed process left is replaced, which is safe
 * because only the holder of the lock file listens there.
 * @param lockFile see {@link takeLock}; held until the returned function has closed the server.
 * @returns undefined where another process listens.
 */
export async function listenExclusively(server: Server, path: string, lockFile: string): Promise<{ close(): Promise<void> } | undefined> {
  const lock = takeLock(lockFile);
  if (!lock) return undefined;
  try {
    if (path.startsWith(join(tmpdir(), 'touchtrail-'))) ensureOwnFolder(join(path, '..'));
    unlinkIfPresent(path);
    await listen(server, path);
  } catch (error) {
    lock.release();
    throw error;
  }
  return {
    close: async () => {
      try {
        // Removes the socket file, too.
        await new Promise<void>((done, fail) => server.close((error) => (error ? fail(error) : done())));
      } finally {
        lock.release();
      }
    },
  };
}

async function listen(server: Server, path: string): Promise<void> {
  await new Promise<void>((done, fail) => {
    server.once('error', fail);
    // The file is created within listen() with the permissions the mask leaves.
    const mask = process.umask(0o177);
    try {
      server.listen(path, () => {
        server.off('error', fail);
        done();
      });
    } finally {
      process.umask(mask);
    }
  });
  chmodSync(path, 0o600);
}

/** In the temporary folder anyone may create names: a folder of somebody else is not used. */
function ensureOwnFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { uid } = lstatSync(folder);
  if (process.getuid && uid !== process.getuid()) throw new Error(`${folder} belongs to another user`);
}

function unlinkIfPresent(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
