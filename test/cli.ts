import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const program = join(import.meta.dirname, '..', 'pipeline', 'cli', 'touchtrail.mjs');

/** What a command printed and how it ended. */
export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProcessOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Runs `touchtrail …` as a process of its own, as a user would. */
export async function touchtrail(args: readonly string[], options: ProcessOptions = {}): Promise<CommandResult> {
  return await command(process.execPath, [program, ...args], options);
}

/** Runs a program to its end. @throws Error where it cannot be started. */
export async function command(file: string, args: readonly string[], options: ProcessOptions = {}): Promise<CommandResult> {
  const child = spawn(file, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

/** Like {@link touchtrail}, for `--json` output of a command that must succeed. */
export async function touchtrailJson<Result>(args: readonly string[], options: { cwd?: string } = {}): Promise<Result> {
  const { code, stdout, stderr } = await touchtrail([...args, '--json'], options);
  if (code !== 0) throw new Error(`touchtrail ${args.join(' ')} ended with ${code}:\n${stderr}`);
  return JSON.parse(stdout) as Result;
}

/** A running `touchtrail up`. */
export interface RunningUp {
  readonly url: string;
  readonly process: ChildProcess;
  /** Everything printed on stderr so far. */
  log(): string;
  /** Ends it as Ctrl-C does and waits. */
  stop(): Promise<void>;
}

/** Starts `touchtrail up` on a free port and waits until it says that it is ready. */
export async function startUp(args: readonly string[], options: { cwd?: string; detached?: boolean } = {}): Promise<RunningUp> {
  const child = spawn(process.execPath, [program, 'up', '--port', '0', ...args], { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const ready = /^ready (http:\S+)$/.exec(line);
      if (ready) resolve(ready[1]!);
    });
    child.once('exit', (code) => reject(new Error(`touchtrail up ended with ${code} before it was ready:\n${log}`)));
  });
  return {
    url,
    process: child,
    log: () => log,
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}
