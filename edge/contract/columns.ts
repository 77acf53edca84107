import * as z from 'zod';

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

/**
 * Marks a zod schema with the column it is stored as.
 * `z.array(...)` schemas become repeated columns, `.nullable()` ones nullable, all others required.
 */
export function stored<Schema extends z.ZodType>(schema: Schema, type: ColumnType, description: string): Schema {
  return schema.meta({ column: type, description });
}

/**
 * Derives the columns of a table from the zod object that describes one row.
 * @throws Error naming the field that was not marked with {@link stored}.
 */
export function columnsOf(row: z.ZodObject): Column[] {
  return Object.entries(row.shape).map(([name, schema]) => columnOf(name, schema as z.ZodType));
}

function columnOf(name: string, schema: z.ZodType): Column {
  const meta = schema.meta() as { column?: ColumnType; description?: string } | undefined;
  if (!meta?.column) throw new Error(`row field "${name}" has no column type: wrap its schema in stored(…)`);
  const description = meta.description ?? '';
  const mode = schema instanceof z.ZodArray ? 'repeated' : schema instanceof z.ZodNullable ? 'nullable' : 'required';
  const inner = schema instanceof z.ZodArray ? schema.element : schema instanceof z.ZodNullable ? schema.unwrap() : schema;
  if (meta.column !== 'STRUCT') return { name, type: meta.column, mode, description };
  if (!(inner instanceof z.ZodObject)) throw new Error(`row field "${name}" is a STRUCT but not an object schema`);
  return { name, type: 'STRUCT', mode, description, fields: columnsOf(inner) };
}
