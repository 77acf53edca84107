import { type DateRange, isDate } from '../../query/dates.ts';
import { previousPeriod, yearBefore } from '../../query/period.ts';
import { usage } from './period.ts';

/**
 * The period that a report is compared with: `previous` (the one directly before), `year` (the same days a year earlier), or two
 * dates such as `2026-01-01..2026-03-31`.
 * @throws UserError (exit code 2) for anything else.
 */
export function comparisonOf(text: string, range: DateRange): DateRange {
  if (text === 'previous') return previousPeriod(range);
  if (text === 'year') return yearBefore(range);
  const [from, to, more] = text.split('..');
  if (from === undefined || to === undefined || more !== undefined || !isDate(from) || !isDate(to) || from > to) {
    throw usage(`--compare ${text}: expected "previous", "year" or two dates such as 2026-01-01..2026-03-31`);
  }
  return { start_date: from, end_date: to };
}
