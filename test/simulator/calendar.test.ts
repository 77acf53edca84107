import { describe, expect, test } from 'vitest';
import { berlin, berlinDate, endOfBerlinDay, HISTORY_BEGIN, HISTORY_END, historyDates } from './calendar.ts';

describe('the calendar of the history', () => {
  test('wall clocks in Berlin become instants, in winter and in summer', () => {
    expect(new Date(berlin('2026-01-14T10:00:00')).toISOString()).toBe('2026-01-14T09:00:00.000Z');
    expect(new Date(berlin('2026-03-29T01:59:59')).toISOString()).toBe('2026-03-29T00:59:59.000Z');
    expect(new Date(berlin('2026-03-29T03:00:00')).toISOString()).toBe('2026-03-29T01:00:00.000Z');
    expect(new Date(berlin('2026-06-17T12:00:00')).toISOString()).toBe('2026-06-17T10:00:00.000Z');
  });

  test('an instant near midnight belongs to the Berlin date', () => {
    expect(berlinDate(Date.parse('2026-01-31T22:59:59.999Z'))).toBe('2026-01-31');
    expect(berlinDate(Date.parse('2026-01-31T23:00:00.000Z'))).toBe('2026-02-01');
    expect(berlinDate(Date.parse('2026-05-31T21:59:59.999Z'))).toBe('2026-05-31');
    expect(berlinDate(Date.parse('2026-05-31T22:00:00.000Z'))).toBe('2026-06-01');
    expect(new Date(endOfBerlinDay('2026-06-17')).toISOString()).toBe('2026-06-17T21:59:59.999Z');
  });

  test('the history has 242 days', () => {
    const dates = historyDates();
    expect(dates).toHaveLength(242);
    expect(dates[0]).toBe('2025-11-01');
    expect(dates.at(-1)).toBe('2026-06-30');
    expect(berlinDate(HISTORY_BEGIN)).toBe('2025-11-01');
    expect(berlinDate(HISTORY_END - 1)).toBe('2026-06-30');
  });
});
