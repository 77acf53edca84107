import { expect, test } from 'vitest';
import { syncRates } from '../../sources/rates.ts';
import { randomNumbers } from '../../testing/random.ts';
import { openWorld } from '../../testing/world.ts';
import { forgetDefinitions } from '../definitions.ts';
import { deriveConversions } from './derive.ts';
import { derivedByBruteForce } from './testing/derive-oracle.ts';
import { DeriveWorlds, projectWith, rulesWith } from './testing/derive-worlds.ts';

const WAREHOUSES = 5;
const WORLDS_IN_EACH = 64;
const NIGHTS = 3;
const COLUMNS =
  'conversion_name, id, conversion_date, raw_value_micros, value_micros, rate, rate_date, self_reported_channel, person_id, matched_by, parent_name, parent_id';

test.each(Array.from({ length: WAREHOUSES }, (_, i) => i + 1))(
  'after each night conversions are what brute force makes of records, persons, sessions, addresses and rates (seed %i)',
  async (seed) => {
    const cap = 1 + (seed % 2);
    const worlds = new DeriveWorlds(randomNumbers(seed), WORLDS_IN_EACH);
    const world = await openWorld(projectWith(cap));
    try {
      for (let night = 0; night <= NIGHTS; night++) {
        worlds.change(night === 0 ? 20 : 4);
        await worlds.write(world);
        await world.run(syncRates, deriveConversions);
        const rows = await world.rows(`select ${COLUMNS} from conversions order by conversion_name, id`);
        expect(rows, `night ${night}`).toEqual(derivedByBruteForce(worlds.state, rulesWith(cap)));
        await worlds.forget(world);
      }
      // A full build finds nothing to change.
      await forgetDefinitions(world.warehouse, ['derived conversions']);
      const [full] = await world.run(deriveConversions);
      expect(full!.changes).toEqual({ conversions: { inserted: 0, updated: 0, deleted: 0 } });
    } finally {
      await world.close();
    }
  },
);
