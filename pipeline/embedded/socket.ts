import { createHash } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync, unlinkSync } from 'node:fs';
import { connect, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

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
 * Listens on a Unix socket that only this user may use. A socket file on which nobody listens was left by a killed process
 * and is replaced; that is also what makes a socket a lock that dies with its holder.
 * @returns false where another process listens.
 */
export async function listenExclusively(server: Server, path: string): Promise<boolean> {
  if (path.startsWith(join(tmpdir(), 'touchtrail-'))) ensureOwnFolder(join(path, '..'));
  for (let attempt = 0; attempt < 3; attempt++) {
    if (await answers(path)) return false;
    unlinkIfPresent(path);
    const error = await tryListen(server, path);
    if (!error) return true;
    // Somebody was faster between the two steps; look again who it is.
    if (error.code !== 'EADDRINUSE') throw error;
  }
  return false;
}

/** Whether somebody listens on the socket. */
export async function answers(path: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

async function tryListen(server: Server, path: string): Promise<NodeJS.ErrnoException | undefined> {
  return await new Promise((resolve) => {
    const fail = (error: NodeJS.ErrnoException) => resolve(error);
    server.once('error', fail);
    // The file is created within listen() with the permissions the mask leaves.
    const mask = process.umask(0o177);
    try {
      server.listen(path, () => {
        server.off('error', fail);
        chmodSync(path, 0o600);
        resolve(undefined);
      });
    } finally {
      process.umask(mask);
    }
  });
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
