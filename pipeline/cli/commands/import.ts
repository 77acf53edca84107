import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import type { Config } from '../../config/schema.ts';
import { UserError } from '../../config/user-error.ts';
import { type Imported, type ImportProgress, runImport } from '../../import/import.ts';
import { earlierImport, ImportJournal, latestOf, rejectedFileIn } from '../../import/journal.ts';
import { lockImport } from '../../import/lock.ts';
import { unmappedColumns } from '../../import/mapping/columns.ts';
import { previewImport } from '../../import/preview.ts';
import { createSender } from '../../import/send.ts';
import { withCleanUp } from '../../night/both-errors.ts';
import { type GlobalOptions, globalOptions, progressFor } from '../options.ts';
import type { Progress, Task } from '../progress.ts';
import { importedAsJson, previewAsJson, progressNote, renderImported, renderPreview } from '../render/import.ts';
import { toJson } from '../render/json.ts';
import { addImportOptions, configFor, type ImportFlags, type PlannedImport, planImport } from './import-options.ts';
import { type OpenTarget, openTarget } from './import-target.ts';
import { screenOf, writeNotice, writeResult } from './output.ts';

const EXAMPLES = `
Formats: csv and ndjson (with --mapping, see docs/import.md), segment (archives of Segment), ga4 (the BigQuery export of Google Analytics 4).
Importing the same events again changes nothing.

Examples:
  $ touchtrail import visits.csv --format csv --mapping map.json --dry-run
  $ touchtrail import "archive/*.gz" --format segment
  $ touchtrail import --format ga4 --bigquery my-project.analytics_123456789 --from 2026-01-01
`;

/** `touchtrail import`: brings history in through the edge. */
export function registerImport(program: Command): void {
  addImportOptions(program.command('import [files...]'))
    .description('Import history: events that happened before tracking began, or that another system has.')
    .addHelpText('after', EXAMPLES)
    .action(async (files: readonly string[], flags: ImportFlags, command: Command) => {
      const options = globalOptions(command);
      const config = await configFor(options.configFile, flags);
      const plan = await planImport(files, flags, config);
      if (flags.dryRun) await preview(plan, flags, options);
      else await importAll(plan, flags, options, config!);
    });
}

async function preview(plan: PlannedImport, flags: ImportFlags, options: GlobalOptions): Promise<void> {
  const task = progressFor(options).begin('read', totalBytes(plan));
  // Of tables the first one is enough: reading costs.
  const parts = plan.scannedBytes ? plan.parts.slice(0, 1) : plan.parts;
  const found = await previewImport({ ...plan, parts, source: flags.source, events: flags.batch, now: Date.now() }, (bytes) =>
    task.advance(bytes),
  );
  task.done();
  const unmapped = plan.mapping ? unmappedColumns(plan.mapping, found.columns.keys()) : [];
  const scannedBytes = await plan.scannedBytes?.();
  const view = { ...found, unmapped, scannedBytes };
  const problems = found.problems.map((problem) => ({ ...problem, part: fromHere(problem.part) }));
  const shown = { ...view, problems, damaged: found.damaged.map(fromHere) };
  if (plan.scannedBytes) writeNotice(`shown is the first table of ${plan.parts.length}: ${plan.parts[0]!.name}`);
  writeResult(options.json ? toJson(previewAsJson(view)) : renderPreview(shown, screenOf().width));
  if (found.counts.stored === 0 || found.damaged.length > 0) process.exitCode = 1;
}

/** A file below the folder that the command is run in, as it is seen from there; tables and all other files as they are. */
function fromHere(part: string): string {
  const below = path.relative(process.cwd(), part);
  return path.isAbsolute(part) && !below.startsWith('..') ? below : part;
}

const totalBytes = ({ parts }: PlannedImport): number | undefined => {
  const sizes = parts.map(({ bytes }) => bytes);
  return sizes.includes(undefined) ? undefined : sizes.reduce<number>((sum, bytes) => sum + bytes!, 0);
};

async function importAll(plan: PlannedImport, flags: ImportFlags, options: GlobalOptions, config: Config): Promise<void> {
  const { dataFolder } = options;
  const lock = await lockImport(dataFolder, plan.identity);
  if (!lock) throw new UserError('the same import is under way in another process: wait for its end');
  const progress = progressFor(options);
  try {
    const earlier = flags.resume ? earlierImport(dataFolder, plan.identity) : undefined;
    if (earlier?.isComplete) {
      writeNotice(
        `this import is complete (${earlier.folder}): there is nothing left to do; without --resume it is done again, and what is stored already counts once`,
      );
      const { counts, damaged } = latestOf(earlier);
      const rejectedFile = rejectedFileIn(earlier.folder);
      report({ counts, damaged, complete: true, rejectedFile, trackingSince: undefined }, options);
      return;
    }
    if (flags.resume && !earlier) writeNotice('--resume: no import of the same files with the same options has been noted yet: it begins');
    const log = (line: string): void => progress.note(line);
    const target = await openTarget({ config, dataFolder, edge: flags.edge, storesAs: flags.as, log });
    const view = await withCleanUp(
      async () => {
        const journal = earlier
          ? await ImportJournal.resume(earlier, (part) => !plan.parts[part]?.hasNoOrder)
          : await ImportJournal.begin(dataFolder, plan.identity, new Date());
        const imported = await withCleanUp(
          () => importInto(target, journal, plan, flags, progress),
          () => journal.close(),
        );
        return { ...imported, rejectedFile: journal.rejectedFile, trackingSince: target.trackingSince };
      },
      () => target.close(),
    );
    report(view, options);
  } finally {
    await lock.release();
  }
}

async function importInto(
  target: OpenTarget,
  journal: ImportJournal,
  plan: PlannedImport,
  flags: ImportFlags,
  progress: Progress,
): Promise<Imported> {
  const signal = interrupted();
  const pause = async (milliseconds: number): Promise<void> => {
    try {
      await sleep(milliseconds, undefined, { signal });
    } catch (cause) {
      throw new UserError('interrupted; go on with the same command and --resume', { cause });
    }
  };
  const onWait = (reason: string, milliseconds: number): void =>
    progress.note(`the edge does not take the events now, trying again in ${Math.ceil(milliseconds / 1000)} s: ${reason}`);
  const total = totalBytes(plan);
  const task = progress.begin(`import into ${target.words}`, total);
  try {
    const imported = await runImport({
      ...plan,
      source: flags.source,
      events: flags.batch,
      now: Date.now(),
      journal,
      send: createSender(target, { fetch, sleep: pause, onWait }),
      trackingSince: target.trackingSince,
      onProgress: display(task, total, journal.start.counts.read),
      signal,
    });
    if (imported.complete) task.done();
    else task.fail('interrupted');
    return imported;
  } catch (error) {
    task.fail();
    throw error;
  }
}

function report(view: Imported & { rejectedFile: string; trackingSince: number | undefined }, { json }: GlobalOptions): void {
  const { counts, damaged, complete } = view;
  const shown = { ...view, rejectedFile: path.relative(process.cwd(), view.rejectedFile) };
  writeResult(json ? toJson(importedAsJson(shown)) : renderImported({ ...shown, damaged: damaged.map(fromHere) }));
  const nothing = counts.stored + counts.copies + counts.sampled === 0 && counts.rejected > 0;
  if (!complete || damaged.length > 0 || nothing) process.exitCode = 1;
}

/** Shows rate and time left, as far as this process has come. */
function display(task: Task, total: number | undefined, readBefore: number): (progress: ImportProgress) => void {
  const began = performance.now();
  let first: number | undefined;
  return ({ counts, bytes }) => {
    first ??= bytes;
    const seconds = (performance.now() - began) / 1000;
    const left = total === undefined || bytes <= first ? undefined : ((total - bytes) * seconds) / (bytes - first);
    task.advance(bytes, progressNote(counts, (counts.read - readBefore) / seconds, left));
  };
}

/** Ctrl-C ends the import after the requests that are on their way; pressed again, at once. */
function interrupted(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  return stop.signal;
}
