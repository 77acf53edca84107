import path from 'node:path';
import type { Command } from 'commander';
import { loadConfig } from '../../config/load.ts';
import { UserError } from '../../config/user-error.ts';
import { callControl } from '../../embedded/control.ts';
import { SegmentWriter } from '../../embedded/landing/segment-writer.ts';
import type { RunChoices } from '../../models/step.ts';
import { planNight, type NightPlan } from '../../night/dry-run.ts';
import { keepFilesPrivate } from '../../night/private-files.ts';
import { runNight, type RunEvent, type RunSummary } from '../../night/run.ts';
import { planAsJson, renderPlan } from '../plan-view.ts';
import type { Task } from '../progress.ts';
import { globalOptions, progressFor, type GlobalOptions } from '../options.ts';
import { toJson } from '../render/json.ts';
import { renderRun, runAsJson, showRun } from '../run-view.ts';
import type { UpStatus } from '../up/serve.ts';
import { screenOf, writeNotice, writeResult } from './output.ts';

interface RunFlags {
  readonly dryRun?: boolean;
  readonly sql?: boolean;
  /** true: without names. */
  readonly full?: string[] | true;
  readonly allowMassDelete?: boolean;
  readonly refit?: string;
}

/** `touchtrail run`: the pipeline now, in this process or in the `up` that lives on the data folder. */
export function registerRun(program: Command): void {
  program
    .command('run')
    .description('Run the pipeline now: load what has landed, update all tables, publish.')
    .option('--dry-run', 'print every statement of the run with the bytes it would scan; write nothing')
    .option('--sql', 'with --dry-run: print the text of every statement')
    .option('--full [names...]', 'read these conversions, or all, over all of history, not only their adjustment windows')
    .option('--allow-mass-delete', 'let rows of sources and conversions disappear that the safety stops would keep')
    .option('--refit <month>', 'fit the versions of learned models anew, from this month on, with what is known now')
    .addHelpText(
      'after',
      '\nExamples:\n  $ touchtrail run\n  $ touchtrail run --dry-run\n  $ touchtrail run --full closed_won\n  $ touchtrail run --refit 2026-01\n\nWhile `touchtrail up` runs on the same data folder, it carries the run out.\n',
    )
    .action(async ({ dryRun, sql, full, allowMassDelete, refit }: RunFlags, command: Command) => {
      const options = globalOptions(command);
      const choices = { full: full === true ? ('all' as const) : full, allowMassDelete, refit };
      if (sql && !dryRun) throw new UserError('--sql belongs to --dry-run: touchtrail run --dry-run --sql', { exitCode: 2 });
      if (dryRun) {
        const plan = await planRun(options, choices);
        writeResult(options.json ? toJson(planAsJson(plan)) : renderPlan(plan, { width: screenOf().width, withSql: sql ?? false }));
        return;
      }
      const summary = await run(options, choices, showRun(progressFor(options)));
      if (summary === null) {
        process.exitCode = 1;
        return;
      }
      writeResult(options.json ? toJson(runAsJson(summary)) : renderRun(summary, screenOf().width));
    });
}

/** The plan of a run: in this process, whether `up` lives or not, because nothing is written. */
async function planRun(options: GlobalOptions, choices: RunChoices): Promise<NightPlan> {
  const { config, configFolder } = await loadConfig(options.configFile);
  const progress = progressFor(options);
  let task: Task | undefined;
  const onStep = (step: string): void => {
    task?.done();
    task = progress.begin(step);
  };
  try {
    const { dataFolder } = options;
    const plan = await planNight({ config, configFolder, dataFolder, now: new Date().toISOString(), onStep, ...choices });
    task?.done();
    return plan;
  } catch (error) {
    task?.fail();
    throw error;
  }
}

/** @returns null where it was interrupted while `up` carries the run out. */
async function run(options: GlobalOptions, choices: RunChoices, onProgress: (event: RunEvent) => void): Promise<RunSummary | null> {
  const { dataFolder, configFile } = options;
  const request = { command: 'run' as const, ...choices, ...(configFile !== undefined && { configFile: path.resolve(configFile) }) };
  const signal = interrupted();
  const answered = await askUp(dataFolder, request, { onProgress: (event) => onProgress(event as RunEvent), signal });
  if (answered !== undefined) return answered;
  const { config, configFolder } = await loadConfig(configFile);
  keepFilesPrivate();
  await sealLeftovers(dataFolder);
  return runNight({ config, configFolder, dataFolder, onProgress, signal, ...choices });
}

/**
 * Has the `up` of a data folder carry a run out.
 * @returns undefined where none lives there; null where the signal came first: `up` does not stop what it has begun.
 */
export async function askUp(
  dataFolder: string,
  request: Parameters<typeof callControl>[1],
  { onProgress, signal }: { readonly onProgress: (event: unknown) => void; readonly signal: AbortSignal },
): Promise<RunSummary | null | undefined> {
  const up = await callControl<Pick<UpStatus, 'pid'>>(dataFolder, { command: 'status' });
  if (!up) return undefined;
  const answered = await callControl<RunSummary | null>(dataFolder, request, { onProgress, signal });
  if (answered === null) writeNotice(`the run goes on in touchtrail up (process ${up.pid})`);
  return answered;
}

/** No `up` lives here: what a killed one left open is complete. */
async function sealLeftovers(dataFolder: string): Promise<void> {
  const writer = await SegmentWriter.open(dataFolder);
  await writer.close();
}

/** Ctrl-C ends the run before its next step; pressed again, at once: no harm either, the next run finishes the work. */
function interrupted(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  return stop.signal;
}
