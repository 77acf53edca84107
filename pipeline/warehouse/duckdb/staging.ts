import { checkSourceColumns } from '../source-columns.ts';
import { type Sql, raw, sql } from '../sql.ts';
import type { TableDefinition, Warehouse } from '../warehouse.ts';
import { duckDbDialect } from './dialect.ts';
import type { DuckDbSession } from './session.ts';
import { columnType, identifier } from './syntax.ts';
import { modelTypeOf } from './values.ts';

/**
 * The columns of a table in its order, from a query that may name them in any order and leave out nullable ones.
 * @throws UserError where a column does not fit the table.
 */
export async function fitToTable(session: DuckDbSession, target: TableDefinition, source: Sql, label: string): Promise<Sql> {
  const columns = await session.describe(source, label);
  checkSourceColumns(target, columns.map(modelTypeOf), label);
  const present = new Set(columns.map((column) => column.name));
  const fitted = target.columns.map((column) => {
    const name = identifier(column.name);
    const value = present.has(column.name) ? `cast(source.${name} as ${columnType(column)})` : `cast(null as ${columnType(column)})`;
    // An array is never NULL, as in BigQuery.
    return `${column.mode === 'repeated' ? `coalesce(${value}, [])` : value} as ${name}`;
  });
  return sql`select ${raw(fitted.join(', '))} from (\n${source}\n) as source`;
}

/** What the checks that both engines share read with. */
export function readerOf(session: DuckDbSession): Pick<Warehouse, 'rows' | 'dialect'> {
  return { rows: (query, label = 'check') => session.read(query, label), dialect: duckDbDialect };
}
