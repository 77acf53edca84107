import { addDays, localDate } from '../../../config/calendar.ts';

/** How many days after its end a month is fitted: what arrives late is in by then. */
export const SETTLING_DAYS = 7;

/** The first day of the month that a date lies in. Dates and months are YYYY-MM-DD. */
export const monthOf = (date: string): string => `${date.slice(0, 7)}-01`;

/** The first day of the next month. */
export const monthAfter = (month: string): string => monthOf(addDays(month, 31));

/** All months from one to another, both included; none where the second lies before the first. */
export function monthsBetween(first: string, last: string): string[] {
  const months: string[] = [];
  for (let month = monthOf(first); month <= monthOf(last); month = monthAfter(month)) months.push(month);
  return months;
}

/** Whether a month has ended long enough before an instant, in the days of the time zone. */
export function isSettled(month: string, now: string, timeZone: string): boolean {
  const today = localDate(now, timeZone);
  // Conversions may lie in the last month there is, which nothing follows.
  return month < today && addDays(monthAfter(month), SETTLING_DAYS) <= today;
}

/** A month that is to be fitted, and the time that it learns from: from `from` to before `to`. */
export interface TrainingWindow {
  readonly month: string;
  /** ISO instants in UTC. */
  readonly from: string;
  readonly to: string;
}

/** The window of so many days that ends with the month. */
export function trainingWindow(month: string, days: number, timeZone: string): TrainingWindow {
  const end = monthAfter(month);
  return { month, from: startOfLocalDay(addDays(end, -days), timeZone), to: startOfLocalDay(end, timeZone) };
}

/** No time zone is further from UTC. */
const FURTHEST = 26 * 3_600_000;

/** The first instant of a calendar date in an IANA time zone, ISO in UTC: found, because offsets of zones change. */
export function startOfLocalDay(date: string, timeZone: string): string {
  const midnight = Date.parse(`${date}T00:00:00Z`);
  let before = midnight - FURTHEST;
  let reached = midnight + FURTHEST;
  while (reached - before > 1) {
    const middle = Math.floor((before + reached) / 2);
    if (localDate(middle, timeZone) < date) before = middle;
    else reached = middle;
  }
  return new Date(reached).toISOString();
}
