import { afterEach, beforeEach, expect, test } from 'vitest';
import { type DuckDbWarehouse, openDuckDb } from '../warehouse/duckdb/duckdb.ts';
import { param, sql } from '../warehouse/sql.ts';
import { RememberingPublication } from './remembering.ts';

let engine: DuckDbWarehouse;
beforeEach(async () => {
  engine = await openDuckDb(':memory:');
});
afterEach(() => engine.close());

const numbers = (until: number) => sql`select n from range(${param(until, 'INT64')}) as numbers(n) order by n nulls first`;
const asked = () => engine.statements.length;

test('a question is put to the engine once, also while it is being answered, and another value is another question', async () => {
  const publication = new RememberingPublication(engine);
  const answers = await Promise.all([publication.rows(numbers(2)), publication.rows(numbers(2)), publication.rows(numbers(3))]);
  expect(answers.map((rows) => rows.length)).toEqual([2, 2, 3]);
  expect(await publication.rows(numbers(2))).toEqual([{ n: 0 }, { n: 1 }]);
  expect(asked()).toBe(2);
});

test('what one reader does to its array no other sees, and rows cannot be changed', async () => {
  const publication = new RememberingPublication(engine);
  const rows = await publication.rows<{ n: number }>(numbers(2));
  rows.pop();
  expect(() => (rows[0]!.n = 7)).toThrow(TypeError);
  expect(await publication.rows(numbers(2))).toEqual([{ n: 0 }, { n: 1 }]);
});

test('what was not asked for longest is forgotten where there would be too much, and what is too large is not kept', async () => {
  const publication = new RememberingPublication(engine, 10);
  await publication.rows(numbers(4));
  await publication.rows(numbers(5));
  await publication.rows(numbers(4));
  // One of 5 values goes, that of 4 was asked for after it.
  await publication.rows(numbers(6));
  expect(asked()).toBe(3);
  await publication.rows(numbers(4));
  expect(asked()).toBe(3);
  await publication.rows(numbers(5));
  expect(asked()).toBe(4);
  await publication.rows(numbers(11));
  await publication.rows(numbers(11));
  expect(asked()).toBe(6);
});

test('a question that failed is asked again', async () => {
  const publication = new RememberingPublication(engine);
  const query = sql`select 1 as one from later`;
  await expect(publication.rows(query)).rejects.toThrow(/later/);
  await engine.session.run('create table later as select 1 as one', 'later');
  expect(await publication.rows(query)).toEqual([{ one: 1 }]);
});
