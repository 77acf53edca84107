import { expect, it } from 'vitest';
import { mayRetry, retryDelay } from './delivery.ts';

it.each([
  [1, 1_000],
  [2, 2_000],
  [5, 16_000],
  [6, 32_000],
  [9, 256_000],
  [10, 300_000],
  [2_000, 300_000],
])('waits longer after each failure in a row: %i → %i ms', (failures, expected) => {
  expect(retryDelay(failures, null, 0)).toBe(expected);
});

it.each([
  ['7', 7_000],
  ['300', 300_000],
  ['86400', 300_000],
  ['0', 2_000],
  ['Wed, 21 Oct 2026 07:28:00 GMT', 2_000],
  ['soon', 2_000],
])('waits as long as Retry-After says, up to five minutes: %s → %i ms', (retryAfter, expected) => {
  expect(retryDelay(2, retryAfter, 0)).toBe(expected);
});

it('adds up to a quarter at random', () => {
  expect(retryDelay(1, null, 1)).toBe(1_250);
  expect(retryDelay(1, '8', 0.5)).toBe(9_000);
});

it('repeats what may succeed later and nothing else', () => {
  const statuses = [200, 204, 304, 400, 401, 403, 404, 408, 413, 415, 429, 500, 502, 503, 504, 511];
  expect(statuses.filter(mayRetry)).toEqual([408, 429, 500, 502, 503, 504, 511]);
});
