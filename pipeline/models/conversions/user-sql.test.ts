import { describe, expect, test } from 'vitest';
import { ALL_TIME, parseQuery } from './user-sql.ts';

/** The query with its bound values written as «…». */
function read(text: string, dialect: 'duckdb' | 'bigquery' = 'duckdb'): string {
  const { query } = parseQuery(text, dialect, { from: 'FROM', to: 'TO' }, 'conversion lead (lead.sql)');
  return query.parts
    .map((part) => (typeof part === 'string' ? part : part.kind === 'param' ? `«${String(part.value)}»` : part.name))
    .join('');
}

describe('parameters', () => {
  test('@from and @to are bound as times, as often as they stand there', () => {
    expect(read('select 1 where t >= @from and t<@to or t=@FROM')).toBe('select 1 where t >= «FROM» and t<«TO» or t=«FROM»');
    const { query, parameters } = parseQuery('select @from', 'duckdb', ALL_TIME, '');
    expect(query.parts[1]).toEqual({ kind: 'param', type: 'TIMESTAMP', array: false, value: '1970-01-01T00:00:00.000Z' });
    expect(parameters).toEqual(new Set(['from']));
  });

  test.each([
    "select '@from'",
    "select 'it''s @from; x'",
    'select "@from"',
    'select 1 -- @from; select 2',
    'select /* @from; */ 1',
    "select e'a\\'@from'",
    'select $$ @from; $$',
    'select $q$ @to $$ ; $q$',
    "select 'ann@from.example'",
  ])('is no parameter of DuckDB: %s', (text) => {
    expect(read(text)).toBe(text);
  });

  test.each([
    "select 'a\\'@from'",
    'select "@from"',
    'select `@from`',
    "select r'@from'",
    "select '''it's @from'''",
    'select 1 # @from',
    'select """ "@to" """',
  ])('is no parameter of GoogleSQL: %s', (text) => {
    expect(read(text, 'bigquery')).toBe(text);
  });

  test('another parameter is refused with its line and the nearest name', () => {
    expect(() => read('select 1\nwhere t > @form')).toThrow(
      'conversion lead (lead.sql), line 2: unknown parameter @form; expected @from or @to (did you mean @from?)',
    );
    expect(() => read('select @start_date')).toThrow('line 1: unknown parameter @start_date; expected @from or @to');
  });
});

describe('one SELECT', () => {
  test('a closing semicolon and comments around it are fine', () => {
    expect(read('-- leads\nselect 1;\n-- end\n')).toBe('-- leads\nselect 1\n-- end\n');
    expect(read('(select 1) union all (select 2)')).toBe('(select 1) union all (select 2)');
    expect(read('WITH x as (select 1) select * from x')).toBe('WITH x as (select 1) select * from x');
  });

  test('a second statement is refused with its line', () => {
    expect(() => read('select 1;\ndrop table events')).toThrow('line 2: a second statement follows the first; expected one SELECT');
  });

  test('a semicolon within a text ends nothing', () => {
    expect(read("select ';' as a;;")).toBe("select ';' as a");
  });

  test.each(['delete from events', 'create table x as select 1', 'insert into x select 1', 'pragma database_list', '-- nothing'])(
    '%s is refused',
    (text) => {
      expect(() => read(text)).toThrow(/the query begins with .*; expected one SELECT/);
    },
  );
});
