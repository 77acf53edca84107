import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { nullable, required } from '../warehouse/columns.ts';
import { type DuckDbWarehouse, openDuckDb } from '../warehouse/duckdb/duckdb.ts';
import { sql, table } from '../warehouse/sql.ts';
import type { TableDefinition } from '../warehouse/warehouse.ts';
import { fill } from './fill.ts';

const VISITS: TableDefinition = {
  name: 'visits',
  description: 'Visits.',
  columns: [required('id', 'STRING', 'Id.'), nullable('pages', 'INT64', 'Pages.')],
  key: ['id'],
};

let warehouse: DuckDbWarehouse;
beforeEach(async () => {
  warehouse = await openDuckDb(':memory:');
  await warehouse.migrate([VISITS]);
});
afterEach(() => warehouse.close());

const visits = () => warehouse.rows(sql`select id, pages from ${table('visits')} order by id nulls first`);
const source = (...rows: readonly (readonly [id: string, pages: number])[]) =>
  sql`select * from ${warehouse.dialect.values('given', { id: 'STRING', pages: 'INT64' }, rows)}`;

describe('fill', () => {
  test('writes the rows into an empty table', async () => {
    expect(await fill(warehouse, VISITS, source(['a', 1], ['b', 2]), 'fill')).toEqual({ inserted: 2, updated: 0, deleted: 0 });
    expect(await visits()).toEqual([
      { id: 'a', pages: 1 },
      { id: 'b', pages: 2 },
    ]);
  });

  test('of a filled one writes all rows again: what changed, what went, what is new', async () => {
    await fill(warehouse, VISITS, source(['a', 1], ['b', 2]), 'fill');
    expect(await fill(warehouse, VISITS, source(['b', 3], ['c', 4], ['d', 5]), 'fill')).toEqual({ inserted: 3, updated: 0, deleted: 2 });
    expect(await visits()).toEqual([
      { id: 'b', pages: 3 },
      { id: 'c', pages: 4 },
      { id: 'd', pages: 5 },
    ]);
  });

  test('that fails leaves the rows that were there', async () => {
    await fill(warehouse, VISITS, source(['a', 1]), 'fill');
    await expect(fill(warehouse, VISITS, sql`select 'b' as id, cast(error('stop') as int) as pages`, 'fill')).rejects.toThrow('stop');
    expect(await visits()).toEqual([{ id: 'a', pages: 1 }]);
  });
});
