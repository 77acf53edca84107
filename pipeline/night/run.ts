import { mkdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Config } from '../config/schema.ts';
import { UserError } from '../config/user-error.ts';
import { finishErasures } from '../privacy/finish.ts';
import { checkRefit } from '../models/attribution/fitted/refit.ts';
import { checkFull } from '../models/conversions/conversions.ts';
import type { RunChoices } from '../models/step.ts';
import { projectTables } from '../sources/project-tables.ts';
import { openWarehouse } from '../warehouse/open.ts';
import { WarehouseInUseError } from '../warehouse/warehouse-error.ts';
import type { StatementStatistics, Warehouse } from '../warehouse/warehouse.ts';
import { afterFailure, withCleanUp } from './both-errors.ts';
import { mergeChanges, totalChange, type Changes } from './changes.ts';
import { openJournal, type Journal } from './journal.ts';
import { acquireLease, HEARTBEAT_MILLISECONDS, type Lease } from './lease.ts';
import type { PublishResult } from './publish.ts';
import { writeRunHistory } from './run-history.ts';
import { readRunFile, removeRunFile, writeRunFile, type RunFile } from './run-file.ts';
import { NIGHT_STEPS, type NightContext, type NightStep, type NightStepResult } from './steps.ts';
import { NIGHT_TABLES } from './tables.ts';

/** Runs of this process by data folder. The engine's lock is the process's: within it, an open file is shared, not refused. */
const runsHere = new Map<string, RunFile>();
/** How long a run waits for a process that holds the warehouse file but is no run: someone's `touchtrail query`. */
const FILE_PATIENCE_MILLISECONDS = 600_000;

/** What a run tells while it works. */
export type RunEvent =
  | { readonly type: 'step'; readonly step: string; readonly position: number; readonly of: number; readonly status: 'running' }
  | {
      readonly type: 'step';
      readonly step: string;
      readonly position: number;
      readonly of: number;
      readonly status: 'done';
      readonly durationMs: number;
      readonly changes: Changes;
      readonly publication?: PublishResult;
    }
  | {
      readonly type: 'step';
      readonly step: string;
      readonly position: number;
      readonly of: number;
      readonly status: 'failed';
      readonly message: string;
    }
  | { readonly type: 'warning'; readonly message: string }
  /** What the run waits for before it begins; told once. */
  | { readonly type: 'waiting'; readonly message: string };

export interface RunOptions extends RunChoices {
  readonly config: Config;
  /** Folder that the paths in the config start from. */
  readonly configFolder: string;
  readonly dataFolder: string;
  readonly onProgress?: (event: RunEvent) => void;
  /** The instant of the run, ISO in UTC; default: the clock's. */
  readonly now?: string;
  readonly clock?: () => Date;
  /** Ends the run before its next step; on BigQuery it cancels the statement that runs. */
  readonly signal?: AbortSignal;
  /** How long to wait for a process that holds the warehouse file but is no run; default: 10 minutes. */
  readonly filePatienceMilliseconds?: number;
  /** Default: {@link NIGHT_STEPS}. */
  readonly steps?: readonly NightStep[];
}

export interface StepSummary {
  readonly step: string;
  readonly durationMs: number;
  readonly changes: Changes;
}

export interface RunSummary {
  readonly runId: string;
  readonly durationMs: number;
  readonly steps: readonly StepSummary[];
  /** Rows touched by table, over all steps. */
  readonly changes: Changes;
  readonly warnings: readonly string[];
  readonly publicationId: string | null;
  /** Whether readers see what they saw before, because nothing changed. */
  readonly publicationKept: boolean;
}

/**
 * The nightly run: every step in order, each with the fencing token checked before it writes, and recorded in `runs`
 * and `run_steps`. Killed anywhere and started again, it ends in the same state.
 * @throws UserError (exit code 1) where another run is in progress, or naming the step that failed; later steps have
 * not run then, and readers keep what they had.
 */
export async function runNight(options: RunOptions): Promise<RunSummary> {
  checkFull(options);
  const clock = options.clock ?? (() => new Date());
  checkRefit({ ...options, now: options.now ?? clock().toISOString() });
  const dataFolder = path.resolve(options.dataFolder);
  const me: RunFile = { pid: process.pid, holder: `${os.hostname()}, process ${process.pid}`, started_at: clock().toISOString() };
  const other = runsHere.get(dataFolder);
  if (other) throw inProgress(other);
  runsHere.set(dataFolder, me);
  try {
    return await runAlone({ ...options, dataFolder }, clock, me);
  } finally {
    runsHere.delete(dataFolder);
  }
}

async function runAlone(options: RunOptions, clock: () => Date, me: RunFile): Promise<RunSummary> {
  const { dataFolder, config } = options;
  // What lies in it is personal data of the visitors.
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  const warehouse = await openForRun(options);
  return withCleanUp(
    async () => {
      await writeRunFile(dataFolder, me);
      await warehouse.migrate([...projectTables(config), ...NIGHT_TABLES]);
      return await runWithLease(warehouse, options, clock, me.holder);
    },
    async () => {
      removeRunFile(dataFolder);
      await warehouse.close();
      await finishErasures({ config, dataFolder, now: options.now ?? clock().toISOString() });
    },
  );
}

/** Opens the warehouse for writing. The embedded engine lets one process in: whoever is there is named. */
async function openForRun(options: RunOptions): Promise<Warehouse> {
  const { config, dataFolder, signal, onProgress, filePatienceMilliseconds = FILE_PATIENCE_MILLISECONDS } = options;
  const deadline = performance.now() + filePatienceMilliseconds;
  let told = false;
  for (;;) {
    try {
      return await openWarehouse(config.warehouse, dataFolder);
    } catch (error) {
      if (!(error instanceof WarehouseInUseError)) throw error;
      const other = readRunFile(dataFolder);
      if (other) throw inProgress(other, error);
      if (performance.now() > deadline) throw error;
      if (signal?.aborted) throw new UserError('the run was stopped while it waited for the warehouse; start it again', { cause: error });
      if (!told) onProgress?.({ type: 'waiting', message: `waiting for process ${error.holder}, which reads the warehouse` });
      told = true;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

function inProgress(run: RunFile, cause?: unknown): UserError {
  return new UserError(`a run is in progress: held by ${run.holder}, since ${run.started_at}`, { cause });
}

async function runWithLease(warehouse: Warehouse, options: RunOptions, clock: () => Date, holder: string): Promise<RunSummary> {
  const exclusive = options.config.warehouse.type === 'duckdb';
  const now = options.now ?? clock().toISOString();
  const lease = await acquireLease(warehouse, { holder, clock, exclusive, runId: (token) => runId(now, token) });
  const warnings: string[] = [];
  const heartbeat = exclusive ? undefined : beat(lease, warnings);
  const journal = openJournal(warehouse, { runId: lease.runId, token: lease.token, holder, startedAt: now });
  const night: Night = { warehouse, lease, journal, options, clock, warnings };
  return withCleanUp(
    () => runRecorded(night, now),
    async () => {
      clearInterval(heartbeat);
      await lease.release();
    },
  );
}

async function runRecorded(night: Night, now: string): Promise<RunSummary> {
  const { journal, clock, warnings, warehouse, options } = night;
  let summary: RunSummary;
  try {
    await journal.beginRun();
    summary = await runSteps(night, now);
    await journal.endRun({
      status: 'done',
      finishedAt: clock().toISOString(),
      message: null,
      warnings,
      publicationId: summary.publicationId,
    });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    await afterFailure(error, async () => {
      await journal.endRun({ status: 'failed', finishedAt: clock().toISOString(), message, warnings, publicationId: null });
      await writeRunHistory(warehouse, options.dataFolder);
    });
    throw error;
  }
  await tellReaders(night);
  return summary;
}

/** What is published stays so where the file for readers cannot be written: that is a warning, not a failure. */
async function tellReaders({ warehouse, options, warnings }: Night): Promise<void> {
  try {
    await writeRunHistory(warehouse, options.dataFolder);
  } catch (error) {
    const message = `the history of runs cannot be written: ${error instanceof Error ? error.message : String(error)}`;
    warnings.push(message);
    options.onProgress?.({ type: 'warning', message });
  }
}

interface Night {
  readonly warehouse: Warehouse;
  readonly lease: Lease;
  readonly journal: Journal;
  readonly options: RunOptions;
  readonly clock: () => Date;
  readonly warnings: string[];
}

async function runSteps(night: Night, now: string): Promise<RunSummary> {
  const { options, warehouse, lease, warnings } = night;
  const { config, configFolder, dataFolder, signal, steps = NIGHT_STEPS, onProgress, full, allowMassDelete, refit } = options;
  const context: NightContext = {
    warehouse,
    config,
    configFolder,
    dataFolder,
    now,
    full,
    allowMassDelete,
    refit,
    run: { runId: lease.runId, renewLease: () => lease.renew() },
  };
  const started = performance.now();
  const summaries: StepSummary[] = [];
  let publication: NightStepResult['publication'];
  for (const [i, step] of steps.entries()) {
    const place = { type: 'step', step: step.name, position: i + 1, of: steps.length } as const;
    if (signal?.aborted) throw new UserError(`the run was stopped before step "${step.name}"; start it again to finish`);
    onProgress?.({ ...place, status: 'running' });
    try {
      const { result, durationMs } = await runStep(night, step, i + 1, context);
      publication ??= result.publication;
      summaries.push({ step: step.name, durationMs, changes: result.changes });
      warnings.push(...result.warnings);
      onProgress?.({
        ...place,
        status: 'done',
        durationMs,
        changes: result.changes,
        ...(result.publication && { publication: result.publication }),
      });
      for (const message of result.warnings) onProgress?.({ type: 'warning', message });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      onProgress?.({ ...place, status: 'failed', message });
      if (signal?.aborted)
        throw new UserError(`the run was stopped in step "${step.name}" (${message}); start it again to finish`, { cause: error });
      throw new UserError(`step "${step.name}" failed: ${message}`, {
        cause: error,
        ...(error instanceof UserError && { exitCode: error.exitCode }),
      });
    }
  }
  return {
    runId: lease.runId,
    durationMs: performance.now() - started,
    steps: summaries,
    changes: mergeChanges(summaries.map(({ changes }) => changes)),
    warnings,
    publicationId: publication?.publicationId ?? null,
    publicationKept: publication?.kept ?? false,
  };
}

async function runStep(night: Night, step: NightStep, position: number, context: NightContext) {
  const { warehouse, lease, journal, clock, options } = night;
  const identity = { position, step: step.name, startedAt: clock().toISOString() };
  const started = performance.now();
  const before = warehouse.statements.length;
  const sofar = (): { durationMs: number; statements: readonly StatementStatistics[] } => ({
    durationMs: performance.now() - started,
    statements: warehouse.statements.slice(before),
  });
  await journal.beginStep(identity);
  const work = async (): Promise<NightStepResult> => {
    await lease.renew();
    const scope = { runId: lease.runId, step: step.name, signal: options.signal };
    const result = await warehouse.within(scope, () => step.run(context));
    await journal.endStep(identity, { status: 'done', ...sofar(), change: totalChange(result.changes), message: null });
    return result;
  };
  try {
    const result = step.transaction ? await warehouse.transaction(work) : await work();
    return { result, durationMs: performance.now() - started };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    await afterFailure(error, () => journal.endStep(identity, { status: 'failed', ...sofar(), change: totalChange({}), message }));
    throw error;
  }
}

/** Shows others that the run lives while one statement takes long. A beat that fails is told, and the next step's check decides. */
function beat(lease: Lease, warnings: string[]): NodeJS.Timeout {
  return setInterval(() => {
    lease.renew().catch((error: unknown) => warnings.push(`heartbeat: ${error instanceof Error ? error.message : String(error)}`));
  }, HEARTBEAT_MILLISECONDS).unref();
}

/** Sorts by time; the token tells runs of the same second apart. */
function runId(now: string, token: number): string {
  const seconds = `${now.slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
  return `${seconds}-${String(token).padStart(6, '0')}`;
}
