import { describe, expect, test } from 'vitest';
import { randomNumbers } from '../../../testing/random.ts';
import { chainOf } from './chain.ts';
import { conversionProbability, eliminated, followed, removalEffects } from './markov.ts';
import { byPowers } from './testing/brute-force.ts';
import { type TestPath, transitionsOf } from './testing/paths.ts';

const effectsOf = (paths: readonly TestPath[], order = 1) =>
  Object.fromEntries(removalEffects(chainOf(transitionsOf(paths, order), order)).map(({ channel, effect }) => [channel, effect]));

/** Bryl's example: C1 → C2 → C3 → conversion; C1 → nothing; C2 → C3 → nothing. */
const BRYL: readonly TestPath[] = [
  { channels: [1, 2, 3], converts: true, count: 1 },
  { channels: [1], converts: false, count: 1 },
  { channels: [2, 3], converts: false, count: 1 },
];

/** Random paths over some channels, of which more are short than long. */
function randomPaths(seed: number, channels: number, count: number): TestPath[] {
  const next = randomNumbers(seed);
  return Array.from({ length: count }, () => ({
    channels: Array.from({ length: 1 + Math.min(next(4), next(7)) }, () => 1 + next(channels)),
    converts: next(3) === 0,
    count: 1 + next(5),
  }));
}

describe('removal effects', () => {
  test("are those of Bryl's three paths: 1/2, 1 and 1, where one in three converts", () => {
    expect(conversionProbability(chainOf(transitionsOf(BRYL, 1), 1))).toBeCloseTo(1 / 3, 15);
    const effects = effectsOf(BRYL);
    expect(effects[1]).toBeCloseTo(0.5, 15);
    expect([effects[2], effects[3]]).toEqual([1, 1]);
  });

  test('are those of a chain solved by hand', () => {
    // 1 → 2 → conversion, 2 → 1 → nothing, 2 → conversion: from 1 half go to 2, half to nothing; from 2 a third to 1, two thirds convert.
    // P = x/3 + 2y/3 with x = y/2, y = x/3 + 2/3, so y = 4/5, x = 2/5, P = 2/3. Without 1: 2/3 · 2/3 = 4/9. Without 2: 0.
    const paths: TestPath[] = [
      { channels: [1, 2], converts: true, count: 1 },
      { channels: [2, 1], converts: false, count: 1 },
      { channels: [2], converts: true, count: 1 },
    ];
    expect(conversionProbability(chainOf(transitionsOf(paths, 1), 1))).toBeCloseTo(2 / 3, 15);
    const effects = effectsOf(paths);
    expect(effects[1]).toBeCloseTo(1 / 3, 15);
    expect(effects[2]).toBe(1);
  });

  test('of paths of one touch share as the last click does', () => {
    const paths: TestPath[] = [
      { channels: [1], converts: true, count: 6 },
      { channels: [1], converts: false, count: 94 },
      { channels: [2], converts: true, count: 3 },
      { channels: [3], converts: false, count: 50 },
    ];
    const effects = effectsOf(paths);
    expect(effects[1]).toBeCloseTo(6 / 9, 14);
    expect(effects[2]).toBeCloseTo(3 / 9, 14);
    expect(effects[3]).toBeCloseTo(0, 14);
  });

  test('do not see how long a path stays on a channel, at order 1', () => {
    const stays: TestPath[] = [{ channels: [1, 1, 1, 2, 2, 3], converts: true, count: 1 }, ...BRYL.slice(1)];
    const effects = effectsOf(stays);
    expect(effects[1]).toBeCloseTo(0.5, 14);
  });

  test('are 0 where no path converted', () => {
    expect(effectsOf([{ channels: [1, 2], converts: false, count: 9 }])).toEqual({ 1: 0, 2: 0 });
    expect(removalEffects(chainOf([], 1))).toEqual([]);
  });

  test.each([1, 2, 3])('of order %i agree on random chains with the powers of the whole matrix, solved either way', (order) => {
    for (let seed = 1; seed <= 6; seed++) {
      const paths = randomPaths(seed * 10 + order, 4, 20);
      const chain = chainOf(transitionsOf(paths, order), order);
      for (const removed of [undefined, 1, 2, 3, 4]) {
        const expected = byPowers(chain, removed);
        expect(eliminated(chain, removed), `seed ${seed} without ${removed}`).toBeCloseTo(expected, 12);
        expect(followed(chain, removed), `seed ${seed} without ${removed}`).toBeCloseTo(expected, 12);
      }
      // What does not depend on the order: as many convert as did.
      const converted = paths.filter(({ converts }) => converts).reduce((sum, { count }) => sum + count, 0);
      const all = paths.reduce((sum, { count }) => sum + count, 0);
      expect(conversionProbability(chain)).toBeCloseTo(converted / all, 13);
    }
  });

  test.each([1, 2, 3])('of order %i do not depend on which number a channel has', (order) => {
    const paths = randomPaths(77, 4, 30);
    const other = [0, 3, 1, 4, 2];
    const effects = effectsOf(paths, order);
    const renamed = effectsOf(
      paths.map((path) => ({ ...path, channels: path.channels.map((channel) => other[channel]!) })),
      order,
    );
    for (const channel of [1, 2, 3, 4]) expect(renamed[other[channel]!]).toBeCloseTo(effects[channel]!, 12);
  });

  test('see what a chain of order 1 forgets: which channel stood before', () => {
    // 1 → 3 always converts, 2 → 3 never: at order 1 half of those who leave 3 convert, whichever way they came.
    const paths: TestPath[] = [
      { channels: [1, 3], converts: true, count: 1 },
      { channels: [2, 3], converts: false, count: 1 },
    ];
    expect(effectsOf(paths, 1)[2]).toBeCloseTo(0.5, 14);
    expect(effectsOf(paths, 2)[2]).toBeCloseTo(0, 14);
  });
});

test('a state of more channels than the order is of another chain', () => {
  expect(() => chainOf([{ recent: [1, 2], isFirst: true, next: 'nothing', count: 1 }], 1)).toThrow('order 1 has 1 to 1 channels, not 2');
});
