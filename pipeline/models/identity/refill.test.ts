import { expect, test } from 'vitest';
import { openWorld } from '../../testing/world.ts';
import { raw, sql, table } from '../../warehouse/sql.ts';
import { refill } from './refill.ts';
import { STAGED_CLUSTERS } from './tables.ts';

test('a table that is emptied and filled in one transaction holds every row, however many', async () => {
  const world = await openWorld();
  const { warehouse } = world;
  try {
    // More rows than one group of the engine, written by several threads.
    const rows = raw('select distinct md5(cast(i as varchar)) as cluster_id from range(300000) as numbers(i)');
    await warehouse.transaction(() => refill(warehouse, STAGED_CLUSTERS, rows, 'clusters'));
    expect(await warehouse.rows(sql`select count(*) as clusters from ${table(STAGED_CLUSTERS.name)}`)).toEqual([{ clusters: 300_000 }]);
  } finally {
    await world.close();
  }
});
