import type { Column } from '../../../edge/contract/columns.ts';
import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, raw, sql } from '../../warehouse/sql.ts';
import { identifierOf } from '../identifiers.ts';
import type { StepContext } from '../step.ts';

/** The address of a row of a query, as it is written there; an empty one is none. */
export const addressOf = (dialect: Dialect, alias: string): Sql => sql`nullif(${dialect.trim(raw(`${alias}.ip_address`))}, '')`;

/**
 * Has the addresses that a query of conversions returns hashed, so that its rows find their hash in staged_ip_hashes; a
 * query without the column ip_address costs nothing.
 * @param only query of the ids (column `id`) whose rows are asked; default: all.
 */
export async function hashAddresses(
  { warehouse, hashAddresses: hash }: StepContext,
  query: Sql,
  columns: readonly Column[],
  only?: Sql,
): Promise<void> {
  if (!hash || !columns.some(({ name }) => name === 'ip_address')) return;
  const { dialect } = warehouse;
  const id = identifierOf(dialect, sql`nullif(${dialect.trim(raw('returned.id'))}, '')`);
  const restriction = only ? sql`\nwhere ${id} in (select wanted.id from (${only}) as wanted)` : raw('');
  await hash(sql`select ${addressOf(dialect, 'returned')} as address from (\n${query}\n) as returned${restriction}`);
}
