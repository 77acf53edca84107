import { existsSync } from 'node:fs';
import type { Config } from '../config/schema.ts';
import { openWarehouse } from '../warehouse/open.ts';
import { WarehouseInUseError } from '../warehouse/warehouse-error.ts';
import type { Warehouse } from '../warehouse/warehouse.ts';
import { tombstonesOf } from './apply.ts';
import { databaseFile, rewriteDatabase, rewriteMarker, unmark } from './database-file.ts';
import { EDGE_ARCHIVE } from './held.ts';
import { rememberingJudge } from './landed-lines.ts';
import { isNotIncluded } from './not-included.ts';
import { countEverywhere, type PlaceCount } from './places.ts';
import { cleanPublications } from './publications.ts';
import { type Erasure, type ErasureState, type PlaceState, writeErasures } from './tombstones.ts';

/** BigQuery keeps what was deleted for time travel (7 days, as the dataset is by default), then for its fail-safe (7 days). */
const DAYS_OF_BIGQUERY = 14;

export interface FinishContext {
  readonly config: Config;
  readonly dataFolder: string;
  /** ISO in UTC. */
  readonly now: string;
}

/**
 * The end of a run that deleted something of erased persons, once the warehouse is closed: the kept publications and the database
 * file are written anew, every place is scanned, and what is found becomes the receipt. Where nothing was found the erasure is
 * verified, and its identifiers are forgotten. Nothing happens where no erasure is unfinished.
 */
export async function finishErasures(context: FinishContext): Promise<void> {
  const { config, dataFolder } = context;
  if (!existsSync(rewriteMarker(dataFolder))) return;
  try {
    const publications = await withWarehouse(context, async (warehouse) => {
      const { ids } = await tombstonesOf({ warehouse, config, dataFolder });
      return cleanPublications(dataFolder, ids);
    });
    if (config.warehouse.type === 'duckdb') await rewriteDatabase(databaseFile(config.warehouse, dataFolder));
    await unmark(dataFolder);
    await withWarehouse(context, async (warehouse) => {
      const state = await tombstonesOf({ warehouse, config, dataFolder });
      if (state.pending.length === 0) return;
      const scan = { config, dataFolder, ids: state.ids, judge: rememberingJudge(state) };
      await writeErasures(warehouse, receipts(state, await countEverywhere(warehouse, scan), publications, context));
    });
  } catch (error) {
    // Somebody reads the database just now: the next run finishes.
    if (!(error instanceof WarehouseInUseError)) throw error;
  }
}

async function withWarehouse<Result>(
  { config, dataFolder }: FinishContext,
  work: (warehouse: Warehouse) => Promise<Result>,
): Promise<Result> {
  const warehouse = await openWarehouse(config.warehouse, dataFolder);
  try {
    return await work(warehouse);
  } finally {
    await warehouse.close();
  }
}

function receipts(
  { pending }: ErasureState,
  counts: readonly PlaceCount[],
  publications: Awaited<ReturnType<typeof cleanPublications>>,
  { config, now }: FinishContext,
): Erasure[] {
  const left = new Map<string, number>();
  for (const { place, count } of counts) left.set(place, (left.get(place) ?? 0) + count);
  // The database file has just been rewritten.
  left.delete('database file');
  return pending.map((erasure) => {
    const before = new Map(erasure.places.map((state) => [state.place, state]));
    const places: PlaceState[] = [...left].map(([place, count]) => {
      const known = before.get(place);
      const files = place === 'publications' ? publications.rewritten.length + publications.removed.length : 0;
      const state = { place, deleted: (known?.deleted ?? 0) + files, left: count, ...(files > 0 && { note: 'files, written anew' }) };
      return count > 0 && known?.note !== undefined ? { ...state, note: known.note } : state;
    });
    if (config.warehouse.type === 'duckdb')
      places.push({ place: 'database file', deleted: 0, left: 0, note: 'written anew: deleted rows left no bytes' });
    places.push(...erasure.places.filter(isNotIncluded));
    const held = before.get(EDGE_ARCHIVE);
    // What could not be asked for is not known to be gone.
    if (held) places.push({ ...held, left: held.note === undefined ? 0 : null });
    const isVerified = places.every(({ left: rows }) => rows === 0);
    return {
      ...erasure,
      places,
      ...(isVerified && {
        verified_at: now,
        sealed_ids: null,
        restorable_until: config.warehouse.type === 'duckdb' ? null : daysLater(now),
      }),
    };
  });
}

const daysLater = (now: string): string => new Date(Date.parse(now) + DAYS_OF_BIGQUERY * 86_400_000).toISOString();
