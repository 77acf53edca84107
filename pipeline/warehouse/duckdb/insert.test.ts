import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { required } from '../columns.ts';
import { type Sql, raw, sql, table } from '../sql.ts';
import type { TableDefinition } from '../warehouse.ts';
import { type DuckDbWarehouse, openDuckDb } from './duckdb.ts';

const VISITS: TableDefinition = {
  name: 'visits',
  description: 'Visits.',
  columns: [required('id', 'INT64', 'Id.'), required('seen_at', 'TIMESTAMP', 'When.')],
  key: ['id'],
  partitionBy: 'seen_at',
};
const NOTHING: TableDefinition = { ...VISITS, name: 'nothing' };

/** So many that two threads write them; out of a table, because only then both do. */
const MANY = 500_000;
const many = sql`select id, seen_at from ${table('plenty')}`;
const none = sql`select id, seen_at from ${table('nothing')}`;

let warehouse: DuckDbWarehouse;
beforeEach(async () => {
  warehouse = await openDuckDb(':memory:');
  await warehouse.migrate([VISITS, NOTHING]);
  await warehouse.session.run('set threads = 2', 'threads');
  const plenty = `select range as id, timestamptz '2026-01-01 12:00:00+00' as seen_at from range(${MANY})`;
  await warehouse.session.run(`create temporary table plenty as ${plenty}`, 'plenty');
});
afterEach(() => warehouse.close());

const held = async () =>
  (
    await warehouse.rows<{ visits: number; ids: number }>(sql`select count(*) as visits, count(distinct id) as ids from ${table('visits')}`)
  )[0];

const days = ['2026-01-01'];
const WRITES: Readonly<Record<string, (source: Sql) => Promise<unknown>>> = {
  'an append': (source) => warehouse.append(VISITS, source),
  'a merge': (source) => warehouse.merge(VISITS, source),
  'a merge of days': (source) => warehouse.merge(VISITS, source, { days }),
  'a replacement of days': (source) => warehouse.replacePartitions(VISITS, days, source),
};

describe('many rows after none, in one transaction, are all there', () => {
  for (const [first, writeNone] of Object.entries(WRITES))
    for (const [second, writeMany] of Object.entries(WRITES))
      test(`${first}, then ${second}`, async () => {
        await warehouse.transaction(async () => {
          await writeNone(none);
          await writeMany(many);
        });
        expect(await held()).toEqual({ visits: MANY, ids: MANY });
      });
});

const isKept = async () => {
  const [row] = await warehouse.rows<{ kept: boolean }>(raw("select current_setting('preserve_insertion_order') as kept"));
  return row!.kept;
};

describe('the order of rows', () => {
  test('is kept by other statements again after a write', async () => {
    await warehouse.append(VISITS, many);
    expect(await isKept()).toBe(true);
  });

  test('and after one that failed inside a transaction', async () => {
    const failing = sql`select cast(error('stop') as bigint) as id, cast('2026-01-01T12:00:00Z' as timestamptz) as seen_at from ${raw('range(3)')}`;
    await expect(warehouse.transaction(() => warehouse.append(VISITS, failing))).rejects.toThrow('stop');
    expect(await isKept()).toBe(true);
    expect(await held()).toEqual({ visits: 0, ids: 0 });
  });
});
