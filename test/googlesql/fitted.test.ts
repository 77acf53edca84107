import { afterAll, beforeAll, expect, test } from 'vitest';
import { APPLIED_VERSIONS, CHANNEL_EFFECTS, MODEL_VERSIONS } from '../../pipeline/models/attribution/fitted-tables.ts';
import { models } from '../../pipeline/models/attribution/fitted/models-step.ts';
import { trainingWindow } from '../../pipeline/models/attribution/fitted/months.ts';
import { countChannelSets, countTransitions } from '../../pipeline/models/attribution/fitted/path-counts.ts';
import { listedSets, listedTransitions, setsInPaths, transitionsInPaths } from '../../pipeline/models/attribution/fitted/testing/counts.ts';
import { pathsOf, randomPopulation, settle } from '../../pipeline/models/attribution/fitted/testing/worlds.ts';
import { TOUCHED_CONVERSIONS } from '../../pipeline/models/conversions/tables.ts';
import { randomNumbers } from '../../pipeline/testing/random.ts';
import { openWorld } from '../../pipeline/testing/world.ts';
import { contents } from './contents.ts';
import { GoogleSql } from './googlesql.ts';
import { GoogleSqlWarehouse } from './warehouse.ts';

let engine: GoogleSql;
beforeAll(async () => {
  engine = await GoogleSql.start();
});
afterAll(() => engine?.stop());

const PROJECT = {
  conversions: ['lead', 'demo'].map((name) => ({ name, label: name, sql: `${name}.sql` })),
  attribution: {
    models: [
      { name: 'chain', type: 'markov', order: 3 },
      { name: 'game', type: 'shapley_rate', lookbackDays: { lead: 20 } },
    ] as never[],
  },
};

test('paths are counted as their definition has them, and both engines fit and touch the same', { timeout: 120_000 }, async () => {
  const google = await openWorld(PROJECT, new GoogleSqlWarehouse(engine));
  const duckdb = await openWorld(PROJECT);
  const population = randomPopulation(randomNumbers(5), 110);
  try {
    await settle(google, population);
    await settle(duckdb, population);
    const windows = ['lead', 'demo'].map((conversion) => ({
      ...trainingWindow('2026-04-01', 60, 'Europe/Berlin'),
      conversion,
      lookbackDays: 20,
    }));
    const [sets, transitions] = [await countChannelSets(google.warehouse, windows), await countTransitions(google.warehouse, windows, 2)];
    windows.forEach((window, i) => {
      const paths = pathsOf(population, window);
      expect(listedSets(sets, i)).toEqual(setsInPaths(paths));
      expect(listedTransitions(transitions, i)).toEqual(transitionsInPaths(paths, 2));
    });
    for (const world of [google, duckdb]) await world.run(models);
    for (const table of [MODEL_VERSIONS, CHANNEL_EFFECTS, APPLIED_VERSIONS, TOUCHED_CONVERSIONS])
      expect(await contents(google.warehouse, table), table.name).toEqual(await contents(duckdb.warehouse, table));
    const fitted = await duckdb.rows(`select count(*) as versions from model_versions where status = 'fitted'`);
    expect(fitted[0]!['versions']).toBeGreaterThan(0);
  } finally {
    await google.close();
    await duckdb.close();
  }
});
