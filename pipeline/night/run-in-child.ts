import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { UserError } from '../config/user-error.ts';
import type { RunChoices } from '../models/step.ts';
import type { RunEvent, RunSummary } from './run.ts';

export interface ChildRequest extends RunChoices {
  readonly configFile: string;
  readonly dataFolder: string;
}

export type ChildReply =
  | { readonly event: RunEvent }
  | { readonly result: RunSummary }
  | { readonly error: { readonly message: string; readonly exitCode: 1 | 2; readonly stack?: string } };

const NIGHT = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? './child.ts' : './child.js', import.meta.url));

type Exit = [number | null, NodeJS.Signals | null];

/**
 * Runs the night in a process of its own, so that whatever it does, ingestion goes on; the config is read anew.
 * @param signal asks the run to end before its next step.
 * @param module what the process runs; another one is for tests.
 * @throws UserError with the message of the run.
 */
export async function runInChild(
  request: ChildRequest,
  onProgress: (event: RunEvent) => void,
  signal: AbortSignal,
  module = NIGHT,
): Promise<RunSummary> {
  const child = fork(module, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const stop = (): void => void child.kill('SIGTERM');
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  let last: ChildReply | undefined;
  child.on('message', (reply: ChildReply) => {
    if ('event' in reply) onProgress(reply.event);
    else last = reply;
  });
  try {
    child.send(request);
    // The process may be gone before its last words are read: the channel closes behind them.
    const [[code, killedBy]] = (await Promise.all([once(child, 'exit'), once(child, 'disconnect')])) as [Exit, unknown];
    if (last && 'result' in last) return last.result;
    if (last && 'error' in last) throw new UserError(last.error.message, { exitCode: last.error.exitCode, cause: last.error.stack });
    throw new UserError(`the run ended unexpectedly (${killedBy ?? `exit code ${code}`}); start it again to finish`);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
