import { dayText, words } from './labels.ts';
import type { DateRange } from '../../query/dates.ts';
import type { ResultMeta } from '../../query/result.ts';
import { timeFormat } from './format.ts';
import { type Emphasis, terminalText } from './text.ts';

/**
 * The lines above a funnel that is no report.
 * @param basis what of the rows happened on these dates, for example "leads by conversion time".
 */
export function funnelTitle(title: string, basis: string, meta: ResultMeta, emphasis: Emphasis): string {
  const facts = [
    `${basis} ${period(meta.date_range)}${meta.period_note ? ` (${meta.period_note})` : ''}`,
    ...(meta.comparison_date_range ? [`before: ${period(meta.comparison_date_range)}`] : []),
    meta.time_zone,
    meta.currency,
    `published ${timeFormat(meta.time_zone).time(meta.published_at)}`,
  ];
  return `${emphasis.bold(terminalText(`${meta.project} · ${title}`))}\n${emphasis.dim(terminalText(facts.join(' · ')))}\n\n`;
}

const period = ({ start_date, end_date }: DateRange): string =>
  start_date === end_date ? dayText(start_date) : `${dayText(start_date)} – ${dayText(end_date)}`;

export { durationText } from '../../query/format.ts';

/** A model as the title of a funnel names it. */
export const modelText = (model: string): string => words(model).toLowerCase();
