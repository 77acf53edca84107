import { addDays } from '../config/calendar.ts';
import { type DateRange, isDate, lastOf, SPAN } from './dates.ts';

/** Periods that readers ask for by name, beside spans such as `30d`, and what each is called. */
export const PRESETS = {
  '7d': '7 days',
  '28d': '28 days',
  '90d': '90 days',
  month: 'This month',
  'last-month': 'Last month',
  quarter: 'This quarter',
  year: 'This year',
  '12m': '12 months',
  all: 'All',
} as const;
export type Preset = keyof typeof PRESETS;

/** With what a period is compared. */
export const COMPARISONS = { previous: 'Previous period', year: 'Previous year', none: 'Nothing' } as const;
export type Comparison = keyof typeof COMPARISONS;

/**
 * The days of a preset or span.
 * @param lastDay the last day that counts: what `month`, `quarter` and `year` lie in, too.
 * @param published the days there are facts of, for `all`.
 * @returns undefined where the text is neither.
 */
export function periodNamed(text: string, lastDay: string, published: DateRange | undefined): DateRange | undefined {
  const [year, month] = lastDay.split('-').map(Number) as [number, number];
  const first = (ofMonth: number) => new Date(Date.UTC(year, ofMonth - 1, 1)).toISOString().slice(0, 10);
  switch (text) {
    case 'month':
      return { start_date: first(month), end_date: lastDay };
    case 'last-month':
      return { start_date: first(month - 1), end_date: addDays(first(month), -1) };
    case 'quarter':
      return { start_date: first(month - ((month - 1) % 3)), end_date: lastDay };
    case 'year':
      return { start_date: first(1), end_date: lastDay };
    case 'all':
      return { start_date: published && published.start_date < lastDay ? published.start_date : lastDay, end_date: lastDay };
    default:
      return SPAN.test(text) ? lastOf(text, lastDay) : undefined;
  }
}

/** The period that lies before another one: of whole months as many whole months, else as many days. */
export function previousPeriod({ start_date, end_date }: DateRange): DateRange {
  const months = wholeMonths({ start_date, end_date });
  const before = addDays(start_date, -1);
  if (months !== undefined) return lastOf(`${months}m`, before);
  return { start_date: addDays(before, 1 - lengthOf({ start_date, end_date })), end_date: before };
}

/** The same days a year before; 29 February becomes 28 February. */
export function yearBefore({ start_date, end_date }: DateRange): DateRange {
  return { start_date: dayYearBefore(start_date), end_date: dayYearBefore(end_date) };
}

function dayYearBefore(date: string): string {
  const day = `${Number(date.slice(0, 4)) - 1}${date.slice(4)}`.padStart(10, '0');
  return isDate(day) ? day : `${day.slice(0, 8)}28`;
}

/** The period that one is compared with; undefined: with none. */
export function comparisonOf(range: DateRange, comparison: Comparison): DateRange | undefined {
  if (comparison === 'none') return undefined;
  return comparison === 'previous' ? previousPeriod(range) : yearBefore(range);
}

/** Number of days, both ends counted. */
export function lengthOf({ start_date, end_date }: DateRange): number {
  return (Date.parse(end_date) - Date.parse(start_date)) / 86_400_000 + 1;
}

/** How finely a period is drawn: at most about a hundred points. */
export function intervalOf(range: DateRange): 'day' | 'week' | 'month' {
  const days = lengthOf(range);
  return days <= 100 ? 'day' : days <= 400 ? 'week' : 'month';
}

/** How many calendar months a period is, where it is whole ones. */
function wholeMonths({ start_date, end_date }: DateRange): number | undefined {
  if (!start_date.endsWith('-01') || !addDays(end_date, 1).endsWith('-01')) return undefined;
  return monthNumber(end_date) - monthNumber(start_date) + 1;
}

/** Months counted through all years. */
function monthNumber(date: string): number {
  return Number(date.slice(0, 4)) * 12 + Number(date.slice(5, 7));
}

/** The dates that stand for a period by day, week (its Monday) or month (its first): what the dimension `date` can be. */
export function datesOf({ start_date, end_date }: DateRange, interval: 'day' | 'week' | 'month'): string[] {
  const dates: string[] = [];
  for (let date = beginningOf(start_date, interval); date <= end_date; date = following(date, interval)) dates.push(date);
  return dates;
}

function beginningOf(date: string, interval: 'day' | 'week' | 'month'): string {
  if (interval === 'month') return `${date.slice(0, 8)}01`;
  return interval === 'week' ? addDays(date, -((new Date(`${date}T00:00:00Z`).getUTCDay() + 6) % 7)) : date;
}

function following(date: string, interval: 'day' | 'week' | 'month'): string {
  if (interval === 'month') return beginningOf(addDays(date, 31), 'month');
  return addDays(date, interval === 'week' ? 7 : 1);
}
