import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, arrayParam, join, raw, sql } from '../../warehouse/sql.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import type { ErasedIds } from './predicates.ts';
import { ERASED_KINDS, type ErasedKind } from './tables.ts';

/** Hex digits of a bucket. */
export const BUCKET_DIGITS = 4;

/** The tombstones, as whoever holds the key can ask them. */
export interface Tombstones {
  /** Buckets of all of them. */
  readonly buckets: readonly string[];
  readonly isErased: (kind: ErasedKind, value: string) => boolean;
}

/** Query of (kind, value) over a FROM item: the identifiers in some of its columns. */
export function identifiersIn(from: Sql, columns: readonly { readonly value: Sql; readonly kinds: readonly ErasedKind[] }[]): Sql {
  const queries = columns.flatMap(({ value, kinds }) =>
    kinds.map((kind) => sql`select ${raw(`'${kind}'`)} as kind, ${value} as value from ${from} where ${value} is not null`),
  );
  return join(queries, '\nunion all\n');
}

/**
 * Which of the identifiers of a query of (kind, value) are erased. SQL leaves those whose bucket is a tombstone's; only they
 * are hashed with the key, which never enters SQL.
 */
export async function erasedAmong(warehouse: Warehouse, identifiers: Sql, tombstones: Tombstones, label: string): Promise<ErasedIds> {
  const found: Record<ErasedKind, string[]> = { anonymous_id: [], user_id: [], email_hash: [] };
  if (tombstones.buckets.length === 0) return found;
  const { dialect } = warehouse;
  const candidates = sql`
    with identifiers as (${identifiers}),
    distinct_identifiers as (select distinct kind, value from identifiers)
    select kind, value
    from distinct_identifiers
    where ${dialect.isIn(bucketOf(dialect, raw('kind'), raw('value')), sql`${arrayParam(tombstones.buckets, 'STRING')}`)}`;
  for await (const [kinds, values] of warehouse.batches(candidates, label)) {
    for (const [i, kind] of (kinds as readonly string[]).entries()) {
      const value = (values as readonly string[])[i]!;
      if (isKind(kind) && tombstones.isErased(kind, value)) found[kind].push(value);
    }
  }
  return found;
}

/** The bucket of an identifier in SQL: as {@link BUCKET_DIGITS} of SHA-256 over `kind:value`. */
function bucketOf(dialect: Dialect, kind: Sql, value: Sql): Sql {
  return sql`substr(${dialect.sha256Hex(dialect.concat(kind, raw("':'"), value))}, 1, ${raw(String(BUCKET_DIGITS))})`;
}

const isKind = (text: string): text is ErasedKind => (ERASED_KINDS as readonly string[]).includes(text);
