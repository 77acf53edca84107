import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { writeAtomically } from '../embedded/durable.ts';

/** What `run.json` in the data folder says while a run is in progress: who holds the warehouse file. */
export interface RunFile {
  readonly pid: number;
  readonly holder: string;
  readonly started_at: string;
}

const runFile = (dataFolder: string): string => path.join(dataFolder, 'run.json');

/** Says that a run holds the warehouse file of the data folder. */
export async function writeRunFile(dataFolder: string, content: RunFile): Promise<void> {
  await writeAtomically(runFile(dataFolder), JSON.stringify(content) + '\n', 0o600);
}

/** Takes back what {@link writeRunFile} said. */
export function removeRunFile(dataFolder: string): void {
  rmSync(runFile(dataFolder), { force: true });
}

/** The run in progress; undefined where there is none, or the process that wrote the file is gone. */
export function readRunFile(dataFolder: string): RunFile | undefined {
  let text: string;
  try {
    text = readFileSync(runFile(dataFolder), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const content = JSON.parse(text) as RunFile;
  return isAlive(content.pid) ? content : undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, under another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
