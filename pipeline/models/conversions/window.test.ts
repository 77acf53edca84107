import { describe, expect, test } from 'vitest';
import { openCrmWorld } from './testing/crm.ts';
import { startOfLocalDay, windowStart } from './window.ts';

describe('the window of a night', () => {
  test.each([
    ['2026-05-10', 'Europe/Berlin', '2026-05-09T22:00:00.000Z'],
    ['2026-03-29', 'Europe/Berlin', '2026-03-28T23:00:00.000Z'],
    ['2026-05-10', 'America/New_York', '2026-05-10T04:00:00.000Z'],
    ['2026-05-10', 'Pacific/Kiritimati', '2026-05-09T10:00:00.000Z'],
    ['2026-05-10', 'UTC', '2026-05-10T00:00:00.000Z'],
    // The clocks of Beirut went from 24:00 to 1:00.
    ['2026-03-29', 'Asia/Beirut', '2026-03-28T22:00:00.000Z'],
  ])('%s in %s begins at %s', (day, zone, start) => {
    expect(startOfLocalDay(day, zone)).toBe(start);
  });

  test('begins with the day of the last run that finished, where that is longer ago', () => {
    expect(windowStart('2026-05-20T03:00:00.000Z', 10, 'UTC', '2026-05-04')).toBe('2026-05-04T00:00:00.000Z');
    expect(windowStart('2026-05-20T03:00:00.000Z', 10, 'UTC', '2026-05-19')).toBe('2026-05-10T00:00:00.000Z');
  });

  test('begins with the day of the project, so many days before the run', () => {
    expect(windowStart('2026-05-20T03:00:00.000Z', 10, 'Europe/Berlin')).toBe('2026-05-09T22:00:00.000Z');
    expect(windowStart('2026-05-20T03:00:00.000Z', 10, 'America/New_York')).toBe('2026-05-09T04:00:00.000Z');
  });
});

const crm = (value: number) =>
  [8, 9, 10, 11, 12].map((day) => ({ id: `D${day}`, created: `2026-05-${String(day).padStart(2, '0')}`, value }));

test('a date stands for its end in the zone of the project: the first day of the window is followed in every zone', async () => {
  for (const timeZone of ['America/Los_Angeles', 'Pacific/Kiritimati']) {
    const deal = { name: 'deal', label: 'Deal', sql: 'daily.sql', adjustmentDays: 10 };
    const world = await openCrmWorld([deal], undefined, { project: { name: 'Test', timeZone, currency: 'EUR' } });
    // 03:00 UTC of the 20th is the 19th in Los Angeles.
    const first = timeZone === 'America/Los_Angeles' ? 9 : 10;
    await world.night('2026-05-19', crm(1));
    const { warnings } = await world.night('2026-05-20', crm(2));
    const changed = await world.rows('select id from conversion_records where original_value = 2');
    expect(changed).toHaveLength(13 - first);
    expect(warnings).toEqual([expect.stringContaining(`0 new, ${first - 8} changed, 0 gone`)]);
    await world.close();
  }
});

test('what came while no run finished for longer than the window is read, whatever the day', async () => {
  const world = await openCrmWorld([{ name: 'deal', label: 'Deal', sql: 'timed.sql', adjustmentDays: 10 }]);
  const before = { id: 'D1', created: '2026-05-02', value: 1 };
  await world.night('2026-05-04', [before]);
  // Entered the evening after the last run, and in the weeks without one.
  const { warnings } = await world.night('2026-05-28', [
    { ...before, value: 2 },
    { id: 'D2', created: '2026-05-04T20:00:00.000Z', value: 1 },
    { id: 'D3', created: '2026-05-12', value: 1 },
    { id: 'D4', created: '2026-05-27', value: 1 },
  ]);
  expect(await world.rows('select id, original_value from conversion_records order by id')).toEqual([
    { id: 'D1', original_value: 1 },
    { id: 'D2', original_value: 1 },
    { id: 'D3', original_value: 1 },
    { id: 'D4', original_value: 1 },
  ]);
  expect(warnings).toEqual([expect.stringContaining('1 change before 2026-05-04 is not followed')]);
  await world.close();
});
