import { describe, expect, test } from 'vitest';
import { randomNumbers } from '../../testing/random.ts';
import { FEWEST_CONVERSIONS, type LagCell, lagDistribution } from './lag.ts';

const cell = (age: number, lag: number, credit: number): LagCell => ({ age, lag, credit });

describe('the days from click to conversion', () => {
  test('by hand: three days of clicks, of which the later ones are not seen to their end', () => {
    // Conversions by delay:        0 days  1 day  2 days
    // clicks of 2 days ago            60     30      10
    // clicks of yesterday             40     20
    // clicks of today                 20
    const found = lagDistribution([cell(2, 0, 60), cell(2, 1, 30), cell(2, 2, 10), cell(1, 0, 40), cell(1, 1, 20), cell(0, 0, 20)])!;
    expect([found.horizonDays, found.conversions]).toEqual([2, 180]);
    // After two days: all of 100. After one: 1 − 10/100. On the day: that × (1 − (30 + 20) / (90 + 60)).
    const shares = [-1, 0, 1, 2, 3, 1000].map((age) => found.share(age));
    [0, 0.6, 0.9, 1, 1, 1].forEach((share, i) => expect(shares[i]).toBeCloseTo(share, 12));
    // Counting alone would say that (60 + 40 + 20) / 180 come on the day: too many by far of the late ones are unseen.
    expect(found.share(0)).toBeLessThan(120 / 180);
  });

  test('where all clicks are old enough it is what is counted', () => {
    const found = lagDistribution([cell(90, 0, 50), cell(90, 7, 30), cell(80, 7, 10), cell(70, 30, 10)])!;
    expect([found.horizonDays, found.share(0), found.share(6)]).toEqual([90, 0.5, 0.5]);
    expect(found.share(7)).toBeCloseTo(0.9, 12);
    expect(found.share(29)).toBeCloseTo(0.9, 12);
    expect(found.share(30)).toBe(1);
  });

  test('a delay that too few conversions could show is none that is known of', () => {
    const many = [cell(10, 0, FEWEST_CONVERSIONS), cell(10, 3, 20)];
    // Of clicks of 200 days ago there are 49 conversions: what they say of delays beyond 10 days is not enough.
    const old = [cell(200, 0, FEWEST_CONVERSIONS - 2), cell(200, 150, 1)];
    expect(lagDistribution([...many, ...old])!.horizonDays).toBe(10);
    expect(lagDistribution([...many, cell(200, 0, FEWEST_CONVERSIONS)])!.horizonDays).toBe(200);
  });

  test('with too few conversions there is none', () => {
    expect(lagDistribution([])).toBeUndefined();
    expect(lagDistribution([cell(30, 2, FEWEST_CONVERSIONS - 0.001)])).toBeUndefined();
    expect(lagDistribution([cell(30, 2, FEWEST_CONVERSIONS)])).toBeDefined();
  });

  test.each([1, 2, 3, 4, 5])('finds the distribution that a world of 60 days was made with: seed %i', (seed) => {
    // Delays of a geometric law of 7 days in the middle, cut at 45; every day of 60 has 400 clicks that will convert.
    const random = randomNumbers(seed);
    const law = Array.from({ length: 46 }, (_, lag) => 0.5 ** (lag / 7) - 0.5 ** ((lag + 1) / 7));
    const all = law.reduce((total, part) => total + part, 0);
    const truth = law.map((_, age) => law.slice(0, age + 1).reduce((total, part) => total + part, 0) / all);
    const counts = new Map<string, LagCell>();
    for (let age = 0; age < 60; age++) {
      for (let click = 0; click < 400; click++) {
        const at = random(1_000_000) / 1_000_000;
        const lag = truth.findIndex((share) => at < share);
        if (lag > age) continue;
        const key = `${age} ${lag}`;
        counts.set(key, cell(age, lag, (counts.get(key)?.credit ?? 0) + 1));
      }
    }
    const cells = [...counts.values()];
    const found = lagDistribution(cells)!;
    for (const age of [0, 3, 7, 14, 30]) expect(Math.abs(found.share(age) - truth[age]!)).toBeLessThan(0.025);
    // Without regard to what is unseen the same conversions say something else.
    const naive = cells.filter(({ lag }) => lag <= 7).reduce((total, { credit }) => total + credit, 0) / found.conversions;
    expect(naive - truth[7]!).toBeGreaterThan(0.05);
  });
});
