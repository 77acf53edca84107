import { describe, expect, test } from 'vitest';
import { isDate, lastOf } from './dates.ts';

test.each([
  ['2026-02-28', true],
  ['2026-02-30', false],
  ['2024-02-29', true],
  ['2026-2-3', false],
  ['yesterday', false],
])('%s is a date: %s', (text, expected) => expect(isDate(text)).toBe(expected));

describe('a span', () => {
  test.each([
    ['30d', '2026-06-30', '2026-06-01'],
    ['1d', '2026-06-30', '2026-06-30'],
    ['2w', '2026-06-30', '2026-06-17'],
    ['8m', '2026-06-30', '2025-11-01'],
    ['1m', '2026-02-28', '2026-02-01'],
    ['1m', '2026-03-30', '2026-02-28'],
    ['1y', '2026-06-30', '2025-07-01'],
  ])('of %s to %s begins on %s', (span, end, start) => {
    expect(lastOf(span, end)).toEqual({ start_date: start, end_date: end });
  });

  test('that is none is refused', () => {
    expect(() => lastOf('0d', '2026-06-30')).toThrow('"0d" is not a span such as 30d, 8w, 8m or 1y');
  });
});
