import { describe, expect, test } from 'vitest';
import { addDays, localDate } from './calendar.ts';

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

test('days are added over the end of a month and of a year', () => {
  expect(addDays('2025-12-31', 1)).toBe('2026-01-01');
  expect(addDays('2026-03-01', -1)).toBe('2026-02-28');
});
