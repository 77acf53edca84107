import { type Sql, join, raw, sql, table } from '../../warehouse/sql.ts';
import type { Change, Warehouse } from '../../warehouse/warehouse.ts';
import type { StepContext, StepResult } from '../step.ts';
import { loggedChanges } from './change-log.ts';
import { columnsOf, storedRecords } from './ranges.ts';
import { recordChanges, refusals, replacedRefusals } from './record-changes.ts';
import type { RecordBatch } from './record-batch.ts';
import { guardAgainstLoss } from './safety-stop.ts';
import { lookAgain } from './second-look.ts';
import {
  CONVERSION_CHANGES,
  CONVERSION_RECORDS,
  REJECTED_CONVERSIONS,
  STAGED_CONVERSIONS,
  STAGED_RECORDS,
  STAGED_REFUSALS,
  STAGED_STORED,
  TOUCHED_CONVERSIONS,
} from './tables.ts';

export type { RecordBatch } from './record-batch.ts';

/**
 * Makes conversion_records say what the staged conversions say of their ranges: inserts, updates, and deletes those that neither the
 * range nor all of history has any more. What is touched is queued first, then logged, then written, so that a run that ends in
 * between repeats it.
 * @throws UserError where so many conversions would go that the source looks broken; nothing is written then.
 */
export async function applyRecords(context: StepContext, batches: readonly RecordBatch[]): Promise<StepResult> {
  const { warehouse } = context;
  if (batches.length === 0) return { changes: {}, warnings: [] };
  const unusable = await unusableValues(warehouse);
  await warehouse.load(STAGED_STORED, [], { replace: true, label: STAGED_STORED.name });
  await warehouse.append(STAGED_STORED, storedRecords(warehouse.dialect, batches), 'stored records');
  await lookAgain(warehouse, batches);
  await warehouse.load(STAGED_RECORDS, [], { replace: true, label: STAGED_RECORDS.name });
  const { inserted: changed } = await warehouse.append(STAGED_RECORDS, recordChanges(warehouse.dialect, batches), 'changed records');
  if (changed > 0 && !context.allowMassDelete) await guardAgainstLoss(warehouse, batches);
  const changes = {
    conversion_records: changed > 0 ? await write(context, batches) : NOTHING,
    rejected_conversions: await writeRefusals(warehouse, batches),
  };
  return { changes, warnings: unusable };
}

const NOTHING: Change = { inserted: 0, updated: 0, deleted: 0 };

async function write({ warehouse, now }: StepContext, batches: readonly RecordBatch[]): Promise<Change> {
  const { dialect } = warehouse;
  const label = 'conversion records';
  await warehouse.merge(TOUCHED_CONVERSIONS, sql`select conversion_name, id from ${table(STAGED_RECORDS.name)}`, {
    label: 'touched conversions',
  });
  if (batches.some(({ isRedefined }) => !isRedefined))
    await warehouse.append(CONVERSION_CHANGES, loggedChanges(dialect, batches, now), 'conversion changes');
  // Where all of history was read, nearly all days may be concerned.
  const days = batches.some(({ from }) => from === null) ? undefined : await daysOfChanges(warehouse);
  const inDays = { label, ...(days && { days }) };
  const records = sql`select ${columnsOf(CONVERSION_RECORDS)} from ${table(STAGED_RECORDS.name)} where change <> 'deleted'`;
  if (dialect.name === 'bigquery') {
    const { deleted } = await warehouse.delete(
      CONVERSION_RECORDS,
      sql`select conversion_name, id from ${table(STAGED_RECORDS.name)} where change = 'deleted'`,
      inDays,
    );
    return { ...(await warehouse.merge(CONVERSION_RECORDS, records, inDays)), deleted };
  }
  // Where a transaction hides what is unfinished, few rows of many are sooner written anew than compared.
  return warehouse.transaction(async () => {
    const former = await warehouse.delete(
      CONVERSION_RECORDS,
      sql`select conversion_name, id from ${table(STAGED_RECORDS.name)} where change <> 'inserted'`,
      inDays,
    );
    const { inserted: written } = await warehouse.append(CONVERSION_RECORDS, records, label);
    const [count] = await warehouse.rows<{ came: number; went: number }>(
      sql`
        select countif(change = 'inserted') as came, countif(change = 'deleted') as went
        from ${table(STAGED_RECORDS.name)}`,
      label,
    );
    const { came, went } = count!;
    if (former.deleted + came !== written + went)
      throw new Error(`conversion records: ${former.deleted} rows were to be changed or deleted, and ${written + went - came} were found`);
    return { inserted: came, updated: written - came, deleted: went };
  });
}

/** Days (UTC) of conversion_time that the changed records stand in, or will. */
async function daysOfChanges(warehouse: Warehouse): Promise<string[]> {
  const rows = await warehouse.rows<{ day: string }>(
    sql`
      select date(conversion_time) as day from ${table(STAGED_RECORDS.name)} where conversion_time is not null
      union distinct
      select date(stored.conversion_time) as day
      from ${table(STAGED_STORED.name)} as stored
      inner join ${table(STAGED_RECORDS.name)} as staged on staged.conversion_name = stored.conversion_name and staged.id = stored.id
      order by day nulls first`,
    'days of conversions',
  );
  return rows.map(({ day }) => day);
}

async function writeRefusals(warehouse: Warehouse, batches: readonly RecordBatch[]): Promise<Change> {
  const { dialect } = warehouse;
  const label = 'rejected conversions';
  await warehouse.load(STAGED_REFUSALS, [], { replace: true, label: STAGED_REFUSALS.name });
  await warehouse.append(STAGED_REFUSALS, refusals(dialect, batches), label);
  const keys = join(REJECTED_CONVERSIONS.key.map((name) => raw(name)));
  const gone: Sql = replacedRefusals(dialect, batches, sql`select ${keys} from ${table(STAGED_REFUSALS.name)}`);
  const { deleted } = await warehouse.delete(REJECTED_CONVERSIONS, gone, { label });
  const merged = await warehouse.merge(
    REJECTED_CONVERSIONS,
    sql`select ${columnsOf(REJECTED_CONVERSIONS)} from ${table(STAGED_REFUSALS.name)}`,
    { label },
  );
  return { ...merged, deleted };
}

async function unusableValues(warehouse: Warehouse): Promise<string[]> {
  const values = await warehouse.rows<{ conversion_name: string; unusable_values: number }>(
    sql`
      select conversion_name, count(*) as unusable_values
      from ${table(STAGED_CONVERSIONS.name)}
      where has_unusable_value
      group by conversion_name
      order by conversion_name nulls first`,
    'conversion values',
  );
  return values.map(
    ({ conversion_name, unusable_values }) => `conversion ${conversion_name}: ${unusable_values} values are no finite amounts and left out`,
  );
}
