import { afterAll, beforeAll, expect, test } from 'vitest';
import { randomNumbers } from '../../../testing/random.ts';
import { type World, openWorld } from '../../../testing/world.ts';
import { PARTS } from './chance.ts';
import { type VectorInput, MONTH, descend, stageVectors } from './testing/vectors.ts';
import { type Term, train } from './train.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const named = (terms: readonly Term[]) =>
  new Map(terms.map(({ feature, value, coefficient }) => [`${feature}=${value}`, coefficient / PARTS]));
/** Next to none, but enough to tell which of all coefficients that fit equally well is meant. */
const WEAK = 1e-6;

test('coronary heart disease by age: the published coefficients', async () => {
  // Hosmer, Lemeshow: Applied Logistic Regression, 2nd edition, tables 3.2 and 3.3: 2.094 for 55 years or more, constant −0.841.
  await stageVectors(world.warehouse, [
    { features: { channel: 'below 55' }, visits: 73, converted: 22 },
    { features: { channel: '55 or more' }, visits: 27, converted: 21 },
  ]);
  const terms = named((await train(world.warehouse, [MONTH], WEAK)).get(MONTH)!);
  expect(terms.get('channel=55 or more')! - terms.get('channel=below 55')!).toBeCloseTo(2.094, 3);
  const constant = [...terms].filter(([name]) => name !== 'channel=55 or more').reduce((sum, [, value]) => sum + value, 0);
  expect(constant).toBeCloseTo(-0.841, 3);
});

test('where every combination is told apart, each has the logarithm of its odds', async () => {
  const cells = [['a', 4, 1], ['b', 40, 30], ['c', 1000, 999]] as const; // prettier-ignore
  await stageVectors(
    world.warehouse,
    cells.map(([channel, visits, converted]) => ({ features: { channel }, visits, converted })),
  );
  const terms = named((await train(world.warehouse, [MONTH], WEAK)).get(MONTH)!);
  for (const [channel, visits, converted] of cells) {
    const others = cells.map(([name]) => `channel=${name}`).filter((name) => name !== `channel=${channel}`);
    const score = [...terms].filter(([name]) => !others.includes(name)).reduce((sum, [, value]) => sum + value, 0);
    expect(score, channel).toBeCloseTo(Math.log(converted / (visits - converted)), 4);
  }
});

/** Vectors at random; what came of them goes with their features. */
function vectors(month: string, next: (below: number) => number): VectorInput[] {
  return Array.from({ length: 25 }, () => {
    const features = { channel: ['Email', 'Display', 'Direct'][next(3)]!, engaged_seconds: next(5), visits_before: next(3) };
    const visits = 1 + next(30);
    const rate = (features.engaged_seconds + (features.channel === 'Email' ? 3 : 0)) / 10;
    return { month, features, visits, converted: Math.min(visits, Math.floor(visits * rate + next(2))) };
  });
}

test('months are fitted at once, each as gradient descent does it alone, without the held-out', async () => {
  const next = randomNumbers(5);
  const months = ['2026-01-01', '2026-02-01'];
  const inputs = new Map(months.map((month) => [month, vectors(month, next)]));
  const heldOut = vectors(months[0]!, next).map((input) => ({ ...input, isHeldOut: true, converted: 0 }));
  await stageVectors(world.warehouse, [...[...inputs.values()].flat(), ...heldOut]);
  const fitted = await train(world.warehouse, months);
  for (const month of months) {
    const expected = descend(inputs.get(month)!, 1);
    const found = named(fitted.get(month)!);
    expect([...found.keys()].toSorted()).toEqual([...expected.keys()].toSorted());
    for (const [name, value] of expected) expect(found.get(name), `${month} ${name}`).toBeCloseTo(value, 6);
    const email = fitted.get(month)!.find(({ value }) => value === 'Email')!;
    const ofEmail = inputs.get(month)!.filter(({ features }) => features!['channel'] === 'Email');
    expect(email.visits).toBe(ofEmail.reduce((sum, { visits }) => sum + visits, 0));
    expect(email.converted).toBe(ofEmail.reduce((sum, { converted }) => sum + converted, 0));
  }
  expect(fitted.get(months[0]!)).not.toEqual(fitted.get(months[1]!));
});

test('a value whose visits all converted has a finite coefficient', async () => {
  await stageVectors(world.warehouse, [
    { features: { channel: 'a' }, visits: 100_000, converted: 100_000 },
    { features: { channel: 'b' }, visits: 100_000, converted: 0 },
  ]);
  const terms = named((await train(world.warehouse, [MONTH])).get(MONTH)!);
  expect(terms.get('channel=a')).toBeGreaterThan(4);
  expect(terms.get('channel=a')).toBeLessThan(20);
  expect(terms.get('channel=b')).toBeCloseTo(-terms.get('channel=a')!, 6);
});
