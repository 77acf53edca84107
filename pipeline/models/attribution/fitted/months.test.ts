import { describe, expect, test } from 'vitest';
import { isSettled, monthAfter, monthOf, monthsBetween, startOfLocalDay, trainingWindow } from './months.ts';

test('months follow each other over years', () => {
  expect(monthOf('2026-02-28')).toBe('2026-02-01');
  expect(monthAfter('2026-01-01')).toBe('2026-02-01');
  expect(monthAfter('2026-12-01')).toBe('2027-01-01');
  expect(monthsBetween('2025-11-01', '2026-02-17')).toEqual(['2025-11-01', '2025-12-01', '2026-01-01', '2026-02-01']);
  expect(monthsBetween('2026-03-01', '2026-02-01')).toEqual([]);
});

test.each([
  ['2026-04-07T21:59:59.000Z', false],
  // The eighth of April begins in Berlin at 22:00 UTC of the seventh.
  ['2026-04-07T22:00:00.000Z', true],
])('March at %s is settled: %s', (now, expected) => expect(isSettled('2026-03-01', now, 'Europe/Berlin')).toBe(expected));

describe('the first instant of a date', () => {
  test.each([
    ['2026-03-01', 'Europe/Berlin', '2026-02-28T23:00:00.000Z'],
    ['2026-04-01', 'Europe/Berlin', '2026-03-31T22:00:00.000Z'],
    ['2026-07-01', 'UTC', '2026-07-01T00:00:00.000Z'],
    ['2026-07-01', 'Pacific/Kiritimati', '2026-06-30T10:00:00.000Z'],
    ['2026-07-01', 'Asia/Kathmandu', '2026-06-30T18:15:00.000Z'],
    // There is no midnight on this day in São Paulo: the clock goes from 23:59:59 to 01:00.
    ['2018-11-04', 'America/Sao_Paulo', '2018-11-04T03:00:00.000Z'],
    // Samoa left out the thirtieth of December 2011.
    ['2011-12-31', 'Pacific/Apia', '2011-12-30T10:00:00.000Z'],
  ])('%s in %s is %s', (date, zone, expected) => expect(startOfLocalDay(date, zone)).toBe(expected));
});

test('a training window ends with its month', () => {
  expect(trainingWindow('2026-03-01', 90, 'Europe/Berlin')).toEqual({
    month: '2026-03-01',
    from: '2025-12-31T23:00:00.000Z',
    to: '2026-03-31T22:00:00.000Z',
  });
});
