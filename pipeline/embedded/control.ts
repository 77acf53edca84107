import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { UserError } from '../config/user-error.ts';
import { listenExclusively, socketPath } from './socket.ts';

/** What a running `up` does on behalf of another process. */
export interface ControlRequest {
  readonly command: 'seal' | 'run' | 'reload-keys' | 'status' | 'tail';
  /** Further members belong to the command. */
  readonly [parameter: string]: unknown;
}

/** The caller of a command that reports for as long as somebody listens. */
export interface ControlConnection {
  /** Aborted when the caller has gone away. */
  readonly closed: AbortSignal;
  /** Bytes that were reported and that the caller has not read yet. */
  readonly buffered: () => number;
}

/** Carries out one command; what it returns and reports must be JSON. */
export type ControlHandler = (
  request: ControlRequest,
  report: (progress: unknown) => void,
  connection: ControlConnection,
) => Promise<unknown>;

/** One line from `up` to the caller: any number of progress lines, then one of the other two. */
type ControlLine = { progress: unknown } | { result: unknown } | { error: { message: string; exitCode?: 1 | 2 } };

function controlPath(dataFolder: string): string {
  return socketPath(dataFolder, 'control.sock');
}

/**
 * Answers commands on the socket of a data folder, which only this user may use. A socket that a killed process left is
 * replaced.
 * @throws UserError where another process serves this data folder.
 */
export async function serveControl(
  dataFolder: string,
  handlers: Readonly<Partial<Record<ControlRequest['command'], ControlHandler>>>,
): Promise<{ close(): Promise<void> }> {
  await mkdir(dataFolder, { recursive: true, mode: 0o700 });
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    // A caller that goes away needs no answer; the command it gave runs to its end.
    socket.on('error', () => socket.destroy());
    serve(socket, handlers).catch(() => socket.destroy());
  });
  const listening = await listenExclusively(server, controlPath(dataFolder), join(dataFolder, 'control.lock'));
  if (!listening) {
    throw new UserError(`Another "touchtrail up" already serves ${dataFolder}. Stop it, or choose another folder with --data.`);
  }
  return {
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await listening.close();
    },
  };
}

async function serve(socket: Socket, handlers: Readonly<Partial<Record<ControlRequest['command'], ControlHandler>>>): Promise<void> {
  const send = (line: ControlLine) => {
    if (socket.writable) socket.write(`${JSON.stringify(line)}\n`);
  };
  const gone = new AbortController();
  socket.once('close', () => gone.abort());
  const connection: ControlConnection = { closed: gone.signal, buffered: () => socket.writableLength };
  for await (const text of createInterface({ input: socket })) {
    try {
      const request = JSON.parse(text) as ControlRequest;
      const handler = handlers[request.command];
      if (!handler) throw new UserError(`"touchtrail up" does not know the command "${request.command}": is it of another version?`);
      send({ result: (await handler(request, (progress) => send({ progress }), connection)) ?? null });
    } catch (error) {
      if (!(error instanceof UserError)) console.error(error);
      const message = error instanceof Error ? error.message : String(error);
      send({ error: { message, ...(error instanceof UserError && { exitCode: error.exitCode }) } });
    }
    break;
  }
  socket.end();
}

/**
 * Has the running `up` of a data folder carry out a command.
 * @param options.onProgress takes what is reported; nothing more is read before its promise has resolved.
 * @param options.signal makes the caller go away.
 * @returns undefined where no `up` runs; then the caller may do the work itself. A command without a result gives null, as does
 *   one that the caller has left.
 * @throws UserError with the words of the failure, or where `up` ended in between.
 */
export async function callControl<Result = unknown>(
  dataFolder: string,
  request: ControlRequest,
  { onProgress, signal }: { onProgress?: (progress: unknown) => unknown; signal?: AbortSignal } = {},
): Promise<Result | undefined> {
  const socket = await tryConnect(controlPath(dataFolder));
  if (!socket) return undefined;
  socket.write(`${JSON.stringify(request)}\n`);
  const lines = createInterface({ input: socket });
  // A destroyed socket has no end that the lines could hear of.
  const leave = () => {
    lines.close();
    socket.destroy();
  };
  signal?.addEventListener('abort', leave);
  if (signal?.aborted) leave();
  let broken: unknown;
  try {
    for await (const text of lines) {
      const line = JSON.parse(text) as ControlLine;
      if ('result' in line) return line.result as Result;
      if ('error' in line) throw new UserError(line.error.message, line.error.exitCode ? { exitCode: line.error.exitCode } : {});
      await onProgress?.(line.progress);
    }
  } catch (error) {
    if (error instanceof UserError) throw error;
    broken = error;
  } finally {
    signal?.removeEventListener('abort', leave);
    socket.destroy();
  }
  if (signal?.aborted) return null as Result;
  throw new UserError(
    `"touchtrail up" ended before it had finished the command "${request.command}". Start it again and repeat the command.`,
    {
      cause: broken,
    },
  );
}

/** Errors that mean "nobody is there"; others, such as missing permission, are the user's to know. */
const NOBODY = new Set(['ENOENT', 'ECONNREFUSED']);

async function tryConnect(path: string): Promise<Socket | undefined> {
  return await new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(socket));
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (NOBODY.has(error.code ?? '')) resolve(undefined);
      else reject(new UserError(`The running "touchtrail up" cannot be reached at ${path}: ${error.message}.`, { cause: error }));
    });
  });
}
