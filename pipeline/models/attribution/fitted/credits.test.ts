import { expect, test } from 'vitest';
import { localDate } from '../../../config/calendar.ts';
import { Config } from '../../../config/schema.ts';
import { randomNumbers } from '../../../testing/random.ts';
import { openWorld } from '../../../testing/world.ts';
import { attribution } from '../attribution.ts';
import { chainOf } from './chain.ts';
import { LEAST_CONVERSIONS } from './effects.ts';
import { models } from './models-step.ts';
import { monthOf, trainingWindow } from './months.ts';
import { byPowers, overAllOrders } from './testing/brute-force.ts';
import { setsOf, transitionsOf } from './testing/paths.ts';
import { type Population, NAMES, pathsOf, randomPopulation, settle } from './testing/worlds.ts';

const ZONE = 'Europe/Berlin';
const DAYS = 60;
const LOOKBACK = 90;
const CONFIG = Config.parse({
  project: { name: 'Test', timeZone: ZONE, currency: 'EUR' },
  conversions: NAMES.map((name) => ({ name, label: name, sql: `${name}.sql` })),
  attribution: {
    models: [
      { name: 'chain', type: 'markov', order: 2, trainingDays: DAYS },
      { name: 'game', type: 'shapley_rate', trainingDays: DAYS },
    ],
  },
});

/** What each channel is worth in a month by brute force; undefined where there is too little to learn from. */
function worths(population: Population, conversion: string, month: string): Record<'chain' | 'game', Map<string, number>> | undefined {
  const window = { ...trainingWindow(month, DAYS, ZONE), conversion, lookbackDays: LOOKBACK };
  const paths = pathsOf(population, window);
  if (paths.filter(({ converts }) => converts).length < LEAST_CONVERSIONS) return undefined;
  const names = [...new Set(paths.flatMap(({ channels }) => channels))];
  const coded = paths.map(({ channels, converts }) => ({ channels: channels.map((name) => names.indexOf(name) + 1), converts, count: 1 }));
  const chain = chainOf(transitionsOf(coded, 2), 2);
  const all = byPowers(chain);
  const values = overAllOrders(
    setsOf(coded),
    names.map((_, i) => i + 1),
  );
  return {
    chain: new Map(names.map((name, i) => [name, 1 - byPowers(chain, i + 1) / all])),
    game: new Map(names.map((name, i) => [name, values.get(i + 1)!])),
  };
}

test('conversions are credited as brute force says, months without enough data as the last significant click', async () => {
  const population = randomPopulation(randomNumbers(21), 220);
  const now = '2026-08-20T03:00:00.000Z';
  const world = await openWorld();
  try {
    await settle(world, population);
    for (const step of [models, attribution]) await step({ warehouse: world.warehouse, config: CONFIG, configFolder: world.folder, now });
    const found = new Map<string, number>();
    for (const row of await world.rows(
      'select model, conversion_name, conversion_id, session_id, credit from attribution where reason is null',
    ))
      found.set(`${row['model'] as string} ${row['conversion_id'] as string} ${row['session_id'] as string}`, row['credit'] as number);
    const byMonth = new Map<string, ReturnType<typeof worths>>();
    const visits = population.visits.map((visit, i) => ({ ...visit, id: `s${String(i).padStart(5, '0')}`, time: Date.parse(visit.at) }));
    const seen = { learned: 0, fallback: 0, touches: 0 };
    population.sales.forEach(({ name, person, at }, i) => {
      const time = Date.parse(at);
      const path = visits
        .filter((visit) => visit.person === person && visit.time <= time + 300_000 && visit.time >= time - LOOKBACK * 86_400_000)
        .toSorted((one, other) => one.time - other.time || (one.id < other.id ? -1 : 1));
      const month = monthOf(localDate(at, ZONE));
      const key = `${name} ${month}`;
      if (!byMonth.has(key)) byMonth.set(key, worths(population, name, month));
      const worth = byMonth.get(key);
      for (const model of ['chain', 'game'] as const) {
        const last = path.findLast(({ channel }) => channel !== 'Direct') ?? path.at(-1);
        const weights = path.map(({ channel }) => {
          const touches = path.filter((other) => other.channel === channel).length;
          return Math.max(0, worth?.[model].get(channel) ?? 0) / touches;
        });
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        // Below a part of 1e9 nothing is left of a share.
        const isLearned = total > 1e-8;
        path.forEach((visit, place) => {
          const share = isLearned ? weights[place]! / total : visit === last ? 1 : 0;
          const credit = found.get(`${model} ${name}-${i} ${visit.id}`) ?? 0;
          expect(Math.abs(credit / 1e9 - share), `${model}, ${name}-${i} of ${month}, ${visit.channel}`).toBeLessThan(1e-6);
          seen.touches++;
          if (isLearned) seen.learned++;
          else seen.fallback++;
        });
      }
    });
    expect(found.size).toBeLessThanOrEqual(seen.touches);
    expect(seen.learned).toBeGreaterThan(300);
    expect(seen.fallback).toBeGreaterThan(20);
  } finally {
    await world.close();
  }
});
