import { UserError } from '../config/user-error.ts';
import { codeOnly } from '../warehouse/sql-text.ts';

/** What a statement may begin with. `explain` is not among them: `explain analyze` executes what it explains. */
const READING = ['select', 'with', 'describe', 'show', 'from', 'values', 'summarize'];

/**
 * Refuses everything but one reading statement, before an engine sees it; the read-only connection is the other guard.
 * @returns the statement without its closing semicolon.
 * @throws UserError (exit code 2).
 */
export function readOnlyStatement(text: string, engine: 'duckdb' | 'bigquery'): string {
  const [statement = '', ...rest] = codeOnly(text, engine).split(';');
  if (rest.some((other) => other.trim())) throw refusal('one statement at a time: there is another one after the semicolon');
  const first = /^[\s(]*([a-z_]+)/i.exec(statement)?.[1]?.toLowerCase();
  if (first === undefined) throw refusal('there is no statement');
  if (!READING.includes(first)) throw refusal(`only reading is possible, and this begins with "${first}": expected ${READING.join(', ')}`);
  return text.slice(0, statement.length);
}

function refusal(message: string): UserError {
  return new UserError(`query: ${message}`, { exitCode: 2 });
}
