import { afterAll, beforeAll, expect, test } from 'vitest';
import { identity } from '../../pipeline/models/identity/identity.ts';
import { STAGED_IP_HASHES } from '../../pipeline/models/identity/tables.ts';
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
import { randomNumbers } from '../../pipeline/testing/random.ts';
import { openWorld } from '../../pipeline/testing/world.ts';
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
  } finally {
    for (const world of worlds) await world.close();
  }
});
