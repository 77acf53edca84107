import type { Command } from 'commander';
import { UserError } from '../../config/user-error.ts';
import { type DateRange, isDate, lastOf, SPAN } from '../../query/dates.ts';
import { lastFullDay } from '../../query/published-dates.ts';
import { TIME_BASES } from '../../query/schema.ts';

export interface PeriodOptions {
  readonly from?: string;
  readonly to?: string;
  readonly last?: string;
}

/** Declares the options of {@link PeriodOptions} on a command. */
export function addPeriodOptions(command: Command): Command {
  return command
    .option('--from <date>', 'first day, YYYY-MM-DD, in the project time zone')
    .option('--to <date>', 'last day, included (default: the last full day that is published)')
    .option('--last <span>', 'days, weeks, months or years up to --to: 30d, 8w, 8m, 1y; or "all" (default: 30d)');
}

/** The days a report is about. @throws UserError (exit code 2) for a date or span that is none. */
export function periodOf({ from, to, last }: PeriodOptions, published: DateRange | undefined, now: Date, timeZone: string): DateRange {
  for (const [name, date] of [
    ['--from', from],
    ['--to', to],
  ] as const) {
    if (date !== undefined && !isDate(date)) throw usage(`${name} ${date}: expected a date such as 2026-06-30`);
  }
  if (from !== undefined && last !== undefined) throw usage('--from and --last say the same thing in two ways: give one of them');
  if (last === 'all') {
    const end_date = to ?? published?.end_date ?? lastFullDay(published, now, timeZone);
    return { start_date: published && published.start_date < end_date ? published.start_date : end_date, end_date };
  }
  const end_date = to ?? lastFullDay(published, now, timeZone);
  if (from !== undefined) {
    if (from > end_date) throw usage(`--from ${from} lies after the last day, ${end_date}${to === undefined ? ': give --to as well' : ''}`);
    return { start_date: from, end_date };
  }
  const span = last ?? '30d';
  if (!SPAN.test(span)) throw usage(`--last ${span}: expected a span such as 30d, 8w, 8m or 1y, or "all"`);
  return lastOf(span, end_date);
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
