import type { Counts } from '../../import/counts.ts';
import type { Imported } from '../../import/import.ts';
import { type Message, valueAt } from '../../import/message.ts';
import type { RejectedRecord } from '../../import/batches.ts';
import type { Preview } from '../../import/preview.ts';
import { renderTable } from './table.ts';
import { terminalText } from './text.ts';

const count = (value: number): string => value.toLocaleString('en-US');
const times = (value: number, one: string, many = `${one}s`): string => `${count(value)} ${value === 1 ? one : many}`;
const iso = (time: number): string => new Date(time).toISOString().replace(/\.\d+Z$/, 'Z');

/** How far an import is, in one line. @param perSecond events; @param secondsLeft undefined where nobody knows. */
export function progressNote({ stored, rejected }: Counts, perSecond: number, secondsLeft: number | undefined): string {
  const left =
    secondsLeft === undefined ? '' : `, ${secondsLeft < 90 ? `${Math.ceil(secondsLeft)} s` : `${Math.ceil(secondsLeft / 60)} min`} left`;
  return `${times(stored, 'event')}, ${count(rejected)} rejected, ${count(Math.round(perSecond))}/s${left}`;
}

/** What an import has done, and what to do next. */
export interface ImportedView extends Imported {
  readonly rejectedFile: string;
  /** Milliseconds since 1970; undefined where it is not known. */
  readonly trackingSince: number | undefined;
}

/** An import in words. */
export function renderImported({ counts, damaged, complete, rejectedFile, trackingSince }: ImportedView): string {
  const lines = [
    `${complete ? 'imported' : 'interrupted after'} ${times(counts.stored, 'event')} of ${times(counts.read, 'record')}`,
    ...accounts(counts),
    ...(counts.rejected > 0 ? [`  what was rejected, and why: ${rejectedFile}`] : []),
    ...damaged.map((file) => `  ${file} could not be read to its end: the reason is in that file`),
    ...span(counts),
    ...(trackingSince === undefined || counts.stored === 0
      ? []
      : [`${count(counts.beforeTracking)} of them happened before tracking began (${iso(trackingSince)}, the first browser key)`]),
    ...(complete ? (counts.stored > 0 ? ['next: touchtrail run'] : []) : ['go on with the same command and --resume']),
  ];
  return `${lines.map(terminalText).join('\n')}\n`;
}

/** An import for programs. */
export function importedAsJson({ counts, damaged, complete, rejectedFile, trackingSince }: ImportedView): object {
  return {
    complete,
    ...countsAsJson(counts),
    before_tracking: trackingSince === undefined ? null : counts.beforeTracking,
    tracking_since: trackingSince === undefined ? null : iso(trackingSince),
    rejected_file: counts.rejected > 0 ? rejectedFile : null,
    damaged_files: damaged,
  };
}

/** What is shown of a dry run beside what it has found. */
export interface PreviewView extends Preview {
  /** Columns that no rule reads. */
  readonly unmapped: readonly string[];
  /** Bytes that the import would scan in BigQuery. */
  readonly scannedBytes?: number | undefined;
}

/** A dry run in words. */
export function renderPreview(preview: PreviewView, width: number): string {
  const { events, counts, unmapped, problems, damaged, scannedBytes } = preview;
  const lines = [
    `would import ${times(counts.stored, 'event')} of ${times(counts.read, 'record')}; nothing was sent`,
    ...accounts(counts),
    ...span(counts),
    ...(scannedBytes === undefined ? [] : [`reading the tables scans ${count(Math.ceil(scannedBytes / 1e6))} MB in BigQuery`]),
    ...(unmapped.length > 0 ? [`columns that the mapping does not read: ${unmapped.map((name) => beginningOf(name)).join(', ')}`] : []),
    ...damaged.map((file) => `${file} cannot be read to its end`),
    ...(problems.length > 0 ? ['problems:', ...problems.map((problem) => `  ${beginningOf(problemWords(problem), LONGEST_PROBLEM)}`)] : []),
  ];
  const table =
    events.length === 0
      ? ''
      : `${renderTable({ columns: COLUMNS.map(({ header }) => ({ header, align: 'left' })), rows: events.map(cells), width })}\n`;
  return `${table}${lines.map(terminalText).join('\n')}\n`;
}

/** A dry run for programs: the first events as they would be sent. */
export function previewAsJson({ events, counts, columns, unmapped, problems, damaged, scannedBytes }: PreviewView): object {
  return {
    dry_run: true,
    ...countsAsJson(counts),
    events,
    columns: Object.fromEntries(columns),
    unmapped,
    problems: problems.map(({ part, line, reason, path, detail }) => ({
      file: part,
      line,
      reason,
      path: path ?? null,
      detail: detail ?? null,
    })),
    damaged_files: damaged,
    ...(scannedBytes !== undefined && { scanned_bytes: scannedBytes }),
  };
}

function countsAsJson({ read, stored, copies, sampled, rejected, leftOut, types, first, last }: Counts): object {
  return {
    read,
    stored,
    copies,
    sampled,
    rejected,
    left_out: leftOut,
    types,
    first: first === null ? null : iso(first),
    last: last === null ? null : iso(last),
  };
}

function accounts({ copies, sampled, rejected, leftOut, types }: Counts): string[] {
  const kinds = Object.entries(types).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const rows: readonly (readonly [number, string])[] = [
    ...kinds.map(([type, number]) => [number, type] as const),
    [copies, 'copies of others in the same request'],
    [sampled, 'of visitors that the key leaves out'],
    [rejected, 'rejected'],
    ...Object.entries(leftOut).map(([reason, number]) => [number, `left out: ${reason}`] as const),
  ];
  const shown = rows.filter(([number]) => number > 0).map(([number, words]) => [count(number), words] as const);
  const width = Math.max(0, ...shown.map(([number]) => number.length));
  return shown.map(([number, words]) => `  ${number.padStart(width)}  ${words}`);
}

/** Most characters that are shown of a value, and of what is wrong with a record: the whole stands in the source. */
const LONGEST_VALUE = 120;
const LONGEST_PROBLEM = 500;

const beginningOf = (text: string, longest = LONGEST_VALUE): string => (text.length > longest ? `${text.slice(0, longest - 1)}…` : text);

const span = ({ first, last }: Counts): string[] => (first === null || last === null ? [] : [`from ${iso(first)} to ${iso(last)}`]);

const problemWords = ({ part, line, path, detail, reason }: RejectedRecord): string =>
  `${part}:${line}: ${path ? `${path}: ` : ''}${detail ?? reason}`;

const COLUMNS: readonly { readonly header: string; readonly paths: readonly string[] }[] = [
  { header: 'Time', paths: ['timestamp'] },
  { header: 'Type', paths: ['type'] },
  { header: 'Event', paths: ['event', 'name'] },
  { header: 'Visitor', paths: ['anonymousId'] },
  { header: 'User', paths: ['userId'] },
  { header: 'Address', paths: ['context.page.url', 'properties.url'] },
  { header: 'Source', paths: ['context.campaign.source'] },
  { header: 'Medium', paths: ['context.campaign.medium'] },
  { header: 'Campaign', paths: ['context.campaign.name'] },
];

const cells = (event: Message): string[] =>
  COLUMNS.map(({ paths }) => {
    const value = paths.map((path) => valueAt(event, path)).find((found) => found !== undefined && found !== null);
    return typeof value === 'string' || typeof value === 'number' ? beginningOf(String(value)) : '';
  });
