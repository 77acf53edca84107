import { words } from '../../config/words.ts';
import { dateText, dayText } from '../../query/format.ts';
import type { ResultMeta } from '../../query/result.ts';
import { timeFormat } from './format.ts';
import { type Emphasis, terminalText } from './text.ts';

/** What stands for a dimension without a value. */
export const NOT_SET = '(not set)';

export { words };
export { dateText, dayText };

/** The lines above a table: what it shows, and what one must know to read it. */
export function titleLines(title: string, meta: ResultMeta, emphasis: Emphasis): string {
  const { start_date, end_date } = meta.date_range;
  const dates = start_date === end_date ? dayText(start_date) : `${dayText(start_date)} – ${dayText(end_date)}`;
  const compared = meta.comparison_date_range;
  const facts = [
    `${dates}${meta.period_note ? ` (${meta.period_note})` : ''}, by ${words(meta.time_basis).toLowerCase()}`,
    ...(compared ? [`± against ${dayText(compared.start_date)} – ${dayText(compared.end_date)}`] : []),
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
