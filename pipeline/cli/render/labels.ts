import type { ResultMeta } from '../../query/result.ts';
import { timeFormat } from './format.ts';
import { type Emphasis, terminalText } from './text.ts';

/** What stands for a dimension without a value. */
export const NOT_SET = '(not set)';

/** A name of the config or the schema as words: `last_significant_click` → "Last significant click". */
export function words(name: string): string {
  const text = name.replaceAll('_', ' ');
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** A date as readers write it, 2026-03-04 → "4 Mar 2026". Dates have no zone. */
export function dayText(date: string): string {
  return timeFormat('UTC').day(`${date}T00:00:00Z`);
}

/** A date of a report by day, week or month: "4 Mar 2026", "Mar 2026". */
export function dateText(date: string, interval: 'day' | 'week' | 'month'): string {
  const text = dayText(date);
  return interval === 'month' ? text.slice(text.indexOf(' ') + 1) : text;
}

/** The lines above a table: what it shows, and what one must know to read it. */
export function titleLines(title: string, meta: ResultMeta, emphasis: Emphasis): string {
  const { start_date, end_date } = meta.date_range;
  const dates = start_date === end_date ? dayText(start_date) : `${dayText(start_date)} – ${dayText(end_date)}`;
  const facts = [
    `${dates}${meta.period_note ? ` (${meta.period_note})` : ''}, by ${words(meta.time_basis).toLowerCase()}`,
    meta.time_zone,
    meta.currency,
    `published ${timeFormat(meta.time_zone).time(meta.published_at)}`,
  ];
  return `${emphasis.bold(terminalText(`${meta.project} · ${title}`))}\n${emphasis.dim(terminalText(facts.join(' · ')))}\n\n`;
}

/** Which rows a table leaves out: none, or those that the limit or a condition on a metric hides. */
export function hiddenRows(shown: number, { row_count, all_row_count, truncated }: ResultMeta, hasTotal = true): string[] {
  const all = Math.max(row_count, all_row_count);
  if (shown === 0 || shown >= all) return [];
  return [`${shown} of ${all} rows shown${hasTotal ? '; the total counts all' : ''}${truncated ? '; more with --limit' : ''}`];
}

/** The lines below a table. */
export function noteLines(notes: readonly string[], emphasis: Emphasis): string {
  return notes.map((note) => emphasis.dim(terminalText(note)) + '\n').join('');
}
