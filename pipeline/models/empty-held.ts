import { join, sql, table } from '../warehouse/sql.ts';
import type { TableDefinition, Warehouse } from '../warehouse/warehouse.ts';

/** Empties those of the tables that hold something: asked by one query, so that a night without changes writes nothing. */
export async function emptyHeld(warehouse: Warehouse, targets: readonly TableDefinition[], label: string): Promise<void> {
  const held = targets.map(({ name }) => sql`select ${name} as name from (select 1 as one from ${table(name)} limit 1) as held`);
  const names = new Set((await warehouse.rows<{ name: string }>(join(held, '\nunion all '), label)).map(({ name }) => name));
  for (const target of targets) if (names.has(target.name)) await warehouse.load(target, [], { replace: true, label });
}
