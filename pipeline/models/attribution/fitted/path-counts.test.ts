import { afterAll, beforeAll, expect, test } from 'vitest';
import { randomNumbers } from '../../../testing/random.ts';
import { type World, openWorld } from '../../../testing/world.ts';
import { trainingWindow } from './months.ts';
import { countChannelSets, countTransitions } from './path-counts.ts';
import { listedSets, listedTransitions, setsInPaths, transitionsInPaths } from './testing/counts.ts';
import { NAMES, pathsOf, randomPopulation, settle } from './testing/worlds.ts';
import type { PathWindow } from './training-paths.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

/** Windows of different lengths and look-backs; some overlap. */
const WINDOWS: readonly PathWindow[] = NAMES.flatMap((conversion) => [
  { ...trainingWindow('2026-02-01', 30, 'Europe/Berlin'), conversion, lookbackDays: 20 },
  { ...trainingWindow('2026-03-01', 90, 'Europe/Berlin'), conversion, lookbackDays: 20 },
  { ...trainingWindow('2026-05-01', 60, 'Europe/Berlin'), conversion, lookbackDays: 45 },
]);

test('paths are counted as their definition has them', async () => {
  const seen = { conversions: 0, paths: 0 };
  for (let seed = 1; seed <= 8; seed++) {
    const population = randomPopulation(randomNumbers(seed), 40);
    await settle(world, population);
    const sets = await countChannelSets(world.warehouse, WINDOWS);
    const chains = await Promise.all([1, 2, 3].map((order) => countTransitions(world.warehouse, WINDOWS, order)));
    WINDOWS.forEach((window, i) => {
      const paths = pathsOf(population, window);
      const converted = paths.filter(({ converts }) => converts).length;
      for (const counted of [sets, ...chains])
        expect(counted.windows[i], `seed ${seed}, window ${i}`).toMatchObject({ paths: paths.length, conversions: converted });
      expect(listedSets(sets, i), `seed ${seed}, window ${i}`).toEqual(setsInPaths(paths));
      chains.forEach((chain, place) => {
        expect(listedTransitions(chain, i), `seed ${seed}, window ${i}, order ${place + 1}`).toEqual(transitionsInPaths(paths, place + 1));
      });
      seen.conversions += converted;
      seen.paths += paths.length;
    });
  }
  expect(seen.conversions).toBeGreaterThan(100);
  expect(seen.paths).toBeGreaterThan(2 * seen.conversions);
});

test('of a project without sessions nothing is counted', async () => {
  await settle(world, { visits: [], sales: [{ name: 'lead', person: null, at: '2026-02-03T10:00:00.000Z' }] });
  expect(await countChannelSets(world.warehouse, WINDOWS.slice(0, 1))).toEqual({
    channels: [],
    windows: [{ counts: [], paths: 0, conversions: 0 }],
  });
});

test('more channels than one number has bits are told apart', async () => {
  const names = Array.from({ length: 65 }, (_, i) => `Channel ${String(i).padStart(2, '0')}`);
  const visits = names.flatMap((channel, i) => [
    { person: i, channel, at: '2026-02-03T10:00:00.000Z' },
    { person: i, channel: names[(i * 7) % 65]!, at: '2026-02-04T10:00:00.000Z' },
  ]);
  const population = { visits, sales: [] };
  await settle(world, population);
  const [window] = WINDOWS;
  const counted = await countChannelSets(world.warehouse, [window!]);
  expect(listedSets(counted, 0)).toEqual(setsInPaths(pathsOf(population, window!)));
  expect(counted.windows[0]!.paths).toBe(65);
});
