import * as z from 'zod';
import { UserError } from '../config/user-error.ts';
import { type DateRange as Dates } from '../query/dates.ts';
import { comparisonOf, periodNamed, PRESETS } from '../query/period.ts';
import type { OpenPublication } from '../query/publication.ts';
import { lastFullDay, publishedDates } from '../query/published-dates.ts';
import { DateRange } from '../query/schema.ts';

const DEFAULT_PERIOD = '28d';

/** A period by its dates or by its name. */
export const PERIOD = {
  date_range: DateRange.optional().describe('Whole days in the project time zone, both ends included. Or give period.'),
  period: z
    .string()
    .optional()
    .describe(
      `Instead of date_range: a span such as 28d, 8w, 3m or 1y, or ${Object.keys(PRESETS).slice(3).join(', ')}; it ends with the last full day that is published. Default: ${DEFAULT_PERIOD}.`,
    ),
};

/** The period it is compared with. */
export const COMPARED = {
  comparison_date_range: DateRange.optional().describe('Adds the same figures of another period. Or give compare.'),
  compare: z
    .enum(['previous', 'year'])
    .optional()
    .describe('Instead of comparison_date_range: the period before, or the same days a year before.'),
};

interface Asked {
  readonly date_range?: Dates | undefined;
  readonly period?: string | undefined;
  readonly comparison_date_range?: Dates | undefined;
  readonly compare?: 'previous' | 'year' | undefined;
}

/** The dates that a question asks for. @throws UserError (exit code 2) for a period that is none, or two ways of saying one. */
export async function datesOf(
  { warehouse, publication }: OpenPublication,
  now: Date,
  { date_range, period, comparison_date_range, compare }: Asked,
): Promise<{ date_range: Dates; comparison_date_range?: Dates }> {
  if (date_range && period !== undefined) throw wrong('period: date_range says the same in another way; give one of them');
  if (comparison_date_range && compare !== undefined) {
    throw wrong('compare: comparison_date_range says the same in another way; give one of them');
  }
  const range = date_range ?? (await named(period ?? DEFAULT_PERIOD));
  const other = comparison_date_range ?? (compare && comparisonOf(range, compare));
  return { date_range: range, ...(other && { comparison_date_range: other }) };

  async function named(text: string): Promise<Dates> {
    const published = await publishedDates(warehouse);
    const found = periodNamed(text, lastFullDay(published, now, publication.config.project.timeZone), published);
    if (!found)
      throw wrong(
        `period ${JSON.stringify(text)}: expected a span such as 28d, 8w, 3m or 1y, or one of ${Object.keys(PRESETS).join(', ')}`,
      );
    return found;
  }
}

const wrong = (message: string): UserError => new UserError(message, { exitCode: 2 });
