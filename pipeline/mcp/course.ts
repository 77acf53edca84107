import type { DateRange } from '../query/dates.ts';
import type { DimensionName } from '../query/dimensions.ts';
import type { MetricName } from '../query/metrics.ts';
import { datesOf } from '../query/period.ts';
import type { ReportResult } from '../query/result.ts';
import type { Condition, Filters, ReportQueryInput } from '../query/schema.ts';
import { UserError } from '../config/user-error.ts';

/** Most dates of a course. */
export const MOST_DATES = 800;

/** The figures of a period date by date: per date a value for each series, value of the dimension by value, column by column. */
export interface Course {
  readonly dates: readonly string[];
  readonly points: readonly (readonly (number | null)[])[];
}

type Interval = ReportQueryInput['interval'] & string;

/** The dates of a course. @throws UserError (exit code 2) where they are too many. */
export function courseDates(range: DateRange, granularity: Interval): string[] {
  const dates = datesOf(range, granularity);
  if (dates.length <= MOST_DATES) return dates;
  throw new UserError(
    `granularity: by ${granularity} these are ${dates.length} dates, and ${MOST_DATES} are the most; ask for week or month`,
    {
      exitCode: 2,
    },
  );
}

/** Metrics of which a date without facts has none; of all others nothing is known of it. */
const COUNTS: readonly MetricName[] = ['sessions', 'users', 'conversions', 'converted_users'];

/** The course that a report by date, and by another dimension where there is one, tells of these values. */
export function courseOf(
  { columns, rows }: ReportResult,
  dates: readonly string[],
  by: DimensionName | undefined,
  values: readonly (string | null)[],
): Course {
  const found = new Map(
    rows.map(({ dimensions, figures }) => [keyOf(dimensions.date ?? null, by === undefined ? null : (dimensions[by] ?? null)), figures]),
  );
  const points = dates.map((date) =>
    values.flatMap((value) => {
      const figures = found.get(keyOf(date, value));
      return columns.map(({ key, metric, projection }) => {
        if (figures) return figures[key] ?? null;
        return projection === undefined && COUNTS.includes(metric) ? 0 : null;
      });
    }),
  );
  return { dates, points };
}

const keyOf = (date: string | null, value: string | null): string => JSON.stringify([date, value]);

/** Filters that leave of a dimension these values alone; those of another shape stay as they are. */
export function onlyValues(filters: Filters | undefined, by: DimensionName, values: readonly (string | null)[]): Filters | undefined {
  if (filters !== undefined && !('and' in filters)) return filters;
  const known = values.filter((value) => value !== null);
  const conditions: Condition[] = [
    ...(known.length > 0 ? [{ field: by, operator: 'in' as const, value: known }] : []),
    ...(values.includes(null) ? [{ field: by, operator: 'not_set' as const }] : []),
  ];
  return conditions.length === 0 ? filters : { and: [...(filters?.and ?? []), { or: conditions }] };
}
