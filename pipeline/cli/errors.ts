import { CommanderError } from 'commander';
import { UserError } from '../config/user-error.ts';

/**
 * Tells the person at the terminal what went wrong.
 * @returns the exit code: 0 after help or version, 1 for a failure, 2 for wrong usage or config.
 */
export function reportError(error: unknown, debug: boolean, write: (text: string) => void): number {
  // Commander has printed its message, or the help that was asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (debug) write(`${stackOf(error)}\n`);
  if (error instanceof UserError) {
    write(`error: ${error.message}\n`);
    return error.exitCode;
  }
  write(`error: unexpected: ${error instanceof Error ? error.message : String(error)}\n`);
  if (!debug) write('Run the command with --debug for a stack trace.\n');
  return 1;
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const stack = error.stack ?? error.message;
  return error.cause === undefined ? stack : `${stack}\ncaused by: ${stackOf(error.cause)}`;
}
