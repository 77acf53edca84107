import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, raw, sql } from '../../warehouse/sql.ts';

/** The person as an integer: the first 60 bits of the SHA-256 of person_id. */
export function personKey(dialect: Dialect, personId: Sql): Sql {
  return sql`cast(${dialect.concat(raw("'0x'"), sql`substr(${dialect.sha256Hex(personId)}, 1, 15)`)} as int64)`;
}
