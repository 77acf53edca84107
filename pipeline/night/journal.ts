import { sql, table, type ParamValue } from '../warehouse/sql.ts';
import type { Change, StatementStatistics, TableDefinition, Warehouse } from '../warehouse/warehouse.ts';
import { rowSource } from './row-source.ts';
import { RUN_STEPS, RUNS } from './tables.ts';

export interface RunIdentity {
  readonly runId: string;
  readonly token: number;
  readonly holder: string;
  readonly startedAt: string;
}

export interface RunEnd {
  readonly status: 'done' | 'failed';
  readonly finishedAt: string;
  readonly message: string | null;
  readonly warnings: readonly string[];
  readonly publicationId: string | null;
}

export interface StepIdentity {
  readonly position: number;
  readonly step: string;
  readonly startedAt: string;
}

export interface StepEnd {
  readonly status: 'done' | 'failed';
  readonly durationMs: number;
  readonly change: Change;
  readonly statements: readonly StatementStatistics[];
  readonly message: string | null;
}

/** What the tables `runs` and `run_steps` say of a run. */
export interface Journal {
  /** Also marks runs that were found unfinished as killed. */
  beginRun(): Promise<void>;
  endRun(end: RunEnd): Promise<void>;
  beginStep(step: StepIdentity): Promise<void>;
  /** Belongs into the step's own transaction, so that what a run did and what it says it did are one. */
  endStep(step: StepIdentity, end: StepEnd): Promise<void>;
}

/** The journal of one run, written to the tables `runs` and `run_steps`. */
export function openJournal(warehouse: Warehouse, run: RunIdentity): Journal {
  const write = async (target: TableDefinition, row: Readonly<Record<string, ParamValue>>): Promise<void> => {
    await warehouse.merge(target, rowSource(warehouse.dialect, target, row), { label: target.name });
  };
  const runRow = { run_id: run.runId, token: run.token, started_at: run.startedAt, holder: run.holder };
  const stepRow = ({ position, step, startedAt }: StepIdentity) => ({ run_id: run.runId, position, step, started_at: startedAt });
  return {
    beginRun: async () => {
      await warehouse.merge(
        RUNS,
        sql`select run_id, token, started_at, finished_at, 'killed' as status, holder, message, warnings, publication_id
          from ${table(RUNS.name)} where status = 'running' and token < ${run.token}`,
        { label: 'runs that were killed' },
      );
      await write(RUNS, { ...runRow, finished_at: null, status: 'running', message: null, warnings: '[]', publication_id: null });
    },
    endRun: (end) =>
      write(RUNS, {
        ...runRow,
        finished_at: end.finishedAt,
        status: end.status,
        message: end.message,
        warnings: JSON.stringify(end.warnings),
        publication_id: end.publicationId,
      }),
    // A run begins a step once: its row is new.
    beginStep: async (step) => {
      const row = {
        ...stepRow(step),
        status: 'running',
        duration_ms: null,
        inserted: 0,
        updated: 0,
        deleted: 0,
        statements: 0,
        bytes: 0,
        message: null,
      };
      await warehouse.append(RUN_STEPS, rowSource(warehouse.dialect, RUN_STEPS, row), RUN_STEPS.name);
    },
    endStep: (step, end) =>
      write(RUN_STEPS, {
        ...stepRow(step),
        status: end.status,
        duration_ms: Math.round(end.durationMs),
        ...end.change,
        statements: end.statements.length,
        bytes: end.statements.reduce((sum, statement) => sum + statement.bytes, 0),
        message: end.message,
      }),
  };
}
