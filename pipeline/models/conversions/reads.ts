import { localDate } from '../../config/calendar.ts';
import { param, sql, table } from '../../warehouse/sql.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import type { StepContext } from '../step.ts';
import { CONVERSION_READS } from './tables.ts';

/** The day (of the project) of the last run that finished with each conversion, by name. */
export async function readDays(warehouse: Warehouse): Promise<ReadonlyMap<string, string>> {
  const rows = await warehouse.rows<{ conversion_name: string; read_on: string }>(
    sql`select conversion_name, read_on from ${table(CONVERSION_READS.name)}`,
    'conversions: last reads',
  );
  return new Map(rows.map(({ conversion_name, read_on }) => [conversion_name, read_on]));
}

/** Notes that conversions have been read by this run. Last, so that one that ends before reads the same again. */
export async function noteReads({ warehouse, config, now }: StepContext, names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  const named = warehouse.dialect.values(
    'named',
    { name: 'STRING' },
    names.map((name) => [name]),
  );
  const day = param(localDate(now, config.project.timeZone), 'DATE');
  await warehouse.merge(CONVERSION_READS, sql`select named.name as conversion_name, ${day} as read_on from ${named}`, {
    label: 'conversions: last reads',
  });
}
