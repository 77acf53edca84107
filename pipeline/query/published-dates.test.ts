import { expect, test } from 'vitest';
import { hasFacts, lastFullDay, publishedDates } from './published-dates.ts';
import { openWorld } from './testing/world.ts';

test('the published days reach from the first click to the last deal', async () => {
  const world = await openWorld();
  expect(await publishedDates(world)).toEqual({ start_date: '2026-01-05', end_date: '2026-03-20' });
  expect(await hasFacts(world, { start_date: '2026-03-20', end_date: '2026-04-20' })).toBe(true);
  expect(await hasFacts(world, { start_date: '2026-03-21', end_date: '2026-04-20' })).toBe(false);
  await world.close();
});

test('the last full day is yesterday in the zone of the project', () => {
  const running = { start_date: '2026-01-01', end_date: '2026-07-01' };
  expect(lastFullDay(running, new Date('2026-06-30T21:59:00Z'), 'Europe/Berlin')).toBe('2026-06-29');
  expect(lastFullDay(running, new Date('2026-06-30T22:01:00Z'), 'Europe/Berlin')).toBe('2026-06-30');
  expect(lastFullDay(undefined, new Date('2026-06-30T12:00:00Z'), 'UTC')).toBe('2026-06-29');
});

test('the last full day of a finished history is its end', () => {
  expect(lastFullDay({ start_date: '2025-11-01', end_date: '2026-06-30' }, new Date('2026-11-23T12:00:00Z'), 'UTC')).toBe('2026-06-30');
});
