import type { DateRange } from '../query/dates.ts';
import type { Meta } from './meta.ts';
import { inline } from './markdown.ts';

/** What an answer is about, in one line. */
export function titleOf(
  what: string,
  { project, date_range, comparison_date_range, time_basis, models, currency, time_zone, freshness }: Meta,
): string {
  return [
    `**${inline(project)} · ${inline(what)}**`,
    ...(date_range ? [dates(date_range)] : []),
    ...(comparison_date_range ? [`compared with ${dates(comparison_date_range)}`] : []),
    ...(time_basis ? [time_basis === 'click_time' ? 'by date of the click' : 'by date of the conversion'] : []),
    ...(models.length > 0 ? [models.map(inline).join(', ')] : []),
    currency,
    time_zone,
    freshness,
  ].join(' · ');
}

const dates = ({ start_date, end_date }: DateRange): string => `${start_date} to ${end_date}`;

/** Parts of an answer below each other; empty ones left out. */
export const sentences = (...parts: readonly string[]): string => parts.filter((part) => part !== '').join('\n\n');
