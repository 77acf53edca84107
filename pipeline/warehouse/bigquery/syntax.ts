import type { Column, ColumnType } from '../../../edge/contract/columns.ts';

/** GoogleSQL's type of a column, arrays and members included. */
export function columnType(column: Column): string {
  const element =
    column.type === 'STRUCT'
      ? `struct<${(column.fields ?? []).map((field) => `${identifier(field.name)} ${columnType(field)}`).join(', ')}>`
      : scalarType(column.type);
  return column.mode === 'repeated' ? `array<${element}>` : element;
}

/** GoogleSQL's word for a column type without members. */
export function scalarType(type: ColumnType): string {
  if (type === 'STRUCT') throw new Error('a STRUCT has no type of its own: its members are needed');
  return type.toLowerCase();
}

/** A quoted name. */
export function identifier(name: string): string {
  return `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``;
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', "'": "\\'", '\n': '\\n', '\r': '\\r' };

/** A constant in SQL text; GoogleSQL's text literals know backslash escapes and end with their line. */
export function literal(value: string | number | bigint | boolean): string {
  return typeof value === 'string' ? `'${value.replace(/[\\'\n\r]/g, (character) => ESCAPES[character]!)}'` : String(value);
}
