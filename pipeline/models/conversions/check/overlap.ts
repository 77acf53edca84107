import { type Sql, param, sql } from '../../../warehouse/sql.ts';
import type { Warehouse } from '../../../warehouse/warehouse.ts';
import type { QueryRange } from '../user-sql.ts';

const DAY_MILLISECONDS = 86_400_000;
/** Fewer days have no inside. */
const FEWEST_DAYS = 7;

/**
 * Asks a query for two ranges that overlap: what it says of a day must not depend on the range it was asked for, or every
 * night would find other rows changed.
 * @param rowsOf the query's rows in the shape of staged_conversions, for a range.
 * @param today the day of the check, in UTC.
 * @param days length of the conversion's adjustment window.
 * @returns what is wrong, in words; undefined where the ranges agree.
 */
export async function overlapProblem(
  warehouse: Warehouse,
  rowsOf: (range: QueryRange) => Sql,
  today: string,
  days: number,
): Promise<string | undefined> {
  const length = Math.max(days, FEWEST_DAYS);
  const at = (offset: number) => new Date(Date.parse(`${today}T00:00:00Z`) + offset * DAY_MILLISECONDS).toISOString();
  const earlier = { from: at(-2 * length), to: at(0) };
  const later = { from: at(-length), to: at(length) };
  // A query may mean days of another zone: the first and the last of the shared days are only half in one of the ranges.
  const shared = { from: at(1 - length), to: at(-1) };
  const [found] = await warehouse.rows<{ only_earlier: number; only_later: number; example: string | null }>(
    sql`
    with earlier as (${sharedRows(rowsOf(earlier), shared)}),
    later as (${sharedRows(rowsOf(later), shared)})
    select
      coalesce(countif(later.row_hash is null), 0) as only_earlier,
      coalesce(countif(earlier.row_hash is null), 0) as only_later,
      min(coalesce(earlier.id, later.id)) as example
    from earlier
    full outer join later on later.row_hash = earlier.row_hash and later.copies = earlier.copies
    where earlier.row_hash is null or later.row_hash is null`,
    'two overlapping ranges',
  );
  if (found!.only_earlier === 0 && found!.only_later === 0) return undefined;
  return (
    `asked for ${day(earlier.from)} to ${day(earlier.to)}, and for ${day(later.from)} to ${day(later.to)}, the query does not say the same of ` +
    `the days that both have: ${found!.only_earlier} rows are in the first answer only, ${found!.only_later} in the second` +
    `${found!.example === null ? '' : `, such as ${found!.example}`}. ` +
    `A row must not depend on @from and @to: compute over all rows, and compare created with @from and @to at the end`
  );
}

const day = (instant: string): string => instant.slice(0, 10);

function sharedRows(rows: Sql, { from, to }: QueryRange): Sql {
  return sql`
      select staged.row_hash, min(staged.id) as id, count(*) as copies
      from (${rows}) as staged
      where staged.conversion_time >= ${param(from, 'TIMESTAMP')} and staged.conversion_time < ${param(to, 'TIMESTAMP')}
      group by staged.row_hash`;
}
