import { afterAll, beforeAll, expect, test } from 'vitest';
import { decide } from '../../pipeline/models/identity/decide.ts';
import { identity } from '../../pipeline/models/identity/identity.ts';
import { keyRules } from '../../pipeline/models/identity/rules.ts';
import { IDENTITIES, STAGED_IP_HASHES } from '../../pipeline/models/identity/tables.ts';
import { type TestEdge, decided, stageGraph } from '../../pipeline/models/identity/testing/staged-graph.ts';
import {
  NIGHTS,
  addressesOf,
  arrive,
  configThatBlocks,
  leadsOf,
  livesOf,
  settings,
  tablesOf,
} from '../../pipeline/models/identity/testing/worlds.ts';
import { personChanges } from '../../pipeline/query/identity/changes.ts';
import { explain } from '../../pipeline/query/identity/explain.ts';
import { hubs, refusedValues } from '../../pipeline/query/identity/hubs.ts';
import { identityStatistics } from '../../pipeline/query/identity/statistics.ts';
import { randomNumbers } from '../../pipeline/testing/random.ts';
import { type World, openWorld } from '../../pipeline/testing/world.ts';
import { sql, table } from '../../pipeline/warehouse/sql.ts';
import { GoogleSql } from './googlesql.ts';
import { GoogleSqlWarehouse } from './warehouse.ts';

let engine: GoogleSql;
beforeAll(async () => {
  engine = await GoogleSql.start();
});
afterAll(() => engine?.stop());

test('on random worlds every night of the identity graph gives the same rows on both engines', { timeout: 120_000 }, async () => {
  const next = randomNumbers(7);
  const names = Array.from({ length: 6 }, (_, i) => `w${i}x`);
  const lives = names.flatMap((world) => livesOf(world, next));
  const worlds = [await openWorld(settings), await openWorld(settings, new GoogleSqlWarehouse(engine))];
  try {
    for (const world of worlds) await world.load(STAGED_IP_HASHES, names.flatMap(addressesOf));
    for (let night = 0; night < NIGHTS; night++) {
      const leads = names.flatMap((world) => leadsOf(world, next));
      const config = configThatBlocks(night === 2 ? names.map((world) => `${world}u0`) : []);
      const now = `2026-04-0${night + 1}T03:00:00.000Z`;
      for (const world of worlds) {
        await arrive(world, lives, leads, night);
        await identity({ config, configFolder: '/', now, warehouse: world.warehouse });
      }
      expect(await tablesOf(worlds[1]!), `night ${night}`).toEqual(await tablesOf(worlds[0]!));
    }
    // What a user asks of the graph.
    const [ours, googles] = [await answersOf(worlds[0]!), await answersOf(worlds[1]!)];
    expect(new Set(ours.explanations.map(({ verdict }) => verdict))).toEqual(new Set(['one_person', 'refused', 'nothing_in_common']));
    expect([ours.hubs.length, ours.changes.length].every((count) => count > 3)).toBe(true);
    expect(googles).toEqual(ours);
  } finally {
    for (const world of worlds) await world.close();
  }
});

/** Every answer that there is; of some pairs of visitors, within a world and of two. */
async function answersOf({ warehouse, config }: World) {
  const rows = await warehouse.rows<{ id: string }>(sql`
    select anonymous_id as id from ${table(IDENTITIES.name)} order by person_id nulls first, anonymous_id nulls first`);
  const pairs = rows.flatMap(({ id }, i) => (i % 5 === 0 && rows[i + 1] ? [[id, rows[i + 1]!.id] as const] : []));
  const explanations = [];
  for (const [a, b] of pairs)
    explanations.push(await explain(warehouse, config, { by: 'anonymous_id', value: a }, { by: 'anonymous_id', value: b }));
  return {
    explanations,
    statistics: await identityStatistics(warehouse, keyRules(config)),
    hubs: await hubs(warehouse, keyRules(config), 100),
    refused: await refusedValues(warehouse, keyRules(config), 100),
    changes: await personChanges(warehouse, { since: '2026-04-02', timeZone: 'Europe/Berlin', limit: 100 }),
  };
}

test('the rounds that only a graph beyond memory needs, so one of BigQuery, give what the graph in memory gives', async () => {
  const next = randomNumbers(9);
  const kinds = ['user_id', 'email_hash', 'ga_client_id', 'link'] as const;
  const ids = 60;
  // Small clusters, two of them chained into long ones; the weak edges come last, as in the total order.
  const edges = Array.from({ length: 90 }, (_, i): TestEdge => {
    const home = next(ids);
    const key = i < 30 ? i : 30 + Math.floor(home / 3) + next(2);
    const id = i < 30 ? next(15) : Math.min(ids - 1, home + next(3));
    return { id, key, kind: kinds[next(4)]!, isRefused: next(10) === 0 };
  }).toSorted((a, b) => Number(a.kind === 'link') - Number(b.kind === 'link'));
  const world = await openWorld({ identity: { maximumComponentSize: 6 } }, new GoogleSqlWarehouse(engine));
  try {
    await stageGraph(world.warehouse, ids, edges);
    await decide(world.warehouse, world.config);
    const direct = await decided(world.warehouse);
    expect(direct.map((rows) => rows.length > 5)).toEqual([true, true]);
    for (const limit of [20, 0]) {
      await decide(world.warehouse, world.config, limit);
      expect(await decided(world.warehouse), `at most ${limit} edges in memory`).toEqual(direct);
    }
  } finally {
    await world.close();
  }
});
