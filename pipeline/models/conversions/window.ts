import { addDays, localDate } from '../../config/calendar.ts';

const HOUR_MILLISECONDS = 3_600_000;
/** Clocks are at most this far from those of UTC. */
const LARGEST_OFFSET_HOURS = 15;

/** When a calendar day begins in an IANA time zone, ISO in UTC. */
export function startOfLocalDay(day: string, timeZone: string): string {
  const midnight = Date.parse(`${day}T00:00:00Z`);
  let before = midnight - LARGEST_OFFSET_HOURS * HOUR_MILLISECONDS;
  let since = midnight + LARGEST_OFFSET_HOURS * HOUR_MILLISECONDS;
  while (since - before > 1) {
    const middle = Math.floor((before + since) / 2);
    if (localDate(middle, timeZone) >= day) since = middle;
    else before = middle;
  }
  return new Date(since).toISOString();
}

/**
 * Where the adjustment window of a night begins: with a day of the project, so many days before that of the run. Where no run
 * has finished for longer than that, with the day of the last one: nothing that came since is left out.
 * @param readOn day of the last run that finished.
 */
export function windowStart(now: string, adjustmentDays: number, timeZone: string, readOn?: string): string {
  const first = addDays(localDate(now, timeZone), -adjustmentDays);
  return startOfLocalDay(readOn !== undefined && readOn < first ? readOn : first, timeZone);
}
