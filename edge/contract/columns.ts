import * as z from 'zod/mini';

/** The column types both warehouses share; `JSON` holds text that parses as JSON. */
export type ColumnType = 'STRING' | 'INT64' | 'FLOAT64' | 'BOOL' | 'TIMESTAMP' | 'DATE' | 'JSON' | 'STRUCT';

/** One column of a stored table, as both the BigQuery schema and the DuckDB DDL are derived from it. */
export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  /** `repeated` is an array (never NULL, possibly empty). Default: `nullable`. */
  readonly mode?: 'required' | 'nullable' | 'repeated';
  /** The members of a `STRUCT`. */
  readonly fields?: readonly Column[];
  readonly description: string;
}

/** What {@link stored} says about schemas. */
const marks = z.registry<Pick<Column, 'type' | 'description'>>();

/**
 * Marks a zod schema with the column it is stored as.
 * `z.array(...)` schemas become repeated columns, `z.nullable(...)` ones nullable, all others required.
 * @returns a copy, so that one schema can be stored in several columns.
 */
export function stored<Schema extends z.ZodMiniType>(schema: Schema, type: ColumnType, description: string): Schema {
  const column = z.clone(schema);
  marks.add(column, { type, description });
  return column;
}

/**
 * Derives the columns of a table from the zod object that describes one row.
 * @throws Error naming the field that was not marked with {@link stored}.
 */
export function columnsOf(row: z.ZodMiniObject): Column[] {
  return Object.entries(row.shape).map(([name, schema]) => columnOf(name, schema));
}

function columnOf(name: string, schema: z.core.$ZodType): Column {
  const mark = marks.get(schema);
  if (!mark) throw new Error(`row field "${name}" has no column type: wrap its schema in stored(…)`);
  const { type, description } = mark;
  const mode = schema instanceof z.ZodMiniArray ? 'repeated' : schema instanceof z.ZodMiniNullable ? 'nullable' : 'required';
  const inner = schema instanceof z.ZodMiniArray ? schema.def.element : schema instanceof z.ZodMiniNullable ? schema.def.innerType : schema;
  if (type !== 'STRUCT') return { name, type, mode, description };
  if (!(inner instanceof z.ZodMiniObject)) throw new Error(`row field "${name}" is a STRUCT but not an object schema`);
  return { name, type, mode, description, fields: columnsOf(inner) };
}
