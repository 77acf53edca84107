import { toCsv } from '../export/csv.ts';
import type { IdentityStatistics } from './statistics.ts';

/** Why edges were refused, over all signals, by name. */
export function refusalReasons({ signals }: Pick<IdentityStatistics, 'signals'>): string[] {
  return [...new Set(signals.flatMap(({ refused }) => Object.keys(refused)))].toSorted();
}

/** What every signal did, as CSV. */
export function signalsCsv({ signals }: Pick<IdentityStatistics, 'signals'>): string {
  const reasons = refusalReasons({ signals });
  return toCsv(
    ['signal', 'tier', 'joins', 'edges_used', 'anonymous_ids', ...reasons.map((reason) => `refused_${reason}`)],
    signals.map(({ signal, tier, joins, edges_used, anonymous_ids, refused }) => [
      signal,
      tier,
      joins,
      edges_used,
      anonymous_ids,
      ...reasons.map((reason) => refused[reason] ?? 0),
    ]),
  );
}
