import * as z from 'zod';
import { type ConfigProblem, problemsOf } from '../../config/problems.ts';
import type { PublishedConfig } from '../../models/reports/publication.ts';
import { AS_OF } from '../as-of.ts';
import { type DimensionName, isDimension, unknownDimension } from '../dimensions.ts';
import { unknownName } from '../names.ts';
import { DateRange, INTERVALS, invalidQuery, parseReportQuery, ReportQuery, TIME_BASES } from '../schema.ts';
import { noStages, unknownModel } from './ranks.ts';

/** A dimension that rows of a funnel may be broken down by: any but the date, which `interval` asks for. */
export const FunnelDimension = z
  .string()
  .refine((name) => isDimension(name) && name !== 'date', {
    error: ({ input }) => (input === 'date' ? '"date": ask for an interval instead' : unknownDimension(input)),
  })
  .describe('A dimension, such as channel; of a lead, by its credits.') as unknown as z.ZodType<DimensionName, DimensionName>;

/** What a view of lead cohorts asks for: the leads of a period, by what they are credited to, through all stages. */
export const CohortQuery = z.strictObject({
  as_of: AS_OF,
  /** When the leads happened, or by click time when their credited sessions did. */
  date_range: DateRange,
  /** Leads to compare with. */
  comparison_date_range: DateRange.optional(),
  model: z.string().describe('Attribution model of the leads.'),
  /** null: one row. */
  dimension: FunnelDimension.nullable().default('channel' as DimensionName),
  /** Splits the leads by time as well. */
  interval: z.enum(['none', ...INTERVALS]).default('none'),
  /** Which stages are shown, in the order of the funnel; the first stage is always. Default: all. */
  stages: z.array(z.string()).min(1).optional(),
  /** A stage: leads that passed it stand beside those that did not. It is no step to the stages behind it then. */
  split_by: z.string().optional(),
  time_basis: z.enum(TIME_BASES).default('conversion_time'),
  filters: ReportQuery.shape.filters,
  limit: z.int().min(1).max(100_000).default(1000),
});
export type CohortQuery = z.infer<typeof CohortQuery>;
/** What a caller writes: everything with a default may be left out. */
export type CohortQueryInput = z.input<typeof CohortQuery>;

/** @throws UserError (exit code 2) that lists everything wrong with it, with the nearest known names. */
export function parseCohortQuery(input: unknown, published: PublishedConfig): CohortQuery {
  const parsed = CohortQuery.safeParse(input);
  const problems = parsed.success ? problemsOfQuery(parsed.data, published) : problemsOf(parsed.error, CohortQuery, input);
  if (!parsed.success || problems.length > 0) throw invalidQuery('funnel', problems);
  const { date_range, dimension, filters, model } = parsed.data;
  // Names of dimensions and filters are those of reports.
  parseReportQuery(
    {
      date_range,
      dimensions: dimension === null ? [] : [dimension],
      metrics: ['conversions'],
      attributed_conversions: [{ conversion: published.funnel[0], model }],
      ...(filters && { filters }),
    },
    published,
  );
  return parsed.data;
}

function problemsOfQuery(query: CohortQuery, published: PublishedConfig): ConfigProblem[] {
  const { funnel } = published;
  const problems = [...noStages(published), ...unknownModel(query.model, published)];
  if (problems.length > 0) return problems;
  const { stages, split_by } = query;
  stages?.forEach((name, i) => {
    if (!funnel.includes(name)) problems.push({ path: `stages[${i}]`, message: unknownName('stage', name, funnel) });
  });
  if (split_by !== undefined) {
    const later = funnel.slice(1);
    if (!later.includes(split_by)) problems.push({ path: 'split_by', message: unknownName('stage behind the first', split_by, later) });
  }
  if (query.comparison_date_range && query.interval !== 'none') {
    problems.push({ path: 'comparison_date_range', message: 'has no rows in common with an interval; ask for the two periods one by one' });
  }
  return problems;
}
