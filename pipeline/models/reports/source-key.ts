import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, raw, sql } from '../../warehouse/sql.ts';
import { SOURCE_COLUMNS } from './tables.ts';

/**
 * What a session was brought by as one integer: the first 60 bits of the SHA-256 of its columns.
 * @param column the SQL of each of {@link SOURCE_COLUMNS}.
 */
export function sourceKey(dialect: Dialect, column: (name: string) => Sql): Sql {
  // Integers of this size are not written alike as JSON.
  const texts = SOURCE_COLUMNS.map((name) => [name, name === 'ad_reference' ? dialect.castText(column(name)) : column(name)] as const);
  const hash = dialect.sha256Hex(dialect.jsonString(dialect.struct(Object.fromEntries(texts))));
  return sql`cast(${dialect.concat(raw("'0x'"), sql`substr(${hash}, 1, 15)`)} as int64)`;
}
