import type { Row } from '../../warehouse/warehouse.ts';
import { quotient } from '../metrics.ts';
import { LINK_KINDS, type CohortStage, type LinkKind } from './cohort-result.ts';
import type { FunnelStage } from './ranks.ts';

/** So many conversions of a stage must be known to tell how long leads take. */
const ENOUGH = 20;

/**
 * Days within which nine of ten conversions of a stage followed their lead: the least number of days that so many took at
 * most. Stages with fewer than 20 conversions are left out.
 */
export function lagDays(rows: readonly Row[]): Map<string, number> {
  const lags = new Map<string, number>();
  for (const [stage, counts] of Map.groupBy(rows, (row) => row['stage'] as string)) {
    const all = counts.reduce((sum, row) => sum + countOf(row), 0);
    if (all < ENOUGH) continue;
    let until = 0;
    const reached = counts
      .toSorted((a, b) => (a['days'] as number) - (b['days'] as number))
      .find((row) => (until += countOf(row)) * 10 >= all * 9)!;
    lags.set(stage, Math.max(0, reached['days'] as number));
  }
  return lags;
}

const countOf = (row: Row): number => row['conversions'] as number;

/** What led the conversions of a stage to their leads, by stage. */
export function linksOf(rows: readonly Row[]): (stage: FunnelStage) => CohortStage['links'] {
  return ({ name, money }) =>
    Object.fromEntries(
      LINK_KINDS.map((kind) => {
        const found = rows.find((row) => row['stage'] === name && (row['linked_by'] ?? 'nobody') === kind);
        const micros = found?.['value_micros'] as string | null | undefined;
        const value = !money ? null : found === undefined ? 0 : micros == null ? null : quotient(BigInt(micros), 1_000_000n);
        return [kind, { conversions: (found?.['conversions'] as number | undefined) ?? 0, value }];
      }),
    ) as Record<LinkKind, { conversions: number; value: number | null }>;
}
