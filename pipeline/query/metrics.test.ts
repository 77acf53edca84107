import { describe, expect, test } from 'vitest';
import { METRICS, metricValue } from './metrics.ts';

describe('a figure', () => {
  test('of credits is exact far beyond what a number holds', () => {
    // Ten million and a quarter conversions: 1e16 parts are past 2^53.
    expect(metricValue(METRICS.conversions, 10_000_000_250_000_000n, null)).toBe(10_000_000.25);
    expect(metricValue(METRICS.conversions, 3_000_000_000n + 333_333_333n, null)).toBe(3.333333333);
  });

  test('of money is in units of the currency', () => {
    expect(metricValue(METRICS.cost, 1_234_560_000n, null)).toBe(1234.56);
  });

  test('of refunds is negative', () => {
    expect(metricValue(METRICS.conversion_value, -1_500_000n, null)).toBe(-1.5);
  });
});

describe('a ratio', () => {
  test('without a denominator is empty', () => {
    expect(metricValue(METRICS.ctr, 5n, 0n)).toBeNull();
    expect(metricValue(METRICS.ctr, 5n, null)).toBeNull();
  });

  test('of no cost is empty, for nobody said it was free', () => {
    expect(metricValue(METRICS.cpa, 0n, 1_000_000_000n)).toBeNull();
    expect(metricValue(METRICS.cpa, null, 1_000_000_000n)).toBeNull();
    expect(metricValue(METRICS.roas, 1_000_000n, 0n)).toBeNull();
  });

  test('of no value to a cost is 0: the money was spent', () => {
    expect(metricValue(METRICS.roas, 0n, 1_000_000n)).toBe(0);
  });
});
