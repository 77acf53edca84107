import { UserError } from '../config/user-error.ts';

/** Another process holds the database file: a reader can turn to the last publication, a writer must wait. */
export class WarehouseInUseError extends UserError {
  override readonly name = 'WarehouseInUseError';
  /** The id of that process. */
  readonly holder: string;

  constructor(holder: string, message: string, options: { cause: unknown }) {
    super(message, options);
    this.holder = holder;
  }
}

/**
 * A statement the engine refused or could not finish. The message names the operation, the engine's words and the
 * lines of SQL around the failing one; the engine's own error is the `cause`.
 */
export class WarehouseError extends Error {
  /** What the statement was for, as the caller labelled it. */
  readonly label: string;
  /** The engine's words. */
  readonly words: string;
  /** The failing line of the statement, from 1; absent where the engine does not say. */
  readonly line: number | undefined;
  /** The words with the lines of SQL around the failing one, without the label: for whoever wrote that SQL. */
  readonly detail: string;

  constructor(label: string, message: string, options: { sql?: string; line?: number; cause?: unknown } = {}) {
    const frame = options.sql && options.line ? `\n${sqlFrame(options.sql, options.line)}` : '';
    super(`${label}: ${message}${frame}`, 'cause' in options ? { cause: options.cause } : undefined);
    this.name = 'WarehouseError';
    this.label = label;
    this.words = message;
    this.line = options.line;
    this.detail = `${message}${frame}`;
  }
}

/** The lines around a failing one (counted from 1), numbered, the failing one marked. */
export function sqlFrame(sql: string, line: number, around = 3): string {
  const lines = sql.split('\n');
  const first = Math.max(1, line - around);
  const last = Math.min(lines.length, line + around);
  const width = String(last).length;
  return lines
    .slice(first - 1, last)
    .map((text, i) => `${first + i === line ? '>' : ' '} ${String(first + i).padStart(width)} | ${shorten(text)}`)
    .join('\n');
}

/** Generated lines (inline tables) can be very long; a frame is for reading. */
function shorten(text: string): string {
  return text.length > 240 ? `${text.slice(0, 237)}…` : text;
}
