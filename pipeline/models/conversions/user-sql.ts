import { nearest } from '../../config/suggest.ts';
import { UserError } from '../../config/user-error.ts';
import type { Dialect } from '../../warehouse/dialect.ts';
import { type Param, type Sql, param } from '../../warehouse/sql.ts';
import { codeOnly, sqlPieces } from '../../warehouse/sql-text.ts';

/** The range a conversion query is asked for: from ≤ time < to, ISO in UTC. */
export interface QueryRange {
  readonly from: string;
  readonly to: string;
}

/** All of history, and whatever a CRM dates into the future. */
export const ALL_TIME: QueryRange = { from: '1970-01-01T00:00:00.000Z', to: '2100-01-01T00:00:00.000Z' };

const PARAMETER = /(?<![\w@])@([A-Za-z_]\w*)/g;
const PARAMETERS = ['from', 'to'] as const;

/**
 * A user's query with @from and @to bound, in the user's own dialect otherwise; its lines stay where they are.
 * @param place named in messages: the file and what it defines.
 * @throws UserError where the text is not exactly one SELECT, or names another parameter.
 */
export function parseQuery(
  text: string,
  dialect: Dialect['name'],
  range: QueryRange,
  place: string,
): { query: Sql; parameters: ReadonlySet<string> } {
  const code = codeOnly(text, dialect);
  const word = /^[\s(]*(\w*)/.exec(code)![1]!;
  if (!/^(select|with)$/i.test(word)) {
    throw new UserError(`${place}: the query begins with ${word === '' ? 'nothing' : `"${word}"`}; expected one SELECT (or WITH … SELECT)`);
  }
  const second = /;[\s;]*([^\s;])/.exec(code);
  if (second) {
    const line = lineAt(text, second.index + second[0].length - 1);
    throw new UserError(`${place}, line ${line}: a second statement follows the first; expected one SELECT`);
  }
  const parameters = new Set<string>();
  const parts = sqlPieces(text, dialect).flatMap((piece) => {
    if (!piece.isCode) return [piece.text];
    const found: (string | Param)[] = [];
    let end = 0;
    for (const match of piece.text.matchAll(PARAMETER)) {
      const name = match[1]!.toLowerCase();
      if (!isParameter(name)) throw unknownParameter(name, lineAt(text, piece.at + match.index), place);
      parameters.add(name);
      found.push(piece.text.slice(end, match.index), param(range[name], 'TIMESTAMP'));
      end = match.index + match[0].length;
    }
    return [...found, piece.text.slice(end)].map((part) => (typeof part === 'string' ? part.replaceAll(';', '') : part));
  });
  return { query: { kind: 'sql', parts: mergeTexts(parts) }, parameters };
}

function isParameter(name: string): name is (typeof PARAMETERS)[number] {
  return name === 'from' || name === 'to';
}

function unknownParameter(name: string, line: number, place: string): UserError {
  const hint = nearest(name, PARAMETERS);
  return new UserError(
    `${place}, line ${line}: unknown parameter @${name}; expected @from or @to${hint === undefined ? '' : ` (did you mean @${hint}?)`}`,
  );
}

function lineAt(text: string, position: number): number {
  return text.slice(0, position).split('\n').length;
}

function mergeTexts(pieces: readonly (string | Param)[]): Sql['parts'] {
  const merged: (string | Param)[] = [];
  for (const piece of pieces) {
    const last = merged.at(-1);
    if (typeof piece === 'string' && typeof last === 'string') merged[merged.length - 1] = last + piece;
    else merged.push(piece);
  }
  return merged;
}
