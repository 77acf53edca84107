import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { required } from '../columns.ts';
import { raw, sql } from '../sql.ts';
import type { TableDefinition } from '../warehouse.ts';
import { type DuckDbWarehouse, openDuckDb } from './duckdb.ts';

const EDGES: TableDefinition = {
  name: 'edges',
  description: 'Edges.',
  columns: [required('source', 'INT64', 'From.'), required('target', 'INT64', 'To.')],
  key: [],
};

let warehouse: DuckDbWarehouse;
beforeEach(async () => {
  warehouse = await openDuckDb(':memory:');
});
afterEach(() => warehouse.close());

async function read(query: string): Promise<number[][]> {
  const columns: number[][] = [];
  for await (const batch of warehouse.integerBatches(raw(query), 'read')) batch.forEach((column, i) => (columns[i] ??= []).push(...column));
  return columns;
}

describe('integerBatches', () => {
  test('streams columns in the order of the query, more than one chunk of them, extremes included', async () => {
    const [numbers, negated] = await read('select range as number, -range as negated from range(5000) order by number desc');
    expect(numbers).toEqual(Array.from({ length: 5000 }, (_, i) => 4999 - i));
    expect(negated).toEqual(Array.from({ length: 5000 }, (_, i) => i - 4999));
    expect(await read('select cast(2147483647 as bigint) as most, -2147483648 as least, sum(1) as wide')).toEqual([
      [2147483647],
      [-2147483648],
      [1],
    ]);
  });

  test('a batch stays what it was when the next one is read', async () => {
    const batches: (readonly Int32Array[])[] = [];
    for await (const batch of warehouse.integerBatches(raw('select range as number from range(5000) order by number'))) batches.push(batch);
    expect(batches.flatMap(([column]) => [...column!])).toEqual(Array.from({ length: 5000 }, (_, i) => i));
  });

  test.each([
    ['NULL', 'select range as a, case when range < 3000 then range end as b from range(3001)'],
    ['2^31', 'select 1 as a, cast(2147483648 as bigint) as b'],
    ['-2^31 - 1', 'select 1 as a, cast(-2147483649 as bigint) as b'],
  ])('%s is a RangeError that names the column', async (_, query) => {
    await expect(read(query)).rejects.toThrow(new RangeError('read: column "b" has a value that is NULL or no integer of 32 bits'));
  });

  test('inside a transaction they see its rows', async () => {
    await warehouse.migrate([EDGES]);
    await warehouse.transaction(async () => {
      await warehouse.loadIntegers(EDGES, [[Int32Array.of(1), Int32Array.of(2)]]);
      expect(await read('select * from edges')).toEqual([[1], [2]]);
    });
  });
});

const edges = () => warehouse.rows(sql`select count(*) as rows, sum(source) as sources, sum(target) as targets from edges`);

describe('loadIntegers', () => {
  test('loads batches of any length, and replaces', async () => {
    await warehouse.migrate([EDGES]);
    const lengths = [0, 1, 2047, 2048, 2049, 5000];
    const batches = lengths.map((length) => [Int32Array.from({ length }, (_, i) => i), new Int32Array(length).fill(-2147483648)] as const);
    expect(await warehouse.loadIntegers(EDGES, batches)).toEqual({ inserted: 11_145, updated: 0, deleted: 0 });
    // The sums of 0 … n − 1.
    expect(await edges()).toEqual([
      { rows: 11_145, sources: 0 + 2_094_081 + 2_096_128 + 2_098_176 + 12_497_500, targets: 11_145 * -2147483648 },
    ]);
    expect(await warehouse.loadIntegers(EDGES, [[Int32Array.of(7), Int32Array.of(8)]], { replace: true })).toEqual({
      inserted: 1,
      updated: 0,
      deleted: 11_145,
    });
    expect(await edges()).toEqual([{ rows: 1, sources: 7, targets: 8 }]);
  });

  test.each([
    ['another order', 'create table edges (target bigint not null, source bigint not null)'],
    ['more columns than the definition', 'create table edges (note varchar, target bigint not null, source bigint not null)'],
  ])('columns reach their names in a table that has %s', async (_, ddl) => {
    await warehouse.session.run(ddl, 'create');
    expect(await warehouse.loadIntegers(EDGES, [[Int32Array.of(1, 2), Int32Array.of(3, 5)]])).toEqual({
      inserted: 2,
      updated: 0,
      deleted: 0,
    });
    expect(await edges()).toEqual([{ rows: 2, sources: 3, targets: 8 }]);
  });

  test('a batch that is no table is refused, and no row is loaded', async () => {
    await warehouse.migrate([EDGES]);
    const good = [Int32Array.of(1), Int32Array.of(2)];
    await expect(warehouse.loadIntegers(EDGES, [good, [Int32Array.of(1)]])).rejects.toThrow('a batch has 1 columns, edges has 2');
    await expect(warehouse.loadIntegers(EDGES, [good, [Int32Array.of(1), Int32Array.of(2, 3)]])).rejects.toThrow('not equally long');
    expect(await edges()).toEqual([{ rows: 0, sources: null, targets: null }]);
  });
});
