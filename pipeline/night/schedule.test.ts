import { expect, test } from 'vitest';
import { nextRun } from './schedule.ts';

test.each([
  // [what, after, time, zone, expected]
  ['later the same day', '2026-06-10T00:30:00Z', '03:00', 'Europe/Berlin', '2026-06-10T01:00:00.000Z'],
  ['the next day once the time has passed', '2026-06-10T01:00:01Z', '03:00', 'Europe/Berlin', '2026-06-11T01:00:00.000Z'],
  ['the next day at the very time', '2026-06-10T01:00:00Z', '03:00', 'Europe/Berlin', '2026-06-11T01:00:00.000Z'],
  ['in winter time', '2026-01-10T12:00:00Z', '03:00', 'Europe/Berlin', '2026-01-11T02:00:00.000Z'],
  ['at the changeover where clocks skip the time', '2026-03-28T12:00:00Z', '02:30', 'Europe/Berlin', '2026-03-29T01:00:00.000Z'],
  ['the day after a skipped time', '2026-03-29T01:00:00Z', '02:30', 'Europe/Berlin', '2026-03-30T00:30:00.000Z'],
  ['at the first of two such times', '2026-10-24T12:00:00Z', '02:30', 'Europe/Berlin', '2026-10-25T00:30:00.000Z'],
  ['only once where the time comes twice', '2026-10-25T00:30:00Z', '02:30', 'Europe/Berlin', '2026-10-26T01:30:00.000Z'],
  ['across midnight where clocks skip it', '2024-04-25T12:00:00Z', '00:00', 'Africa/Cairo', '2024-04-25T22:00:00.000Z'],
  ['in a zone with a half-hour changeover', '2026-04-04T12:00:00Z', '01:45', 'Australia/Lord_Howe', '2026-04-04T14:45:00.000Z'],
  ['at the first of two in a half-hour zone', '2026-04-04T12:00:00Z', '02:45', 'Australia/Adelaide', '2026-04-04T16:15:00.000Z'],
  ['in a zone ahead of UTC', '2026-06-10T00:00:00Z', '03:00', 'Pacific/Kiritimati', '2026-06-10T13:00:00.000Z'],
  ['in a zone behind UTC', '2026-06-10T11:00:00Z', '23:59', 'Pacific/Pago_Pago', '2026-06-11T10:59:00.000Z'],
  ['in a zone of a quarter hour', '2026-06-10T00:00:00Z', '06:00', 'Asia/Kathmandu', '2026-06-10T00:15:00.000Z'],
  ['in UTC', '2026-12-31T23:59:59Z', '03:00', 'UTC', '2027-01-01T03:00:00.000Z'],
])('the next run is %s', (_, after, time, zone, expected) => {
  expect(nextRun(new Date(after), time, zone).toISOString()).toBe(expected);
});

test('a year of nights in a zone with two changeovers has one run on every local day', () => {
  const days: string[] = [];
  let instant = new Date('2025-12-31T12:00:00Z');
  for (let i = 0; i < 365; i++) {
    instant = nextRun(instant, '02:30', 'America/New_York');
    days.push(new Intl.DateTimeFormat('en-CA', { timeZone: 'America/New_York', dateStyle: 'short' }).format(instant));
  }
  const calendar = Array.from({ length: 365 }, (_, i) => new Date(Date.UTC(2026, 0, 1 + i)).toISOString().slice(0, 10));
  expect(days).toEqual(calendar);
});
