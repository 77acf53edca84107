import { describe, expect, test } from 'vitest';
import { medianBy, percentile } from './figures.ts';

test.each([
  [[1], 0.99, 1],
  [[1, 2, 3, 4], 0.5, 2],
  [[1, 2, 3, 4], 0.51, 3],
  [Array.from({ length: 100 }, (_, i) => i + 1), 0.99, 99],
  [Array.from({ length: 101 }, (_, i) => i + 1), 0.99, 100],
  [[1, 2, 3], 0, 1],
  [[1, 2, 3], 1, 3],
])('of %j the percentile %d is %d', (values, share, expected) => {
  expect(percentile(values, share)).toBe(expected);
});

describe('the round in the middle', () => {
  test.each([
    [[5], 5],
    [[9, 1, 5], 5],
    [[10, 9, 1, 2], 2],
  ])('of %j is that of %d', (ratios, expected) => {
    const rounds = ratios.map((ratio) => ({ ratio }));
    expect(medianBy(rounds, ({ ratio }) => ratio)).toBe(rounds[ratios.indexOf(expected)]);
  });
});

test('nothing has neither', () => {
  expect(() => percentile([], 0.5)).toThrow('no values');
  expect(() => medianBy([], () => 0)).toThrow('nothing');
});
