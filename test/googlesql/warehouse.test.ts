import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nullable, required } from '../../pipeline/warehouse/columns.ts';
import { openDuckDb } from '../../pipeline/warehouse/duckdb/duckdb.ts';
import { type Sql, sql, table } from '../../pipeline/warehouse/sql.ts';
import type { Change, TableDefinition, Warehouse } from '../../pipeline/warehouse/warehouse.ts';
import { GoogleSql } from './googlesql.ts';
import { GoogleSqlWarehouse } from './warehouse.ts';

const VISITS: TableDefinition = {
  name: 'visits',
  description: 'Visits.',
  columns: [required('id', 'STRING', 'Id.'), required('seen_at', 'TIMESTAMP', 'When.'), nullable('pages', 'INT64', 'Pages.')],
  key: ['id'],
  partitionBy: 'seen_at',
};
const NUMBERS: TableDefinition = {
  name: 'numbers',
  description: 'Numbers.',
  columns: [required('a', 'INT64', 'A.'), required('b', 'INT64', 'B.')],
  key: [],
};

let engine: GoogleSql;
beforeAll(async () => {
  engine = await GoogleSql.start();
});
afterAll(() => engine.stop());

/** What stands in the table, one day before, two within and one between the days of the writes, and one after. */
const STORED = [
  ['early', '2026-01-01T23:59:59.999999Z', 1],
  ['first', '2026-01-02T00:00:00Z', 2],
  ['last', '2026-01-02T23:59:59.999999Z', 3],
  ['between', '2026-01-03T12:00:00Z', 4],
  ['late', '2026-01-04T00:00:00Z', 5],
] as const;
const DAYS = ['2026-01-04', '2026-01-02'];

function source(warehouse: Warehouse, rows: readonly (readonly [id: string, seenAt: string, pages: number])[]): Sql {
  return sql`select id, seen_at, pages from ${warehouse.dialect.values('given', { id: 'STRING', seen_at: 'TIMESTAMP', pages: 'INT64' }, rows)}`;
}

describe.each(['DuckDB', 'GoogleSQL'])('writes of some days on %s', (name) => {
  /** What a write changes and leaves. */
  async function after(write: (warehouse: Warehouse) => Promise<Change>): Promise<{ change: Change; left: string[] }> {
    const warehouse = name === 'DuckDB' ? await openDuckDb(':memory:') : new GoogleSqlWarehouse(engine);
    try {
      await warehouse.migrate([VISITS, NUMBERS]);
      await warehouse.append(VISITS, source(warehouse, STORED));
      const change = await write(warehouse);
      const rows = await warehouse.rows<{ id: string; pages: number }>(
        sql`select id, pages from ${table('visits')} order by id nulls first`,
      );
      return { change, left: rows.map(({ id, pages }) => `${id} ${pages}`) };
    } finally {
      await warehouse.close();
    }
  }

  test('a merge inserts, updates and deletes within them', async () => {
    const merged = await after((warehouse) =>
      warehouse.merge(
        VISITS,
        source(warehouse, [
          ['first', '2026-01-02T00:00:00Z', 20],
          ['new', '2026-01-04T05:00:00Z', 6],
        ]),
        { days: DAYS, deleteUnmatched: true },
      ),
    );
    expect(merged).toEqual({
      change: { inserted: 1, updated: 1, deleted: 2 },
      left: ['between 4', 'early 1', 'first 20', 'new 6'],
    });
  });

  test('a merge deletes what meets a condition, which may read other tables', async () => {
    const merged = await after(async (warehouse) => {
      await warehouse.loadIntegers(NUMBERS, [[Int32Array.of(4), Int32Array.of(0)]]);
      return warehouse.merge(VISITS, source(warehouse, [['first', '2026-01-02T00:00:00Z', 2]]), {
        deleteUnmatched: sql`target.pages > ${1} and not exists (select 1 from ${table('numbers')} as n where n.a = target.pages)`,
      });
    });
    expect(merged).toEqual({ change: { inserted: 0, updated: 0, deleted: 2 }, left: ['between 4', 'early 1', 'first 2'] });
  });

  test('a condition holds within the days only', async () => {
    const merged = await after((warehouse) =>
      warehouse.merge(VISITS, source(warehouse, []), { days: DAYS, deleteUnmatched: sql`target.pages <> ${3}` }),
    );
    expect(merged).toEqual({ change: { inserted: 0, updated: 0, deleted: 2 }, left: ['between 4', 'early 1', 'last 3'] });
  });

  test('a row of another day is refused', async () => {
    const merged = after((warehouse) => warehouse.merge(VISITS, source(warehouse, [['stray', '2026-01-03T00:00:00Z', 6]]), { days: DAYS }));
    await expect(merged).rejects.toThrow('merge into visits: the source has a row of 2026-01-03, which is none of the days to write');
  });

  test('keys are deleted, absent ones are no error', async () => {
    expect(await after((warehouse) => warehouse.delete(VISITS, sql`select 'first' as id union all select 'nobody'`))).toEqual({
      change: { inserted: 0, updated: 0, deleted: 1 },
      left: ['between 4', 'early 1', 'last 3', 'late 5'],
    });
  });

  test('keys are deleted within the days only', async () => {
    const changed = await after((warehouse) => warehouse.delete(VISITS, sql`select id from ${table('visits')}`, { days: DAYS }));
    expect(changed).toEqual({ change: { inserted: 0, updated: 0, deleted: 3 }, left: ['between 4', 'early 1'] });
  });

  test('integers are loaded, replaced and streamed', async () => {
    const { change: replaced } = await after(async (warehouse) => {
      await warehouse.loadIntegers(NUMBERS, [[Int32Array.of(9), Int32Array.of(9)]]);
      const change = await warehouse.loadIntegers(NUMBERS, [[Int32Array.of(2, 1), Int32Array.of(-2147483648, 2147483647)]], {
        replace: true,
      });
      const read: number[][] = [];
      for await (const batch of warehouse.integerBatches(sql`select b, a from ${table('numbers')} order by a nulls first`))
        batch.forEach((column, i) => (read[i] ??= []).push(...column));
      expect(read).toEqual([
        [2147483647, -2147483648],
        [1, 2],
      ]);
      return change;
    });
    expect(replaced).toEqual({ inserted: 2, updated: 0, deleted: 1 });
  });

  test.each([
    ['NULL', sql`select 1 as a, cast(null as bigint) as b`, sql`select 1 as a, cast(null as int64) as b`],
    ['2^31', sql`select 1 as a, ${2 ** 31} as b`, sql`select 1 as a, ${2 ** 31} as b`],
  ])('%s in a column of integers is refused', async (_, duckDb, googleSql) => {
    const write = async (warehouse: Warehouse) => {
      for await (const batch of warehouse.integerBatches(name === 'DuckDB' ? duckDb : googleSql, 'read')) batch.at(0);
      return { inserted: 0, updated: 0, deleted: 0 };
    };
    await expect(after(write)).rejects.toThrow(new RangeError('read: column "b" has a value that is NULL or no integer of 32 bits'));
  });
});
