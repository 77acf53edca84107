import { describe, expect, test } from 'vitest';
import { Config } from '../config/schema.ts';
import { firstKeptDay, keptDays, lookBackWarnings } from './retention.ts';

const project = { name: 'Test', timeZone: 'Europe/Berlin', currency: 'EUR' };
const configOf = (retention: Config['retention'], lookbackDays = 90) => Config.parse({ project, retention, attribution: { lookbackDays } });

describe('what is kept for how long', () => {
  test('without numbers everything is kept', () => {
    expect(Object.values(keptDays(configOf({})))).toEqual([undefined, undefined, undefined, undefined, undefined]);
  });

  test('what is made from deliveries goes with them, and what is made from events with those', () => {
    expect(keptDays(configOf({ events_raw: 400 }))).toMatchObject({ events_raw: 400, events: 400, sessions: 400 });
    expect(keptDays(configOf({ events: 200 }))).toMatchObject({ events_raw: undefined, events: 200, sessions: 200 });
    expect(keptDays(configOf({ events_raw: 400, events: 300, sessions: 100 }))).toMatchObject({
      events_raw: 400,
      events: 300,
      sessions: 100,
    });
  });

  test('the days count back from the day of the run in UTC, which counts as none', () => {
    expect(firstKeptDay('2026-03-10T03:00:00.000Z', 1)).toBe('2026-03-09');
    expect(firstKeptDay('2026-03-10T03:00:00.000Z', 30)).toBe('2026-02-08');
  });

  test('sessions that are kept for less than conversions look back are told with both numbers', () => {
    expect(lookBackWarnings(configOf({ events: 30 }, 90))).toEqual([
      'retention: sessions are kept for 30 days, and the longest look-back window is 90 days: conversions look back for sessions that are deleted, and older touches get no credit; keep them for at least 90 days',
    ]);
    expect(lookBackWarnings(configOf({ events: 90 }, 90))).toEqual([]);
    const conversions = [{ name: 'deal', label: 'Deal', sql: 'deal.sql', lookbackDays: 120 }];
    expect(lookBackWarnings(Config.parse({ project, retention: { events: 100 }, conversions }))).toEqual([
      expect.stringContaining('the longest look-back window is 120 days'),
    ]);
    expect(lookBackWarnings(configOf({ failed_events: 1 }, 90))).toEqual([]);
  });
});
