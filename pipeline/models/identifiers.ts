import { emailHash } from '../../edge/contract/email.ts';
import type { Dialect } from '../warehouse/dialect.ts';
import { type Sql, sql } from '../warehouse/sql.ts';

/** A text that is an e-mail address and nothing else. A domain does not end in digits, as at the edge: `root@10.0.0.1` is none. */
const WHOLE_EMAIL = String.raw`^\s*[^\s@]+@[^\s@]+\.[^\s@.0-9]{2,63}\s*$`;

/** {@link identifierOf} for a text that a reader typed. */
export const storedIdentifier = (text: string): string => (new RegExp(WHOLE_EMAIL).test(text) ? emailHash(text) : text);

/**
 * An identifier as it is stored and compared: an e-mail address becomes its hash, as the edge does it with the user ids
 * of a site. The address itself stays in the CRM's own tables.
 */
export function identifierOf(dialect: Dialect, text: Sql): Sql {
  return sql`if(${dialect.regexpContains(text, WHOLE_EMAIL)}, ${dialect.emailHash(text)}, ${text})`;
}
