import type { ModelOf } from '../../config/attribution.ts';
import { type Sql, param, sql } from '../../warehouse/sql.ts';

const SECONDS_PER_DAY = 86_400;

/** Columns of `paths`: the weight of a touch in a time-decay model, and the sum over its path. */
export const decayWeight = (model: string): string => `decay_weight_${model}`;
export const decayTotal = (model: string): string => `decay_total_${model}`;

/**
 * Half of it after each half-life: round(1e6 × 2^(−d / halfLifeDays)), where d is by how many days the touch lies before the
 * latest of its path, of whole seconds. Six digits, because the last ones of a power differ from machine to machine. A touch of
 * about 21 half-lives and more before the latest one has nothing.
 */
export function decayed({ halfLifeDays }: Pick<ModelOf<'time_decay'>, 'halfLifeDays'>): Sql {
  const exponent = sql`(least_seconds_before - seconds_before) / ${param(halfLifeDays * SECONDS_PER_DAY, 'FLOAT64')}`;
  return sql`cast(round(1000000 * pow(2.0, ${exponent})) as int64)`;
}
