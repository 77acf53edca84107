import {
  DuckDBArrayValue,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBListValue,
  DuckDBStructValue,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  type DuckDBType,
  DuckDBTypeId,
  type DuckDBValue,
  listValue,
  structValue,
} from '@duckdb/node-api';
import type { Column, ColumnType } from '../../../edge/contract/columns.ts';
import { isoMicros, microsOf } from '../instants.ts';
import { safeInteger } from '../integers.ts';
import type { SourceColumn } from '../source-columns.ts';
import type { Value } from '../warehouse.ts';

const INTEGERS: ReadonlySet<DuckDBTypeId> = new Set([
  DuckDBTypeId.TINYINT,
  DuckDBTypeId.SMALLINT,
  DuckDBTypeId.INTEGER,
  DuckDBTypeId.BIGINT,
  DuckDBTypeId.HUGEINT,
  DuckDBTypeId.UTINYINT,
  DuckDBTypeId.USMALLINT,
  DuckDBTypeId.UINTEGER,
  DuckDBTypeId.UBIGINT,
  DuckDBTypeId.UHUGEINT,
]);
const TIMES: ReadonlySet<DuckDBTypeId> = new Set([
  DuckDBTypeId.TIMESTAMP,
  DuckDBTypeId.TIMESTAMP_S,
  DuckDBTypeId.TIMESTAMP_MS,
  DuckDBTypeId.TIMESTAMP_NS,
  DuckDBTypeId.TIMESTAMP_TZ,
]);
const FRACTIONS: ReadonlySet<DuckDBTypeId> = new Set([DuckDBTypeId.FLOAT, DuckDBTypeId.DOUBLE, DuckDBTypeId.DECIMAL]);

/** The column type a DuckDB type stands for; undefined for types the data model does not know. */
export function modelType(type: DuckDBType): { type: ColumnType | undefined; repeated: boolean; fields?: Column[] } {
  if (type.typeId === DuckDBTypeId.LIST || type.typeId === DuckDBTypeId.ARRAY) return { ...modelType(type.valueType), repeated: true };
  if (type.typeId === DuckDBTypeId.STRUCT) {
    const fields = type.entryNames.map((name, i) => columnOf(name, type.entryTypes[i]!));
    return { type: 'STRUCT', repeated: false, fields };
  }
  return { type: scalar(type), repeated: false };
}

function scalar(type: DuckDBType): ColumnType | undefined {
  if (type.alias === 'JSON') return 'JSON';
  if (INTEGERS.has(type.typeId)) return 'INT64';
  if (TIMES.has(type.typeId)) return 'TIMESTAMP';
  if (FRACTIONS.has(type.typeId)) return 'FLOAT64';
  if (type.typeId === DuckDBTypeId.BOOLEAN) return 'BOOL';
  if (type.typeId === DuckDBTypeId.DATE) return 'DATE';
  return type.typeId === DuckDBTypeId.VARCHAR ? 'STRING' : undefined;
}

/** A described column as the check of a source wants it. */
export function modelTypeOf(column: Column): SourceColumn {
  return { name: column.name, type: column.type, repeated: column.mode === 'repeated' };
}

/** A column of a query's result, described in the terms of the data model. */
export function columnOf(name: string, duckDbType: DuckDBType): Column {
  const { type, repeated, fields } = modelType(duckDbType);
  return { name, type: type ?? 'STRING', mode: repeated ? 'repeated' : 'nullable', description: '', ...(fields && { fields }) };
}

/**
 * A value as readers get it.
 * @param integer reads an integer.
 * @throws RangeError, by default, for an integer beyond 2^53: nothing is rounded.
 */
export function toValue(value: DuckDBValue, integer: (value: bigint) => Value = safeInteger): Value {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  if (typeof value === 'bigint') return integer(value);
  if (value instanceof DuckDBTimestampValue || value instanceof DuckDBTimestampTZValue) return isoText(value.micros);
  if (value instanceof DuckDBDateValue) return isoDate(value);
  if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue) return value.items.map((item) => toValue(item, integer));
  if (value instanceof DuckDBStructValue)
    return Object.fromEntries(Object.entries(value.entries).map(([name, member]) => [name, toValue(member, integer)]));
  if (value instanceof DuckDBDecimalValue) return value.toDouble();
  if (value instanceof DuckDBTimestampSecondsValue) return isoText(value.seconds * 1_000_000n);
  if (value instanceof DuckDBTimestampMillisecondsValue) return isoText(value.millis * 1000n);
  if (value instanceof DuckDBTimestampNanosecondsValue) return isoText(value.nanos / 1000n);
  return value.toString();
}

/** The engine's own infinities have no form as an instant and stay words. */
function isoText(micros: bigint): string {
  return isoMicros(micros) ?? new DuckDBTimestampValue(micros).toString();
}

function isoDate(value: DuckDBDateValue): string {
  const date = new Date(value.days * 86_400_000);
  return Number.isNaN(date.getTime()) ? value.toString() : date.toISOString().slice(0, -14);
}

/** A value from Node as its column takes it; it has been checked to fit. */
export function fromValue(value: Value | undefined, column: Column): DuckDBValue {
  if (column.mode === 'repeated') return listValue(((value ?? []) as readonly Value[]).map((element) => fromScalar(element, column)));
  return value === null || value === undefined ? null : fromScalar(value, column);
}

function fromScalar(value: Value, column: Column): DuckDBValue {
  switch (column.type) {
    case 'INT64':
      return BigInt(value as number | string);
    case 'TIMESTAMP':
      return new DuckDBTimestampValue(microsOf(value as string)!);
    case 'DATE':
      return new DuckDBDateValue(Date.parse(value as string) / 86_400_000);
    case 'STRUCT': {
      const members = value as Readonly<Record<string, Value>>;
      return structValue(Object.fromEntries((column.fields ?? []).map((field) => [field.name, fromValue(members[field.name], field)])));
    }
    case 'STRING':
    case 'JSON':
    case 'FLOAT64':
    case 'BOOL':
      return value as DuckDBValue;
    default:
      return column.type satisfies never;
  }
}
