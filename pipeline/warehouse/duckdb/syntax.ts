import type { Column, ColumnType } from '../../../edge/contract/columns.ts';
import type { TableDefinition } from '../warehouse.ts';

const SCALAR_TYPES: Readonly<Record<Exclude<ColumnType, 'STRUCT'>, string>> = {
  STRING: 'VARCHAR',
  INT64: 'BIGINT',
  FLOAT64: 'DOUBLE',
  BOOL: 'BOOLEAN',
  TIMESTAMP: 'TIMESTAMP',
  DATE: 'DATE',
  JSON: 'JSON',
};

/** DuckDB's word for a column type without members. */
export function scalarType(type: ColumnType): string {
  if (type === 'STRUCT') throw new Error('a STRUCT has no type of its own: its members are needed');
  return SCALAR_TYPES[type];
}

/** DuckDB's type of a column, arrays and members included. */
export function columnType(column: Column): string {
  const element =
    column.type === 'STRUCT'
      ? `STRUCT(${(column.fields ?? []).map((field) => `${identifier(field.name)} ${columnType(field)}`).join(', ')})`
      : scalarType(column.type);
  return column.mode === 'repeated' ? `${element}[]` : element;
}

/** A quoted name. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A constant in SQL text. DuckDB's text literals know no escapes but the doubled quote. */
export function literal(value: string | number | bigint | boolean): string {
  return typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : String(value);
}

/** DDL of a table under a (qualified, quoted) name. Arrays are never NULL, as in BigQuery. */
export function createTable(name: string, table: TableDefinition): string {
  const columns = table.columns.map(
    (column) =>
      `  ${identifier(column.name)} ${columnType(column)}${table.hasRepeatedTexts ? compression(column) : ''}${constraint(column)}`,
  );
  return `create table ${name} (\n${columns.join(',\n')}\n)`;
}

function compression({ type, mode }: Column): string {
  return type === 'STRING' && mode !== 'repeated' ? ' using compression dictionary' : '';
}

function constraint(column: Column): string {
  if (column.mode === 'repeated') return ' not null default []';
  return column.mode === 'required' ? ' not null' : '';
}
