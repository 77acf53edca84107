import { redactPayload } from './collect/redact.ts';

/** What a line of the log may say beside its event: counts and names, nothing that a visitor sent. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Longest part of an error's message that is kept, in characters. */
const MESSAGE_CHARACTERS = 300;

/**
 * Writes one line of JSON for the operator: level, event, the fields, and of an error its name and message. The words of others
 * may quote what they failed on, so they are cleaned (addresses, queries of URLs, ids and keys) and cut.
 * @param event machine-readable name, such as `not_stored`.
 */
export function log(level: 'info' | 'warn' | 'error', event: string, fields: LogFields = {}, error?: unknown): void {
  console[level](JSON.stringify({ level, event, ...fields, ...(error !== undefined && described(error)) }));
}

function described(error: unknown) {
  if (!(error instanceof Error)) return { message: cleaned(String(error)) };
  const { name, message, cause } = error;
  return { error: name, message: cleaned(cause instanceof Error ? `${message} (${cause.name}: ${cause.message})` : message) };
}

/** A query of a URL may hold anything; what is as long as a UUID and without a space is somebody's id, or a secret. */
function cleaned(words: string): string {
  const cut = redactPayload(words.slice(0, 4 * MESSAGE_CHARACTERS));
  return cut
    .replace(/\?[^\s"'<>)]+/g, '?…')
    .replace(/[\w+=-]{32,}/g, '…')
    .slice(0, MESSAGE_CHARACTERS);
}
