import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bigQueryDialect } from '../../pipeline/warehouse/bigquery/dialect.ts';
import { duckDbDialect } from '../../pipeline/warehouse/duckdb/dialect.ts';
import { openDuckDb } from '../../pipeline/warehouse/duckdb/duckdb.ts';
import { type Sql, join, raw, sql } from '../../pipeline/warehouse/sql.ts';
import type { Value, Warehouse } from '../../pipeline/warehouse/warehouse.ts';
import { type Case, FAILS, type FunctionName } from './dialect/cases.ts';
import * as collections from './dialect/collections.ts';
import * as numbers from './dialect/numbers.ts';
import * as texts from './dialect/texts.ts';
import * as times from './dialect/times.ts';
import { GoogleSql } from './googlesql.ts';
import { GoogleSqlWarehouse } from './warehouse.ts';

const { castTextOfNumbers, ...ofNumbers } = numbers;
/** What each function of the dialect shall give. A function without a table does not compile, and does not pass. */
const TABLES: Readonly<Record<FunctionName, readonly Case[]>> = {
  ...texts,
  ...ofNumbers,
  ...times,
  ...collections,
  castText: [...texts.castText, ...castTextOfNumbers],
};

let engine: GoogleSql;
const warehouses: Warehouse[] = [];
beforeAll(async () => {
  engine = await GoogleSql.start();
  warehouses.push(await openDuckDb(':memory:'), new GoogleSqlWarehouse(engine));
});
afterAll(async () => {
  for (const warehouse of warehouses) await warehouse.close();
  engine.stop();
});

/** The values of all expressions from one query, or one by one where one of them fails. */
async function valuesOf(warehouse: Warehouse, expressions: readonly Sql[]): Promise<(Value | Error)[]> {
  const evaluate = async (some: readonly Sql[]) => {
    const columns = join(some.map((expression, i) => sql`${expression} as ${raw(`v${i}`)}`));
    const [row] = await warehouse.rows<Record<string, Value>>(sql`select ${columns}`);
    return some.map((_, i) => row![`v${i}`]!);
  };
  try {
    return await evaluate(expressions);
  } catch (error) {
    if (expressions.length === 1) return [error as Error];
    const half = Math.ceil(expressions.length / 2);
    return [...(await valuesOf(warehouse, expressions.slice(0, half))), ...(await valuesOf(warehouse, expressions.slice(half)))];
  }
}

/** A case and its result as one line, so that a failure says which case it is. */
const line = (says: string, value: unknown) => `${says}: ${JSON.stringify(value)}`;

function found(value: Value | Error, expected: Case[2]): unknown {
  if (!(value instanceof Error)) return value;
  return expected === FAILS ? 'fails' : `fails: ${value.message}`;
}

test('every function of the dialect has a table of inputs', () => {
  for (const dialect of [duckDbDialect, bigQueryDialect]) {
    const functions = Object.keys(dialect).filter((name) => name !== 'name');
    expect(Object.keys(TABLES).toSorted()).toEqual(functions.toSorted());
  }
  for (const [name, cases] of Object.entries(TABLES)) {
    expect(cases.length, name).toBeGreaterThanOrEqual(5);
    expect(new Set(cases.map(([says]) => says)).size, `${name}: cases of one name`).toBe(cases.length);
  }
});

describe.each(Object.entries(TABLES))('%s gives what its table says', (_, cases) => {
  test.each([
    ['DuckDB', 0],
    ['GoogleSQL', 1],
  ])('on %s', async (_engine, index) => {
    const warehouse = warehouses[index]!;
    const values = await valuesOf(
      warehouse,
      cases.map(([, of]) => of(warehouse.dialect)),
    );
    expect(cases.map(([says, , expected], i) => line(says, found(values[i]!, expected)))).toEqual(
      cases.map(([says, , expected]) => line(says, expected === FAILS ? 'fails' : expected)),
    );
  });
});
