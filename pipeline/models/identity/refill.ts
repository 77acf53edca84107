import type { Sql } from '../../warehouse/sql.ts';
import type { Change, TableDefinition, Warehouse } from '../../warehouse/warehouse.ts';

/** Makes a staged table hold the rows of a query, which must not read it. */
export async function refill(warehouse: Warehouse, target: TableDefinition, source: Sql, label: string): Promise<Change> {
  await warehouse.load(target, [], { replace: true, label });
  return warehouse.append(target, source, label);
}
