import { type Sql, sql, table } from '../warehouse/sql.ts';
import type { Change, TableDefinition, Warehouse } from '../warehouse/warehouse.ts';

/**
 * Makes a table hold the rows of a query, which must not read it. Into an empty table they are written as they come.
 *
 * Of another, where a transaction hides what is unfinished, all rows go and are written again: that takes a fraction of the
 * time in which wide rows are compared. Readers of BigQuery would see the table empty; there only what differs is written.
 */
export async function fill(warehouse: Warehouse, target: TableDefinition, source: Sql, label: string): Promise<Change> {
  const held = await warehouse.rows(sql`select 1 as held from ${table(target.name)} limit 1`, label);
  if (held.length === 0) return warehouse.append(target, source, label);
  if (warehouse.dialect.name === 'bigquery') return warehouse.merge(target, source, { deleteUnmatched: true, label });
  return warehouse.transaction(async () => {
    const { deleted } = await warehouse.load(target, [], { replace: true, label });
    const { inserted } = await warehouse.append(target, source, label);
    return { inserted, updated: 0, deleted };
  });
}
