import path from 'node:path';
import { writeAtomically } from '../embedded/durable.ts';
import { RUN_HISTORY_FILE, RunHistory, type RunRecord, type StepRecord } from '../models/reports/run-history.ts';
import { raw, sql, table } from '../warehouse/sql.ts';
import type { Warehouse } from '../warehouse/warehouse.ts';
import { RUN_STEPS, RUNS } from './tables.ts';

/** About two months of nights. */
const RUNS_KEPT = 60;

/** Writes the file that tells readers of the last runs, also of those that failed. Readers see the old or the new one. */
export async function writeRunHistory(warehouse: Warehouse, dataFolder: string): Promise<void> {
  const last = sql`select run_id from ${table(RUNS.name)} order by run_id desc nulls last limit ${raw(String(RUNS_KEPT))}`;
  const runs = await warehouse.rows<Omit<RunRecord, 'warnings' | 'steps'> & { warnings: string }>(
    sql`
    select run_id, started_at, finished_at, status, message, warnings, publication_id
    from ${table(RUNS.name)}
    where run_id in (${last})
    order by run_id desc nulls last`,
    'last runs',
  );
  const steps = await warehouse.rows<StepRecord & { run_id: string }>(
    sql`
    select run_id, step, status, duration_ms, inserted, updated, deleted, bytes, message
    from ${table(RUN_STEPS.name)}
    where run_id in (${last})
    order by run_id nulls first, position nulls first`,
    'steps of the last runs',
  );
  const byRun = Map.groupBy(steps, ({ run_id }) => run_id);
  const history: RunHistory = {
    runs: runs.map((run) => ({ ...run, warnings: JSON.parse(run.warnings) as string[], steps: byRun.get(run.run_id) ?? [] })),
  };
  await writeAtomically(path.join(dataFolder, RUN_HISTORY_FILE), JSON.stringify(RunHistory.parse(history)) + '\n', 0o600);
}
