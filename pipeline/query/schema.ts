import * as z from 'zod';
import { type ConfigProblem, problemsOf } from '../config/problems.ts';
import { UserError } from '../config/user-error.ts';
import { AS_OF } from './as-of.ts';
import { isDate } from './dates.ts';
import {
  customDimensionName,
  DIMENSION_NAMES,
  type DimensionName,
  isCustom,
  isDimension,
  isParam,
  paramDimension,
  unknownDimension,
} from './dimensions.ts';
import { isConversionMetric, METRIC_NAMES, METRICS, type MetricName } from './metrics.ts';
import { unknownName } from './names.ts';
import type { PublishedConfig } from '../models/reports/publication.ts';

const date = z
  .string()
  .refine(isDate, { error: (issue) => `${JSON.stringify(issue.input)}: expected a date such as "2026-06-30"` })
  .meta({ format: 'date' });

/** Whole days in the project time zone, both ends included. */
export const DateRange = z
  .strictObject({ start_date: date, end_date: date })
  .refine((range) => range.start_date <= range.end_date, { error: 'start_date lies after end_date' })
  .describe('Whole days in the project time zone, both ends included.');

/** One conversion under one attribution model. */
const AttributedConversion = z.strictObject({
  conversion: z.string().describe('Name of a conversion.'),
  model: z.string().describe('Attribution model.'),
});
export type AttributedConversion = z.infer<typeof AttributedConversion>;

const Dimension = z
  .string()
  .refine(isDimension, { error: ({ input }) => unknownDimension(input) })
  .describe(
    'A dimension; param.NAME is a custom parameter of the conversions, custom.NAME a dimension of the config.',
  ) as unknown as z.ZodType<DimensionName, DimensionName>;

/** Whether the conversions are qualified: a condition on them alone. */
const IS_QUALIFIED = 'is_qualified';
const field = z
  .string()
  .describe('A dimension; a metric for gt, gte, lt and lte; or is_qualified ("true" or "false"), which chooses conversions only.');
const scalar = z.union([z.string(), z.number()]);
const Condition = z.discriminatedUnion('operator', [
  z.strictObject({ field, operator: z.enum(['equals', 'contains']), value: z.string() }),
  z.strictObject({ field, operator: z.literal('in'), value: z.array(z.string()).min(1) }),
  z.strictObject({ field, operator: z.enum(['gt', 'gte', 'lt', 'lte']), value: scalar }),
  z.strictObject({ field, operator: z.enum(['is_set', 'not_set']) }),
]);
export type Condition = z.infer<typeof Condition>;

const Filters = z.union([
  z.strictObject({ and: z.array(z.union([Condition, z.strictObject({ or: z.array(Condition).min(1) })])) }),
  z.strictObject({ or: z.array(z.union([Condition, z.strictObject({ and: z.array(Condition).min(1) })])).min(1) }),
]);
export type Filters = z.infer<typeof Filters>;

const Order = z.strictObject({
  /** A dimension, a metric (of the first attributed conversion), or a column such as `closed_won.first_click.roas`. */
  field: z.string(),
  direction: z.enum(['asc', 'desc']).default('desc'),
});

/** Most pairs of a conversion and a model in one report. */
export const MOST_PAIRS = 50;
export const TIME_BASES = ['conversion_time', 'click_time'] as const;
export const INTERVALS = ['day', 'week', 'month'] as const;

/**
 * What a report asks for: one schema for the command line, CSV, dashboard and MCP, so that all of them answer alike.
 * Filters on dimensions choose the facts that are counted; conditions on metrics choose rows and leave the totals alone.
 */
export const ReportQuery = z.strictObject({
  as_of: AS_OF,
  date_range: DateRange,
  comparison_date_range: DateRange.optional(),
  dimensions: z.array(Dimension).max(5).default(['channel']),
  /** What the dimension `date` stands for: the day, the Monday of the week or the first of the month. */
  interval: z.enum(INTERVALS).default('day'),
  metrics: z
    .array(z.enum(METRIC_NAMES as [MetricName, ...MetricName[]]))
    .min(1)
    .default(['sessions', 'users', 'cost']),
  /** Side by side: as many as ten models of five conversions. */
  attributed_conversions: z.array(AttributedConversion).max(MOST_PAIRS).default([]),
  time_basis: z.enum(TIME_BASES).default('conversion_time'),
  projections: z.boolean().optional().describe('Adds what is foreseen of the conversions of open windows; by click_time.'),
  filters: Filters.optional(),
  order_by: z.array(Order).max(5).default([]),
  limit: z.int().min(1).max(100_000).default(1000),
});
export type ReportQuery = z.infer<typeof ReportQuery>;
/** What a caller writes: everything with a default may be left out. */
export type ReportQueryInput = z.input<typeof ReportQuery>;

/** Name of a result column of a conversion metric: `closed_won.first_click.roas`. Neither part can hold a dot. */
export const columnKey = ({ conversion, model }: AttributedConversion, metric: MetricName) => `${conversion}.${model}.${metric}`;

/**
 * Checks a query against the schema and against what the publication knows.
 * @throws UserError (exit code 2) that lists everything wrong with it, with the nearest known names.
 */
export function parseReportQuery(input: unknown, published: PublishedConfig): ReportQuery {
  const parsed = ReportQuery.safeParse(input);
  const problems = parsed.success ? problemsOfQuery(parsed.data, published) : problemsOf(parsed.error, ReportQuery, input);
  if (parsed.success && problems.length === 0) return parsed.data;
  throw invalidQuery('report', problems);
}

/** The error of a query that was refused, one line per problem. */
export function invalidQuery(kind: string, problems: readonly ConfigProblem[]): UserError {
  const lines = problems.map(({ path, message }) => `  ${path ? `${path}: ` : ''}${message}`);
  return new UserError(`this ${kind} cannot be made:\n${lines.join('\n')}`, { exitCode: 2 });
}

/** What the schema alone cannot know: names of the publication, and which parts need each other. */
function problemsOfQuery(query: ReportQuery, published: PublishedConfig): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const report = (path: string, message: string) => problems.push({ path, message });

  query.attributed_conversions.forEach(({ conversion, model }, i) => {
    const conversions = published.conversions.map(({ name }) => name);
    if (!conversions.includes(conversion)) {
      report(`attributed_conversions[${i}].conversion`, unknownName('conversion', conversion, conversions));
    }
    if (!published.models.includes(model)) report(`attributed_conversions[${i}].model`, unknownName('model', model, published.models));
  });
  query.dimensions.forEach((name, i) => {
    const problem = problemOfName(name, published);
    if (problem) report(`dimensions[${i}]`, problem);
  });
  const needing = query.metrics.filter(isConversionMetric);
  if (needing.length && query.attributed_conversions.length === 0) {
    report(
      'attributed_conversions',
      `missing; ${needing.join(', ')} ${needing.length > 1 ? 'are figures' : 'is a figure'} of a conversion`,
    );
  }
  for (const [list, name] of [
    [query.dimensions, 'dimensions'],
    [query.metrics, 'metrics'],
    [query.attributed_conversions.map(({ conversion, model }) => `${conversion} × ${model}`), 'attributed_conversions'],
  ] as const) {
    const twice = list.find((one, i) => list.indexOf(one as never) !== i);
    if (twice !== undefined) report(name, `"${twice}" stands twice`);
  }
  if (query.projections && (query.time_basis !== 'click_time' || query.attributed_conversions.length === 0)) {
    report('projections', 'are of conversions by click_time: what has converted by conversion_time is all there');
  }
  if (query.comparison_date_range && query.dimensions.includes('date')) {
    report('comparison_date_range', 'has no rows in common with the dimension "date"; ask for the two periods one by one');
  }
  query.order_by.forEach(({ field }, i) => {
    const known = orderableFields(query);
    if (!known.includes(field)) report(`order_by[${i}].field`, unknownName('column of this report', field, known));
  });
  for (const [path, condition] of conditionsOf(query.filters)) {
    const problem = problemOfCondition(condition, query, published);
    if (problem) report(path, problem);
  }
  const mixed = groupsOf(query.filters).find(([, group]) => new Set(group.map(kindOf)).size > 1);
  if (mixed) {
    report(
      mixed[0],
      'a group joined by "or" holds either dimensions, or metrics, or is_qualified: the first choose facts, the others rows and conversions',
    );
  }
  return problems;
}

/** Every name that rows can be ordered by. */
export function orderableFields(query: ReportQuery): string[] {
  const columns = query.metrics.flatMap((metric) =>
    isConversionMetric(metric) ? [metric, ...query.attributed_conversions.map((pair) => columnKey(pair, metric))] : [metric],
  );
  return [...query.dimensions, ...columns];
}

const COMPARISONS = ['gt', 'gte', 'lt', 'lte'];

/** Whether a condition is about a metric, and so chooses rows of the result. */
export const isMetricCondition = (condition: Condition): boolean => !isDimension(condition.field) && !isQualifiedCondition(condition);
/** Whether a condition asks whether conversions are qualified. */
export const isQualifiedCondition = ({ field: name }: Condition): boolean => name === IS_QUALIFIED;
const kindOf = (condition: Condition) =>
  isQualifiedCondition(condition) ? 'qualified' : isMetricCondition(condition) ? 'metric' : 'dimension';

/** Of parameters and custom dimensions only those are known that the publication has. */
function problemOfName(name: string, { params, dimensions }: PublishedConfig): string | undefined {
  const known = [...params.map(paramDimension), ...Object.keys(dimensions).map(customDimensionName)];
  return !(isParam(name) || isCustom(name)) || known.some((one) => one === name) ? undefined : unknownName('dimension', name, known);
}

function problemOfQualified(condition: Condition): string | undefined {
  if (condition.operator === 'is_set' || condition.operator === 'not_set') return undefined;
  if (condition.operator === 'equals' && ['true', 'false'].includes(condition.value)) return undefined;
  return `expected "${IS_QUALIFIED}" to equal "true" or "false", or is_set or not_set`;
}

function problemOfCondition(condition: Condition, query: ReportQuery, published: PublishedConfig): string | undefined {
  const { field, operator } = condition;
  const orderable = COMPARISONS.includes(operator);
  if (isQualifiedCondition(condition)) return problemOfQualified(condition);
  const unknown = problemOfName(field, published);
  if (unknown) return unknown;
  if (isDimension(field)) {
    if (field === 'date') {
      if (!orderable) return `"date" is compared with gt, gte, lt or lte, or chosen by date_range`;
      if (!isDate(String('value' in condition ? condition.value : ''))) return `expected a date such as "2026-06-30"`;
      return undefined;
    }
    return orderable ? `"${operator}" compares numbers, and "${field}" is text` : undefined;
  }
  const metrics = orderableFields(query).filter((name) => !isDimension(name));
  if (!metrics.includes(field)) {
    if (Object.hasOwn(METRICS, field)) return `"${field}" is not among the metrics of this report`;
    return unknownName('dimension or metric', field, [...DIMENSION_NAMES, IS_QUALIFIED, ...metrics]);
  }
  if (!orderable) return `"${operator}" is for dimensions; a metric is compared with gt, gte, lt or lte`;
  return 'value' in condition && typeof condition.value === 'number' ? undefined : `expected a number to compare "${field}" with`;
}

/** All conditions of a filter with their paths. */
export function conditionsOf(filters: Filters | undefined): [path: string, condition: Condition][] {
  if (!filters) return [];
  const [name, members] = 'and' in filters ? (['and', filters.and] as const) : (['or', filters.or] as const);
  return members.flatMap((member, i): [string, Condition][] => {
    const path = `filters.${name}[${i}]`;
    if ('field' in member) return [[path, member]];
    const [inner, conditions] = 'and' in member ? (['and', member.and] as const) : (['or', member.or] as const);
    return conditions.map((condition, j) => [`${path}.${inner}[${j}]`, condition]);
  });
}

/** The groups whose members are joined by `or`, at either level. */
function groupsOf(filters: Filters | undefined): [path: string, group: Condition[]][] {
  if (!filters) return [];
  if ('or' in filters) return [['filters.or', conditionsOf(filters).map(([, condition]) => condition)]];
  return filters.and.flatMap((member, i) => ('or' in member ? [[`filters.and[${i}].or`, member.or] as [string, Condition[]]] : []));
}
