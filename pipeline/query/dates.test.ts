import { describe, expect, test } from 'vitest';
import { addDays, isDate, lastOf, localDate } from './dates.ts';

describe('the local date of an instant', () => {
  test.each([
    ['2026-03-28T22:59:59Z', '2026-03-28'],
    ['2026-03-28T23:00:00Z', '2026-03-29'],
    // 29 March 2026 has 23 hours in Berlin: from then on midnight is at 22:00 UTC.
    ['2026-03-29T21:59:59Z', '2026-03-29'],
    ['2026-03-29T22:00:00Z', '2026-03-30'],
    ['2026-10-25T22:59:59Z', '2026-10-25'],
    ['2026-10-25T23:00:00Z', '2026-10-26'],
  ])('%s is %s in Berlin', (instant, date) => expect(localDate(instant, 'Europe/Berlin')).toBe(date));
});

test.each([
  ['2026-02-28', true],
  ['2026-02-30', false],
  ['2024-02-29', true],
  ['2026-2-3', false],
  ['yesterday', false],
])('%s is a date: %s', (text, expected) => expect(isDate(text)).toBe(expected));

test('days are added over the end of a month and of a year', () => {
  expect(addDays('2025-12-31', 1)).toBe('2026-01-01');
  expect(addDays('2026-03-01', -1)).toBe('2026-02-28');
});

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
