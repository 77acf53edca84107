import { isDeepStrictEqual } from 'node:util';
import { expect, test } from 'vitest';
import { randomNumbers } from '../../testing/random.ts';
import { type World, openWorld } from '../../testing/world.ts';
import { sql, table } from '../../warehouse/sql.ts';
import type { Row } from '../../warehouse/warehouse.ts';
import { forgetDefinitions } from '../definitions.ts';
import { EVENT_CHANGES } from '../events/tables.ts';
import { identity } from './identity.ts';
import {
  IDENTITIES,
  IDENTITY_BLOCKED_VALUES,
  IDENTITY_CHANGES,
  IDENTITY_EDGES,
  IDENTITY_KEYS,
  STAGED_IP_HASHES,
  USER_IDENTITIES,
} from './tables.ts';
import { NIGHTS, addressesOf, arrive, configThatBlocks, leadsOf, livesOf, settings, tablesOf } from './testing/worlds.ts';

/** Worlds do not touch each other: all lie in one database, so that 2,000 cost no 2,000 databases. */
const WORLDS = 2000;

const TABLES = [IDENTITY_KEYS, IDENTITY_EDGES, IDENTITIES, USER_IDENTITIES, IDENTITY_BLOCKED_VALUES, IDENTITY_CHANGES];

/** How many rows every table has, and a hash of them all. Reading the rows themselves would cost more than the nights. */
async function fingerprintsOf(world: World): Promise<Row[]> {
  const queries = TABLES.map(
    ({ name }) => `
      select '${name}' as name, count(*) as rows, md5(string_agg(cast(to_json(one) as varchar), ' ' order by cast(to_json(one) as varchar))) as fingerprint
      from ${name} as one`,
  );
  return world.rows(queries.join(' union all '));
}

const worldOf = (row: Row): string => {
  const id = row['anonymous_id'] ?? row['person_id'] ?? row['from_person_id'];
  return typeof id === 'string' ? (/^w\d+x/.exec(id)?.[0] ?? '') : '';
};

/** Compares world by world, so that a difference shows one small world. The ledgers are compared, too: they tell one story. */
function expectSame(incremental: Record<string, Row[]>, full: Record<string, Row[]>, night: number): void {
  for (const name of Object.keys(full)) {
    const byWorld = [incremental[name]!, full[name]!].map((rows) => Map.groupBy(rows, worldOf));
    for (const world of new Set([...byWorld[0]!.keys(), ...byWorld[1]!.keys()])) {
      expect(byWorld[0]!.get(world), `${name}, world ${world}, night ${night}`).toEqual(byWorld[1]!.get(world));
    }
  }
}

test(`on ${WORLDS} random worlds every night, in any order of arrival, equals a full rebuild`, { timeout: 240_000 }, async () => {
  const next = randomNumbers(1);
  const names = Array.from({ length: WORLDS }, (_, i) => `w${i}x`);
  const lives = names.flatMap((world) => livesOf(world, next));
  const [incremental, full] = [await openWorld(settings), await openWorld(settings)];
  try {
    for (const world of [incremental, full]) await world.load(STAGED_IP_HASHES, names.flatMap(addressesOf));
    for (let night = 0; night < NIGHTS; night++) {
      const leads = names.flatMap((world) => leadsOf(world, next));
      // From the third night on some user ids are blocked; in the last one, those of fewer worlds.
      const blocked = night < 2 ? [] : names.filter((_, i) => i % (night === 2 ? 3 : 6) === 0).map((world) => `${world}u0`);
      const config = configThatBlocks(blocked);
      const context = { config, configFolder: '/', now: `2026-04-0${night + 1}T03:00:00.000Z` };
      for (const world of [incremental, full]) await arrive(world, lives, leads, night);
      await incremental.warehouse.transaction(() => identity({ ...context, warehouse: incremental.warehouse }));
      await forgetDefinitions(full.warehouse, ['identity']);
      await full.warehouse.transaction(() => identity({ ...context, warehouse: full.warehouse }));
      const [found, expected] = [await fingerprintsOf(incremental), await fingerprintsOf(full)];
      if (!isDeepStrictEqual(found, expected)) expectSame(await tablesOf(incremental), await tablesOf(full), night);
      expect(found, `night ${night}`).toEqual(expected);
    }
    const queue = await incremental.warehouse.rows(sql`select count(*) as unread from ${table(EVENT_CHANGES.name)}`);
    expect(queue).toEqual([{ unread: 0 }]);
    // The worlds reach every rule.
    const reasons = await incremental.rows('select distinct reason from identity_edges');
    const every = [null, 'blocked_value', 'shared_device', 'shared_key', 'conflicting_key', 'size_cap'];
    expect(new Set(reasons.map(({ reason }) => reason))).toEqual(new Set(every));
    const kinds = await incremental.rows('select distinct kind from identity_changes');
    expect(new Set(kinds.map(({ kind }) => kind))).toEqual(new Set(['merged', 'split', 'renamed']));
  } finally {
    await incremental.close();
    await full.close();
  }
});
