import * as z from 'zod';
import type { OpenPublication, Publication } from '../query/publication.ts';
import { DateRange, TIME_BASES } from '../query/schema.ts';

const Dates = z.strictObject({ start_date: z.string(), end_date: z.string() });

/** What every answer says of itself: enough to judge each number, to repeat it and to read on. */
export const Meta = z.strictObject({
  project: z.string(),
  currency: z.string().describe('All money is in units of it.'),
  time_zone: z.string().describe('Dates and months are in it; instants are UTC.'),
  publication_id: z.string().describe('Pass it as as_of to read the same numbers again later.'),
  as_of: z.string().nullable().describe('As it was asked for; null: the last publication.'),
  published_at: z.string(),
  data_up_to: z.string().nullable().describe('Time of the latest event in it.'),
  freshness: z.string().describe('The same in words, as of now.'),
  models: z.array(z.string()),
  time_basis: z.enum(TIME_BASES).nullable(),
  date_range: Dates.nullable(),
  comparison_date_range: Dates.nullable(),
  row_count: z.int().describe('Rows of all pages.'),
  truncated: z.boolean().describe('Whether there are rows behind this page.'),
  next_cursor: z.string().nullable().describe('Pass it as cursor, with the same query, for the rows behind.'),
  notes: z.array(z.string()).describe('What must be known to read the numbers rightly: tell it to whoever asked.'),
});
export type Meta = z.infer<typeof Meta>;

/** What an answer adds to what its publication says. */
export interface MetaParts {
  readonly models?: readonly string[];
  readonly time_basis?: Meta['time_basis'];
  readonly date_range?: z.infer<typeof DateRange> | null | undefined;
  readonly comparison_date_range?: z.infer<typeof DateRange> | null | undefined;
  readonly row_count: number;
  readonly notes?: readonly string[];
}

/** The place of a page among all rows. */
export interface PageEnd {
  readonly next_cursor: string | null;
}

/** The {@link Meta} of an answer from a publication. */
export function metaOf(
  { publication }: Pick<OpenPublication, 'publication'>,
  { as_of, now }: { readonly as_of: string | undefined; readonly now: Date },
  parts: MetaParts,
  { next_cursor }: PageEnd = { next_cursor: null },
): Meta {
  const { project } = publication.config;
  return {
    project: project.name,
    currency: project.currency,
    time_zone: project.timeZone,
    publication_id: publication.publication_id,
    as_of: as_of ?? null,
    published_at: publication.published_at,
    data_up_to: publication.data_up_to,
    freshness: freshnessOf(publication, now),
    models: [...(parts.models ?? [])],
    time_basis: parts.time_basis ?? null,
    date_range: parts.date_range ?? null,
    comparison_date_range: parts.comparison_date_range ?? null,
    row_count: parts.row_count,
    truncated: next_cursor !== null,
    next_cursor,
    notes: [...(parts.notes ?? [])],
  };
}

const HOUR = 3_600_000;

/** How old the numbers are, in words. */
export function freshnessOf({ published_at, data_up_to }: Pick<Publication, 'published_at' | 'data_up_to'>, now: Date): string {
  const events = data_up_to === null ? 'no event in it' : `latest event ${ago(data_up_to, now)}`;
  return `published ${ago(published_at, now)}, ${events}`;
}

function ago(instant: string, now: Date): string {
  const hours = Math.max(0, Math.round((now.getTime() - Date.parse(instant)) / HOUR));
  if (hours === 0) return 'less than an hour ago';
  if (hours < 48) return hours === 1 ? '1 hour ago' : `${hours} hours ago`;
  return `${Math.round(hours / 24).toLocaleString('en')} days ago`;
}
