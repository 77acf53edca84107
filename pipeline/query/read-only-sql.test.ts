import { describe, expect, test } from 'vitest';
import { UserError } from '../config/user-error.ts';
import { readOnlyStatement } from './read-only-sql.ts';

describe('a reading statement passes:', () => {
  test.each([
    ['select 1', 'select 1'],
    ['  SELECT 1 ;  ', '  SELECT 1 '],
    ['-- why\nwith a as (select 1) select * from a', '-- why\nwith a as (select 1) select * from a'],
    ['(select 1) union (select 2)', '(select 1) union (select 2)'],
    ['describe events', 'describe events'],
    ['show tables', 'show tables'],
    ['select \';\' as a, "x;y" -- ;\n', 'select \';\' as a, "x;y" -- ;\n'],
    ["select 'it''s; fine'", "select 'it''s; fine'"],
    ["select e'it\\'s; fine'", "select e'it\\'s; fine'"],
    ['select $$a;b$$, $x$c;d$x$', 'select $$a;b$$, $x$c;d$x$'],
    ['/* ; */ select 1; -- end', '/* ; */ select 1'],
  ])('%s', (text, statement) => expect(readOnlyStatement(text, 'duckdb')).toBe(statement));

  test('with the quotes of BigQuery', () => {
    expect(readOnlyStatement("select 'it\\'s; fine', `a;b`, '''x'; y''' # ;", 'bigquery')).toBe(
      "select 'it\\'s; fine', `a;b`, '''x'; y''' # ;",
    );
  });
});

describe('anything else is refused:', () => {
  test.each([
    ["insert into events values ('select')", 'this begins with "insert"'],
    ['drop table events', 'this begins with "drop"'],
    ["copy events to '/tmp/x'", 'this begins with "copy"'],
    ["attach 'x.db'", 'this begins with "attach"'],
    ['explain analyze delete from events', 'this begins with "explain"'],
    ['/* select */ update events set a = 1', 'this begins with "update"'],
    ['select 1; drop table events', 'one statement at a time'],
    ["select ''; drop table events --'", 'one statement at a time'],
    ['', 'there is no statement'],
    ['-- select 1', 'there is no statement'],
    ["'select'", 'there is no statement'],
  ])('%s', (text, message) => {
    expect(() => readOnlyStatement(text, 'duckdb')).toThrow(message);
    expect(() => readOnlyStatement(text, 'duckdb')).toThrow(UserError);
  });
});
