import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { nullable, required } from '../columns.ts';
import { sql } from '../sql.ts';
import type { TableDefinition } from '../warehouse.ts';
import { type DuckDbWarehouse, openDuckDb } from './duckdb.ts';

const VISITS: TableDefinition = {
  name: 'visits',
  description: 'Visits.',
  columns: [required('id', 'INT64', 'Id.'), nullable('note', 'STRING', 'Note.')],
  key: ['id'],
};

let warehouse: DuckDbWarehouse;
beforeEach(async () => {
  warehouse = await openDuckDb(':memory:');
  await warehouse.migrate([VISITS]);
  await warehouse.load(VISITS, [{ id: 1, note: 'a' }, { id: 2 }]);
});
afterEach(() => warehouse.close());

async function* none() {}
const held = () => warehouse.rows(sql`select id, note from visits order by id nulls first`);

describe('loading no rows', () => {
  test('leaves the table as it is', async () => {
    expect(await warehouse.load(VISITS, [])).toEqual({ inserted: 0, updated: 0, deleted: 0 });
    expect(await held()).toEqual([
      { id: 1, note: 'a' },
      { id: 2, note: null },
    ]);
  });

  test('instead of those that it holds empties it, in one statement', async () => {
    const before = warehouse.statements.length;
    expect(await warehouse.load(VISITS, [], { replace: true, label: 'empty' })).toEqual({ inserted: 0, updated: 0, deleted: 2 });
    expect(warehouse.statements.slice(before)).toMatchObject([{ label: 'empty: delete', rows: 2 }]);
    expect(await held()).toEqual([]);
  });

  test('is taken back with the transaction', async () => {
    const work = warehouse.transaction(async () => {
      await warehouse.load(VISITS, [], { replace: true });
      throw new Error('ended');
    });
    await expect(work).rejects.toThrow('ended');
    expect(await held()).toHaveLength(2);
  });

  test('that only turn out to be none gives the same', async () => {
    expect(await warehouse.load(VISITS, none(), { replace: true })).toEqual({ inserted: 0, updated: 0, deleted: 2 });
    expect(await held()).toEqual([]);
  });
});
