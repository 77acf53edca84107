import type { ResultMeta } from '../result.ts';
import type { CohortQuery } from './cohort-schema.ts';
import type { FunnelStage } from './ranks.ts';

/** What the leads of a row came to at one stage. Counts are in whole credits: a lead of two channels is half of each. */
export interface CohortFigure {
  /** Leads that reached the stage, at least once. */
  readonly leads: number;
  /** Conversions of these leads at the stage: a lead may have several deals. */
  readonly conversions: number;
  /** Their value in units of the project currency; null where the stage has no monetary value, or none is known. */
  readonly value: number | null;
  /** Of the leads of the row, the share that reached the stage. */
  readonly rate_from_lead: number | null;
  /** Of the leads that reached the stage before, the share that reached this one too; null of the first stage. */
  readonly rate_from_previous: number | null;
  /** Leads that reached the stage before and not this one; null of the first stage. */
  readonly dropped: number | null;
  /** Leads that reached this stage without the one before; null of the first stage. */
  readonly skipped: number | null;
  /**
   * Leads that have not reached the stage and are at most as many days old as nine of ten of its conversions took: the rates
   * may still rise. null of the first stage, and where too few conversions are known to tell.
   */
  readonly open: number | null;
  /**
   * Weighted median of the days from the stage before, between the first conversions of each lead that reached both, counted in
   * whole hours: so many days or fewer passed for half of the credit. Where one half ends exactly with a gap, the mean of it and
   * the next.
   */
  readonly median_days: number | null;
  /**
   * Place among the rows of the same period and split at this stage, from 1: by value where the stage has one, else by leads.
   * Equal figures share a place. Null for a row without leads here, for what is not attributed, and in totals.
   */
  readonly rank: number | null;
}

export interface CohortRow {
  /** First day of the interval that the leads are of; null without an interval. */
  readonly period: string | null;
  /** Value of the dimension; null where it is not set, or none was asked for. */
  readonly value: string | null;
  /** Whether the leads passed the stage they are split by; null without a split. */
  readonly passed: boolean | null;
  /** In the order of the stages. */
  readonly stages: readonly CohortFigure[];
  /** The same of the leads of the comparison period. */
  readonly comparison?: readonly CohortFigure[];
}

export interface CohortStage extends FunnelStage {
  /** Name of the stage before, which rates and days are from; null of the first. */
  readonly previous: string | null;
  /** Days within which nine of ten of its conversions followed their lead, rounded up; null where too few are known. */
  readonly lag_days: number | null;
  /** How the conversions of the stage that are dated in the period were linked to leads; those of `nobody` are in no row. */
  readonly links: Readonly<Record<LinkKind, { readonly conversions: number; readonly value: number | null }>>;
}

export const LINK_KINDS = ['lead_id', 'user_id', 'person', 'nobody'] as const;
export type LinkKind = (typeof LINK_KINDS)[number];

export interface CohortResult {
  readonly dimension: CohortQuery['dimension'];
  readonly dimension_label: string;
  readonly model: string;
  readonly interval: CohortQuery['interval'];
  /** Name and label of the stage that leads are split by. */
  readonly split_by: { readonly name: string; readonly label: string } | null;
  readonly stages: readonly CohortStage[];
  readonly rows: readonly CohortRow[];
  /** Of all leads, one per side of the split. */
  readonly totals: readonly Omit<CohortRow, 'period' | 'value'>[];
  readonly meta: ResultMeta;
}
