import * as z from 'zod';
import { METRICS } from '../query/metrics.ts';
import { figureFormat } from '../query/format.ts';
import type { ReportResult, ResultColumn, ResultRow } from '../query/result.ts';
import { ReportQuery } from '../query/schema.ts';
import { PROJECTED_METRICS } from '../query/projection/report.ts';
import { COMPARED, PERIOD } from './period.ts';
import { PAGED } from './page.ts';

/**
 * The query of reports as a tool takes it: the one schema of the command line, the dashboard and this, its period in easier words as
 * well, and its limit that of a page.
 */
export const ReportInput = ReportQuery.extend({
  ...PERIOD,
  ...COMPARED,
  dimensions: ReportQuery.shape.dimensions.describe(
    'What a row is, in the order of a drill-down; empty: the total alone. See list_dimensions. Default: channel.',
  ),
  interval: ReportQuery.shape.interval.describe('What the dimension date stands for.'),
  metrics: ReportQuery.shape.metrics.describe('See list_metrics. Those of conversions need attributed_conversions.'),
  attributed_conversions: ReportQuery.shape.attributed_conversions.describe(
    'Conversion × attribution model, side by side. See list_conversions and list_attribution_models.',
  ),
  time_basis: ReportQuery.shape.time_basis.describe(
    'Which date counts: conversion_time, when the business happened (the P&L view), or click_time, when the credited session began.',
  ),
  filters: ReportQuery.shape.filters.describe(
    'Conditions on dimensions choose what is counted, those on metrics which rows show; is_qualified chooses conversions.',
  ),
  order_by: ReportQuery.shape.order_by.describe(
    'A dimension, a metric, or a column such as closed_won.first_click.roas. Default: the weightiest first.',
  ),
  ...PAGED,
});

export const ReportColumn = z.strictObject({
  key: z.string().describe('Its name in figures.'),
  label: z.string(),
  metric: z.string(),
  kind: z.string().describe('count, decimal, money, percent (a fraction of 1) or ratio.'),
  description: z.string(),
  conversion: z.string().nullable(),
  model: z.string().nullable(),
  lookback_days: z.int().nullable(),
});

/** Figures by column; null where there is none: no cost, no monetary value, nothing to divide by. */
export const Figures = z.record(z.string(), z.number().nullable());
/** Values by dimension; null where it is not set. */
export const Dimensions = z.record(z.string(), z.string().nullable());

/** A column with what it means. */
export function columnOf({
  key,
  label,
  metric,
  kind,
  conversion,
  model,
  lookback_days,
  projection,
}: ResultColumn): z.infer<typeof ReportColumn> {
  const { description } = projection ? PROJECTED_METRICS[projection] : METRICS[metric];
  return {
    key,
    label,
    metric: projection ?? metric,
    kind,
    description,
    conversion: conversion ?? null,
    model: model ?? null,
    lookback_days: lookback_days ?? null,
  };
}

/** A row with the dimensions that it has. */
export function plainRow({ dimensions, ...figures }: ResultRow) {
  return { dimensions: Object.fromEntries(Object.entries(dimensions).map(([name, value]) => [name, value ?? null])), ...figures };
}

/** How a column is called in words. */
export const headOf = ({ label, conversion_label, model_label }: ResultColumn): string =>
  conversion_label === undefined ? label : `${label} (${conversion_label}, ${model_label ?? ''})`;

/** Writes figures of a report in the project's currency. */
export function figureWriter({ meta }: Pick<ReportResult, 'meta'>): (column: Pick<ResultColumn, 'kind'>, value: number | null) => string {
  const write = figureFormat(meta.currency);
  return ({ kind }, value) => write(value, kind);
}

/** What a dimension without a value is called. */
export const NOT_SET = '(not set)';
