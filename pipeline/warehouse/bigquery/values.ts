import type { Column, ColumnType } from '../../../edge/contract/columns.ts';
import { isoMicros } from '../instants.ts';
import { safeInteger } from '../integers.ts';
import type { SourceColumn } from '../source-columns.ts';
import type { Row, Value } from '../warehouse.ts';
import type { Field, RawCell, RawRow } from './api.ts';

/** REST answers with the names of legacy SQL. */
const TYPES: Readonly<Record<string, ColumnType>> = {
  STRING: 'STRING',
  INTEGER: 'INT64',
  INT64: 'INT64',
  FLOAT: 'FLOAT64',
  FLOAT64: 'FLOAT64',
  NUMERIC: 'FLOAT64',
  BIGNUMERIC: 'FLOAT64',
  BOOLEAN: 'BOOL',
  BOOL: 'BOOL',
  TIMESTAMP: 'TIMESTAMP',
  DATE: 'DATE',
  JSON: 'JSON',
  RECORD: 'STRUCT',
  STRUCT: 'STRUCT',
};

/** A result's column in the terms of the data model. */
export function columnOf(field: Field): Column {
  return {
    name: field.name,
    type: TYPES[field.type] ?? 'STRING',
    mode: field.mode === 'REPEATED' ? 'repeated' : field.mode === 'REQUIRED' ? 'required' : 'nullable',
    description: '',
    ...(field.fields && { fields: field.fields.map(columnOf) }),
  };
}

/** A result's column as the check of a source wants it. */
export function sourceColumnOf(field: Field): SourceColumn {
  return { name: field.name, type: TYPES[field.type], repeated: field.mode === 'REPEATED' };
}

/** The type of a column in one word, to compare and to show. */
export function typeName(column: Column): string {
  const element =
    column.type === 'STRUCT'
      ? `STRUCT<${(column.fields ?? []).map((field) => `${field.name} ${typeName(field)}`).join(', ')}>`
      : column.type;
  return column.mode === 'repeated' ? `ARRAY<${element}>` : element;
}

/** The column as a load job declares it. */
export function fieldOf(column: Column): Field {
  return {
    name: column.name,
    type: column.type === 'STRUCT' ? 'RECORD' : column.type,
    mode: (column.mode ?? 'nullable').toUpperCase(),
    ...(column.fields && { fields: column.fields.map(fieldOf) }),
  };
}

/**
 * The values of a row.
 * @param integer reads an integer.
 * @throws RangeError, by default, for an integer beyond 2^53: nothing is rounded.
 */
export function valuesOf(row: RawRow, fields: readonly Field[], integer: IntegerReader = safeInteger): Value[] {
  return fields.map((field, i) => valueOf(row.f[i]!.v, field, integer));
}

/** {@link valuesOf} by column name. */
export function rowOf(row: RawRow, fields: readonly Field[], integer: IntegerReader = safeInteger): Row {
  const values = valuesOf(row, fields, integer);
  return Object.fromEntries(fields.map((field, i) => [field.name, values[i]!]));
}

type IntegerReader = (text: string) => Value;

function valueOf(raw: RawCell['v'], field: Field, integer: IntegerReader): Value {
  if (field.mode === 'REPEATED')
    return ((raw ?? []) as readonly RawCell[]).map((cell) => valueOf(cell.v, { ...field, mode: 'NULLABLE' }, integer));
  if (raw === null) return null;
  const type = TYPES[field.type];
  if (type === 'STRUCT') return rowOf(raw as RawRow, field.fields ?? [], integer);
  const text = raw as string;
  if (type === 'INT64') return integer(text);
  if (type === 'FLOAT64') return Number(text === 'INF' || text === '+INF' ? Infinity : text === '-INF' ? -Infinity : text);
  if (type === 'BOOL') return text === 'true';
  // Its years, 1 to 9999, all have a text.
  return type === 'TIMESTAMP' ? isoMicros(BigInt(text))! : text;
}

/** A row as a line of a load job; JSON columns, which travel as text, become the value they hold. */
export function toJsonLine(row: Row, columns: readonly Column[]): string {
  return `${objectLine(row, columns)}\n`;
}

function objectLine(row: Readonly<Record<string, Value>>, columns: readonly Column[]): string {
  const members = columns.filter((column) => row[column.name] !== undefined && row[column.name] !== null);
  return `{${members.map((column) => `${JSON.stringify(column.name)}:${written(row[column.name]!, column)}`).join(',')}}`;
}

function written(value: Value, column: Column): string {
  if (column.mode === 'repeated')
    return `[${(value as readonly Value[]).map((element) => written(element, { ...column, mode: 'required' })).join(',')}]`;
  if (column.type === 'STRUCT') return objectLine(value as Readonly<Record<string, Value>>, column.fields ?? []);
  // A text of JSON may hold line feeds; a load job's line may not.
  return column.type === 'JSON' ? JSON.stringify(JSON.parse(value as string)) : JSON.stringify(value);
}
