import { describe, expect, test } from 'vitest';
import { atLeast, atMost, compared, measured, median, missing } from './figure.ts';

describe('a bound', () => {
  test.each([
    [atMost(5000), 5000, true],
    [atMost(5000), 5001, false],
    [atLeast(5000), 5000, true],
    [atLeast(5000), 4999, false],
  ])('%j of %d holds: %s', (bound, value, holds) => {
    expect(measured({ name: 'n', unit: 'B', value, bound }).holds).toBe(holds);
  });

  test('that is not there always holds, whatever the aim', () => {
    expect(measured({ name: 'n', unit: 'B', value: 9e9, aim: 1 }).holds).toBe(true);
  });

  test.each([
    [40, true],
    [41, false],
  ])('of a comparison is one of the ratio to the first reference: %d ms beside 20 ms, at most 2×: %s', (value, holds) => {
    const reference = [
      { name: 'first', value: 20 },
      { name: 'second', value: 1 },
    ] as const;
    const figure = compared({ name: 'n', unit: 'ms', value, reference, bound: atMost(2) });
    expect(figure).toMatchObject({ value, ratio: value / 20, holds });
  });

  test.each([0, -3, Number.NaN])('of a comparison with a reference of %d does not hold and gives no ratio', (value) => {
    const figure = compared({ name: 'n', unit: 'ms', value: 1, reference: [{ name: 'peer', value }], bound: atMost(2) });
    expect(figure).toMatchObject({ holds: false, note: `no ratio: peer measured ${value}` });
    expect(figure).not.toHaveProperty('ratio');
  });

  test('of a figure that could not be measured does not hold, nor does such a figure without one', () => {
    expect(missing({ name: 'n', unit: 'B', bound: atMost(1), note: 'why' })).toMatchObject({ value: null, holds: false, note: 'why' });
    expect(missing({ name: 'n', unit: 'B', note: 'why' }).holds).toBe(false);
  });
});

describe('the median', () => {
  test.each([
    [[3], 3],
    [[9, 1, 5], 5],
    [[10, 9, 1, 2], 5.5],
  ])('of %j is %d', (values, expected) => {
    expect(median(values)).toBe(expected);
  });

  test('leaves the values in their order', () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });

  test('of nothing is an error', () => {
    expect(() => median([])).toThrow('no values');
  });
});
