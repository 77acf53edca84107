import type { Conversion } from '../../../config/conversions.ts';
import type { StepContext } from '../../step.ts';
import { checkEvents } from './check-events.ts';
import { checkQuery } from './check-query.ts';
import type { SampleRow } from './sample.ts';

/** What a check asks and is told. */
export interface CheckContext extends Pick<StepContext, 'warehouse' | 'config' | 'configFolder' | 'now'> {
  /** Who asks the engine, such as `the service account x@y.iam.gserviceaccount.com`; for messages. */
  readonly account?: string | undefined;
}

/** A column that a query returns, or must. */
export interface CheckedColumn {
  readonly name: string;
  /** As the engine names it; null: it is missing. */
  readonly type: string | null;
  /** null: as it should be. */
  readonly problem: string | null;
}

/** What a check of a conversion has found. */
export interface ConversionCheck {
  readonly name: string;
  readonly kind: Conversion['kind'];
  /** What stops a run, or loses rows. */
  readonly problems: readonly string[];
  /** What is allowed and likely not meant. */
  readonly warnings: readonly string[];
  /** What the query returns; null where the conversion is none. */
  readonly columns: readonly CheckedColumn[] | null;
  /** What a night reads, and what a build over all history; null where the engine does not say. */
  readonly bytes: { readonly night: number; readonly history: number } | null;
  /** Start of what was looked at, ISO in UTC; null where nothing was. */
  readonly from: string | null;
  /** Rows since then, at most 10,000. */
  readonly rows: number;
  readonly has_more: boolean;
  /** The latest of them. */
  readonly sample: readonly SampleRow[];
}

/**
 * Tries a conversion: nothing is written.
 * @throws UserError where the engine refuses its query.
 */
export async function checkConversion(context: CheckContext, conversion: Conversion): Promise<ConversionCheck> {
  return conversion.kind === 'sql' ? await checkQuery(context, conversion) : await checkEvents(context, conversion);
}
