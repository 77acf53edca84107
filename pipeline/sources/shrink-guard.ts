import { existsSync } from 'node:fs';
import { UserError } from '../config/user-error.ts';
import { outlineOf } from '../warehouse/csv-outline.ts';
import { sql, table } from '../warehouse/sql.ts';
import type { Warehouse } from '../warehouse/warehouse.ts';

/** Fewer rows than these may always disappear, unless all do: a tiny table loses a large share with every row. */
export const FEWEST_ROWS_OF_A_LOSS = 20;

interface Guarded {
  /** Config path of the name of the source, for messages. */
  readonly configPath: string;
  /** The table that is made equal to the source. */
  readonly table: string;
  /** Share of the rows that may disappear at once, where at least {@link FEWEST_ROWS_OF_A_LOSS} do. */
  readonly maximumShrink: number;
  /** Whether any loss is meant (`run --allow-mass-delete`). */
  readonly allowMassDelete: boolean | undefined;
}

export interface GuardedFile extends Guarded {
  /** Absolute path. */
  readonly file: string;
}

/** A source that is a table of the warehouse itself. */
export interface GuardedTable extends Guarded {
  /** Its name, for messages. */
  readonly source: string;
  /** How many rows it has. */
  readonly rows: number;
}

/**
 * Refuses an export that looks broken, before anything is deleted: no file, no header, no rows where there were some,
 * or many fewer than there were.
 * @returns warnings for the reader of the run.
 * @throws UserError with the file, the rows before and now, and how to override.
 */
export async function guardAgainstShrinking(warehouse: Warehouse, guarded: GuardedFile): Promise<string[]> {
  const { file, configPath } = guarded;
  if (!existsSync(file))
    throw new UserError(`${configPath}: there is no file ${file}; nothing was changed. Export it again or correct the path.`);
  const { header, records } = await outlineOf(file);
  if (header.length === 0)
    throw new UserError(`${configPath}: ${file} is empty, it has not even a header; nothing was changed. Export it again.`);
  return refuseLoss(warehouse, guarded, file, records);
}

/**
 * The same for a table of the warehouse.
 * @returns warnings for the reader of the run.
 * @throws UserError with the table, the rows before and now, and how to override.
 */
export async function guardTable(warehouse: Warehouse, guarded: GuardedTable): Promise<string[]> {
  return refuseLoss(warehouse, guarded, guarded.source, guarded.rows);
}

async function refuseLoss(warehouse: Warehouse, guarded: Guarded, source: string, records: number): Promise<string[]> {
  const { configPath, maximumShrink, allowMassDelete = false } = guarded;
  const [count] = await warehouse.rows<{ row_count: number }>(
    sql`select count(*) as row_count from ${table(guarded.table)}`,
    `rows of ${guarded.table}`,
  );
  const before = count!.row_count;
  if (before === 0) return records === 0 ? [`${configPath}: ${source} has no rows`] : [];
  const lost = before - records;
  if (allowMassDelete || lost <= before * maximumShrink || (lost < FEWEST_ROWS_OF_A_LOSS && records > 0)) return [];
  throw new UserError(
    `${configPath}: ${source} has ${rows(records)} where the last export had ${rows(before)}; at most ${percent(maximumShrink)} may disappear at once. ` +
      `Nothing was changed, because a broken export must not delete anything. If the loss is meant: touchtrail run --allow-mass-delete`,
  );
}

const rows = (count: number) => `${count.toLocaleString('en')} ${count === 1 ? 'row' : 'rows'}`;
const percent = (share: number) => `${Math.round(share * 1000) / 10} %`;
