import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { nullable, required } from '../columns.ts';
import { type Sql, raw, sql, table } from '../sql.ts';
import type { TableDefinition } from '../warehouse.ts';
import { type DuckDbWarehouse, openDuckDb } from './duckdb.ts';

const VISITS: TableDefinition = {
  name: 'visits',
  description: 'Visits.',
  columns: [required('id', 'STRING', 'Id.'), required('at', 'TIMESTAMP', 'When.'), nullable('pages', 'INT64', 'Pages.')],
  key: ['id'],
  partitionBy: 'at',
};
const COSTS: TableDefinition = {
  name: 'costs',
  description: 'Costs.',
  columns: [required('day', 'DATE', 'Day.'), required('name', 'STRING', 'Name.'), nullable('micros', 'INT64', 'Cost.')],
  key: ['day', 'name'],
  partitionBy: 'day',
};

let warehouse: DuckDbWarehouse;
beforeEach(async () => {
  warehouse = await openDuckDb(':memory:');
  await warehouse.migrate([VISITS, COSTS]);
});
afterEach(() => warehouse.close());

const STORED = [
  ['early', '2026-01-01T23:59:59.999999Z', 1],
  ['first', '2026-01-02T00:00:00.000000Z', 2],
  ['last', '2026-01-02T23:59:59.999999Z', 3],
  ['between', '2026-01-03T12:00:00.000000Z', 4],
  ['late', '2026-01-04T00:00:00.000000Z', 5],
] as const;
const fill = () =>
  warehouse.load(
    VISITS,
    STORED.map(([id, at, pages]) => ({ id, at, pages })),
  );
const visits = async () =>
  (await warehouse.rows<{ id: string; pages: number | null }>(sql`select id, pages from ${table('visits')} order by id nulls first`)).map(
    ({ id, pages }) => `${id} ${pages}`,
  );
const source = (...rows: readonly (readonly [id: string, at: string, pages: number | null])[]): Sql =>
  sql`select * from ${warehouse.dialect.values('given', { id: 'STRING', at: 'TIMESTAMP', pages: 'INT64' }, rows)}`;

/** Where a row stands: it is another place once the row was written anew. */
const placeOf = async (id: string) =>
  (await warehouse.session.read<{ place: string }>(`select cast(rowid as varchar) as place from visits where id = '${id}'`, 'place'))[0]!
    .place;
const pagesOf = async (...ids: readonly string[]) => {
  const stored = await visits();
  return ids.flatMap((id) => stored.filter((one) => one.startsWith(`${id} `)));
};

const cost = (day: string, micros: number): Sql => sql`select cast(${day} as date) as day, 'a' as name, ${micros} as micros`;

describe('merge of some days', () => {
  test('rows of these days are inserted, updated and deleted; rows of the days around and between are kept', async () => {
    await fill();
    const days = ['2026-01-04', '2026-01-02'];
    const given = source(['first', '2026-01-02T00:00:00Z', 20], ['new', '2026-01-04T05:00:00Z', 6]);
    expect(await warehouse.merge(VISITS, given, { days, deleteUnmatched: true })).toEqual({ inserted: 1, updated: 1, deleted: 2 });
    expect(await visits()).toEqual(['between 4', 'early 1', 'first 20', 'new 6']);
  });

  test('a condition narrows what of these days is deleted', async () => {
    await fill();
    const change = await warehouse.merge(VISITS, source(), { days: ['2026-01-02'], deleteUnmatched: sql`target.pages <> ${3}` });
    expect(change).toEqual({ inserted: 0, updated: 0, deleted: 1 });
    expect(await visits()).toEqual(['between 4', 'early 1', 'last 3', 'late 5']);
  });

  test('days without rows are filled', async () => {
    await fill();
    const given = source(['new', '2026-02-01T05:00:00Z', 6]);
    expect(await warehouse.merge(VISITS, given, { days: ['2026-02-01'], deleteUnmatched: true })).toEqual({
      inserted: 1,
      updated: 0,
      deleted: 0,
    });
    expect((await visits()).length).toBe(6);
  });

  test('a row of another day is refused, and nothing changes', async () => {
    await fill();
    const given = source(['first', '2026-01-02T00:00:00Z', 20], ['stray', '2026-01-03T00:00:00Z', 6]);
    await expect(warehouse.merge(VISITS, given, { days: ['2026-01-02', '2026-01-04'] })).rejects.toThrow(
      'merge into visits: the source has a row of 2026-01-03, which is none of the days to write',
    );
    expect(await visits()).toEqual(['between 4', 'early 1', 'first 2', 'last 3', 'late 5']);
  });

  test('no days at all change nothing, and refuse any row', async () => {
    await fill();
    expect(await warehouse.merge(VISITS, source(), { days: [], deleteUnmatched: true })).toEqual({ inserted: 0, updated: 0, deleted: 0 });
    await expect(warehouse.merge(VISITS, source(['first', '2026-01-02T00:00:00Z', 20]), { days: [] })).rejects.toThrow('2026-01-02');
  });

  test('a table by dates takes its days as they are', async () => {
    await warehouse.merge(COSTS, sql`${cost('2026-01-01', 1)} union all ${cost('2026-01-02', 2)}`);
    expect(await warehouse.merge(COSTS, cost('2026-01-02', 3), { days: ['2026-01-02'], deleteUnmatched: true })).toEqual({
      inserted: 0,
      updated: 1,
      deleted: 0,
    });
    expect(await warehouse.rows(sql`select day, micros from costs order by day nulls first`)).toEqual([
      { day: '2026-01-01', micros: 1 },
      { day: '2026-01-02', micros: 3 },
    ]);
  });

  test('a table without partitions has no days', async () => {
    const { partitionBy: _, ...whole } = VISITS;
    await expect(warehouse.merge(whole, source(), { days: ['2026-01-01'] })).rejects.toThrow('visits is not partitioned: it has no days');
  });
});

describe('few rows into many', () => {
  const DAY = '2026-01-02T00:00:00Z';
  /** Visits `${prefix}0` to `${prefix}99` with 0 to 99 pages; the last one with NULL. */
  const hundred = (prefix: string) =>
    source(...Array.from({ length: 100 }, (_, i): [string, string, number | null] => [`${prefix}${i}`, DAY, i === 99 ? null : i]));
  test.each([['a transaction that has written rows itself'], ['no transaction']])(
    'are merged within %s: equal ones stay where they stand, the others are written',
    async (where) => {
      const work = async () => {
        await warehouse.append(VISITS, hundred('late'));
        const places = [await placeOf('early7'), await placeOf('early99'), await placeOf('late7')];
        const given = source(
          ['early7', DAY, 7],
          ['early99', DAY, null],
          ['late7', DAY, 7],
          ['early8', DAY, 80],
          ['late8', DAY, 80],
          ['late9', DAY, null],
          ['late99', DAY, 99],
          ['new', DAY, 1],
        );
        expect(await warehouse.merge(VISITS, given)).toEqual({ inserted: 1, updated: 4, deleted: 0 });
        expect([await placeOf('early7'), await placeOf('early99'), await placeOf('late7')]).toEqual(places);
        expect(await warehouse.merge(VISITS, given)).toEqual({ inserted: 0, updated: 0, deleted: 0 });
        expect(await warehouse.merge(VISITS, source(['early8', DAY, 81], ['new', DAY, 2]))).toEqual({
          inserted: 0,
          updated: 2,
          deleted: 0,
        });
        const keys = sql`select 'early0' as id union all select 'late0' union all select 'early1' union all select 'nobody'`;
        expect((await warehouse.delete(VISITS, keys)).deleted).toBe(3);
        expect((await warehouse.delete(VISITS, keys)).deleted).toBe(0);
      };
      await warehouse.append(VISITS, hundred('early'));
      await (where === 'no transaction' ? work() : warehouse.transaction(work));
      expect(await pagesOf('early8', 'late8', 'late9', 'late99', 'new', 'early0', 'late0', 'early1')).toEqual([
        'early8 81',
        'late8 80',
        'late9 null',
        'late99 99',
        'new 2',
      ]);
      expect((await visits()).length).toBe(198);
    },
  );

  test('into some days: rows of the other days stand still, and what is not given goes', async () => {
    await warehouse.append(VISITS, hundred('other'));
    await fill();
    await warehouse.append(VISITS, hundred('more'));
    const given = source(['late', '2026-01-04T00:00:00Z', 50], ['between', '2026-01-03T12:00:00Z', 4]);
    expect(await warehouse.merge(VISITS, given, { days: ['2026-01-03', '2026-01-04'], deleteUnmatched: true })).toEqual({
      inserted: 0,
      updated: 1,
      deleted: 0,
    });
    expect(await pagesOf('late', 'between', 'first')).toEqual(['late 50', 'between 4', 'first 2']);
  });
});

describe('merge into an empty table', () => {
  test('a repeated key takes the rows out again, inside of a transaction that goes on too', async () => {
    const twice = source(['a', '2026-01-02T00:00:00Z', 1], ['a', '2026-01-02T00:00:00Z', 2]);
    await warehouse.transaction(async () => {
      await expect(warehouse.merge(VISITS, twice)).rejects.toThrow('2 rows have the same key (id = "a")');
      expect(await visits()).toEqual([]);
      await warehouse.merge(VISITS, source(['b', '2026-01-02T00:00:00Z', 3]));
    });
    expect(await visits()).toEqual(['b 3']);
  });

  test('the row without a complete key is shown', async () => {
    await expect(warehouse.merge(COSTS, sql`select cast('2026-01-01' as date) as day, cast(null as varchar) as name`)).rejects.toThrow(
      'merge into costs: a row has no complete key: (day = "2026-01-01", name = NULL); every column of the key needs a value',
    );
    expect(await warehouse.rows(sql`select * from costs`)).toEqual([]);
  });

  test('the source may read the table', async () => {
    expect(await warehouse.merge(VISITS, sql`select * from ${table('visits')}`)).toEqual({ inserted: 0, updated: 0, deleted: 0 });
  });
});

describe('delete', () => {
  test('deletes the rows of these keys; absent and repeated keys are no error', async () => {
    await fill();
    const keys = sql`select 'first' as id union all select 'first' union all select 'nobody' union all select 'late'`;
    expect(await warehouse.delete(VISITS, keys)).toEqual({ inserted: 0, updated: 0, deleted: 2 });
    expect(await visits()).toEqual(['between 4', 'early 1', 'last 3']);
  });

  test('rows of other days stay', async () => {
    await fill();
    const keys = sql`select id from ${table('visits')}`;
    expect(await warehouse.delete(VISITS, keys, { days: ['2026-01-04', '2026-01-02'] })).toEqual({ inserted: 0, updated: 0, deleted: 3 });
    expect(await visits()).toEqual(['between 4', 'early 1']);
  });

  test('the query must give the whole key and nothing else', async () => {
    await expect(warehouse.delete(COSTS, sql`select 'a' as name`)).rejects.toThrow('the query returns no column "day"');
    await expect(warehouse.delete(VISITS, sql`select 'a' as id, 1 as pages`)).rejects.toThrow('has no column "pages"');
    await expect(warehouse.delete({ ...VISITS, key: [] }, raw('select 1 as id'))).rejects.toThrow('visits has no key to delete by');
  });
});
