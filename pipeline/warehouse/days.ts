import type { Column } from '../../edge/contract/columns.ts';
import { type Sql, arrayParam, param, sql } from './sql.ts';
import type { Dialect } from './dialect.ts';
import type { TableDefinition } from './warehouse.ts';

const MILLISECONDS_PER_DAY = 86_400_000;
const LAST_DAY = '9999-12-31';

/**
 * Whether a row stands in the partitions of these days (UTC). The bounds are what an engine prunes by for certain
 * (BigQuery its partitions, DuckDB its zone maps); the list tells the days between them apart.
 * @param column the partition column as the statement calls it: `target.occurred_at`.
 * @throws Error where the table has no partitions, or a day is none.
 */
export function standsIn(dialect: Dialect, target: TableDefinition, column: Sql, days: readonly string[]): Sql {
  const type = partitionColumn(target).type === 'DATE' ? 'DATE' : 'TIMESTAMP';
  const sorted = [...new Set(days)].toSorted();
  const [first] = sorted;
  const last = sorted.at(-1);
  if (first === undefined || last === undefined) return sql`false`;
  const bound = (day: string) => param(type === 'DATE' ? day : `${day}T00:00:00Z`, type);
  // Nothing lies behind the last day there is, with which systems say "for ever".
  const end = last === LAST_DAY ? sql`` : sql` and ${column} < ${bound(dayAfter(last))}`;
  const range = sql`${column} >= ${bound(first)}${end}`;
  const span = (startOf(last) - startOf(first)) / MILLISECONDS_PER_DAY + 1;
  if (span === sorted.length) return sql`(${range})`;
  return sql`(${range} and ${dialect.isIn(dayOf(target, column), sql`${arrayParam(sorted, 'DATE')}`)})`;
}

/** The day of the partition that a row stands in: of a TIMESTAMP in UTC, as BigQuery partitions. */
export function dayOf(target: TableDefinition, column: Sql): Sql {
  return partitionColumn(target).type === 'DATE' ? column : sql`date(${column})`;
}

/** The column whose days are the table's partitions. @throws Error where it has none. */
export function partitionColumn(target: TableDefinition): Column {
  const column = target.columns.find(({ name }) => name === target.partitionBy);
  if (!column) throw new Error(`${target.name} is not partitioned: it has no days`);
  return column;
}

function dayAfter(day: string): string {
  return new Date(startOf(day) + MILLISECONDS_PER_DAY).toISOString().slice(0, 10);
}

function startOf(day: string): number {
  const start = /^\d{4}-\d\d-\d\d$/.test(day) ? Date.parse(day) : Number.NaN;
  if (Number.isNaN(start)) throw new Error(`"${day}" is no day: expected YYYY-MM-DD`);
  return start;
}
