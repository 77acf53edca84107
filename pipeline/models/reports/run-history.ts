import * as z from 'zod';

// The contract between the run that writes its history and the readers of it: a run that failed publishes nothing, and a run in
// progress holds the warehouse, so what became of the runs stands in a file of its own.

/** Name of the file in the data folder. */
export const RUN_HISTORY_FILE = 'run-history.json';

/** A step of a run. */
export const StepRecord = z.object({
  step: z.string(),
  status: z.enum(['running', 'done', 'failed']),
  /** null where it did not end. */
  duration_ms: z.number().nullable(),
  /** Rows over all tables. */
  inserted: z.number(),
  updated: z.number(),
  deleted: z.number(),
  /** Bytes scanned; 0 where the engine does not say. */
  bytes: z.number(),
  /** Why it failed. */
  message: z.string().nullable(),
});
export type StepRecord = z.infer<typeof StepRecord>;

/** A run with its steps in order. */
export const RunRecord = z.object({
  run_id: z.string(),
  /** ISO in UTC. */
  started_at: z.string(),
  /** null while it runs, and where it was killed. */
  finished_at: z.string().nullable(),
  /** `killed`: found unfinished by a later run. */
  status: z.enum(['running', 'done', 'failed', 'killed']),
  /** Why it failed. */
  message: z.string().nullable(),
  warnings: z.array(z.string()),
  /** What readers saw when it ended. */
  publication_id: z.string().nullable(),
  steps: z.array(StepRecord),
});
export type RunRecord = z.infer<typeof RunRecord>;

/** The content of the file: the last runs, latest first. */
export const RunHistory = z.object({ runs: z.array(RunRecord) });
export type RunHistory = z.infer<typeof RunHistory>;
