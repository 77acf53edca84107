import type { Changes } from '../night/changes.ts';
import { totalChange, touchedRows } from '../night/changes.ts';
import type { PublishResult } from '../night/publish.ts';
import type { RunEvent, RunSummary } from '../night/run.ts';
import type { Progress, Task } from './progress.ts';
import { renderTable } from './render/table.ts';

/** Shows the events of a run on a progress display. */
export function showRun(progress: Progress): (event: RunEvent) => void {
  let task: Task | undefined;
  return (event) => {
    if (event.type === 'warning') {
      progress.note(`warning: ${event.message}`);
      return;
    }
    if (event.type === 'waiting') {
      progress.note(event.message);
      return;
    }
    switch (event.status) {
      case 'running':
        task = progress.begin(event.step);
        return;
      case 'done':
        task?.done(
          `${event.publication ? describePublication(event.publication) : describeChanges(event.changes)}, ${seconds(event.durationMs)}`,
        );
        return;
      case 'failed':
        task?.fail();
    }
  };
}

const count = (value: number): string => value.toLocaleString('en');

/** A sentence for a step or a run: `1,204 rows touched` or `nothing changed`. */
export function describeChanges(changes: Changes): string {
  const touched = touchedRows(totalChange(changes));
  return touched === 0 ? 'nothing changed' : `${count(touched)} ${touched === 1 ? 'row' : 'rows'} touched`;
}

function describePublication({ publicationId, kept }: PublishResult): string {
  return kept ? `publication ${publicationId} stays` : `publication ${publicationId}`;
}

/** What a run did, for programs: the names of the tables `runs` and `run_steps`. */
export function runAsJson(summary: RunSummary): object {
  return {
    run_id: summary.runId,
    duration_ms: Math.round(summary.durationMs),
    steps: summary.steps.map(({ step, durationMs, changes }) => ({ step, duration_ms: Math.round(durationMs), changes })),
    changes: summary.changes,
    warnings: summary.warnings,
    publication_id: summary.publicationId,
    publication_kept: summary.publicationKept,
  };
}

/** What a run did, for the terminal: the rows touched by table, or that there were none, and what readers see now. */
export function renderRun(summary: RunSummary, width: number): string {
  const rows = Object.entries(summary.changes)
    .filter(([, change]) => touchedRows(change) > 0)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { inserted, updated, deleted }]) => [name, count(inserted), count(updated), count(deleted)]);
  const table = renderTable({
    columns: [
      { header: 'Table', align: 'left' },
      { header: 'Inserted', align: 'right' },
      { header: 'Updated', align: 'right' },
      { header: 'Deleted', align: 'right' },
    ],
    rows,
    width,
  });
  const publication =
    summary.publicationId === null
      ? 'nothing published'
      : `publication ${summary.publicationId}${summary.publicationKept ? ', as before' : ''}`;
  const warnings =
    summary.warnings.length === 0 ? '' : `, ${summary.warnings.length} ${summary.warnings.length === 1 ? 'warning' : 'warnings'} (above)`;
  const closing = `run ${summary.runId} done in ${seconds(summary.durationMs)}: ${rows.length === 0 ? 'nothing changed' : describeChanges(summary.changes)}; ${publication}${warnings}\n`;
  return rows.length === 0 ? closing : `${table}${copiesLine(summary.changes)}\n${closing}`;
}

/** Each event that arrived becomes one row of `events_raw`, and the first of its copies one of `events`. */
function copiesLine({ events_raw, events }: Changes): string {
  const arrived = events_raw?.inserted ?? 0;
  const copies = arrived - (events?.inserted ?? 0);
  return copies <= 0 ? '' : `\nevents_raw ${count(arrived)}, of which ${count(copies)} ${copies === 1 ? 'is a copy' : 'are copies'}\n`;
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
