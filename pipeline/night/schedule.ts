import { addDays, clockReading, localDate } from '../config/calendar.ts';

/**
 * The next instant, after `after`, at which a clock in the time zone shows the time of day.
 *
 * A day that skips the time (clocks go forward) has its run at the instant they do, and a day that has it twice (clocks
 * go back) at the first of the two: every local day has exactly one run.
 * @param time such as `03:00`.
 */
export function nextRun(after: Date, time: string, timeZone: string): Date {
  const today = localDate(after, timeZone);
  // Two days ahead suffice: every calendar day of a zone has a run, even the one a zone leaves out by crossing the date line.
  for (let days = 0; days <= 2; days++) {
    const candidate = instantOf(addDays(today, days), time, timeZone);
    if (candidate > after) return candidate;
  }
  throw new Error(`no run at ${time} in ${timeZone} within two days of ${after.toISOString()}`);
}

/** The first instant at which a clock in the zone shows the time on the date, or has passed it. */
function instantOf(date: string, time: string, timeZone: string): Date {
  const wanted = Date.parse(`${date}T${time}:00Z`);
  // Offsets lie between −12 and +14 hours and are whole quarters of an hour: an instant that shows the wanted reading
  // is one of these quarters. A reading that clocks skip is passed somewhere within one, at a whole minute.
  for (let quarter = wanted - 14 * HOUR; quarter <= wanted + 13 * HOUR; quarter += QUARTER) {
    if (reading(quarter, timeZone) < wanted) continue;
    let instant = quarter;
    while (reading(instant - MINUTE, timeZone) >= wanted) instant -= MINUTE;
    return new Date(instant);
  }
  throw new Error(`no ${time} on ${date} in ${timeZone}`);
}

const MINUTE = 60_000;
const QUARTER = 15 * MINUTE;
const HOUR = 4 * QUARTER;

/** What a clock in the zone shows at an instant, as milliseconds of the same reading in UTC; to the minute. */
function reading(instant: number, timeZone: string): number {
  const parts = clockReading(instant, timeZone);
  return Date.parse(`${parts.year}-${parts.month}-${parts.day}T${parts.hour}:${parts.minute}:00Z`);
}
