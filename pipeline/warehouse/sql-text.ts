import type { Dialect } from './dialect.ts';

/** A stretch of a SQL text that somebody typed. */
export interface SqlPiece {
  readonly text: string;
  /** Where it begins in the text. */
  readonly at: number;
  /** False for comments, texts and quoted names: nothing in them is a keyword, a parameter or the end of a statement. */
  readonly isCode: boolean;
}

/**
 * What is not code, per engine. One that is not closed reaches to the end: the engine will say so.
 * DuckDB: doubled quotes, E'' with backslashes, dollar quotes. GoogleSQL: backslash escapes, triple quotes, r'' texts
 * (where a backslash keeps the quote after it from closing, too), # comments and backticks.
 */
const OPAQUE: Readonly<Record<Dialect['name'], RegExp>> = {
  duckdb: anyOf(
    String.raw`--[^\n]*`,
    String.raw`/\*[\s\S]*?(?:\*/|$)`,
    String.raw`(?<!\w)[eE]'(?:[^'\\]|\\[\s\S]|'')*(?:'|$)`,
    `'(?:[^']|'')*(?:'|$)`,
    `"(?:[^"]|"")*(?:"|$)`,
    String.raw`(?<!\w)\$(?<tag>\w*)\$[\s\S]*?(?:\$\k<tag>\$|$)`,
  ),
  bigquery: anyOf(
    String.raw`(?:--|#)[^\n]*`,
    String.raw`/\*[\s\S]*?(?:\*/|$)`,
    String.raw`(?<triple>"""|''')(?:[^\\]|\\[\s\S])*?(?:\k<triple>|$)`,
    ...[`'`, '"', '`'].map((quote) => String.raw`${quote}(?:[^${quote}\\]|\\[\s\S])*(?:${quote}|$)`),
  ),
};

function anyOf(...alternatives: readonly string[]): RegExp {
  return new RegExp(alternatives.join('|'), 'g');
}

/** Takes a SQL text apart; the pieces in their order are the whole text. */
export function sqlPieces(text: string, dialect: Dialect['name']): SqlPiece[] {
  const pieces: SqlPiece[] = [];
  let end = 0;
  const code = (to: number): void => {
    if (to > end) pieces.push({ text: text.slice(end, to), at: end, isCode: true });
  };
  for (const { 0: opaque, index } of text.matchAll(OPAQUE[dialect])) {
    code(index);
    pieces.push({ text: opaque, at: index, isCode: false });
    end = index + opaque.length;
  }
  code(text.length);
  return pieces;
}

/** The text with everything that is not code as blanks of the same length, so that what is left stands at its own place. */
export function codeOnly(text: string, dialect: Dialect['name']): string {
  return sqlPieces(text, dialect)
    .map((piece) => (piece.isCode ? piece.text : ' '.repeat(piece.text.length)))
    .join('');
}
