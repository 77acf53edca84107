import type { Column } from '../../edge/contract/columns.ts';
import type { Dialect } from '../warehouse/dialect.ts';
import { type Sql, raw, sql } from '../warehouse/sql.ts';

/** A column as a row hash reads it. */
export type HashedColumn = Pick<Column, 'name' | 'type' | 'mode'>;

/**
 * SHA-256 over the values of the columns, in their order; each with its length, so that no two rows read the same.
 * It decides between rows that nothing else tells apart: by what they hold, never by the order they were loaded in.
 * @throws Error for a FLOAT64: its text is the engine's own; hash its micros, or order by the number.
 */
export function rowHash(dialect: Dialect, columns: readonly HashedColumn[]): Sql {
  const parts = columns.map((column) => {
    const text = textOf(dialect, column);
    return sql`coalesce(${dialect.concat(dialect.castText(sql`length(${text})`), raw("':'"), text)}, '-')`;
  });
  return dialect.sha256Hex(dialect.concat(...parts));
}

function textOf(dialect: Dialect, { name, type, mode }: HashedColumn): Sql {
  const value = raw(name);
  if (mode === 'repeated') return dialect.jsonString(value);
  switch (type) {
    case 'STRING':
      return value;
    case 'INT64':
    case 'DATE':
      return dialect.castText(value);
    case 'BOOL':
      return sql`case when ${value} is null then null when ${value} then 'true' else 'false' end`;
    case 'TIMESTAMP':
      return dialect.castText(dialect.unixMicros(value));
    case 'JSON':
    case 'STRUCT':
      return dialect.jsonString(value);
    case 'FLOAT64':
      throw new Error(`a row hash takes no FLOAT64: ${name}`);
    default:
      return type satisfies never;
  }
}
