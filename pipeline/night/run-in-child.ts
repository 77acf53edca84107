import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { UserError } from '../config/user-error.ts';
import type { RunEvent, RunSummary } from './run.ts';

export interface ChildRequest {
  readonly configFile: string;
  readonly dataFolder: string;
}

export type ChildReply =
  | { readonly event: RunEvent }
  | { readonly result: RunSummary }
  | { readonly error: { readonly message: string; readonly exitCode: 1 | 2; readonly stack?: string } };

/**
 * Runs the night in a process of its own, so that whatever it does, ingestion goes on; the config is read anew.
 * @param signal asks the run to end before its next step.
 * @throws UserError with the message of the run.
 */
export async function runInChild(request: ChildRequest, onProgress: (event: RunEvent) => void, signal: AbortSignal): Promise<RunSummary> {
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  const child = fork(fileURLToPath(new URL(`./child${extension}`, import.meta.url)), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const stop = (): void => void child.kill('SIGTERM');
  signal.addEventListener('abort', stop, { once: true });
  let last: ChildReply | undefined;
  child.on('message', (reply: ChildReply) => {
    if ('event' in reply) onProgress(reply.event);
    else last = reply;
  });
  try {
    child.send(request);
    const [code, killedBy] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    if (last && 'result' in last) return last.result;
    if (last && 'error' in last) throw new UserError(last.error.message, { exitCode: last.error.exitCode, cause: last.error.stack });
    throw new UserError(`the run ended unexpectedly (${killedBy ?? `exit code ${code}`}); start it again to finish`);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
