import { addDays } from '../config/calendar.ts';

/** A period of whole days in the project time zone, both ends included, as YYYY-MM-DD. */
export interface DateRange {
  readonly start_date: string;
  readonly end_date: string;
}

/** Whether a text is a date of the calendar: 2026-02-30 is none. */
export function isDate(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false;
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}

/** Adds months; a day that the month does not have becomes its last one. */
function addMonths(date: string, months: number): string {
  const [year, month, day] = date.split('-').map(Number) as [number, number, number];
  const last = new Date(Date.UTC(year, month - 1 + months + 1, 0)).getUTCDate();
  return new Date(Date.UTC(year, month - 1 + months, Math.min(day, last))).toISOString().slice(0, 10);
}

/** How far back a report reaches, as on the command line: `30d`, `8w`, `8m`, `1y`. */
export const SPAN = /^([1-9]\d{0,3})([dwmy])$/;

/** The period of a span that ends with `end`, which is included: 8m to 2026-06-30 begins on 2025-11-01. */
export function lastOf(span: string, end: string): DateRange {
  const match = SPAN.exec(span);
  if (!match) throw new RangeError(`"${span}" is not a span such as 30d, 8w, 8m or 1y`);
  const amount = Number(match[1]);
  const after = addDays(end, 1);
  const start = {
    d: () => addDays(after, -amount),
    w: () => addDays(after, -7 * amount),
    m: () => addMonths(after, -amount),
    y: () => addMonths(after, -12 * amount),
  }[match[2] as 'd' | 'w' | 'm' | 'y']();
  return { start_date: start, end_date: end };
}
