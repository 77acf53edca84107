import type { Publication } from '../publication.ts';
import type { DateRange } from '../dates.ts';
import type { ResultMeta } from '../result.ts';
import type { ReportQuery } from '../schema.ts';

interface Asked {
  readonly date_range: DateRange;
  readonly comparison_date_range?: DateRange | undefined;
  readonly time_basis: ReportQuery['time_basis'];
  readonly limit: number;
}

/** What was asked and of what it was answered, of a funnel that is no report. */
export function metaOf({ config, ...publication }: Publication, asked: Asked, rows: number, notes: readonly string[]): ResultMeta {
  return {
    project: config.project.name,
    time_zone: config.project.timeZone,
    currency: config.project.currency,
    date_range: asked.date_range,
    ...(asked.comparison_date_range && { comparison_date_range: asked.comparison_date_range }),
    time_basis: asked.time_basis,
    interval: 'day',
    publication_id: publication.publication_id,
    published_at: publication.published_at,
    data_up_to: publication.data_up_to,
    row_count: rows,
    all_row_count: rows,
    truncated: rows > asked.limit,
    notes,
  };
}
