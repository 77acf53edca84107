import type { Config } from '../config/schema.ts';
import { forgetDefinitions } from '../models/definitions.ts';
import { type ErasedIds, isNobody, isOneOf, namesErased, unionOf, ANONYMOUS_ID_KINDS } from '../models/erasures/predicates.ts';
import { eraseEvents, eraseFailedEvents } from '../models/erasures/removal.ts';
import { ERASED_ROWS } from '../models/erasures/tables.ts';
import { EVENTS, EVENTS_RAW, FAILED_EVENTS } from '../models/events/tables.ts';
import type { StepResult } from '../models/step.ts';
import { projectTables } from '../sources/project-tables.ts';
import { LOADED_SEGMENTS } from '../warehouse/duckdb/landing.ts';
import { DuckDbWarehouse } from '../warehouse/duckdb/duckdb.ts';
import { join, raw, sql, table } from '../warehouse/sql.ts';
import type { Change, Warehouse } from '../warehouse/warehouse.ts';
import { erasedArrivals } from './arrivals.ts';
import { markUnfinished } from './database-file.ts';
import { keptFiles, moveLoadedSegments, noteSizes, rejectedImports, removeUnfinished, waitingFiles } from './files.ts';
import { EDGE_ARCHIVE, eraseHeld } from './held.ts';
import { loadErasureKey } from './key.ts';
import { type ErasedRow, rememberingJudge } from './landed-lines.ts';
import { namingTables } from './places.ts';
import { cleanFiles } from './segments.ts';
import { type ErasureState, type PlaceState, readTombstones, writeErasures } from './tombstones.ts';

/** What applying the tombstones needs of a run. */
export interface ErasureContext {
  readonly warehouse: Warehouse;
  readonly config: Config;
  readonly dataFolder: string;
  /** ISO in UTC. */
  readonly now: string;
}

/** Tables that a model makes from events and keeps between nights: it is told what went, and clears them itself. */
const MODEL_TABLES = new Set([
  'sessions',
  'identity_keys',
  'identity_edges',
  'identities',
  'user_identities',
  'conversions',
  'attribution',
  'attribution_touches',
  'report_sessions',
  'report_credits',
  'report_event_funnels',
]);
const ROWS_AT_ONCE = 1_000;

/** The tombstones of a warehouse, with the key that belongs to it. */
export const tombstonesOf = async ({ warehouse, config, dataFolder }: Omit<ErasureContext, 'now'>): Promise<ErasureState> =>
  readTombstones(warehouse, () => loadErasureKey(config.warehouse, dataFolder));

/**
 * The first step of a night: keeps out of the warehouse what arrives of erased persons, and deletes what there is of those
 * whose erasure is not verified. Everything here may be repeated; what cannot be deleted yet is tried again the next night.
 */
export async function applyErasures(context: ErasureContext): Promise<StepResult> {
  const { warehouse, dataFolder, now } = context;
  const state = await tombstonesOf(context);
  if (state.isEmpty) return { changes: {}, warnings: [] };
  const judge = rememberingJudge(state);
  const isEmbedded = warehouse instanceof DuckDbWarehouse;
  removeUnfinished(dataFolder);
  const record = (rows: readonly ErasedRow[]): Promise<void> => recordRows(warehouse, rows);
  if (isEmbedded) {
    await warehouse.migrate([LOADED_SEGMENTS]);
    await moveLoadedSegments(warehouse, dataFolder);
  }
  const arrived = await cleanFiles(await waitingFiles(dataFolder), judge, record);
  const ids = unionOf(state.ids, await erasedArrivals(warehouse, state, now));
  const places = new Map<string, PlaceState>();
  const note = (place: string, deleted: number, left: string | undefined): void =>
    void places.set(place, {
      place,
      deleted: (places.get(place)?.deleted ?? 0) + deleted,
      left: null,
      ...(left !== undefined && { note: left }),
    });
  note('landing', linesOf(arrived), undefined);
  if (state.pending.length > 0 || !isNobody(ids)) await markUnfinished(dataFolder, now);
  // An import writes there without asking the tombstones.
  note('landing', linesOf(await cleanFiles(rejectedImports(dataFolder), judge, async () => {})), undefined);
  if (state.pending.length > 0) {
    // Rows of these are known to the accounts by what the warehouse has of them.
    const kept = await cleanFiles(await keptFiles(dataFolder), judge, async () => {});
    note('landing', linesOf(kept), undefined);
    if (isEmbedded) await noteSizes(warehouse, dataFolder);
    const held = await eraseHeld(context.config, state.ids, record);
    if (held) note(EDGE_ARCHIVE, held.deleted, held.reason);
  }
  const changes: Record<string, Change> = {};
  const warnings: string[] = [];
  if (!isNobody(ids)) {
    await warehouse.transaction(async () => {
      for (const erase of [() => eraseFrom(warehouse, ids), () => eraseRejected(warehouse, ids)]) {
        const outcome = await unlessFresh(erase);
        for (const [name, change] of Object.entries(outcome.changes)) {
          changes[name] = change;
          if (name !== ERASED_ROWS.name) note(name, change.deleted, undefined);
        }
        if (outcome.reason !== undefined) {
          warnings.push(outcome.reason);
          note(EVENTS_RAW.name, 0, outcome.reason);
        }
      }
      await rebuildWhatIsLeft(warehouse, state);
    });
  }
  await noteProgress(warehouse, state, [...places.values()]);
  return { changes, warnings };
}

const linesOf = (files: readonly { readonly lines: number }[]): number => files.reduce((total, { lines }) => total + lines, 0);

async function recordRows(warehouse: Warehouse, rows: readonly ErasedRow[]): Promise<void> {
  const columns = Object.fromEntries(ERASED_ROWS.columns.map(({ name, type }) => [name, type]));
  const unique = [...new Map(rows.map((row) => [JSON.stringify([row.edge_instance, row.edge_sequence, row.row_hash]), row])).values()];
  for (let start = 0; start < unique.length; start += ROWS_AT_ONCE) {
    const values = unique
      .slice(start, start + ROWS_AT_ONCE)
      .map((row) => [row.edge_instance, row.edge_sequence, row.row_hash, row.write_key_id, row.received_at]);
    await warehouse.merge(
      ERASED_ROWS,
      sql`select edge_instance, edge_sequence, row_hash, write_key_id, received_at from ${warehouse.dialect.values('given', columns, values)}`,
      { label: 'erased rows' },
    );
  }
}

function eraseFrom(warehouse: Warehouse, ids: ErasedIds): Promise<Record<string, Change>> {
  const { dialect } = warehouse;
  return eraseEvents(warehouse, namesErased(dialect, EVENTS, ids)!, isOneOf(dialect, raw('anonymous_id'), ANONYMOUS_ID_KINDS, ids));
}

function eraseRejected(warehouse: Warehouse, ids: ErasedIds): Promise<Record<string, Change>> {
  return eraseFailedEvents(warehouse, namesErased(warehouse.dialect, FAILED_EVENTS, ids)!);
}

/** BigQuery deletes no row that was streamed within the last half hour or so: such an erasure goes on in the next night. */
async function unlessFresh(erase: () => Promise<Record<string, Change>>): Promise<{ changes: Record<string, Change>; reason?: string }> {
  try {
    return { changes: await erase() };
  } catch (error) {
    if (!(error instanceof Error) || !/streaming buffer/i.test(error.message)) throw error;
    return {
      changes: {},
      reason: 'BigQuery deletes no rows that were streamed within the last 30 to 90 minutes: the next run deletes them',
    };
  }
}

/** Where a former run left something in the tables of a model, that model is rebuilt over all history. */
async function rebuildWhatIsLeft(warehouse: Warehouse, { pending }: ErasureState): Promise<void> {
  const isLeft = pending.some(({ places }) => places.some(({ place, left }) => MODEL_TABLES.has(place) && (left ?? 0) > 0));
  if (isLeft) await forgetDefinitions(warehouse, ['sessions', 'identity', 'derived conversions', 'attribution', 'reports']);
}

async function noteProgress(warehouse: Warehouse, { pending }: ErasureState, done: readonly PlaceState[]): Promise<void> {
  const noted = pending.map((erasure) => {
    const places = new Map(erasure.places.map((state) => [state.place, state]));
    for (const { place, deleted, note } of done) {
      const before = places.get(place);
      places.set(place, {
        place,
        deleted: (before?.deleted ?? 0) + deleted,
        left: before?.left ?? null,
        ...(note !== undefined && { note }),
      });
    }
    return { ...erasure, places: [...places.values()] };
  });
  if (noted.length > 0) await writeErasures(warehouse, noted);
}

/**
 * Behind `events`, for an engine where what is fresh cannot be deleted: `events` was brought up to date from deliveries that still
 * name erased persons.
 */
export async function eraseAgain(context: ErasureContext): Promise<StepResult> {
  const { warehouse } = context;
  if (warehouse instanceof DuckDbWarehouse) return { changes: {}, warnings: [] };
  const state = await tombstonesOf(context);
  if (isNobody(state.ids)) return { changes: {}, warnings: [] };
  const { changes } = await unlessFresh(() => eraseFrom(warehouse, state.ids));
  return { changes, warnings: [] };
}

/**
 * Before publishing: what the steps of this night have written down of erased persons beside the models, such as the ledger of
 * persons that were split, and what they needed only while they ran.
 */
export async function eraseTraces(context: ErasureContext): Promise<StepResult> {
  const { warehouse, config } = context;
  const state = await tombstonesOf(context);
  if (isNobody(state.ids)) return { changes: {}, warnings: [] };
  const changes: Record<string, Change> = {};
  for (const target of projectTables(config)) {
    if (target.name.startsWith('staged_')) await warehouse.load(target, [], { replace: true, label: `empty ${target.name}` });
  }
  const ledgers = new Set(['identity_changes', 'person_changes', 'event_changes', 'conversion_changes']);
  for (const { target, condition } of namingTables(warehouse.dialect, config, state.ids)) {
    if (!ledgers.has(target.name)) continue;
    const key = target.key.map((name) => warehouse.dialect.identifier(name));
    const keys = sql`select ${join(key)} from ${table(target.name)} where ${condition}`;
    changes[target.name] = await warehouse.delete(target, keys, { label: `erase from ${target.name}` });
  }
  return { changes, warnings: [] };
}
