import { nearest } from '../../config/suggest.ts';
import { UserError } from '../../config/user-error.ts';
import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, param } from '../../warehouse/sql.ts';

/** The range a conversion query is asked for: from ≤ time < to, ISO in UTC. */
export interface QueryRange {
  readonly from: string;
  readonly to: string;
}

/** All of history, and whatever a CRM dates into the future. */
export const ALL_TIME: QueryRange = { from: '1970-01-01T00:00:00.000Z', to: '2100-01-01T00:00:00.000Z' };

/**
 * What of a query text is not code: comments, texts and quoted names, per engine; nothing in them is a parameter or the
 * end of a statement.
 * DuckDB: doubled quotes, E'' with backslashes, dollar quotes. GoogleSQL: backslash escapes, triple quotes, r'' texts,
 * # comments and backticks.
 */
const OPAQUE: Readonly<Record<Dialect['name'], RegExp>> = {
  duckdb: /--[^\n]*|\/\*[\s\S]*?\*\/|(?<!\w)[eE]'(?:[^'\\]|\\[\s\S]|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|(?<!\w)\$(\w*)\$[\s\S]*?\$\1\$/y,
  bigquery:
    /(?:--|#)[^\n]*|\/\*[\s\S]*?\*\/|'''(?:[^\\]|\\[\s\S])*?'''|"""(?:[^\\]|\\[\s\S])*?"""|'(?:[^'\\\n]|\\[\s\S])*'|"(?:[^"\\\n]|\\[\s\S])*"|`[^`]*`/y,
};
const PARAMETER = /@([A-Za-z_]\w*)/y;
const PARAMETERS = ['from', 'to'] as const;

/**
 * A user's query with @from and @to bound, in the user's own dialect otherwise.
 * @param place named in messages: the file and what it defines.
 * @throws UserError where the text is not exactly one SELECT, or names another parameter.
 */
export function parseQuery(
  text: string,
  dialect: Dialect['name'],
  range: QueryRange,
  place: string,
): { query: Sql; parameters: ReadonlySet<string> } {
  const pieces: (string | ReturnType<typeof param>)[] = [];
  const parameters = new Set<string>();
  let code = '';
  let ended = false;
  let at = 0;
  const opaque = new RegExp(OPAQUE[dialect]);
  while (at < text.length) {
    opaque.lastIndex = at;
    const skipped = opaque.exec(text)?.[0];
    const piece = skipped ?? text[at]!;
    PARAMETER.lastIndex = at;
    const parameter = skipped === undefined && !/[\w@]/.test(text[at - 1] ?? '') ? PARAMETER.exec(text) : null;
    if (parameter) {
      const name = parameter[1]!.toLowerCase();
      if (!isParameter(name)) throw unknownParameter(name, lineAt(text, at), place);
      parameters.add(name);
      pieces.push(param(range[name], 'TIMESTAMP'));
      code += '@';
      at += parameter[0].length;
      continue;
    }
    at += piece.length;
    const isCode = skipped === undefined && piece.trim() !== '';
    if (isCode && ended)
      throw new UserError(`${place}, line ${lineAt(text, at - 1)}: a second statement follows the first; expected one SELECT`);
    if (piece === ';') {
      ended = true;
      continue;
    }
    if (skipped === undefined) code += piece;
    pieces.push(piece);
  }
  const word = /^[\s(]*(\w*)/.exec(code)![1]!;
  if (!/^(select|with)$/i.test(word)) {
    throw new UserError(`${place}: the query begins with ${word === '' ? 'nothing' : `"${word}"`}; expected one SELECT (or WITH … SELECT)`);
  }
  return { query: { kind: 'sql', parts: mergeTexts(pieces) }, parameters };
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

function mergeTexts(pieces: readonly (string | ReturnType<typeof param>)[]): Sql['parts'] {
  const merged: (string | ReturnType<typeof param>)[] = [];
  for (const piece of pieces) {
    const last = merged.at(-1);
    if (typeof piece === 'string' && typeof last === 'string') merged[merged.length - 1] = last + piece;
    else merged.push(piece);
  }
  return merged;
}
