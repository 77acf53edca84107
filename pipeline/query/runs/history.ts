import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { UserError } from '../../config/user-error.ts';
import { RUN_HISTORY_FILE, RunHistory, type RunRecord, type StepRecord } from '../../models/reports/run-history.ts';
import { sql } from '../../warehouse/sql.ts';
import type { OpenPublication } from '../publication.ts';

/** The last runs, latest first, and where they are known from. */
export interface KnownRuns {
  readonly runs: readonly RunRecord[];
  /** The file tells of runs that failed after the last publication; a publication alone cannot. */
  readonly source: 'history' | 'publication';
}

/**
 * The last runs of a data folder: of the file that every run writes when it ends, or, where there is none (a folder with
 * publications only, or no run of this version yet), as the publication has them.
 * @throws UserError where the file cannot be read.
 */
export async function lastRuns(dataFolder: string, opened: OpenPublication): Promise<KnownRuns> {
  const file = path.join(dataFolder, RUN_HISTORY_FILE);
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new UserError(`cannot read ${file}: ${error.message}`, { cause: error });
  });
  if (text === undefined) return { runs: await publishedRuns(opened), source: 'publication' };
  try {
    return { runs: RunHistory.parse(JSON.parse(text)).runs, source: 'history' };
  } catch (error) {
    throw new UserError(`${file} is not what a run writes: remove it, the next run writes it anew`, { cause: error });
  }
}

/** The run that made the publication had not ended when it was copied: as it is published, it has. */
async function publishedRuns({ warehouse, publication }: OpenPublication): Promise<RunRecord[]> {
  const runs = await warehouse.rows<Omit<RunRecord, 'warnings' | 'steps'> & { warnings: string }>(
    sql`
    select run_id, started_at, finished_at, status, message, warnings, publication_id
    from runs
    order by run_id desc nulls last
    limit 60`,
    'last runs',
  );
  const steps = await warehouse.rows<StepRecord & { run_id: string }>(
    sql`
    select run_id, step, status, duration_ms, inserted, updated, deleted, bytes, message
    from run_steps
    order by run_id nulls first, position nulls first`,
    'steps of runs',
  );
  const byRun = Map.groupBy(steps, ({ run_id }) => run_id);
  const { publication_id, published_at } = publication;
  return runs.map(({ warnings, ...run }) => ({
    ...run,
    ...(run.run_id === publication_id && { status: 'done', finished_at: published_at, publication_id }),
    warnings: JSON.parse(warnings) as string[],
    steps: (byRun.get(run.run_id) ?? []).map(({ run_id, ...step }) =>
      run_id === publication_id && step.status === 'running' ? { ...step, status: 'done' } : step,
    ),
  }));
}
