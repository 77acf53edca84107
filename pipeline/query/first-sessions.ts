import type { PublishedConfig } from '../models/reports/publication.ts';
import { REPORT_SESSIONS } from '../models/reports/tables.ts';
import type { Dialect } from '../warehouse/dialect.ts';
import { param, raw, sql, type Sql } from '../warehouse/sql.ts';
import type { DateRange } from './dates.ts';
import { dimensionSql, type DimensionSetting, type FactTable } from './dimension-sql.ts';
import type { DimensionName } from './dimensions.ts';
import { factFilter } from './filters.ts';
import type { ReportQuery } from './schema.ts';

/** A report as far as it decides how persons are counted. */
interface Asked {
  readonly query: ReportQuery;
  readonly dialect: Dialect;
  readonly config: Pick<PublishedConfig, 'dimensions' | 'hasSourceKeys' | 'hasPreviousDates'>;
  readonly dimensions: readonly DimensionName[];
}

/**
 * Which sessions are the first of their person in the group of a report and in a period: there are as many as persons, and to
 * count them takes a fraction of telling all persons apart. A session says when its person came before, overall and by the
 * same channel; it is the first where that was before the period and before the dates of the group.
 * @returns undefined where sessions do not say it: by other dimensions, or where a filter leaves out sessions before.
 */
export function firstSessions(range: DateRange, facts: FactTable, { query, dialect, config, dimensions }: Asked): Sql | undefined {
  const setting: DimensionSetting = { dialect, config, interval: query.interval };
  const isTold = dimensions.every((name) => name === 'date' || name === 'channel') && !factFilter(query.filters, facts, setting);
  if (facts.table !== REPORT_SESSIONS || !config.hasPreviousDates || !isTold) return undefined;
  const previous = raw(dimensions.includes('channel') ? 'facts.previous_channel_date' : 'facts.previous_date');
  const beforeGroup = dimensions.includes('date') ? sql` or ${previous} < ${dimensionSql('date', facts, setting)}` : sql``;
  return sql`(${previous} is null or ${previous} < ${param(range.start_date, 'DATE')}${beforeGroup})`;
}
