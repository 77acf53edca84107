import * as z from 'zod';
import { unknownName } from '../names.ts';
import { type Cause, CAUSE_NAMES } from './causes.ts';
import {
  customDimensionName,
  type DimensionName,
  isCustom,
  isDimension,
  isParam,
  paramDimension,
  unknownDimension,
} from '../dimensions.ts';
import type { PublishedConfig } from '../../models/reports/publication.ts';
import { conditionsOf, DateRange, invalidQuery, isMetricCondition, parseReportQuery, ReportQuery, TIME_BASES } from '../schema.ts';
import type { ConfigProblem } from '../../config/problems.ts';
import { problemsOf } from '../../config/problems.ts';

/** What a difference is told of. */
export const DIFF_METRICS = ['conversions', 'conversion_value', 'sessions', 'cost', 'other_cost'] as const;
export type DiffMetric = (typeof DIFF_METRICS)[number];

/** What a comparison of two publications asks for: one schema for the command line, dashboard and MCP. */
export const DiffQuery = z.strictObject({
  conversion: z.string().optional().describe('Name of a conversion; needed for conversions and conversion_value.'),
  model: z.string().optional().describe('Attribution model; needed for the same.'),
  metrics: z.array(z.enum(DIFF_METRICS)).min(1).default(['conversions']),
  dimension: (
    z.string().refine(isDimension, { error: ({ input }) => unknownDimension(input) }) as unknown as z.ZodType<DimensionName, string>
  )
    .nullable()
    .default('channel')
    .describe('What a row is; null: the total alone. As in reports.'),
  /** Default: all days. */
  date_range: DateRange.optional(),
  time_basis: z.enum(TIME_BASES).default('conversion_time'),
  filters: ReportQuery.shape.filters.describe('Which facts count, as in reports; on dimensions and is_qualified alone.'),
  /** How many of the conversions that differ are listed, the largest change first. */
  list: z.int().min(0).max(100_000).default(0),
  cause: z
    .enum(CAUSE_NAMES as [Cause, ...Cause[]])
    .optional()
    .describe('Lists only the conversions that differ because of it.'),
});
export type DiffQuery = z.infer<typeof DiffQuery>;
export type DiffQueryInput = z.input<typeof DiffQuery>;

/**
 * Checks a query against the schema and against what either publication knows: what one of them lacks came or went.
 * @throws UserError (exit code 2) that lists everything wrong with it.
 */
export function parseDiffQuery(input: unknown, published: readonly PublishedConfig[]): DiffQuery {
  const parsed = DiffQuery.safeParse(input);
  if (!parsed.success) throw invalidQuery('comparison', problemsOf(parsed.error, DiffQuery, input));
  const problems = problemsOfQuery(parsed.data, published);
  if (problems.length > 0) throw invalidQuery('comparison', problems);
  checkFilters(parsed.data, published);
  return parsed.data;
}

function problemsOfQuery(
  { conversion, model, metrics, dimension, list }: DiffQuery,
  published: readonly PublishedConfig[],
): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const needing = metrics.filter(isOfConversions);
  if (dimension !== null && (isParam(dimension) || isCustom(dimension))) {
    const own = published.flatMap((config) => [
      ...config.params.map(paramDimension),
      ...Object.keys(config.dimensions).map(customDimensionName),
    ]);
    if (!own.includes(dimension)) problems.push({ path: 'dimension', message: unknownName('dimension', dimension, [...new Set(own)]) });
  }
  const known = (names: (config: PublishedConfig) => readonly string[]) => [...new Set(published.flatMap(names))];
  for (const [path, given, names] of [
    ['conversion', conversion, known(({ conversions }) => conversions.map(({ name }) => name))],
    ['model', model, known(({ models }) => models)],
  ] as const) {
    if (given !== undefined && !names.includes(given)) problems.push({ path, message: unknownName(path, given, names) });
    if (given === undefined && needing.length > 0)
      problems.push({
        path,
        message: `missing; ${needing.join(', ')} ${needing.length > 1 ? 'are figures' : 'is a figure'} of a conversion`,
      });
  }
  if (list > 0 && needing.length === 0)
    problems.push({ path: 'list', message: 'lists conversions: ask for conversions or conversion_value' });
  return problems;
}

/** @throws UserError (exit code 2) for a filter that means nothing in one of the publications. */
function checkFilters({ filters }: DiffQuery, published: readonly PublishedConfig[]): void {
  if (!filters) return;
  const metric = conditionsOf(filters).find(([, condition]) => isMetricCondition(condition));
  const message = 'a condition on a metric chooses rows of a report; expected one on a dimension, or is_qualified';
  if (metric) throw invalidQuery('comparison', [{ path: metric[0], message }]);
  const date_range = { start_date: '0001-01-01', end_date: '9999-12-31' };
  for (const config of published) parseReportQuery({ date_range, dimensions: [], metrics: ['sessions'], filters }, config);
}

export const isOfConversions = (metric: DiffMetric): boolean => metric === 'conversions' || metric === 'conversion_value';
