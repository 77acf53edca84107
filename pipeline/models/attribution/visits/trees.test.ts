import { afterEach, beforeEach, expect, test } from 'vitest';
import { Config } from '../../../config/schema.ts';
import { UserError } from '../../../config/user-error.ts';
import { type World, openWorld } from '../../../testing/world.ts';
import { forgetDefinitions } from '../../definitions.ts';
import { attribution } from '../attribution.ts';
import { models } from '../fitted/models-step.ts';
import type { VisitQuality } from './quality.ts';
import { ALIKE, LEARNED, visitors } from './testing/groups.ts';
import { StandInTrees } from './testing/stand-in-trees.ts';
import { loadVisitors } from './testing/visitors.ts';
import { TREE_OPTIONS, type TreeParameters } from './trees.ts';

const MODEL = { name: 'trees', type: 'visit_scoring', learner: 'boosted_trees', trainingDays: 90 } as const;
const configOf = (given: readonly object[]): Config =>
  Config.parse({
    project: { name: 'Test', timeZone: 'UTC', currency: 'EUR' },
    conversions: [{ name: 'lead', label: 'Lead', sql: 'lead.sql' }],
    attribution: { models: given },
  });
const CONFIG = configOf([MODEL]);

/** March is settled on the eighth of April. */
const NOW = '2026-04-09T03:00:00.000Z';
const MAY = '2026-05-09T03:00:00.000Z';

let world: World;
let trees: StandInTrees;
beforeEach(async () => {
  world = await openWorld({});
  trees = StandInTrees.in(world.warehouse);
});
afterEach(() => world.close());

const night = async (now = NOW, config = CONFIG, refit?: string) => {
  const context = { warehouse: world.warehouse, config, configFolder: world.folder, now, refit };
  const { warnings } = await models(context);
  await attribution(context);
  return warnings;
};
const versions = () =>
  world.rows(
    `select month, status, notice, conversions, paths, cast(parameters as varchar) as parameters, cast(quality as varchar) as quality
     from model_versions order by month`,
  );
const treesOf = async () => (await versions()).map(({ parameters }) => (JSON.parse(parameters as string) as TreeParameters).trees);
const CREDITS = 'select conversion_id, session_id, credit from attribution order by conversion_id, session_id';

/** One who came by the poor channel, then by the good one, then by one that nobody knows, and converted. */
const BY_THREE = {
  person: 'q',
  key: 9001,
  visits: [
    { at: '2026-04-01 10:00', channel: 'poor' },
    { at: '2026-04-02 10:00', channel: 'good' },
    { at: '2026-04-03 10:00', channel: 'new' },
  ],
  conversions: { q: '2026-04-04 10:00' },
};

test('a version names its trees, says what they look at, and how well they tell held-out persons apart', async () => {
  await loadVisitors(world, visitors([...LEARNED, ...ALIKE]));
  await night();
  const [version, ...more] = await versions();
  expect(more).toEqual([]);
  expect(version).toMatchObject({ month: '2026-03-01', status: 'fitted', notice: null, conversions: 60, paths: 120 });
  expect(JSON.parse(version!['parameters'] as string)).toEqual({
    trainer: 'boosted_trees',
    trees: expect.stringMatching(/^visit_trees_trees_lead_202603_[0-9a-f]{12}$/),
    options: TREE_OPTIONS,
    // 3 splits of 2 and 2 of 1.
    importance: [
      { feature: 'channel', says: 'Channel', splits: 3, share: 0.75 },
      { feature: 'visits_before', says: 'Visits before', splits: 2, share: 0.25 },
    ],
  });
  const quality = JSON.parse(version!['quality'] as string) as VisitQuality;
  // Nine of ten who converted have the higher chance, one has that of the others; 0.8 and 0.2 were learned.
  expect(quality).toMatchObject({ visits: 20, converted: 10, auc: 0.95 });
  expect(quality.calibration).toEqual([
    { visits: 11, predicted: 0.2, converted: 0.090909091 },
    { visits: 9, predicted: 0.8, converted: 1 },
  ]);
  expect(quality.logLoss).toBeCloseTo((-19 * Math.log(0.8) - Math.log(0.2)) / 20, 8);
  expect(quality.logLossOfShare).toBeCloseTo(Math.log(2), 8);
  // The chances are those of the two kinds of visits there are; nothing of the training is left.
  expect(await world.rows('select channel, chance from visit_chances order by channel')).toEqual([
    { channel: 'good', chance: 800_000_000 },
    { channel: 'poor', chance: 200_000_000 },
  ]);
  for (const name of ['vectors', 'values', 'terms', 'training', 'unscored'])
    expect(await world.rows(`select * from staged_visit_${name}`), name).toEqual([]);
});

test('a touch has what it raised the chance by, also after visits that nobody had when the trees were grown', async () => {
  await loadVisitors(world, [...visitors([...LEARNED, ...ALIKE]), BY_THREE]);
  await night();
  // 0.2, 0.8, and 0.5 of a channel that is not known: a fall.
  expect(await world.rows(CREDITS.replace('order by', `where conversion_id = 'q' order by`))).toEqual([
    { conversion_id: 'q', session_id: 'q-s0', credit: 250_000_000 },
    { conversion_id: 'q', session_id: 'q-s1', credit: 750_000_000 },
  ]);
  expect(trees.log.map((done) => done.split(' ')[0])).toEqual(['grow', 'ask', 'ask']);
});

test('a night asks nothing twice, and a rebuild replays what was said', async () => {
  await loadVisitors(world, [...visitors([...LEARNED, ...ALIKE]), BY_THREE]);
  await night();
  const credits = await world.rows(CREDITS);
  const said = trees.log.length;
  await night();
  await forgetDefinitions(world.warehouse, ['attribution']);
  await night();
  expect(trees.log).toHaveLength(said);
  expect(await world.rows(CREDITS)).toEqual(credits);
});

test('a refit grows new trees, credits by them, and removes the former ones', async () => {
  await loadVisitors(world, visitors([...LEARNED, ...ALIKE]));
  await night();
  const [former] = await treesOf();
  await loadVisitors(world, [
    BY_THREE,
    ...visitors([{ persons: 100, channel: 'good', converts: false }]).map((one) => ({
      ...one,
      person: `z${one.person}`,
      key: one.key + 50_000,
    })),
  ]);
  await night(MAY.replace('05-09', '04-10'), CONFIG, '2026-03');
  const [now, ...more] = await treesOf();
  expect(more).toEqual([]);
  expect(now).not.toBe(former);
  expect([...trees.grown.keys()]).toEqual([now]);
  expect(await world.rows('select distinct trees from visit_chances')).toEqual([{ trees: now }]);
  expect(await world.rows('select trees, model, conversion_name, month from visit_trees')).toEqual([
    { trees: now, model: 'trees', conversion_name: 'lead', month: '2026-03-01' },
  ]);
});

test.each([
  // Before the trees are grown, and before they have said anything.
  'grow',
  'ask',
])('a run that is killed (%s) leaves nothing behind once the next one is through', async (at) => {
  await loadVisitors(world, visitors([...LEARNED, ...ALIKE]));
  trees.before = (done) => {
    if (done.startsWith(at)) throw new Error('killed');
  };
  await expect(night()).rejects.toThrow('killed');
  expect(await world.rows('select count(*) as noted from visit_trees')).toEqual([{ noted: 1 }]);
  trees.before = () => undefined;
  await night(NOW.replace('04-09', '04-10'));
  const names = await treesOf();
  expect([...trees.grown.keys()]).toEqual(names);
  expect(await world.rows('select trees from visit_trees')).toEqual([{ trees: names[0] }]);
});

test('a run that is killed during a refit leaves the former version and its credits', async () => {
  await loadVisitors(world, visitors([...LEARNED, ...ALIKE]));
  await night();
  const [before, credits] = [await versions(), await world.rows(CREDITS)];
  trees.before = (done) => {
    if (done.startsWith('ask')) throw new Error('killed');
  };
  await expect(night(NOW.replace('04-09', '04-10'), CONFIG, '2026-03')).rejects.toThrow('killed');
  trees.before = () => undefined;
  await forgetDefinitions(world.warehouse, ['attribution']);
  await night(NOW.replace('04-09', '04-11'));
  expect(await versions()).toEqual(before);
  expect(await world.rows(CREDITS)).toEqual(credits);
  expect([...trees.grown.keys()]).toEqual(await treesOf());
});

test('trees that somebody has deleted are missed once they are needed, and a refit grows them anew', async () => {
  await loadVisitors(world, visitors([...LEARNED, ...ALIKE]));
  await night();
  trees.grown.clear();
  // What they have said stands.
  await forgetDefinitions(world.warehouse, ['attribution']);
  await night();
  await loadVisitors(world, [BY_THREE]);
  await forgetDefinitions(world.warehouse, ['attribution']);
  const error = await night().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UserError);
  expect((error as UserError).message).toContain(
    'the version of 2026-03 of attribution model trees, conversion lead needs these trees, and they are not in the dataset any more',
  );
  expect((error as UserError).message).toContain('"touchtrail run --refit 2026-03" grows them anew');
  await night(NOW.replace('04-09', '04-10'), CONFIG, '2026-03');
  expect(await world.rows(CREDITS.replace('order by', `where conversion_id = 'q' order by`))).toHaveLength(2);
});

test('trees of a model that is gone, or learns otherwise, are removed', async () => {
  await loadVisitors(world, visitors([...LEARNED, ...ALIKE]));
  await night();
  await night(NOW, configOf([{ ...MODEL, learner: 'logistic_regression' }]));
  expect(trees.grown.size).toBe(0);
  expect(await world.rows("select count(*) as coefficients from visit_coefficients where feature = 'channel'")).toEqual([
    { coefficients: 2 },
  ]);
  await night();
  expect(trees.grown.size).toBe(1);
  expect(await world.rows('select * from visit_coefficients')).toEqual([]);
  await night(NOW, configOf([{ name: 'first_click', type: 'first_click' }]));
  for (const table of ['visit_trees', 'visit_chances', 'model_versions'])
    expect(await world.rows(`select * from ${table}`), table).toEqual([]);
  expect(trees.grown.size).toBe(0);
});

test('too little data grows nothing, and guesses are not kept', async () => {
  await loadVisitors(world, visitors([{ ...LEARNED[0]!, persons: 39 }, ...LEARNED.slice(1), ...ALIKE]));
  expect(await night()).toEqual([expect.stringContaining('49 persons with sessions converted, 50 are needed')]);
  expect(trees.log).toEqual([]);
  const other = await openWorld({});
  const others = StandInTrees.in(other.warehouse);
  await loadVisitors(other, visitors([...LEARNED, ...ALIKE.map((group) => ({ ...group, converts: !group.converts }))]));
  const { warnings } = await models({ warehouse: other.warehouse, config: CONFIG, configFolder: other.folder, now: NOW });
  expect(warnings).toEqual([expect.stringContaining('no better than guessing: AUC 0.050')]);
  expect(others.log.map((done) => done.split(' ')[0])).toEqual(['grow', 'ask', 'drop']);
  await other.close();
});

test('an engine that grows none says so', async () => {
  Object.assign(world.warehouse, { boostedTrees: undefined });
  await loadVisitors(world, visitors([...LEARNED, ...ALIKE]));
  await expect(night()).rejects.toThrow(UserError);
  await expect(night()).rejects.toThrow('attribution model trees: "boosted_trees" are learned by BigQuery ML');
});

test('to name the default learner is no other definition', async () => {
  await loadVisitors(world, visitors([...LEARNED, ...ALIKE]));
  const plain = { name: 'trees', type: 'visit_scoring', trainingDays: 90 };
  await night(NOW, configOf([plain]));
  const fitted = await world.rows('select definition_hash, fitted_at from model_versions');
  await night(NOW.replace('04-09', '04-10'), configOf([{ ...plain, learner: 'logistic_regression' }]));
  expect(await world.rows('select definition_hash, fitted_at from model_versions')).toEqual(fitted);
});
