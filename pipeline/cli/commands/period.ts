import type { Command } from 'commander';
import { localDate } from '../../config/calendar.ts';
import { UserError } from '../../config/user-error.ts';
import { type DateRange, isDate, lastOf, SPAN } from '../../query/dates.ts';
import { hasFacts, lastFullDay } from '../../query/published-dates.ts';
import type { ResultMeta } from '../../query/result.ts';
import { TIME_BASES } from '../../query/schema.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';

const DEFAULT_SPAN = '30d';

export interface PeriodOptions {
  readonly from?: string;
  readonly to?: string;
  readonly last?: string;
}

/** Declares the options of {@link PeriodOptions} on a command. */
export function addPeriodOptions(command: Command): Command {
  return command
    .option('--from <date>', 'first day, YYYY-MM-DD, in the project time zone')
    .option('--to <date>', 'last day, included (default: the last full day that is published, or today where nothing is before it)')
    .option('--last <span>', 'days, weeks, months or years up to --to: 30d, 8w, 8m, 1y; or "all" (default: 30d)');
}

/** The days a report is about. @throws UserError (exit code 2) for a date or span that is none. */
export function periodOf(options: PeriodOptions, published: DateRange | undefined, now: Date, timeZone: string): DateRange {
  const lastDay = lastFullDay(published, now, timeZone);
  if (options.last !== 'all') return daysOf(options, lastDay, DEFAULT_SPAN, ', or "all"');
  checkDates(options);
  const end_date = options.to ?? published?.end_date ?? lastDay;
  return { start_date: published && published.start_date < end_date ? published.start_date : end_date, end_date };
}

/**
 * The days that the options name.
 * @param lastDay where the period ends without `--to`.
 * @param defaultSpan without `--from` and `--last`.
 * @param otherSpans what else `--last` may be, in words.
 * @throws UserError (exit code 2) for a date or span that is none.
 */
export function daysOf(options: PeriodOptions, lastDay: string, defaultSpan: string, otherSpans = ''): DateRange {
  checkDates(options);
  const { from, to, last: span = defaultSpan } = options;
  const end_date = to ?? lastDay;
  if (from !== undefined) {
    if (from > end_date) throw usage(`--from ${from} lies after the last day, ${end_date}${to === undefined ? ': give --to as well' : ''}`);
    return { start_date: from, end_date };
  }
  if (!SPAN.test(span)) throw usage(`--last ${span}: expected a span such as 30d, 8w, 8m or 1y${otherSpans}`);
  return lastOf(span, end_date);
}

function checkDates({ from, to, last }: PeriodOptions): void {
  for (const [name, date] of [
    ['--from', from],
    ['--to', to],
  ] as const) {
    if (date !== undefined && !isDate(date)) throw usage(`${name} ${date}: expected a date such as 2026-06-30`);
  }
  if (from !== undefined && last !== undefined) throw usage('--from and --last say the same thing in two ways: give one of them');
}

/** A period, and what a reader must know where it is not the one they would expect. */
export interface ChosenPeriod {
  readonly range: DateRange;
  readonly note?: string;
}

/**
 * {@link periodOf}; where no option asks for a period and the default one holds nothing, as on the first day of a
 * project, today counts too.
 */
export async function choosePeriod(
  options: PeriodOptions,
  warehouse: Warehouse,
  published: DateRange | undefined,
  now: Date,
  timeZone: string,
): Promise<ChosenPeriod> {
  const range = periodOf(options, published, now, timeZone);
  const isDefault = options.from === undefined && options.to === undefined && options.last === undefined;
  const today = localDate(now, timeZone);
  if (!isDefault || !published || published.end_date < today || (await hasFacts(warehouse, range))) return { range };
  return { range: lastOf(DEFAULT_SPAN, today), note: 'today included, as the days before hold nothing' };
}

/** A result that says why its period is what it is. */
export function withPeriodNote<Result extends { readonly meta: ResultMeta }>(result: Result, note: string | undefined): Result {
  return note === undefined ? result : { ...result, meta: { ...result.meta, period_note: note } };
}

/** Why a table has no rows, and what to try. */
export function whyEmpty(
  { last, filter }: PeriodOptions & { readonly filter?: readonly string[] },
  { start_date, end_date }: DateRange,
  published: DateRange | undefined,
): string {
  if (!published) return 'nothing is published yet';
  const days = `published are the days from ${published.start_date} to ${published.end_date}`;
  const overlaps = start_date <= published.end_date && end_date >= published.start_date;
  if (filter?.length && overlaps) return `in these dates nothing matches ${filter.map((one) => `--filter "${one}"`).join(' ')}`;
  return last === 'all' ? `nothing of this is published; ${days}` : `nothing in these dates; ${days}: try --last all`;
}

/** `--basis conversion` or `click`; the names of the schema are understood too. */
export function timeBasisOf(basis: string): (typeof TIME_BASES)[number] {
  const found = TIME_BASES.find((name) => name === basis || name === `${basis}_time`);
  if (!found)
    throw usage(`--basis ${basis}: expected "conversion" (when the business happened) or "click" (when the credited session began)`);
  return found;
}

/** A list as written on the command line: `channel,campaign`. */
export function listOf(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);
}

/** A whole number from 1. @throws UserError (exit code 2). */
export function countOf(option: string, text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw usage(`${option} ${text}: expected a whole number from 1`);
  return Number(text);
}

/** The error for wrong usage of a command: exit code 2. */
export function usage(message: string): UserError {
  return new UserError(message, { exitCode: 2 });
}
