import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, join, param, raw, sql, table } from '../../warehouse/sql.ts';
import type { TableDefinition } from '../../warehouse/warehouse.ts';
import type { RecordBatch } from './record-batch.ts';
import { CONVERSION_RECORDS, REJECTED_CONVERSIONS, STAGED_CONVERSIONS } from './tables.ts';

/** A FROM item `ranges` with what is asked of each conversion: (conversion_name, from_time, looks_twice, is_redefined, keep_zero). */
export function rangesOf(dialect: Dialect, batches: readonly RecordBatch[]): Sql {
  return dialect.values(
    'ranges',
    { conversion_name: 'STRING', from_time: 'TIMESTAMP', looks_twice: 'BOOL', is_redefined: 'BOOL', keep_zero: 'BOOL' },
    batches.map(({ name, from, lookUp, isRedefined, keepZero }) => [name, from, looksTwice({ from, lookUp }), isRedefined, keepZero]),
  );
}

/** Whether all of history is asked for ids of which the range does not tell what became of them. */
export const looksTwice = ({ from, lookUp }: Pick<RecordBatch, 'from'> & { readonly lookUp: RecordBatch['lookUp'] | undefined }): boolean =>
  from !== null && lookUp !== undefined;

/** Whether a time lies in the range of its conversion. */
export const inRange = (time: string): Sql => raw(`(ranges.from_time is null or ${time} >= ranges.from_time)`);

/** The columns of a table, of an alias where one is given. */
export const columnsOf = (target: TableDefinition, alias?: string): Sql =>
  join(target.columns.map(({ name }) => raw(alias === undefined ? name : `${alias}.${name}`)));

/** Which of the rows of one id is kept: the earliest, of equal times the least hash, which knows a value to its millionth. */
export const KEPT_FIRST = raw(
  'partition by conversion_name, id order by conversion_time nulls first, row_hash nulls first, original_value nulls first',
);

/** CTE `staged_rows`: the rows of the ranges that may become records. */
export function stagedRows(dialect: Dialect, batches: readonly RecordBatch[]): Sql {
  return sql`
    staged_rows as (
      select ${columnsOf(STAGED_CONVERSIONS, 'staged')}
      from ${table(STAGED_CONVERSIONS.name)} as staged
      inner join ${rangesOf(dialect, batches)} on ranges.conversion_name = staged.conversion_name
      where staged.id is not null and staged.conversion_time is not null and ${inRange('staged.conversion_time')}
    )`;
}

/** Query of staged_stored. */
export function storedRecords(dialect: Dialect, batches: readonly RecordBatch[]): Sql {
  const records = (condition: Sql, isInRange: boolean) => sql`
    select ${columnsOf(CONVERSION_RECORDS, 'records')}, ${raw(String(isInRange))} as is_in_range
    from ${table(CONVERSION_RECORDS.name)} as records
    inner join ${rangesOf(dialect, batches)} on ranges.conversion_name = records.conversion_name
    ${condition}`;
  const inside = records(sql`where ${inRange('records.conversion_time')}`, true);
  const starts = batches.flatMap(({ from }) => (from === null ? [] : [from]));
  if (starts.length === 0) return inside;
  // What an engine prunes by, where all batches have a beginning.
  const first = starts.length < batches.length ? raw('true') : sql`records.conversion_time >= ${param(starts.toSorted()[0]!, 'TIMESTAMP')}`;
  // Nearly always there is none: all columns are read only where there is one.
  const before = sql`
    inner join standing_before as named on named.conversion_name = records.conversion_name and named.id = records.id
    where records.conversion_time < ranges.from_time`;
  return sql`
    with ${stagedRows(dialect, batches)},
    named as (
      select conversion_name, id from staged_rows
      union distinct
      select conversion_name, id from ${table(REJECTED_CONVERSIONS.name)} where reason = 'duplicate_id' and id is not null
    ),
    standing_before as (
      select records.conversion_name, records.id
      from ${table(CONVERSION_RECORDS.name)} as records
      inner join ${rangesOf(dialect, batches)} on ranges.conversion_name = records.conversion_name
      inner join named on named.conversion_name = records.conversion_name and named.id = records.id
      where records.conversion_time < ranges.from_time
    )
    ${inside} and ${first}
    union all
    ${records(before, false)}`;
}
