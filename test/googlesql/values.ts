import type { Column, ColumnType } from '../../edge/contract/columns.ts';
import type { Value } from '../../pipeline/warehouse/warehouse.ts';

/** GoogleSQL's TypeProto, as far as our tables use it. */
export interface ProtoType {
  type_kind: string;
  array_type?: { element_type: ProtoType };
  struct_type?: { field: { field_name: string; field_type: ProtoType }[] };
}

const KINDS = {
  STRING: 'TYPE_STRING',
  INT64: 'TYPE_INT64',
  FLOAT64: 'TYPE_DOUBLE',
  BOOL: 'TYPE_BOOL',
  TIMESTAMP: 'TYPE_TIMESTAMP',
  DATE: 'TYPE_DATE',
  JSON: 'TYPE_JSON',
} as const;

/** The GoogleSQL type of a column. */
export function toProtoType(column: Column): ProtoType {
  const element: ProtoType =
    column.type === 'STRUCT'
      ? {
          type_kind: 'TYPE_STRUCT',
          struct_type: { field: (column.fields ?? []).map((field) => ({ field_name: field.name, field_type: toProtoType(field) })) },
        }
      : { type_kind: KINDS[column.type] };
  return column.mode === 'repeated' ? { type_kind: 'TYPE_ARRAY', array_type: { element_type: element } } : element;
}

/** The column that a GoogleSQL type is. @throws Error for a type that no table of ours uses. */
export function fromProtoType(name: string, type: ProtoType): Column {
  if (type.type_kind === 'TYPE_ARRAY') return { ...fromProtoType(name, type.array_type!.element_type), mode: 'repeated' };
  if (type.type_kind === 'TYPE_STRUCT') {
    const fields = type.struct_type!.field.map((field) => fromProtoType(field.field_name, field.field_type));
    return { name, type: 'STRUCT', mode: 'nullable', description: '', fields };
  }
  const kind = Object.entries(KINDS).find(([, one]) => one === type.type_kind)?.[0] as ColumnType | undefined;
  if (!kind) throw new Error(`column ${name} has the type ${type.type_kind}, which no table of ours uses`);
  return { name, type: kind, mode: 'nullable', description: '' };
}

/** A value in the form of {@link Value} as GoogleSQL's ValueProto. */
export function toProtoValue(column: Column, value: Value): object {
  if (column.mode === 'repeated') {
    const { mode: _, ...element } = column;
    return { array_value: { element: ((value ?? []) as readonly Value[]).map((item) => toProtoValue(element, item)) } };
  }
  if (value === null) return {};
  switch (column.type) {
    case 'STRING':
      return { string_value: value };
    case 'INT64':
      return { int64_value: value };
    case 'FLOAT64':
      return { double_value: value };
    case 'BOOL':
      return { bool_value: value };
    case 'JSON':
      return { json_value: value };
    case 'DATE':
      return { date_value: Date.parse(`${value as string}T00:00:00Z`) / 86_400_000 };
    case 'TIMESTAMP': {
      const [, whole, fraction = ''] = /^(.{19})(?:\.(\d+))?Z$/.exec(value as string) ?? [];
      return { timestamp_value: { seconds: Date.parse(`${whole}Z`) / 1000, nanos: Number(fraction.padEnd(9, '0')) } };
    }
    case 'STRUCT': {
      const members = value as Readonly<Record<string, Value>>;
      return { struct_value: { field: (column.fields ?? []).map((field) => toProtoValue(field, members[field.name] ?? null)) } };
    }
  }
}

interface ProtoValue {
  string_value?: string;
  /** Exact, as text. */
  int64_value?: string;
  double_value?: number;
  bool_value?: boolean;
  json_value?: string;
  date_value?: number;
  timestamp_value?: { seconds?: string; nanos?: number };
  array_value?: { element?: ProtoValue[] };
  struct_value?: { field?: ProtoValue[] };
}

/** GoogleSQL's ValueProto in the form of {@link Value}: TIMESTAMP as ISO text with six digits, DATE as YYYY-MM-DD. */
export function fromProtoValue(type: ProtoType, value: ProtoValue): Value {
  switch (type.type_kind) {
    case 'TYPE_ARRAY':
      return value.array_value
        ? (value.array_value.element ?? []).map((item) => fromProtoValue(type.array_type!.element_type, item))
        : null;
    case 'TYPE_STRUCT':
      if (!value.struct_value) return null;
      return Object.fromEntries(
        type.struct_type!.field.map((field, i) => [
          field.field_name,
          fromProtoValue(field.field_type, value.struct_value!.field?.[i] ?? {}),
        ]),
      );
    case 'TYPE_STRING':
      return value.string_value ?? null;
    case 'TYPE_INT64':
      return value.int64_value === undefined ? null : integer(value.int64_value);
    case 'TYPE_DOUBLE':
      return value.double_value ?? null;
    case 'TYPE_BOOL':
      return value.bool_value ?? null;
    case 'TYPE_JSON':
      return value.json_value ?? null;
    case 'TYPE_DATE':
      return value.date_value === undefined ? null : new Date(value.date_value * 86_400_000).toISOString().slice(0, 10);
    case 'TYPE_TIMESTAMP': {
      if (!value.timestamp_value) return null;
      const { seconds = '0', nanos = 0 } = value.timestamp_value;
      return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}.${String(Math.floor(nanos / 1000)).padStart(6, '0')}Z`;
    }
    default:
      throw new Error(`a result column has the type ${type.type_kind}, which no table of ours uses`);
  }
}

/** Beyond what a number holds exactly the text stays. */
function integer(text: string): number | string {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : text;
}
