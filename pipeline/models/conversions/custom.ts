import type { SqlConversion } from '../../config/conversions.ts';
import type { Sql } from '../../warehouse/sql.ts';
import { definitionHash, isRedefined } from '../definitions.ts';
import type { StepContext } from '../step.ts';
import { hashAddresses } from './addresses.ts';
import { type CheckedQuery, checkedQuery } from './checked-query.ts';
import type { Watched } from './history-watch.ts';
import { readDays } from './reads.ts';
import { fingerprints, queryRows, shapedRows } from './query-rows.ts';
import { type RecordBatch, definitionName, isFull } from './record-batch.ts';
import { STAGED_CONVERSIONS } from './tables.ts';
import { stateOfRows } from './watched-state.ts';
import { ALL_TIME, type QueryRange } from './user-sql.ts';
import { windowStart } from './window.ts';

const DAY_MILLISECONDS = 86_400_000;

/** What the custom SQL conversions have staged. */
export interface StagedCustom {
  readonly batches: readonly RecordBatch[];
  /** Conversions of which the changes before the window are counted. */
  readonly watched: readonly Watched[];
  readonly warnings: readonly string[];
}

/**
 * Runs the queries of the custom SQL conversions: each over its adjustment window; over all of history where its definition is
 * another one, or `run --full` names it.
 * @throws UserError where a query does not fit; all are checked before any is run.
 */
export async function stageCustom(context: StepContext): Promise<StagedCustom> {
  const { warehouse, config, now } = context;
  const checked = [];
  for (const conversion of config.conversions.filter((one) => one.kind === 'sql'))
    checked.push({ conversion, query: await checkedQuery(context, conversion) });
  const batches: RecordBatch[] = [];
  const watched: Watched[] = [];
  const readOn = await readDays(warehouse);
  for (const { conversion, query } of checked) {
    const from = windowStart(now, conversion.adjustmentDays, config.project.timeZone, readOn.get(conversion.name));
    const batch = await batchOf(context, conversion, query, from);
    if (conversion.watchHistory) watched.push(await watchOf(context, conversion, query, batch, from));
    await hashAddresses(context, query.over(rangeFrom(query, batch.from)), query.columns);
    const rows = rowsSince(context, conversion, query, batch.from);
    await warehouse.append(STAGED_CONVERSIONS, (await context.withoutErased?.(rows)) ?? rows, `conversion ${conversion.name}`);
    batches.push(batch);
  }
  return { batches, watched, warnings: checked.flatMap(({ query }) => query.warnings) };
}

async function batchOf(context: StepContext, conversion: SqlConversion, query: CheckedQuery, start: string): Promise<RecordBatch> {
  const { warehouse, config } = context;
  const { name, keepZero, maximumShrink } = conversion;
  const history = rowsSince(context, conversion, query, null);
  // What the window is long decides nothing of what stands in it.
  const hash = definitionHash([history], String(keepZero));
  const redefined = await isRedefined(warehouse, definitionName(name), hash);
  return {
    name,
    from: redefined || isFull(context, name) ? null : start,
    isRedefined: redefined,
    definitionHash: hash,
    keepZero,
    maximumShrink,
    lookUp: async (ids) => {
      await hashAddresses(context, query.over(ALL_TIME), query.columns, ids);
      const rows = queryRows(warehouse.dialect, config, name, query.over(ALL_TIME), query.columns, ids);
      return (await context.withoutErased?.(rows)) ?? rows;
    },
  };
}

/** The rows of a query from an instant on; null: all. */
function rowsSince({ warehouse, config }: StepContext, { name }: SqlConversion, query: CheckedQuery, from: string | null): Sql {
  return queryRows(warehouse.dialect, config, name, query.over(rangeFrom(query, from)), query.columns);
}

/**
 * The range a query is asked for. A date stands for its end in the project's zone, but a query compares it as one of UTC: it
 * is asked for a day more, of which what lies before the range is left aside.
 */
function rangeFrom({ columns }: CheckedQuery, from: string | null): QueryRange {
  if (from === null) return ALL_TIME;
  const isDate = columns.find((column) => column.name === 'created')?.type === 'DATE';
  return { from: isDate ? new Date(Date.parse(from) - DAY_MILLISECONDS).toISOString() : from, to: ALL_TIME.to };
}

async function watchOf(
  context: StepContext,
  conversion: SqlConversion,
  query: CheckedQuery,
  { from, definitionHash: hash, lookUp }: RecordBatch,
  start: string,
): Promise<Watched> {
  const { warehouse, config } = context;
  const { dialect } = warehouse;
  const watched: Watched = {
    conversion,
    from: from ?? start,
    definitionHash: hash,
    fingerprints: fingerprints(dialect, config, query.over(ALL_TIME), query.columns),
    history: async (since) => {
      const rows = query.over(rangeFrom(query, since));
      await hashAddresses(context, rows, query.columns);
      return shapedRows(dialect, config, rows, query.columns);
    },
    lookUp: lookUp!,
  };
  // Before all of history is read: what changes in between is told by the next night.
  return from === null ? { ...watched, readWhole: await stateOfRows(warehouse, watched) } : watched;
}
