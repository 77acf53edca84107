import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const PROGRAM = join(import.meta.dirname, '../../pipeline/cli/touchtrail.mjs');

/** A demonstration that cannot go on; the message says what to do. */
export class DemoError extends Error {
  /** 1 for a failure, 2 for wrong usage. */
  readonly exitCode: 1 | 2;

  constructor(message: string, exitCode: 1 | 2 = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Runs `touchtrail …` as a user would, its output going straight to the terminal. */
export async function touchtrail(args: readonly string[], signal: AbortSignal): Promise<void> {
  const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: ['ignore', 'inherit', 'inherit'], signal });
  const [code, endedBy] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  if (code !== 0) throw new DemoError(`touchtrail ${args[0]} ended with ${endedBy ?? `exit code ${code}`}; see above`);
}

export interface Up {
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Starts `touchtrail up` and waits until it accepts traffic. It gets a process group of its own, so that Ctrl-C reaches
 * only the demo, which then ends everything in order; and a channel, so that it ends by itself should the demo be killed.
 */
export async function startUp(...args: readonly string[]): Promise<Up> {
  const child = spawn(process.execPath, [PROGRAM, 'up', ...args], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], detached: true });
  let said = '';
  let echo = false;
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    if (echo) process.stderr.write(text);
  });
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const ready = /^ready (http:\S+)$/.exec(line);
      if (ready) resolve(ready[1]!);
    });
    child.once('error', reject);
    child.once('exit', (code) => reject(new DemoError(`touchtrail up ended with exit code ${code} before it was ready:\n${said.trim()}`)));
  });
  // Once it runs, only what goes wrong is of interest.
  echo = true;
  return { url, stop: async () => await end(child) };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}
