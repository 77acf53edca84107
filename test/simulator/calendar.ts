import type { Random } from './random.ts';

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** The history: 2025-11-01 00:00 … 2026-06-30 24:00 in Europe/Berlin, as epoch milliseconds. */
export const HISTORY_BEGIN = Date.parse('2025-10-31T23:00:00Z');
export const HISTORY_END = Date.parse('2026-06-30T22:00:00Z');

const SUMMER_TIME = Date.parse('2026-03-29T01:00:00Z');

/**
 * Offset of Europe/Berlin from UTC in milliseconds, for instants within the history. Written out (there is one change
 * of clocks in it), so that the simulator and its truth depend on no time zone library.
 */
export function berlinOffset(instant: number): number {
  return instant < SUMMER_TIME ? HOUR : 2 * HOUR;
}

/** The calendar date in Europe/Berlin, YYYY-MM-DD. */
export function berlinDate(instant: number): string {
  return new Date(instant + berlinOffset(instant)).toISOString().slice(0, 10);
}

/** The instant of a wall clock in Europe/Berlin, for example `2026-01-14T10:05:00`. */
export function berlin(wallClock: string): number {
  const asUtc = Date.parse(`${wallClock}Z`);
  return asUtc - berlinOffset(asUtc - 2 * HOUR);
}

/** The last millisecond of a Berlin calendar date. */
export function endOfBerlinDay(date: string): number {
  return berlin(`${date}T23:59:59.999`);
}

/** All calendar dates of the history, in order. */
export function historyDates(): string[] {
  const dates: string[] = [];
  for (let noon = berlin('2025-11-01T12:00:00'); noon < HISTORY_END; noon += DAY) dates.push(new Date(noon).toISOString().slice(0, 10));
  return dates;
}

const HOUR_WEIGHTS = [1, 0.6, 0.4, 0.3, 0.5, 1.5, 4, 8, 13, 16, 16, 14, 11, 13, 15, 14, 12, 10, 9, 8, 8, 7, 5, 2.5];
const HOURS = HOUR_WEIGHTS.map((weight, hour) => ({ hour, weight }));

/** How busy a day is: working days, a quiet Christmas. */
function dayWeight(date: string): number {
  const weekday = new Date(`${date}T12:00:00Z`).getUTCDay();
  const week = weekday === 0 || weekday === 6 ? 0.35 : 1;
  const season = date >= '2025-12-22' && date <= '2026-01-04' ? 0.4 : 1;
  return week * season;
}

const DAYS = historyDates().map((date) => ({ date, weight: dayWeight(date) }));

/** An instant of the history at which somebody would visit a business website; milliseconds included. */
export function visitTime(random: Random): number {
  return timeOfDay(random, random.weighted(DAYS, (day) => day.weight).date);
}

/** An instant on the given Berlin date. */
export function timeOfDay(random: Random, date: string): number {
  const { hour } = random.weighted(HOURS, (entry) => entry.weight);
  return berlin(`${date}T${String(hour).padStart(2, '0')}:00:00`) + random.integer(0, HOUR - 1);
}
