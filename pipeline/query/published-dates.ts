import { addDays, localDate } from '../config/calendar.ts';
import { REPORT_COSTS, REPORT_CREDITS, REPORT_SESSIONS } from '../models/reports/tables.ts';
import { join, param, raw, sql, table } from '../warehouse/sql.ts';
import type { Warehouse } from '../warehouse/warehouse.ts';
import type { DateRange } from './dates.ts';

const DATED = [
  [REPORT_SESSIONS, 'click_date'],
  [REPORT_CREDITS, 'click_date'],
  [REPORT_CREDITS, 'conversion_date'],
  [REPORT_COSTS, 'click_date'],
] as const;

/** The first and the last day that any published fact is dated; undefined where nothing is published. */
export async function publishedDates(warehouse: Warehouse): Promise<DateRange | undefined> {
  const ends = DATED.map(
    ([facts, date]) => sql`select min(${raw(date)}) as first_date, max(${raw(date)}) as last_date from ${table(facts.name)}`,
  );
  const [row] = await warehouse.rows<{ start_date: string | null; end_date: string | null }>(
    sql`select min(first_date) as start_date, max(last_date) as end_date from (${join(ends, ' union all ')}) ends`,
    'published dates',
  );
  return row?.start_date && row.end_date ? { start_date: row.start_date, end_date: row.end_date } : undefined;
}

/** Whether any published fact is dated within a period. */
export async function hasFacts(warehouse: Warehouse, { start_date, end_date }: DateRange): Promise<boolean> {
  const days = DATED.map(
    ([facts, date]) => sql`select count(*) as facts from ${table(facts.name)}
      where ${raw(date)} between ${param(start_date, 'DATE')} and ${param(end_date, 'DATE')}`,
  );
  const counts = await warehouse.rows<{ facts: number }>(
    sql`select facts from (${join(days, ' union all ')}) counted`,
    'facts of the period',
  );
  return counts.some(({ facts }) => facts > 0);
}

/**
 * The last full day a report can speak of: yesterday in the project's time zone, or the last published day where that
 * is earlier, so that a report on a finished history shows its end and not an empty month.
 */
export function lastFullDay(published: DateRange | undefined, now: Date, timeZone: string): string {
  const yesterday = addDays(localDate(now, timeZone), -1);
  return published && published.end_date < yesterday ? published.end_date : yesterday;
}
