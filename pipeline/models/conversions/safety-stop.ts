import { UserError } from '../../config/user-error.ts';
import { sql, table } from '../../warehouse/sql.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { inRange, rangesOf } from './ranges.ts';
import type { RecordBatch } from './record-batch.ts';
import { STAGED_CONVERSIONS, STAGED_RECORDS, STAGED_STORED } from './tables.ts';

/** Fewer conversions than these may always disappear, unless the source has none left: a small one loses a large share with each. */
const FEWEST_OF_A_LOSS = 20;

/**
 * Refuses what looks like a broken export, before anything is deleted: a conversion of which more disappear than its limit allows,
 * or of which nothing is left.
 * @throws UserError naming the conversion, the counts, the limit and how to override it.
 */
export async function guardAgainstLoss(warehouse: Warehouse, batches: readonly RecordBatch[]): Promise<void> {
  const guarded = batches.filter(({ maximumShrink, isRedefined }) => maximumShrink !== null && !isRedefined);
  if (guarded.length === 0) return;
  const ranges = rangesOf(warehouse.dialect, guarded);
  const losses = await warehouse.rows<{ conversion_name: string; stored: number; lost: number; returned: number }>(
    sql`
      with losses as (
        select conversion_name, count(*) as lost
        from ${table(STAGED_RECORDS.name)}
        where change = 'deleted'
        group by conversion_name
      ),
      stored as (
        select conversion_name, count(*) as stored
        from ${table(STAGED_STORED.name)}
        where is_in_range
        group by conversion_name
      ),
      returned as (
        select staged.conversion_name, count(*) as returned
        from ${table(STAGED_CONVERSIONS.name)} as staged
        inner join ${ranges} on ranges.conversion_name = staged.conversion_name
        where staged.id is not null and staged.conversion_time is not null and ${inRange('staged.conversion_time')}
        group by staged.conversion_name
      )
      select losses.conversion_name, stored.stored, losses.lost, coalesce(returned.returned, 0) as returned
      from losses
      inner join stored on stored.conversion_name = losses.conversion_name
      left join returned on returned.conversion_name = losses.conversion_name
      order by losses.conversion_name nulls first`,
    'conversions that disappear',
  );
  for (const { conversion_name: name, stored, lost, returned } of losses) {
    // Conversions that events make may lose rows in the same night: a refund takes its order with it.
    const batch = guarded.find((one) => one.name === name);
    if (!batch) continue;
    const { from, maximumShrink } = batch;
    const isTooMuch = lost > stored * maximumShrink! && lost >= FEWEST_OF_A_LOSS;
    const isAll = lost === stored && returned === 0;
    if (!isTooMuch && !isAll) continue;
    const range = from === null ? '' : ` since ${from.slice(0, 16)}Z`;
    throw new UserError(
      `conversion ${name}: ${lost.toLocaleString('en')} of ${stored.toLocaleString('en')} conversions${range} have disappeared from its source; ` +
        `at most ${percent(maximumShrink!)} may disappear at once. Nothing was changed, because a broken export must not delete anything. ` +
        'If the loss is meant: touchtrail run --allow-mass-delete',
    );
  }
}

const percent = (share: number) => `${Math.round(share * 1000) / 10} %`;
