import { describe, expect, test } from 'vitest';
import { countOf, listOf, periodOf, timeBasisOf } from './period.ts';

const PUBLISHED = { start_date: '2025-11-01', end_date: '2026-06-30' };
const NOW = new Date('2026-11-23T12:00:00Z');
const period = (options: Parameters<typeof periodOf>[0]) => Object.values(periodOf(options, PUBLISHED, NOW, 'Europe/Berlin'));

describe('the period', () => {
  test.each([
    [{}, '2026-06-01', '2026-06-30'],
    [{ last: '8m' }, '2025-11-01', '2026-06-30'],
    [{ last: 'all' }, '2025-11-01', '2026-06-30'],
    [{ last: '7d', to: '2026-03-31' }, '2026-03-25', '2026-03-31'],
    [{ from: '2026-01-01', to: '2026-03-31' }, '2026-01-01', '2026-03-31'],
    [{ from: '2026-01-01' }, '2026-01-01', '2026-06-30'],
    [{ to: '2026-03-31' }, '2026-03-02', '2026-03-31'],
    [{ last: 'all', to: '2025-12-31' }, '2025-11-01', '2025-12-31'],
  ])('of %j is %s to %s', (options, start, end) => expect(period(options)).toEqual([start, end]));

  test('of a running project ends yesterday', () => {
    const running = { start_date: '2025-11-01', end_date: '2026-11-23' };
    expect(periodOf({}, running, NOW, 'Europe/Berlin')).toEqual({ start_date: '2026-10-24', end_date: '2026-11-22' });
    expect(periodOf({ last: 'all' }, running, NOW, 'Europe/Berlin')).toEqual(running);
  });

  test.each([
    [{ from: '2026-02-30' }, '--from 2026-02-30: expected a date such as 2026-06-30'],
    [{ to: 'today' }, '--to today: expected a date such as 2026-06-30'],
    [{ last: '3q' }, '--last 3q: expected a span such as 30d, 8w, 8m or 1y, or "all"'],
    [{ from: '2026-01-01', last: '3m' }, '--from and --last say the same thing in two ways'],
    [{ from: '2026-08-01' }, '--from 2026-08-01 lies after the last day, 2026-06-30: give --to as well'],
    [{ from: '2026-03-01', to: '2026-02-01' }, '--from 2026-03-01 lies after the last day, 2026-02-01'],
  ])('of %j is refused', (options, message) => {
    expect(() => period(options)).toThrow(message);
  });
});

test('the basis has a short and a long name', () => {
  expect(timeBasisOf('click')).toBe('click_time');
  expect(timeBasisOf('conversion_time')).toBe('conversion_time');
  expect(() => timeBasisOf('time')).toThrow('--basis time: expected "conversion"');
});

test('a list is separated by commas, and a count is a whole number', () => {
  expect(listOf('channel, campaign,')).toEqual(['channel', 'campaign']);
  expect(countOf('--limit', '20')).toBe(20);
  expect(() => countOf('--limit', '0')).toThrow('--limit 0: expected a whole number from 1');
  expect(() => countOf('--limit', '1e3')).toThrow('expected a whole number');
});
