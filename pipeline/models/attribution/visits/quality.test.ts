import { expect, test } from 'vitest';
import { randomNumbers } from '../../../testing/random.ts';
import { openWorld } from '../../../testing/world.ts';
import { PARTS } from './chance.ts';
import { qualityOf } from './quality.ts';
import { STAGED_VISIT_TERMS } from './tables.ts';
import { type VectorInput, MONTH, stageVectors } from './testing/vectors.ts';

const chanceOf = (score: number): number => 1 / (1 + Math.exp(-score));

/** Area by looking at every pair, half for equal scores. */
function areaByPairs(visits: readonly { readonly score: number; readonly isConverted: boolean }[]): number {
  let wins = 0;
  let pairs = 0;
  for (const one of visits.filter(({ isConverted }) => isConverted)) {
    for (const other of visits.filter(({ isConverted }) => !isConverted)) {
      pairs++;
      wins += one.score > other.score ? 1 : one.score === other.score ? 0.5 : 0;
    }
  }
  return wins / pairs;
}

test('held-out visits: area, log loss and calibration as they are defined, visit by visit', async () => {
  const world = await openWorld();
  const next = randomNumbers(3);
  const channels = Array.from({ length: 30 }, (_, i) => `channel ${String(i).padStart(2, '0')}`);
  // Two channels of one score each: there are ties between vectors too.
  const scores = new Map(channels.map((name, i) => [name, Math.floor(i / 2) / 4 - 2]));
  const inputs = channels.map((channel): VectorInput => {
    const visits = 1 + next(9);
    return { features: { channel }, isHeldOut: true, visits, converted: Math.min(visits, next(4)) };
  });
  // What was learned from is not looked at.
  await stageVectors(world.warehouse, [...inputs, { features: { channel: channels[0]! }, visits: 1000, converted: 1000 }]);
  const terms = await world.rows(`select distinct value, term from staged_visit_values where feature = 'channel'`);
  await world.load(
    STAGED_VISIT_TERMS,
    terms.map(({ value, term }) => ({ month: MONTH, term: term!, coefficient: scores.get(value as string)! * PARTS })),
  );

  const visits = inputs.flatMap(({ features, visits: all, converted }) =>
    Array.from({ length: all }, (_, i) => ({ score: scores.get(features!['channel'] as string)!, isConverted: i < converted })),
  );
  const loss = visits.reduce((sum, { score, isConverted }) => sum - Math.log(isConverted ? chanceOf(score) : 1 - chanceOf(score)), 0);
  const converted = visits.filter(({ isConverted }) => isConverted).length;
  const share = converted / visits.length;

  const found = (await qualityOf(world.warehouse)).get(MONTH)!;
  expect(found).toMatchObject({ visits: visits.length, converted });
  expect(found.auc).toBeCloseTo(areaByPairs(visits), 9);
  expect(found.logLoss).toBeCloseTo(loss / visits.length, 8);
  expect(found.logLossOfShare).toBeCloseTo(-share * Math.log(share) - (1 - share) * Math.log(1 - share), 8);
  expect(found.calibration.reduce((sum, bin) => sum + bin.visits, 0)).toBe(visits.length);
  expect(found.calibration.length).toBeGreaterThan(5);
  const predicted = found.calibration.map((bin) => bin.predicted);
  expect(predicted).toEqual(predicted.toSorted((a, b) => a - b));
  const total = (of: (bin: (typeof found.calibration)[number]) => number) =>
    found.calibration.reduce((sum, bin) => sum + bin.visits * of(bin), 0);
  expect(total((bin) => bin.converted)).toBeCloseTo(converted, 6);
  expect(total((bin) => bin.predicted)).toBeCloseTo(visits.reduce((sum, { score }) => sum + chanceOf(score), 0), 6); // prettier-ignore
  await world.close();
});

test('without visits of both kinds there is no area, and a month without held-out visits is missing', async () => {
  const world = await openWorld();
  await stageVectors(world.warehouse, [{ isHeldOut: true, visits: 3, converted: 0 }]);
  const [term] = await world.rows(`select term from staged_visit_values where feature = 'channel'`);
  await world.load(STAGED_VISIT_TERMS, [{ month: MONTH, term: term!['term']!, coefficient: -20 * PARTS }]);
  const found = await qualityOf(world.warehouse);
  expect(found.get(MONTH)).toMatchObject({ visits: 3, converted: 0, auc: null, calibration: [{ visits: 3, converted: 0 }] });
  expect([...found.keys()]).toEqual([MONTH]);
  await world.close();
});
