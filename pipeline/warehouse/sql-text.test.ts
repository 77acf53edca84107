import { describe, expect, test } from 'vitest';
import { codeOnly, sqlPieces } from './sql-text.ts';

/** What is not code, as it stands in the text. */
const opaque = (text: string, dialect: 'duckdb' | 'bigquery') =>
  sqlPieces(text, dialect)
    .filter(({ isCode }) => !isCode)
    .map((piece) => piece.text);

describe('what is not code of DuckDB', () => {
  test.each<[string, string[]]>([
    ['select \'it\'\'s\' || "a""b"', ["'it''s'", '"a""b"']],
    ["select e'a\\'b', type'x'", ["e'a\\'b'", "'x'"]],
    ['select $$a$b$$, $q$ $$ $q$, $1', ['$$a$b$$', '$q$ $$ $q$']],
    ['select 1 -- one\n/* two\n */ + 2', ['-- one', '/* two\n */']],
    ["select 'never closed", ["'never closed"]],
    ['select 1 /* never closed', ['/* never closed']],
    ["select 'a\\' || 'b'", ["'a\\'", "'b'"]],
    ['select 1 # 2', []],
  ])('%s', (text, expected) => expect(opaque(text, 'duckdb')).toEqual(expected));
});

describe('what is not code of GoogleSQL', () => {
  test.each<[string, string[]]>([
    ["select 'it\\'s', r'a\\'b'", ["'it\\'s'", "'a\\'b'"]],
    [`select '''x'; y''', """a"b"""`, ["'''x'; y'''", '"""a"b"""']],
    ['select `a;b` # ;\n-- c', ['`a;b`', '# ;', '-- c']],
    ["select ''", ["''"]],
  ])('%s', (text, expected) => expect(opaque(text, 'bigquery')).toEqual(expected));
});

test('the pieces are the whole text, and code keeps its place', () => {
  const text = "select ';' -- ;\nfrom x;";
  expect(
    sqlPieces(text, 'duckdb')
      .map((piece) => piece.text)
      .join(''),
  ).toBe(text);
  expect(codeOnly(text, 'duckdb')).toBe('select         \nfrom x;');
});
