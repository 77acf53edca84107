import { CONVERSION_WATCHES } from '../../pipeline/models/conversions/tables.ts';
import { DEFINITIONS } from '../../pipeline/models/definitions.ts';
import { raw, sql, table } from '../../pipeline/warehouse/sql.ts';
import type { TableDefinition, Value, Warehouse } from '../../pipeline/warehouse/warehouse.ts';

/** Columns that are of the engine's own SQL, or of its own fingerprints. */
const ENGINES_OWN: Readonly<Record<string, readonly string[]>> = {
  [DEFINITIONS.name]: ['definition_hash'],
  [CONVERSION_WATCHES.name]: ['definition_hash', 'first_sum', 'second_sum'],
};

/**
 * The rows of a table in an order that no engine decides: JSON by content, integers as exact text (a person's key is larger
 * than a number holds). What is of the engine's own is left out.
 */
export async function contents(warehouse: Warehouse, { name, columns: all }: TableDefinition): Promise<string[]> {
  const columns = all.filter((column) => !ENGINES_OWN[name]?.includes(column.name));
  const texts = columns.map((column) => (column.type === 'INT64' ? `cast(${column.name} as string) as ${column.name}` : column.name));
  const rows = await warehouse.rows<Record<string, Value>>(sql`select ${raw(texts.join(', '))} from ${table(name)}`);
  return rows.map((row) => JSON.stringify(columns.map((column) => [column.name, content(column.type, row[column.name]!)]))).toSorted();
}

function content(type: string, value: Value): unknown {
  return type === 'JSON' && value !== null ? JSON.parse(value as string, inOrder) : value;
}

/** Members of an object have no order; the engines keep another one each. */
function inOrder(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1)));
}
