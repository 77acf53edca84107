import { redactPayload } from './collect/redact.ts';

/** What a line of the log may say beside its event: counts and names, nothing that a visitor sent. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Longest part of an error's message that is kept. */
const MESSAGE_CHARACTERS = 300;

/**
 * Writes one line of JSON for the operator. Errors of others may quote what they failed on: their words are cleaned and cut.
 * @param event machine-readable name, such as `not_stored`.
 */
export function log(level: 'info' | 'warn' | 'error', event: string, fields: LogFields = {}, error?: unknown): void {
  console[level](JSON.stringify({ level, event, ...fields, ...(error !== undefined && { error: wordsOf(error) }) }));
}

function wordsOf(error: unknown): string {
  const words = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return redactPayload(words).slice(0, MESSAGE_CHARACTERS);
}
