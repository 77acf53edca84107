import type { Dialect } from '../warehouse/dialect.ts';
import { join, raw, sql, type ParamValue, type Sql } from '../warehouse/sql.ts';
import type { TableDefinition } from '../warehouse/warehouse.ts';

/**
 * One row made in Node as the source of a structured write. Every column of the table must be given.
 * @param where lets the row through only where it holds.
 */
export function rowSource(dialect: Dialect, target: TableDefinition, row: Readonly<Record<string, ParamValue>>, where?: Sql): Sql {
  const columns = Object.fromEntries(target.columns.map((column) => [column.name, column.type]));
  const values = target.columns.map(({ name }) => {
    const value = row[name];
    if (value === undefined) throw new Error(`a row of ${target.name} lacks ${name}`);
    return value;
  });
  const names = join(target.columns.map(({ name }) => raw(`given.${name}`)));
  const given = sql`select ${names} from ${dialect.values('given', columns, [values])}`;
  return where ? sql`${given} where ${where}` : given;
}
