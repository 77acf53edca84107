/** A bound parameter. The type is needed by BigQuery where the value alone does not tell it (NULL, empty array). */
export interface Param {
  readonly kind: 'param';
  readonly type: 'STRING' | 'INT64' | 'FLOAT64' | 'BOOL' | 'TIMESTAMP' | 'DATE';
  readonly array: boolean;
  /** INT64 beyond 2^53 as bigint; TIMESTAMP as ISO text in UTC; DATE as YYYY-MM-DD. */
  readonly value: ParamValue | readonly ParamValue[];
}
export type ParamValue = string | number | bigint | boolean | null;

/** A table of the warehouse by its bare name; the engine adds project and dataset. */
export interface TableRef {
  readonly kind: 'table';
  readonly name: string;
}

/** A piece of SQL: text, bound parameters and table names, composed with {@link sql}. Rendered by a warehouse only. */
export interface Sql {
  readonly kind: 'sql';
  readonly parts: readonly (string | Param | TableRef)[];
}

/** What may stand in a `${…}` of {@link sql}: SQL and tables are spliced, plain values become bound parameters. */
export type SqlPart = Sql | Param | TableRef | string | number | bigint | boolean;

/**
 * Composes SQL. Plain values never become text: strings, numbers and booleans are bound as parameters
 * (integers as INT64, other numbers as FLOAT64).
 *
 * @example sql`select session_id from ${table('sessions')} where channel = ${'Paid Search'}`
 */
export function sql(strings: TemplateStringsArray, ...values: readonly SqlPart[]): Sql {
  const parts: (string | Param | TableRef)[] = [];
  strings.forEach((text, i) => {
    if (text) parts.push(text);
    if (i >= values.length) return;
    const value = values[i]!;
    if (typeof value !== 'object') parts.push(param(value));
    else if (value.kind === 'sql') parts.push(...value.parts);
    else parts.push(value);
  });
  return { kind: 'sql', parts };
}

/** Text that is SQL by itself: written in this repository, never taken from a user's value. */
export function raw(text: string): Sql {
  return { kind: 'sql', parts: [text] };
}

/** Joins pieces with a separator, by default a comma. */
export function join(pieces: readonly Sql[], separator = ', '): Sql {
  return { kind: 'sql', parts: pieces.flatMap((piece, i) => (i === 0 ? piece.parts : [separator, ...piece.parts])) };
}

/** A table of the warehouse. */
export function table(name: string): TableRef {
  return { kind: 'table', name };
}

/** Binds one value; give the type where the value does not tell it. */
export function param(value: ParamValue, type?: Param['type']): Param {
  return { kind: 'param', type: type ?? inferType(value), array: false, value };
}

/** Binds an array of values. */
export function arrayParam(values: readonly ParamValue[], type: Param['type']): Param {
  return { kind: 'param', type, array: true, value: values };
}

function inferType(value: ParamValue): Param['type'] {
  if (typeof value === 'string' || value === null) return 'STRING';
  if (typeof value === 'boolean') return 'BOOL';
  if (typeof value === 'bigint' || Number.isInteger(value)) return 'INT64';
  return 'FLOAT64';
}
