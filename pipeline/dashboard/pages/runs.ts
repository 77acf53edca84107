import { UserError } from '../../config/user-error.ts';
import type { RunRecord, StepRecord } from '../../models/reports/run-history.ts';
import { toCsv } from '../../query/export/csv.ts';
import { EMPTY } from '../../query/format.ts';
import { publishedAccounts } from '../../query/runs/accounts.ts';
import { lastRuns } from '../../query/runs/history.ts';
import { stepBar } from '../components/bars.ts';
import { notes } from '../components/notes.ts';
import { emptyState, section } from '../components/section.ts';
import { sparkline } from '../components/sparkline.ts';
import { table } from '../components/table.ts';
import { type Tile, tileNote, tiles } from '../components/tiles.ts';
import { each, html, type Html, NOTHING } from '../html.ts';
import type { Page, PageContent, PageContext } from '../page.ts';
import { address } from '../state.ts';
import { accountsCsv, accountsSection } from './runs-accounts.ts';

/** What the nightly runs did: whether the numbers are fresh, and where the time goes. */
export const runs: Page = { path: '/runs', label: 'Runs', render };

const CSV_TABLES = ['runs', 'steps', 'accounts'] as const;
/** So many characters of a message stand in the history; the detail of the run has all. */
const MESSAGE_SHOWN = 110;
type CsvTable = (typeof CSV_TABLES)[number];

async function render(context: PageContext): Promise<PageContent> {
  const { warehouse, publication, dataFolder, params, path } = context;
  const [known, accounts] = [await lastRuns(dataFolder, { warehouse, publication }), await publishedAccounts({ warehouse, publication })];
  const chosen = chosenRun(known.runs, params);
  const wanted = csvTable(params);
  const csv = () => (wanted === 'accounts' ? accountsCsv(accounts) : wanted === 'steps' ? stepsCsv(chosen) : runsCsv(known.runs));
  const href = (name: CsvTable) => address(path, params, { format: 'csv', table: name });
  const body = html`${tiles(tilesOf(context, known.runs))}
  ${known.runs.length === 0 ? html`<section class="panel">${emptyState('No run is known', html`<code>npx touchtrail run</code> does one; <code>touchtrail up</code> every night.`)}</section>` : NOTHING}
  ${chosen === undefined ? NOTHING : section({ title: `Run of ${context.time.time(chosen.started_at)}`, csv: href('steps'), body: runDetail(context, chosen) })}
  ${
    known.runs.length === 0
      ? NOTHING
      : section({
          title: 'History',
          csv: href('runs'),
          body: html`${historyTable(context, known.runs, chosen)}${known.source === 'history' ? NOTHING : notes(['As the publication has them: runs after it, and any that failed since, are not in it.'])}`,
        })
  }
  ${accountsSection(context, accounts, href('accounts'))}`;
  return { title: 'Runs', body, csv };
}

/** The run that the address names, else the last one. */
function chosenRun(all: readonly RunRecord[], params: URLSearchParams): RunRecord | undefined {
  const id = params.get('run');
  if (!id) return all[0];
  const found = all.find(({ run_id }) => run_id === id);
  if (!found)
    throw new UserError(`run=${id}: expected one of the last ${all.length} runs, such as ${all[0]?.run_id ?? '—'}`, { exitCode: 2 });
  return found;
}

function csvTable(params: URLSearchParams): CsvTable {
  const given = params.get('table') ?? 'runs';
  const found = CSV_TABLES.find((name) => name === given);
  if (found === undefined) throw new UserError(`table=${given}: expected one of ${CSV_TABLES.join(', ')}`, { exitCode: 2 });
  return found;
}

const duration = ({ started_at, finished_at }: RunRecord): number | null =>
  finished_at === null ? null : Date.parse(finished_at) - Date.parse(started_at);
const touched = ({ inserted, updated, deleted }: StepRecord): number => inserted + updated + deleted;
const rowsOf = ({ steps }: RunRecord): number => steps.reduce((sum, step) => sum + touched(step), 0);

/** 12 ms, 1.8 s, 42 s, 3 min 10 s. */
export function durationText(milliseconds: number | null): string {
  if (milliseconds === null) return EMPTY;
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  return minutes < 60 ? `${minutes} min ${whole % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

const STATUS = { running: 'running', done: 'done', failed: 'failed', killed: 'ended without a word' } as const;
const statusText = (status: RunRecord['status']): Html =>
  status === 'done' || status === 'running' ? html`${STATUS[status]}` : html`<span class="failed">${STATUS[status]}</span>`;

function tilesOf({ time, figure, publication }: PageContext, all: readonly RunRecord[]): Tile[] {
  const last = all[0];
  const failed = all.filter(({ status }) => status === 'failed' || status === 'killed').length;
  const durations = all.map(duration).filter((one) => one !== null);
  return [
    { label: 'Published', value: time.day(publication.published_at), ...tileNote(`at ${time.clock(publication.published_at)}`) },
    ...(last === undefined
      ? []
      : [
          {
            label: 'Last run',
            value: STATUS[last.status].replace(/^./, (letter) => letter.toUpperCase()),
            ...tileNote(time.time(last.started_at)),
          },
          {
            label: 'It took',
            value: durationText(duration(last)),
            ...tileNote(`median ${durationText(median(durations))}`),
            sparkline: sparkline(durations.toReversed()),
          },
          { label: 'Rows it touched', value: figure(rowsOf(last), 'count'), sparkline: sparkline(all.map(rowsOf).toReversed()) },
        ]),
    { label: 'Runs that failed', value: figure(failed, 'count'), ...tileNote(`of the last ${all.length}`) },
  ];
}

function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, high] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[Math.floor(sorted.length / 2)]];
  return low === undefined || high === undefined ? null : (low + high) / 2;
}

function runDetail({ figure }: PageContext, run: RunRecord): Html {
  const longest = Math.max(1, ...run.steps.map((step) => step.duration_ms ?? 0));
  const count = (value: number) => (value === 0 ? EMPTY : figure(value, 'count'));
  return html`${failure(run)}
  ${table({
    caption: 'Steps in their order; rows over all tables',
    columns: [
      { key: 'step', label: 'Step' },
      { key: 'status', label: 'Status', text: true },
      { key: 'duration', label: 'Duration' },
      { key: 'bar', label: 'Beside the longest step', text: true },
      { key: 'inserted', label: 'Inserted' },
      { key: 'updated', label: 'Updated' },
      { key: 'deleted', label: 'Deleted' },
    ],
    rows: run.steps.map((step) => [
      step.step,
      statusText(step.status),
      durationText(step.duration_ms),
      stepBar(step.duration_ms ?? 0, longest),
      count(step.inserted),
      count(step.updated),
      count(step.deleted),
    ]),
  })}
  ${
    run.warnings.length === 0
      ? NOTHING
      : html`<h3 class="apart">What the run warns of</h3>
          <ul class="quiet">
            ${each(run.warnings, (warning) => html`<li>${warning}</li>`)}
          </ul>`
  }`;
}

function slowest({ steps }: RunRecord): string {
  const [first] = steps.toSorted((a, b) => (b.duration_ms ?? 0) - (a.duration_ms ?? 0));
  return first === undefined ? EMPTY : `${first.step}, ${durationText(first.duration_ms)}`;
}

/** The whole message: of a run that was killed, of the step that it was in. */
function failure({ message, steps }: RunRecord): Html {
  const told = message ?? steps.find((step) => step.message !== null)?.message ?? null;
  return told === null ? NOTHING : html`<p><strong class="failed">Failed:</strong> ${told}</p>`;
}

const clipped = (message: string): string => (message.length > MESSAGE_SHOWN ? `${message.slice(0, MESSAGE_SHOWN)}…` : message);

function historyTable(
  { figure, time, path, params, publication }: PageContext,
  all: readonly RunRecord[],
  chosen: RunRecord | undefined,
): Html {
  return table({
    caption: 'The last runs; each leads to its steps',
    columns: [
      { key: 'started', label: 'Started' },
      { key: 'status', label: 'Status', text: true },
      { key: 'duration', label: 'Duration' },
      { key: 'slowest', label: 'Longest step', text: true },
      { key: 'rows', label: 'Rows' },
      { key: 'warnings', label: 'Warnings' },
      { key: 'publication', label: 'Readers saw', text: true },
    ],
    rows: all.map((run) => [
      html`<a
        href="${address(path, params, { run: run.run_id, format: null, table: null })}"
        ${run.run_id === chosen?.run_id ? html` aria-current="true"` : NOTHING}
        >${time.time(run.started_at)}</a
      >`,
      html`${statusText(run.status)}${run.message === null ? NOTHING : html`<br />${clipped(run.message)}`}`,
      durationText(duration(run)),
      slowest(run),
      figure(rowsOf(run), 'count'),
      run.warnings.length === 0 ? EMPTY : figure(run.warnings.length, 'count'),
      run.publication_id === null
        ? EMPTY
        : html`<code>${run.publication_id}</code>${run.publication_id === publication.publication_id ? ' (this one)' : ''}`,
    ]),
  });
}

function runsCsv(all: readonly RunRecord[]): string {
  return toCsv(
    ['run_id', 'started_at', 'finished_at', 'status', 'duration_ms', 'rows', 'warnings', 'publication_id', 'message'],
    all.map((run) => [
      run.run_id,
      run.started_at,
      run.finished_at,
      run.status,
      duration(run),
      rowsOf(run),
      run.warnings.length,
      run.publication_id,
      run.message,
    ]),
  );
}

const STEP_COLUMNS = ['step', 'status', 'duration_ms', 'inserted', 'updated', 'deleted', 'bytes', 'message'] as const;

function stepsCsv(run: RunRecord | undefined): string {
  return toCsv(
    ['run_id', ...STEP_COLUMNS],
    (run?.steps ?? []).map((step) => [run!.run_id, ...STEP_COLUMNS.map((name) => step[name])]),
  );
}
