import * as z from 'zod';
import { UserError } from '../config/user-error.ts';
import type { Tombstones } from '../models/erasures/candidates.ts';
import { type ErasedIds, textPattern, unionOf } from '../models/erasures/predicates.ts';
import { ERASED_IDS, ERASED_KINDS, ERASURES, type ErasedKind } from '../models/erasures/tables.ts';
import { sql, table } from '../warehouse/sql.ts';
import type { Change, Warehouse } from '../warehouse/warehouse.ts';
import { bucketOf, type ErasureKey } from './key.ts';

/** What is known of one place. */
export const PlaceState = z.strictObject({
  place: z.string(),
  /** Rows, lines or files deleted so far. */
  deleted: z.int(),
  /** Still there when it was looked at last; null: not looked at yet. */
  left: z.int().nullable(),
  /** Why something is left, or what the reader should know. */
  note: z.string().optional(),
});
export type PlaceState = z.infer<typeof PlaceState>;

/** One request as the table `erasures` has it. */
export interface Erasure {
  readonly erasure_id: string;
  readonly requested_at: string;
  readonly kind: ErasedKind;
  readonly value_hash: string;
  readonly key_id: string;
  readonly sealed_ids: string | null;
  readonly places: readonly PlaceState[];
  readonly verified_at: string | null;
  readonly restorable_until: string | null;
}

type StoredErasure = Omit<Erasure, 'places'> & { readonly places: string };

const ERASURE_COLUMNS = sql`erasure_id, requested_at, kind, value_hash, key_id, sealed_ids, places, verified_at, restorable_until`;

/** All requests, oldest first. */
export async function readErasures(warehouse: Warehouse): Promise<Erasure[]> {
  const rows = await warehouse.rows<StoredErasure>(
    sql`select ${ERASURE_COLUMNS} from ${table(ERASURES.name)} order by erasure_id nulls first`,
    'erasures',
  );
  return rows.map((row) => ({ ...row, places: z.array(PlaceState).parse(JSON.parse(row.places)) }));
}

/** Writes requests, new ones and changed ones. */
export async function writeErasures(warehouse: Warehouse, erasures: readonly Erasure[]): Promise<Change> {
  const rows = erasures.map((row) => ({ ...row, places: JSON.stringify(row.places) }));
  const columns = Object.fromEntries(ERASURES.columns.map(({ name, type }) => [name, type]));
  const values = rows.map((row) => ERASURES.columns.map(({ name }) => row[name as keyof StoredErasure]));
  return warehouse.merge(ERASURES, sql`select ${ERASURE_COLUMNS} from ${warehouse.dialect.values('given', columns, values)}`, {
    label: 'erasures',
  });
}

/** A request that has not been written down yet, with the tombstones that belong to it. */
export interface NewErasure {
  readonly erasure: Erasure;
  readonly ids: ErasedIds;
}

/**
 * Writes a request down: first the tombstones, so that there is no request whose identifiers are stored again.
 * @returns rows written, by table.
 */
export async function writeTombstones(
  warehouse: Warehouse,
  { erasure, ids }: NewErasure,
  key: ErasureKey,
): Promise<Record<string, Change>> {
  const rows = ERASED_KINDS.flatMap((kind) =>
    ids[kind].map((value) => [erasure.erasure_id, kind, key.hash(kind, value), bucketOf(kind, value)] as const),
  );
  const columns = Object.fromEntries(ERASED_IDS.columns.map(({ name, type }) => [name, type]));
  const source = sql`select erasure_id, kind, value_hash, bucket from ${warehouse.dialect.values('given', columns, rows)}`;
  const tombstones = await warehouse.merge(ERASED_IDS, source, { label: 'tombstones' });
  return { erased_ids: tombstones, erasures: await writeErasures(warehouse, [erasure]) };
}

/** The tombstones of a warehouse, and what is still to be erased. */
export interface ErasureState extends Tombstones {
  readonly isEmpty: boolean;
  /** Requests of which something may be left. */
  readonly pending: readonly Erasure[];
  /** Their identifiers. */
  readonly ids: ErasedIds;
  /** Finds them wherever they stand in a text; undefined where none is distinctive. */
  readonly texts: RegExp | undefined;
}

/**
 * Reads the tombstones.
 * @param loadKey only called where there are some.
 * @throws UserError where they were made with another key: then nobody can say what must not be stored.
 */
export async function readTombstones(warehouse: Warehouse, loadKey: () => Promise<ErasureKey>): Promise<ErasureState> {
  const erasures = await readErasures(warehouse);
  if (erasures.length === 0) {
    return { isEmpty: true, buckets: [], isErased: () => false, pending: [], ids: unionOf(), texts: undefined };
  }
  const key = await loadKey();
  const other = erasures.find(({ key_id: id }) => id !== key.id);
  if (other) {
    throw new UserError(
      `the erasure ${other.erasure_id} was made with the key ${other.key_id}, and the key here is ${key.id}: erased persons could not be recognised. ` +
        'Restore secrets.json of the data folder, or set TOUCHTRAIL_ERASURE_KEY as it was',
    );
  }
  const rows = await warehouse.rows<{ value_hash: string; bucket: string }>(
    sql`select distinct value_hash, bucket from ${table(ERASED_IDS.name)}`,
    'tombstones',
  );
  const hashes = new Set(rows.map(({ value_hash: hash }) => hash));
  const buckets = new Set(rows.map(({ bucket }) => bucket));
  const pending = erasures.filter(({ verified_at: verified }) => verified === null);
  const ids = unionOf(...pending.map(({ sealed_ids: sealed }) => (sealed === null ? unionOf() : key.open(sealed))));
  const pattern = textPattern(ids);
  return {
    isEmpty: false,
    buckets: [...buckets],
    isErased: (kind, value) => buckets.has(bucketOf(kind, value)) && hashes.has(key.hash(kind, value)),
    pending,
    ids,
    texts: pattern === undefined ? undefined : new RegExp(pattern),
  };
}
