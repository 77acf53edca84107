import { expect, test } from 'vitest';
import { Config } from '../../../config/schema.ts';
import { randomNumbers } from '../../../testing/random.ts';
import { type World, openWorld } from '../../../testing/world.ts';
import { TOUCHED_CONVERSIONS } from '../../conversions/tables.ts';
import { attribution } from '../attribution.ts';
import { CHANNEL_EFFECTS, MODEL_VERSIONS } from '../fitted-tables.ts';
import { models } from './models-step.ts';
import { NAMES, type Population, type Sale, type Visit, at, settle } from './testing/worlds.ts';

const CONFIG = Config.parse({
  project: { name: 'Test', timeZone: 'Europe/Berlin', currency: 'EUR' },
  conversions: NAMES.map((name) => ({ name, label: name, sql: `${name}.sql` })),
  attribution: {
    models: [
      'last_significant_click',
      { name: 'chain', type: 'markov', order: 2, trainingDays: 40 },
      { name: 'game', type: 'shapley_rate', trainingDays: 31 },
    ],
  },
});

const CHANNELS = ['Direct', 'Email', 'Organic Search', 'Paid Search'];
const CREDITS = 'select * from attribution order by conversion_name, conversion_id, model, session_id';
const VERSIONS = 'select * from model_versions order by model, conversion_name, month';
const APPLIED = 'select * from applied_versions order by model, conversion_name, month';
const EFFECTS = 'select * from channel_effects order by model, conversion_name, month, channel';

/** What arrives in a night: mostly visits and sales of the last days, some of long ago. */
function arrival(today: number, persons: number, next: (below: number) => number): { visits: Visit[]; sales: Sale[] } {
  const visits: Visit[] = [];
  const sales: Sale[] = [];
  for (let i = 0; i < 70; i++) {
    const day = Math.max(0, today - (next(8) === 0 ? next(90) : next(20)));
    const person = 1 + next(persons);
    visits.push({ person, channel: CHANNELS[next(CHANNELS.length)]!, at: at(day, next(700)) });
    if (next(2) === 0) sales.push({ name: NAMES[next(4) === 0 ? 1 : 0], person, at: at(day, 700 + next(60)) });
  }
  return { visits, sales };
}

const step = async (world: World, run: typeof models, now: string, refit?: string) =>
  await run({ warehouse: world.warehouse, config: CONFIG, configFolder: world.folder, now, refit });

test('nights over months equal one build that replays their versions', { timeout: 60_000 }, async () => {
  const next = randomNumbers(1);
  const world = await openWorld({ conversions: [] });
  const replay = await openWorld({ conversions: [] });
  const stored = new Map<string, string>();
  const seen = { fitted: 0, touchedByVersions: 0, refitted: false };
  try {
    let population: Population = { visits: [], sales: [] };
    let today = 25;
    let now = at(today, 180);
    while (today < 175) {
      const came = arrival(today, 90, next);
      population = { visits: [...population.visits, ...came.visits], sales: [...population.sales, ...came.sales] };
      await settle(world, population);
      // As the step of conversions leaves it: what came, and all of persons who did something.
      const persons = new Set([...came.visits, ...came.sales].map(({ person }) => person));
      const touched = population.sales.flatMap(({ name, person }, i) =>
        persons.has(person) ? [{ conversion_name: name, id: `${name}-${i}` }] : [],
      );
      await world.warehouse.load(TOUCHED_CONVERSIONS, touched, { replace: true });
      // Once somebody has asked for a refit; it changes versions, and nothing else does.
      const refit = today > 130 && !seen.refitted ? '2026-02' : undefined;
      if (refit !== undefined) {
        seen.refitted = true;
        stored.clear();
      }
      await step(world, models, now, refit);
      const [queued] = await world.rows('select count(*) as conversions from touched_conversions');
      seen.touchedByVersions += (queued!['conversions'] as number) - touched.length;
      await step(world, attribution, now);
      for (const { model, conversion_name, month, ...said } of await world.rows(VERSIONS)) {
        const key = JSON.stringify([model, conversion_name, month]);
        const text = JSON.stringify(said);
        expect(stored.get(key) ?? text, `a version stays: ${key}`).toBe(text);
        stored.set(key, text);
        if (said['status'] === 'fitted') seen.fitted++;
      }
      today += 4 + next(22);
      now = at(today, 180);
    }
    await settle(replay, population);
    for (const [table, rows] of [
      [MODEL_VERSIONS, VERSIONS],
      [CHANNEL_EFFECTS, EFFECTS],
    ] as const)
      await replay.warehouse.load(
        table,
        (await world.rows(rows)).map((row) => ({ ...row })),
      );
    // Both in the same night, so that the same months are still open.
    for (const one of [world, replay]) {
      await step(one, models, now);
      await step(one, attribution, now);
    }
    expect(await replay.rows(VERSIONS)).toEqual(await world.rows(VERSIONS));
    expect(await replay.rows(APPLIED)).toEqual(await world.rows(APPLIED));
    expect(await replay.rows(CREDITS)).toEqual(await world.rows(CREDITS));
    // The versions are of some use: credits of learned models are not those of the fallback.
    const [differing] = await world.rows(`
      select count(*) as credits from attribution as one
      left join attribution as other
        on other.model = 'last_significant_click' and other.conversion_name = one.conversion_name
        and other.conversion_id = one.conversion_id and other.session_id = one.session_id and other.credit = one.credit
      where one.model = 'game' and one.reason is null and other.model is null`);
    expect(differing!['credits']).toBeGreaterThan(50);
    expect(seen.refitted).toBe(true);
    expect(seen.fitted).toBeGreaterThan(5);
    expect(seen.touchedByVersions).toBeGreaterThan(20);
  } finally {
    await world.close();
    await replay.close();
  }
});
