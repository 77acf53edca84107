import { expect, test } from 'vitest';
import { comparisonOf, datesOf, intervalOf, lengthOf, periodNamed, previousPeriod, yearBefore } from './period.ts';

const days = (start_date: string, end_date: string) => ({ start_date, end_date });

test.each([
  ['7d', days('2026-06-24', '2026-06-30')],
  ['month', days('2026-06-01', '2026-06-30')],
  ['last-month', days('2026-05-01', '2026-05-31')],
  ['quarter', days('2026-04-01', '2026-06-30')],
  ['year', days('2026-01-01', '2026-06-30')],
  ['12m', days('2025-07-01', '2026-06-30')],
  ['all', days('2025-11-03', '2026-06-30')],
])('%s up to 30 June 2026', (name, expected) => {
  expect(periodNamed(name, '2026-06-30', days('2025-11-03', '2026-07-02'))).toEqual(expected);
});

test('the month before January is December of the year before', () => {
  expect(periodNamed('last-month', '2026-01-09', undefined)).toEqual(days('2025-12-01', '2025-12-31'));
});

test('a text that is no period is none', () => {
  expect(periodNamed('fortnight', '2026-06-30', undefined)).toBeUndefined();
});

test.each([
  ['days', days('2026-06-24', '2026-06-30'), days('2026-06-17', '2026-06-23')],
  ['one day', days('2026-03-01', '2026-03-01'), days('2026-02-28', '2026-02-28')],
  ['a whole month', days('2026-03-01', '2026-03-31'), days('2026-02-01', '2026-02-28')],
  ['two whole months', days('2026-01-01', '2026-02-28'), days('2025-11-01', '2025-12-31')],
  ['a part of a month', days('2026-03-01', '2026-03-30'), days('2026-01-30', '2026-02-28')],
])('the period before %s', (_, range, expected) => {
  expect(previousPeriod(range)).toEqual(expected);
  expect(comparisonOf(range, 'previous')).toEqual(expected);
});

test('the same days a year before; what was a leap day is the day before', () => {
  expect(yearBefore(days('2024-02-29', '2024-03-31'))).toEqual(days('2023-02-28', '2023-03-31'));
  expect(comparisonOf(days('2024-01-01', '2024-01-02'), 'none')).toBeUndefined();
});

test('a period is drawn by days, weeks or months', () => {
  expect(lengthOf(days('2026-03-28', '2026-03-30'))).toBe(3);
  expect(intervalOf(days('2026-03-01', '2026-05-31'))).toBe('day');
  expect(intervalOf(days('2025-07-01', '2026-06-30'))).toBe('week');
  expect(intervalOf(days('2024-01-01', '2026-06-30'))).toBe('month');
});

test('a period has dates by day, by the Monday of a week, and by the first of a month', () => {
  expect(datesOf(days('2026-02-27', '2026-03-02'), 'day')).toEqual(['2026-02-27', '2026-02-28', '2026-03-01', '2026-03-02']);
  expect(datesOf(days('2026-03-04', '2026-03-16'), 'week')).toEqual(['2026-03-02', '2026-03-09', '2026-03-16']);
  expect(datesOf(days('2025-12-31', '2026-02-01'), 'month')).toEqual(['2025-12-01', '2026-01-01', '2026-02-01']);
});
