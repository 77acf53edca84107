import type { SqlConversion } from '../../config/conversions.ts';
import { localDate } from '../../config/calendar.ts';
import { type Sql, join, param, raw, sql, table } from '../../warehouse/sql.ts';
import type { StepContext } from '../step.ts';
import type { RecordBatch } from './record-batch.ts';
import { type StateOfRows, keepState, stateOfRows } from './watched-state.ts';
import { CONVERSION_RECORDS, STAGED_LOOK_UPS } from './tables.ts';

/** A conversion of which the changes before its window are counted. */
export interface Watched {
  readonly conversion: SqlConversion;
  /** Where its window begins, ISO in UTC. */
  readonly from: string;
  readonly definitionHash: string;
  /** Query of (conversion_time, fingerprint) of all rows of the source. */
  readonly fingerprints: Sql;
  /** Query of its rows from an instant on (ISO in UTC; null: all of history), as `shapedRows` gives them. */
  readonly history: (from: string | null) => Promise<Sql>;
  readonly lookUp: NonNullable<RecordBatch['lookUp']>;
  /** Of a conversion that was read over all of history this night, so that nothing is to be compared: the state it was read in. */
  readonly readWhole?: StateOfRows;
}

/**
 * Counts what the source says otherwise of conversions before their windows: it is reported, and not followed. Where the rows before
 * the former window are what they were when they said the same as the records, only those that have left the window since are
 * compared; else all of them. Of ids that differ the rows are hashed, and brought down to the one that is kept.
 */
export async function changesBeforeWindows(context: StepContext, watched: readonly Watched[]): Promise<string[]> {
  const warnings = [];
  for (const one of watched) {
    const { name } = one.conversion;
    if (one.readWhole) {
      await keepState(context.warehouse, one, one.readWhole);
      continue;
    }
    await context.warehouse.load(STAGED_LOOK_UPS, [], { replace: true, label: STAGED_LOOK_UPS.name });
    const label = `conversion ${name}: changes before its window`;
    // Before the rows are compared: what changes in between is told tonight, or tomorrow, but not never.
    const state = await stateOfRows(context.warehouse, one);
    const differing = differingIds(context, one, await one.history(state.sameBefore), state.sameBefore);
    const { inserted } = await context.warehouse.append(STAGED_LOOK_UPS, differing, label);
    const told = inserted > 0 ? await countOf(context, one, label) : [];
    await keepState(context.warehouse, one, told.length === 0 ? state : undefined);
    warnings.push(...told);
  }
  return warnings;
}

const COMPARED = CONVERSION_RECORDS.columns.filter(
  ({ name }) => !CONVERSION_RECORDS.key.includes(name) && !['row_hash', 'is_removed'].includes(name),
);

/**
 * Query of staged_look_ups: ids of which a row or the record stands before the window, and that differ.
 * @param since of what stands before, nothing has changed.
 */
function differingIds({ warehouse }: StepContext, { conversion: { name }, from }: Watched, history: Sql, since: string | null): Sql {
  const start = param(from, 'TIMESTAMP');
  const isCompared = (time: string) => (since === null ? raw('true') : sql`${raw(time)} >= ${param(since, 'TIMESTAMP')}`);
  const differs = COMPARED.map((column) =>
    warehouse.dialect.differs(raw(`history.${column.name}`), raw(`stored.${column.name}`), column.type, column.mode === 'repeated'),
  );
  return sql`
    with history as (
      select returned.id, ${join(COMPARED.map((column) => raw(`returned.${column.name}`)))}
      from (${history}
      ) as returned
      where returned.id is not null and returned.conversion_time is not null and ${isCompared('returned.conversion_time')}
    ),
    stored as (
      select id, ${join(COMPARED.map((column) => raw(column.name)))} from ${table(CONVERSION_RECORDS.name)}
      where conversion_name = ${name} and ${isCompared('conversion_time')}
    )
    select distinct ${name} as conversion_name, coalesce(history.id, stored.id) as id
    from history
    full join stored on stored.id = history.id
    where (coalesce(history.conversion_time < ${start}, false) or coalesce(stored.conversion_time < ${start}, false))
      and (history.id is null or stored.id is null or ${join(differs, ' or ')})`;
}

async function countOf(context: StepContext, { conversion, from, lookUp }: Watched, label: string): Promise<string[]> {
  const { name, adjustmentDays } = conversion;
  const { dialect } = context.warehouse;
  const start = param(from, 'TIMESTAMP');
  const ids = sql`select id from ${table(STAGED_LOOK_UPS.name)}`;
  const [count] = await context.warehouse.rows<{ came: number; changed: number; went: number }>(
    sql`
      with history as (${await lookUp(ids)}
      ),
      kept_rows as (
        select id, conversion_time, row_hash, original_value
        from history
        where id is not null and conversion_time is not null
        qualify row_number() over (
          partition by id order by conversion_time nulls first, row_hash nulls first, original_value nulls first
        ) = 1
      ),
      stored as (
        select records.id, records.conversion_time, records.row_hash, records.original_value
        from ${table(CONVERSION_RECORDS.name)} as records
        inner join ${table(STAGED_LOOK_UPS.name)} as looked on looked.id = records.id
        where records.conversion_name = ${name}
      )
      select
        countif(coalesce(kept_rows.conversion_time < ${start} and (stored.id is null or stored.conversion_time >= ${start}), false)) as came,
        countif(coalesce(
          kept_rows.id is not null and stored.conversion_time < ${start}
          and (kept_rows.row_hash <> stored.row_hash
            or ${dialect.differs(sql`kept_rows.original_value`, sql`stored.original_value`, 'FLOAT64', false)}),
          false
        )) as changed,
        countif(coalesce(kept_rows.id is null and stored.conversion_time < ${start}, false)) as went
      from kept_rows
      full join stored on stored.id = kept_rows.id`,
    label,
  );
  const { came, changed, went } = count!;
  const total = came + changed + went;
  if (total === 0) return [];
  return [
    `conversion ${name}: ${total} ${total === 1 ? 'change' : 'changes'} before ${localDate(from, context.config.project.timeZone)} ` +
      `${total === 1 ? 'is' : 'are'} not followed (adjustmentDays: ${adjustmentDays}): ${came} new, ${changed} changed, ${went} gone; ` +
      `touchtrail run --full ${name} takes ${total === 1 ? 'it' : 'them'} over`,
  ];
}
