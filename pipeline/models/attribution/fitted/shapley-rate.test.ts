import { describe, expect, test } from 'vitest';
import { randomNumbers } from '../../../testing/random.ts';
import { type ChannelSetCount, exactValues, sampledValues, shapleyValues } from './shapley-rate.ts';
import { overAllOrders } from './testing/brute-force.ts';

const valuesOf = (sets: readonly ChannelSetCount[]) =>
  Object.fromEntries(shapleyValues(sets).map(({ channel, value }) => [channel, value]));

const only = (channels: number[], conversions: number, paths = conversions): ChannelSetCount => ({ channels, conversions, paths });

function randomSets(seed: number, channels: number, count: number): ChannelSetCount[] {
  const next = randomNumbers(seed);
  const all = Array.from({ length: channels }, (_, i) => i + 1);
  return Array.from({ length: count }, () => {
    const some = all.filter(() => next(3) === 0);
    const paths = 1 + next(30);
    return { channels: some.length === 0 ? [1 + next(channels)] : some, paths, conversions: next(paths + 1) };
  });
}

describe('values of the conversion rate', () => {
  test('are those of a game solved by hand', () => {
    // v({1}) = 1/4, v({2}) = 0 (nobody came by 2 alone), v({1, 2}) = 4/8: φ(1) = (1/4 + 1/2) / 2, φ(2) = (1/4 + 0) / 2.
    const values = valuesOf([only([1], 1, 4), only([1, 2], 3, 4)]);
    expect(values[1]).toBeCloseTo(3 / 8, 15);
    expect(values[2]).toBeCloseTo(1 / 8, 15);
  });

  test('are equal where every path has every channel: the vector a > b > c > d of ten', () => {
    for (const value of Object.values(valuesOf([only([1, 2, 3, 4], 10)]))) expect(value).toBeCloseTo(1 / 4, 15);
  });

  test('of one channel are its conversion rate', () => {
    expect(valuesOf([only([1], 5, 20)])).toEqual({ 1: 0.25 });
    expect(valuesOf([])).toEqual({});
  });

  test('of a channel that never converts are below 0, by what it takes from the rate', () => {
    // v({1}) = 1/2, v({2}) = 0, v({1, 2}) = 1/4: φ(1) = (1/2 + 1/4) / 2, φ(2) = (0 − 1/4) / 2.
    const values = valuesOf([only([1], 5, 10), only([2], 0, 10)]);
    expect(values[1]).toBeCloseTo(3 / 8, 15);
    expect(values[2]).toBeCloseTo(-1 / 8, 15);
  });

  test.each([2, 3, 4, 5, 6, 7])('of %i channels agree with all orders of them', (count) => {
    const players = Array.from({ length: count }, (_, i) => i + 1);
    for (const seed of count < 7 ? [1, 2, 3, 4] : [1]) {
      const sets = randomSets(seed, count, 12);
      const present = players.filter((player) => sets.some(({ channels }) => channels.includes(player)));
      const expected = overAllOrders(sets, present);
      const found = shapleyValues(sets);
      expect(found.map(({ channel }) => channel)).toEqual(present);
      for (const { channel, value } of found) expect(value).toBeCloseTo(expected.get(channel)!, 12);
    }
  });

  test('sum to the conversion rate of all paths, exact or sampled, and do not depend on numbers', () => {
    for (const channels of [12, 15, 16, 20]) {
      const sets = randomSets(channels, channels, 60);
      const sum = shapleyValues(sets).reduce((all, { value }) => all + value, 0);
      const paths = sets.reduce((all, one) => all + one.paths, 0);
      expect(sum).toBeCloseTo(sets.reduce((all, one) => all + one.conversions, 0) / paths, 12);
    }
    const sets = randomSets(5, 6, 20);
    const renamed = valuesOf(sets.map((set) => ({ ...set, channels: set.channels.map((channel) => 60 - channel * 7) })));
    for (const [channel, value] of Object.entries(valuesOf(sets))) expect(renamed[60 - Number(channel) * 7]).toBeCloseTo(value, 12);
  });

  test('that are sampled lie within four of their standard errors of the exact ones, and are the same again', () => {
    const sets = randomSets(3, 10, 40);
    const channels = Array.from({ length: 10 }, (_, i) => i + 1);
    const exact = exactValues(sets, channels);
    const sampled = sampledValues(sets, channels);
    sampled.forEach(({ value, error }, i) => {
      expect(error).toBeGreaterThan(0);
      expect(error).toBeLessThan(0.01);
      expect(Math.abs(value - exact[i]!.value)).toBeLessThan(4 * error!);
    });
    expect(sampledValues(sets, channels)).toEqual(sampled);
    expect(shapleyValues(randomSets(1, 16, 40)).every(({ error }) => error !== undefined)).toBe(true);
  });
});
