import { createServer } from 'node:net';
import { listenExclusively, socketPath } from '../socket.ts';

/** Held while a process writes segments of a data folder; it ends with the process, however that ends. */
export interface WriterLock {
  release(): Promise<void>;
}

/**
 * Takes the right to write and to seal open segments. A socket rather than a file with a process id: after a crash or in a
 * new container the id may belong to somebody else.
 * @returns undefined where another process holds it.
 */
export async function takeWriterLock(dataFolder: string): Promise<WriterLock | undefined> {
  const server = createServer((socket) => socket.destroy());
  if (!(await listenExclusively(server, socketPath(dataFolder, 'writer.sock')))) return undefined;
  server.unref();
  return { release: async () => await new Promise((resolve, reject) => server.close((error) => (error ? reject(error) : resolve()))) };
}
