import { type Sql, sql, table } from '../../warehouse/sql.ts';
import type { Dialect } from '../../warehouse/dialect.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { KEPT_FIRST, inRange, looksTwice, rangesOf, stagedRows } from './ranges.ts';
import type { RecordBatch } from './record-batch.ts';
import { REJECTED_CONVERSIONS, STAGED_FOUND_CONVERSIONS, STAGED_LOOK_UPS, STAGED_STORED } from './tables.ts';

/**
 * Looks in all of history for the ids that have moved across the edge of a range, or may have: equality of ids is regardless of
 * date. What is found stands in staged_found_conversions, the ids in staged_look_ups.
 */
export async function lookAgain(warehouse: Warehouse, batches: readonly RecordBatch[]): Promise<void> {
  for (const target of [STAGED_LOOK_UPS, STAGED_FOUND_CONVERSIONS]) await warehouse.load(target, [], { replace: true, label: target.name });
  const looking = batches.filter(looksTwiceOf);
  if (looking.length === 0) return;
  const { inserted } = await warehouse.append(STAGED_LOOK_UPS, idsToLookFor(warehouse.dialect, looking), 'conversions to look for');
  if (inserted === 0) return;
  const names = await warehouse.rows<{ conversion_name: string }>(
    sql`select distinct conversion_name from ${table(STAGED_LOOK_UPS.name)} order by conversion_name nulls first`,
    'conversions to look for',
  );
  for (const { conversion_name: name } of names) {
    const ids = sql`select id from ${table(STAGED_LOOK_UPS.name)} where conversion_name = ${name}`;
    const found = await looking.find((batch) => batch.name === name)!.lookUp!(ids);
    await warehouse.append(STAGED_FOUND_CONVERSIONS, found, `conversion ${name}: second look`);
  }
}

const looksTwiceOf = ({ from, lookUp }: RecordBatch): boolean => looksTwice({ from, lookUp });

/**
 * Ids that the range alone does not decide:
 * - stored ones that it does not return: gone, or moved out of it;
 * - returned ones that are stored otherwise: changed, moved into it, or another row of the same id;
 * - those that other rows of the range repeated: one of them may stand before the range now.
 */
function idsToLookFor(dialect: Dialect, batches: readonly RecordBatch[]): Sql {
  const ranges = rangesOf(dialect, batches);
  return sql`
    with ${stagedRows(dialect, batches)},
    kept_rows as (
      select conversion_name, id, row_hash, original_value
      from staged_rows
      qualify row_number() over (${KEPT_FIRST}) = 1
    ),
    stored as (
      select records.conversion_name, records.id, records.row_hash, records.original_value, records.is_in_range
      from ${table(STAGED_STORED.name)} as records
      inner join ${ranges} on ranges.conversion_name = records.conversion_name
    ),
    repeated_ids as (
      select refused.conversion_name, refused.id
      from ${table(REJECTED_CONVERSIONS.name)} as refused
      inner join ${ranges} on ranges.conversion_name = refused.conversion_name
      where refused.reason = 'duplicate_id' and ${inRange('refused.conversion_time')}
    )
    select stored.conversion_name, stored.id
    from stored
    left join kept_rows on kept_rows.conversion_name = stored.conversion_name and kept_rows.id = stored.id
    where if(
      kept_rows.id is null,
      stored.is_in_range,
      not stored.is_in_range
        or kept_rows.row_hash <> stored.row_hash
        or ${dialect.differs(sql`kept_rows.original_value`, sql`stored.original_value`, 'FLOAT64', false)}
    )
    union distinct
    select conversion_name, id from repeated_ids`;
}
