import { type Sql, join, param, raw, sql, table } from '../../../warehouse/sql.ts';
import type { StepContext } from '../../step.ts';
import type { RecordBatch } from '../record-batch.ts';
import { STAGED_CONVERSIONS } from '../tables.ts';
import { type Repetition, decideRepetitions } from './deduplicate.ts';
import { DROPPED_CONVERSIONS, STAGED_CANDIDATES, STAGED_REPETITIONS } from './tables.ts';

/**
 * Brings what stands in staged_candidates to an end: decides which are kept, notes the others in dropped_conversions, and
 * appends the kept ones to staged_conversions.
 * @param batches of the conversions that have candidates.
 */
export async function settle(
  context: StepContext,
  batches: readonly Pick<RecordBatch, 'name' | 'from'>[],
  repetitions: readonly Repetition[],
): Promise<void> {
  const { warehouse } = context;
  await decideRepetitions(warehouse, repetitions);
  // Before the records: ids that a killed run has noted here are looked at again, because its changes are unread still.
  await warehouse.merge(DROPPED_CONVERSIONS, DROPPED, { deleteUnmatched: inRangeOf(batches), label: 'dropped conversions' });
  await warehouse.append(STAGED_CONVERSIONS, (await context.withoutErased?.(KEPT)) ?? KEPT, 'conversions made of events');
  for (const target of [STAGED_CANDIDATES, STAGED_REPETITIONS]) await warehouse.load(target, [], { replace: true, label: target.name });
}

const DECIDED = sql`
    from ${table(STAGED_CANDIDATES.name)} as candidates
    left join ${table(STAGED_REPETITIONS.name)} as repeated
      on repeated.conversion_name = candidates.conversion_name and repeated.id = candidates.id`;

const KEPT: Sql = sql`
    select ${join(STAGED_CONVERSIONS.columns.map(({ name }) => raw(`candidates.${name}`)))}${DECIDED}
    where not candidates.is_refunded and repeated.id is null`;

const DROPPED: Sql = sql`
    select
      candidates.conversion_name, candidates.id, candidates.conversion_time,
      if(candidates.is_refunded, 'refunded', 'repeated') as reason${DECIDED}
    where candidates.id is not null and (candidates.is_refunded or repeated.id is not null)`;

/** Whether a row of dropped_conversions is of a range that was computed again. */
function inRangeOf(batches: readonly Pick<RecordBatch, 'name' | 'from'>[]): Sql {
  const ranges = batches.map(
    ({ name, from }) =>
      sql`(target.conversion_name = ${name} and ${from === null ? raw('true') : sql`target.conversion_time >= ${param(from, 'TIMESTAMP')}`})`,
  );
  return sql`(${join(ranges, ' or ')})`;
}
