import { isSettled, monthsBetween } from './months.ts';
import { NO_VERSION } from './versions.ts';

/** Which version a month is credited by, as `applied_versions` has it. */
export interface Applied {
  readonly month: string;
  readonly version_month: string | null;
  readonly is_provisional: boolean;
  readonly version_hash: string;
}

/** What is known of one model and conversion. */
export interface Timeline {
  /** The first month that a version can be learned for; undefined where there are no sessions or no conversions. */
  readonly first: string | undefined;
  /** The open month. */
  readonly current: string;
  /** Months of conversions, in any order; those behind the open month have a row, too. */
  readonly conversionMonths: readonly string[];
  /** The hashes of the stored versions by month. */
  readonly versions: ReadonlyMap<string, string>;
}

/**
 * Which version each month is credited by: its own, else the latest one before it. It depends on the stored versions and
 * the calendar alone, so that nights and a rebuild give the same.
 */
export function appliedVersions({ first, current, conversionMonths, versions }: Timeline, now: string, timeZone: string): Applied[] {
  const stored = [...versions.keys()].toSorted();
  // A version stays, also where the sessions that it learned from have expired since.
  const from = [first, stored[0]].filter((month) => month !== undefined).toSorted()[0];
  if (from === undefined) return [];
  const later = conversionMonths.filter((month) => month > current);
  return [...monthsBetween(from, current), ...new Set(later.toSorted())].map((month) => {
    const version = stored.findLast((one) => one <= month) ?? null;
    return {
      month,
      version_month: version,
      is_provisional: version !== month && !isSettled(month, now, timeZone),
      version_hash: version === null ? NO_VERSION : versions.get(version)!,
    };
  });
}
