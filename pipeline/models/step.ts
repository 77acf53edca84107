import type { Config } from '../config/schema.ts';
import type { Sql } from '../warehouse/sql.ts';
import type { Change, Warehouse } from '../warehouse/warehouse.ts';

/** What whoever starts a run may ask of it. */
export interface RunChoices {
  /** Conversions to be read over all of history (`run --full`); absent: each by its adjustment window. */
  readonly full?: readonly string[] | 'all' | undefined;
  /** Whether many rows of a source, and many conversions, may disappear at once (`run --allow-mass-delete`). */
  readonly allowMassDelete?: boolean | undefined;
  /** Fitted models are fitted anew from this month on (`run --refit`): YYYY-MM or YYYY-MM-DD. */
  readonly refit?: string | undefined;
}

/** What every step of the night gets; nothing else may be reached for, so that a step can be tested by itself. */
export interface StepContext extends RunChoices {
  readonly warehouse: Warehouse;
  readonly config: Config;
  /** Folder of the config file: paths in the config are relative to it. */
  readonly configFolder: string;
  /** The instant the run began, ISO in UTC: the only clock a step may read. */
  readonly now: string;
  /** Conversions as they are read, without the identifiers of erased persons; absent where nobody was erased. */
  readonly withoutErased?: (conversions: Sql) => Promise<Sql>;
  /** Puts the addresses of a query (column `address`) with their keyed hash into staged_ip_hashes, until the step ends. */
  readonly hashAddresses?: (addresses: Sql) => Promise<void>;
}

export interface StepResult {
  /** Rows touched, by table; tables left alone may be missing. */
  readonly changes: Readonly<Record<string, Change>>;
  /** What the reader of the run must know: rejected rows, corrupt segments, caps that were hit. */
  readonly warnings: readonly string[];
}

/** One step of the night. */
export type Step = (context: StepContext) => Promise<StepResult>;
