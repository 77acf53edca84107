import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ModelOf, modelsOf } from '../../../config/attribution.ts';
import { type World, openWorld } from '../../../testing/world.ts';
import { type VisitParameters, type VisitScoringVersion, fitVisitScoring } from './fit.ts';
import type { VisitQuality } from './quality.ts';
import { ALIKE, LEARNED, visitors } from './testing/groups.ts';
import { loadVisitors } from './testing/visitors.ts';

const NOW = '2026-07-01T03:00:00.000Z';
const MARCH = { month: '2026-03-01', from: '2026-01-01T00:00:00.000Z', to: '2026-04-01T00:00:00.000Z' };
const APRIL = { month: '2026-04-01', from: '2026-04-01T00:00:00.000Z', to: '2026-05-01T00:00:00.000Z' };

let world: World;
beforeEach(async () => {
  world = await openWorld({ attribution: { models: ['visit_scoring'] } });
});
afterEach(() => world.close());

const fit = (windows = [MARCH]): Promise<VisitScoringVersion[]> =>
  fitVisitScoring({ ...world, now: NOW }, modelsOf(world.config)[0] as ModelOf<'visit_scoring'>, 'lead', windows);

test('a version says what it has learned, and how well it tells held-out persons apart', async () => {
  await loadVisitors(world, visitors([...LEARNED, ...ALIKE]));
  const [version] = await fit();
  expect(version).toMatchObject({
    model: 'visit_scoring',
    conversion_name: 'lead',
    month: MARCH.month,
    fitted_at: NOW,
    status: 'fitted',
    notice: null,
    trained_from: MARCH.from,
    trained_to: MARCH.to,
    conversions: 60,
    paths: 120,
  });
  const { weights, intercept } = JSON.parse(version!.parameters) as VisitParameters;
  const ofChannel = weights.filter(({ feature }) => feature === 'channel');
  expect(ofChannel).toMatchObject([
    { value: 'good', says: 'Channel: good', visits: 50, converted: 40 },
    { value: 'poor', says: 'Channel: poor', visits: 50, converted: 10 },
  ]);
  // Drawn a little towards 0 by the ridge: without it both would have half of the logarithm of 4 : 1 over 1 : 4.
  const [good, poor] = ofChannel.map(({ coefficient }) => coefficient) as [number, number];
  expect(good).toBeCloseTo(-poor, 6);
  expect(good).toBeGreaterThan(1.2);
  expect(good).toBeLessThan(Math.log(4));
  expect(intercept).toBeCloseTo(0, 6);
  expect(weights.find(({ feature }) => feature === 'seconds_since')).toMatchObject({
    says: 'Time since the visit before: no visit before',
  });
  const quality = JSON.parse(version!.quality) as VisitQuality;
  // 9 of 10 have the higher score, one an equal one.
  expect(quality).toMatchObject({ visits: 20, converted: 10, auc: 0.95 });
  expect(quality.logLoss).toBeLessThan(quality.logLossOfShare);
  expect(quality.calibration).toMatchObject([
    { visits: 11, converted: 0.090909091 },
    { visits: 9, converted: 1 },
  ]);
  expect(await world.rows(`select coefficient from visit_coefficients where value in ('good', 'poor') order by value`)).toEqual([
    { coefficient: Math.round(good * 1e9) },
    { coefficient: Math.round(poor * 1e9) },
  ]);
  for (const name of ['vectors', 'values', 'terms']) expect(await world.rows(`select * from staged_visit_${name}`)).toEqual([]);
});

test('it is the same version whatever the order of the rows', async () => {
  const all = visitors([...LEARNED, ...ALIKE]);
  await loadVisitors(world, all);
  const version = await fit();
  const other = await openWorld({ attribution: { models: ['visit_scoring'] } });
  await loadVisitors(other, all.toReversed());
  expect(await fitVisitScoring({ ...other, now: NOW }, modelsOf(other.config)[0] as ModelOf<'visit_scoring'>, 'lead', [MARCH])).toEqual(
    version,
  );
  await other.close();
});

test.each([
  [
    'one person too few who converted',
    [{ ...LEARNED[0]!, persons: 39 }, ...LEARNED.slice(1)],
    /^too little to learn from: 49 persons with sessions converted, 50 are needed/,
  ],
  [
    'one path too few that did not convert',
    [...LEARNED.slice(0, 3), { ...LEARNED[3]!, persons: 39 }],
    /^too little to learn from: 49 paths without a conversion, 50 are needed/,
  ],
] as const)('%s: too little data, and it says so', async (_, groups, notice) => {
  await loadVisitors(world, visitors([...groups, ...ALIKE]));
  const [version] = await fit();
  expect(version).toMatchObject({ status: 'too_little_data', notice: expect.stringMatching(notice), parameters: '{}', quality: '{}' });
  expect(await world.rows('select * from visit_coefficients')).toEqual([]);
});

test('where it does no better than guessing it is not used, and nothing to judge it by is no better', async () => {
  const unlike = ALIKE.map((group) => ({ ...group, converts: !group.converts }));
  await loadVisitors(world, visitors([...LEARNED, ...unlike]));
  const [version] = await fit();
  expect(version).toMatchObject({ status: 'too_little_data', notice: expect.stringMatching(/^no better than guessing: AUC 0\.050 /) });
  expect(JSON.parse(version!.quality)).toMatchObject({ auc: 0.05 });
  const other = await openWorld({ attribution: { models: ['visit_scoring'] } });
  await loadVisitors(other, visitors(LEARNED));
  expect(
    await fitVisitScoring({ ...other, now: NOW }, modelsOf(other.config)[0] as ModelOf<'visit_scoring'>, 'lead', [MARCH]),
  ).toMatchObject([{ status: 'too_little_data', notice: expect.stringMatching(/^no held-out person to judge it by/) }]);
  await other.close();
});

test('what is fitted again takes the place of what was, and other months stay', async () => {
  await loadVisitors(world, visitors([...LEARNED, ...ALIKE, ...LEARNED.map((group) => ({ ...group, month: '2026-04' }))]));
  const months = () => world.rows(`select month, count(*) as terms from visit_coefficients group by month order by month`);
  const versions = await fit([MARCH, APRIL]);
  // None is held out in April.
  expect(versions.map(({ month, status }) => [month, status])).toEqual([
    [MARCH.month, 'fitted'],
    [APRIL.month, 'too_little_data'],
  ]);
  const stored = await months();
  expect(stored).toEqual([{ month: MARCH.month, terms: expect.any(Number) }]);
  expect(await fit([MARCH])).toEqual([versions[0]]);
  await fit([APRIL]);
  expect(await months()).toEqual(stored);
});
