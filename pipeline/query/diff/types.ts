import type { Publication } from '../publication.ts';
import type { Cause } from './causes.ts';
import type { DiffMetric, DiffQuery } from './schema.ts';

/**
 * A figure in both publications, and its change by cause. Exact, in the smallest unit of its metric: parts of 1e9 of a
 * conversion, micros of the project currency, sessions. `after − before` is the sum of the causes.
 */
export interface DiffFigures {
  readonly before: bigint;
  readonly after: bigint;
  /** Those that changed something, even where their parts cancel out. */
  readonly causes: Readonly<Partial<Record<Cause, bigint>>>;
}

export interface DiffRow extends DiffFigures {
  /** Value of the dimension; null where it is not set. */
  readonly key: string | null;
}

/** One metric of a comparison. */
export interface MetricDiff {
  readonly metric: DiffMetric;
  /** Rows that are in either publication, the largest change first. */
  readonly rows: readonly DiffRow[];
  readonly total: DiffFigures;
  /** Why it has no rows, where costs are not known by the dimension, or cannot be compared. */
  readonly note?: string;
  /** It cannot be compared at all, and the note says why: the total means nothing. */
  readonly isMissing?: true;
}

/** What a conversion counts for in one publication, by value of the dimension; none where it does not count. */
export type ConversionSide = readonly {
  readonly key: string | null;
  /** Parts of 1e9. */
  readonly credit: bigint;
  readonly value_micros: bigint;
}[];

/** A conversion that differs. */
export interface DiffConversion {
  readonly conversion: string;
  readonly id: string;
  /** ISO in UTC; of a deleted one what it was. */
  readonly conversion_time: string;
  readonly cause: Cause;
  /** What differs, as the cause goes: names of columns, of persons, of the parent, rates; empty where there is nothing to add. */
  readonly detail: string;
  readonly before: ConversionSide;
  readonly after: ConversionSide;
}

export interface DiffResult {
  readonly from: Publication;
  readonly to: Publication;
  readonly query: DiffQuery;
  readonly metrics: readonly MetricDiff[];
  /** How many conversions differ, by cause. */
  readonly differing: Readonly<Partial<Record<Cause, number>>>;
  /** The first of them, where they were asked for. */
  readonly conversions: readonly DiffConversion[];
}
