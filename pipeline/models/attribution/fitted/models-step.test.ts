import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Config, type ConfigInput } from '../../../config/schema.ts';
import { randomNumbers } from '../../../testing/random.ts';
import { type World, openWorld } from '../../../testing/world.ts';
import { raw, sql } from '../../../warehouse/sql.ts';
import { TOUCHED_CONVERSIONS } from '../../conversions/tables.ts';
import type { RunChoices } from '../../step.ts';
import { effectWeights } from './weights.ts';
import { models } from './models-step.ts';
import { type Population, type Sale, type Visit, randomPopulation, settle } from './testing/worlds.ts';

const PROJECT = { project: { name: 'Test', timeZone: 'Europe/Berlin', currency: 'EUR' } };
const CONVERSIONS: ConfigInput['conversions'] = [
  { name: 'lead', label: 'Lead', sql: 'lead.sql' },
  { name: 'mql', label: 'MQL', sql: 'mql.sql', inherit: { from: 'lead' } },
];

let world: World;
let config: Config;

const configOf = (given: readonly unknown[]): Config =>
  Config.parse({ ...PROJECT, conversions: CONVERSIONS, attribution: { models: given } as never });

beforeEach(async () => {
  config = configOf(['markov', 'shapley_rate']);
  world = await openWorld();
});
afterEach(() => world.close());

async function night(now: string, choices: RunChoices = {}) {
  return await models({ warehouse: world.warehouse, config, configFolder: world.folder, now, ...choices });
}

const rows = (query: string) => world.rows(query);
const versions = () => rows('select model, conversion_name, month, status, conversions, paths from model_versions order by all');
const applied = () => rows('select model, month, version_month, is_provisional from applied_versions order by all');
const touched = async () => {
  const found = await rows('select id from touched_conversions order by id');
  await world.warehouse.load(TOUCHED_CONVERSIONS, [], { replace: true });
  return found.map(({ id }) => id);
};

/** Bryl's three paths, by so many persons each, an hour between the visits; those of the first path convert in the month. */
function bryl(month: string, many: number, firstPerson = 0): Population {
  const visits: Visit[] = [];
  const sales: Sale[] = [];
  for (let i = 0; i < many; i++) {
    const [one, two, three] = [1, 2, 3].map((path) => firstPerson + 3 * i + path) as [number, number, number];
    const visit = (person: number, channel: string, hour: string) => visits.push({ person, channel, at: `${month}-05T${hour}:00:00.000Z` });
    visit(one, 'C1', '08');
    visit(one, 'C2', '09');
    visit(one, 'C3', '10');
    sales.push({ name: 'lead', person: one, at: `${month}-05T11:00:00.000Z` });
    visit(two, 'C1', '08');
    visit(three, 'C2', '08');
    visit(three, 'C3', '09');
  }
  return { visits, sales };
}

const both = (one: Population, other: Population): Population => ({
  visits: [...one.visits, ...other.visits],
  sales: [...one.sales, ...other.sales],
});

/** Without half of those who came by C1 alone. */
const lost = ({ visits, sales }: Population): Population => ({ visits: visits.filter(({ person }) => person % 6 !== 2), sales });

/** The statements since there were so many. */
const written = (since: number) => world.warehouse.statements.slice(since).map(({ label }) => label);

describe('a month', () => {
  test('is fitted seven days after its end, by what is known then, and never again', async () => {
    await settle(world, bryl('2026-03', 40));
    await night('2026-04-07T21:00:00.000Z');
    expect(await versions()).toEqual([]);
    expect(await applied()).toEqual(
      ['markov', 'shapley_rate'].flatMap((model) =>
        ['2026-03-01', '2026-04-01'].map((month) => ({ model, month, version_month: null, is_provisional: true })),
      ),
    );
    expect(await touched()).toEqual([]);

    await night('2026-04-07T22:00:00.000Z');
    const size = { conversion_name: 'lead', month: '2026-03-01', status: 'fitted', conversions: 40, paths: 120 };
    expect(await versions()).toEqual(['markov', 'shapley_rate'].map((model) => ({ model, ...size })));
    expect(await applied()).toEqual(
      ['markov', 'shapley_rate'].flatMap((model) => [
        { model, month: '2026-03-01', version_month: '2026-03-01', is_provisional: false },
        { model, month: '2026-04-01', version_month: '2026-03-01', is_provisional: true },
      ]),
    );
    // Removal effects 1/2, 1 and 1; shares of them.
    expect(await rows(`select channel, effect, share, error from channel_effects where model = 'markov' order by channel`)).toEqual([
      { channel: 'C1', effect: 500_000_000, share: 200_000_000, error: null },
      { channel: 'C2', effect: 1_000_000_000, share: 400_000_000, error: null },
      { channel: 'C3', effect: 1_000_000_000, share: 400_000_000, error: null },
    ]);
    // Only {C1}, {C2, C3} and all three are worth something to look at: 0, 0 and 1/3. Each of the three adds that last in two of six orders.
    expect(await rows(`select channel, effect, share from channel_effects where model = 'shapley_rate' order by channel`)).toEqual([
      { channel: 'C1', effect: 111_111_111, share: 333_333_334 },
      { channel: 'C2', effect: 111_111_111, share: 333_333_333 },
      { channel: 'C3', effect: 111_111_111, share: 333_333_333 },
    ]);
    expect(await touched()).toHaveLength(40);

    const before = await rows('select * from model_versions order by all');
    await settle(world, both(bryl('2026-03', 40), { visits: [], sales: [{ name: 'lead', person: 2, at: '2026-03-05T12:00:00.000Z' }] }));
    await night('2026-04-20T03:00:00.000Z');
    expect(await rows('select * from model_versions order by all')).toEqual(before);
    expect(await touched()).toEqual([]);
  });

  test('without enough conversions says so, and credits nothing by itself', async () => {
    await settle(world, bryl('2026-03', 29));
    const { warnings } = await night('2026-04-10T03:00:00.000Z');
    expect(warnings).toEqual([
      'model markov, conversion lead, 2026-03: too little to learn from: 29 conversions have a path, 30 are needed; the last significant click is credited',
      'model shapley_rate, conversion lead, 2026-03: too little to learn from: 29 conversions have a path, 30 are needed; the last significant click is credited',
    ]);
    expect(await rows('select status, version_hash from model_versions')).toEqual(
      [1, 2].map(() => ({ status: 'too_little_data', version_hash: 'none' })),
    );
    expect(await rows('select * from channel_effects')).toEqual([]);
    expect(await touched()).toEqual([]);
  });

  test('before the first session has no version; one of a later conversion has the latest', async () => {
    const early: Sale[] = [{ name: 'lead', person: null, at: '2019-07-01T10:00:00.000Z' }];
    const late: Sale[] = [{ name: 'lead', person: null, at: '9999-12-31T00:00:00.000Z' }];
    await settle(world, both(bryl('2026-03', 30), { visits: [], sales: [...early, ...late] }));
    await night('2026-04-10T03:00:00.000Z');
    expect(await rows(`select month, version_month, is_provisional from applied_versions where model = 'markov' order by month`)).toEqual([
      { month: '2026-03-01', version_month: '2026-03-01', is_provisional: false },
      { month: '2026-04-01', version_month: '2026-03-01', is_provisional: true },
      { month: '9999-12-01', version_month: '2026-03-01', is_provisional: true },
    ]);
  });
});

test('months are those of the project time zone, also of two conversions on one day in UTC', async () => {
  const visits: Visit[] = [{ person: 1, channel: 'C1', at: '2026-01-01T12:00:00.000Z' }];
  // In Berlin the second of them is of April.
  const sales = ['2026-03-31T21:59:59.000Z', '2026-03-31T22:00:00.000Z'].map((time) => ({ name: 'lead', person: 1, at: time }));
  await settle(world, { visits, sales });
  await night('2026-02-01T03:00:00.000Z');
  expect(await rows(`select month from applied_versions where model = 'markov' order by month`)).toEqual(
    ['2026-03-01', '2026-04-01'].map((month) => ({ month })),
  );
});

test('a refit replaces the versions from its month on, and touches only what is credited otherwise', async () => {
  config = configOf([{ name: 'chain', type: 'markov', trainingDays: 31 }]);
  const march = bryl('2026-03', 30);
  const april = bryl('2026-04', 30, 1200);
  await settle(world, both(march, april));
  await night('2026-05-10T03:00:00.000Z');
  expect(await touched()).toHaveLength(60);
  // Late: half as many come by C1 alone in both months, and the marches are as many as before.
  await settle(world, both(lost(march), lost(april)));
  await night('2026-05-11T03:00:00.000Z');
  expect(await touched()).toEqual([]);
  await night('2026-05-12T03:00:00.000Z', { refit: '2026-04' });
  const sizes = await rows('select month, paths, fitted_at from model_versions order by month');
  expect(sizes).toEqual([
    { month: '2026-03-01', paths: 90, fitted_at: '2026-05-10T03:00:00.000000Z' },
    { month: '2026-04-01', paths: 75, fitted_at: '2026-05-12T03:00:00.000000Z' },
  ]);
  // Now 30 of 75 convert, without C1 half as many: the effects are those of before, so nothing is credited anew.
  expect(await touched()).toEqual([]);
  // A chain of order 3 knows that only those who came by C1 convert: without it nothing is left.
  config = configOf([{ name: 'chain', type: 'markov', trainingDays: 31, order: 3 }]);
  await night('2026-05-13T03:00:00.000Z');
  expect(await rows('select distinct fitted_at from model_versions')).toEqual([{ fitted_at: '2026-05-13T03:00:00.000000Z' }]);
  expect(await rows('select distinct effect from channel_effects')).toEqual([{ effect: 1_000_000_000 }]);
  expect(await touched()).toHaveLength(60);
});

test('all fitted models learn from the same paths', async () => {
  config = configOf(['markov', 'shapley_rate', 'visit_scoring']);
  await settle(world, randomPopulation(randomNumbers(9), 60));
  await night('2026-06-10T03:00:00.000Z');
  const sizes = await rows(`
    select month, count(*) as models, count(distinct conversions) as conversions, count(distinct paths) as paths, max(paths) as most
    from model_versions group by month order by month`);
  expect(sizes.length).toBeGreaterThan(3);
  for (const { month, models: number, conversions, paths, most } of sizes) {
    expect({ month, number, conversions, paths }).toEqual({ month, number: 3, conversions: 1, paths: 1 });
    expect(most).toBeGreaterThan(0);
  }
});

describe('a night', () => {
  test('without the end of a month and without a change reads three small tables and writes nothing', async () => {
    await settle(world, bryl('2026-03', 30));
    await night('2026-04-10T03:00:00.000Z');
    await touched();
    const since = world.warehouse.statements.length;
    expect((await night('2026-04-11T03:00:00.000Z')).changes).toEqual({
      model_versions: { inserted: 0, updated: 0, deleted: 0 },
      channel_effects: { inserted: 0, updated: 0, deleted: 0 },
      applied_versions: { inserted: 0, updated: 0, deleted: 0 },
    });
    expect(written(since)).toEqual(['models: versions', 'models: months of conversions', 'models: applied versions']);
  });

  test('of a project without learned models looks once whether a former config left something, and removes it', async () => {
    await settle(world, bryl('2026-03', 30));
    await night('2026-04-10T03:00:00.000Z');
    config = configOf(['last_click']);
    await night('2026-04-11T03:00:00.000Z');
    for (const name of ['model_versions', 'channel_effects', 'applied_versions'])
      expect(await rows(`select count(*) as held from ${name}`), name).toEqual([{ held: 0 }]);
    const since = world.warehouse.statements.length;
    expect(await night('2026-04-12T03:00:00.000Z')).toEqual({ changes: {}, warnings: [] });
    expect(written(since)).toEqual(['models: versions of no model']);
  });

  test('with a model less removes its versions and keeps the others', async () => {
    await settle(world, bryl('2026-03', 30));
    await night('2026-04-10T03:00:00.000Z');
    const kept = await rows(`select * from channel_effects where model = 'markov' order by all`);
    config = configOf(['markov']);
    await night('2026-04-11T03:00:00.000Z');
    expect(await rows('select * from channel_effects order by all')).toEqual(kept);
    expect(await rows('select distinct model from model_versions')).toEqual([{ model: 'markov' }]);
    expect(await rows('select distinct model from applied_versions')).toEqual([{ model: 'markov' }]);
  });
});

test('the weights of a touch are the share of its channel, divided over its touches; of what no version knows there are none', async () => {
  await settle(world, bryl('2026-03', 30));
  await night('2026-04-10T03:00:00.000Z');
  const { joins, weight } = effectWeights(world.warehouse.dialect, { name: 'markov' });
  const paths = world.warehouse.dialect.values(
    'paths',
    { conversion_name: 'STRING', month: 'DATE', session_id: 'STRING', channel: 'STRING', channel_touches: 'INT64' },
    [
      ['lead', '2026-03-01', 'a', 'C1', 3],
      ['lead', '2026-04-01', 'b', 'C2', 1],
      ['lead', '2026-03-01', 'c', 'C9', 1],
      ['lead', '2026-01-01', 'd', 'C1', 1],
      ['mql', '2026-03-01', 'e', 'C1', 1],
    ],
  );
  const found = await world.warehouse.rows(
    sql`select session_id, ${weight} as weight from ${paths} ${joins!} order by ${raw('session_id')}`,
  );
  expect(found).toEqual([
    { session_id: 'a', weight: 66_666_666 },
    { session_id: 'b', weight: 400_000_000 },
    { session_id: 'c', weight: null },
    { session_id: 'd', weight: null },
    { session_id: 'e', weight: null },
  ]);
});
