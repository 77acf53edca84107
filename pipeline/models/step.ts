import type { Config } from '../config/schema.ts';
import type { Sql } from '../warehouse/sql.ts';
import type { Change, Warehouse } from '../warehouse/warehouse.ts';

/** What every step of the night gets; nothing else may be reached for, so that a step can be tested by itself. */
export interface StepContext {
  readonly warehouse: Warehouse;
  readonly config: Config;
  /** Folder of the config file: paths in the config are relative to it. */
  readonly configFolder: string;
  /** The instant the run began, ISO in UTC: the only clock a step may read. */
  readonly now: string;
  /** Conversions as they are read, without the identifiers of erased persons; absent where nobody was erased. */
  readonly withoutErased?: (conversions: Sql) => Promise<Sql>;
}

export interface StepResult {
  /** Rows touched, by table; tables left alone may be missing. */
  readonly changes: Readonly<Record<string, Change>>;
  /** What the reader of the run must know: rejected rows, corrupt segments, caps that were hit. */
  readonly warnings: readonly string[];
}

/** One step of the night. */
export type Step = (context: StepContext) => Promise<StepResult>;
