import { describe, expect, test } from 'vitest';
import { openWorld } from '../../query/testing/world.ts';
import { choosePeriod, countOf, listOf, periodOf, timeBasisOf } from './period.ts';

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

/** The example facts reach from 5 January to 20 March 2026. */
const choose = async (options: Parameters<typeof periodOf>[0], now: string, published: { start_date: string; end_date: string }) => {
  const world = await openWorld();
  try {
    return await choosePeriod(options, world, published, new Date(now), 'Europe/Berlin');
  } finally {
    await world.close();
  }
};

describe('the default period', () => {
  test('includes today where the days before hold nothing, and says so', async () => {
    const published = { start_date: '2026-01-05', end_date: '2026-01-05' };
    expect(await choose({}, '2026-01-05T12:00:00Z', published)).toEqual({
      range: { start_date: '2025-12-07', end_date: '2026-01-05' },
      note: 'today included, as the days before hold nothing',
    });
    expect(await choose({ last: '30d' }, '2026-01-05T12:00:00Z', published)).toEqual({
      range: { start_date: '2025-12-06', end_date: '2026-01-04' },
    });
  });

  test('ends yesterday where the days before hold something', async () => {
    const published = { start_date: '2026-01-05', end_date: '2026-03-20' };
    expect(await choose({}, '2026-03-20T12:00:00Z', published)).toEqual({ range: { start_date: '2026-02-18', end_date: '2026-03-19' } });
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
