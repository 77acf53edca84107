import * as z from 'zod';
import { type ConfigProblem, problemsOf } from '../../config/problems.ts';
import type { PublishedConfig } from '../../models/reports/publication.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { AS_OF } from '../as-of.ts';
import { dimensionLabel } from '../dimensions.ts';
import { unknownName } from '../names.ts';
import type { Publication } from '../publication.ts';
import { type Figures, type ResultMeta, runReport } from '../result.ts';
import { columnKey, DateRange, invalidQuery, parseReportQuery, TIME_BASES } from '../schema.ts';
import { unknownModel } from './ranks.ts';

/** Dimensions that the platforms know as well. */
export const AD_DIMENSIONS = ['ad_platform', 'account', 'campaign', 'ad_group', 'ad'] as const;

/** The way from an ad to a conversion: what the platforms count, then what the site saw. */
export const AdFunnelQuery = z.strictObject({
  as_of: AS_OF,
  date_range: DateRange,
  comparison_date_range: DateRange.optional(),
  conversion: z.string(),
  model: z.string(),
  dimension: z.enum(AD_DIMENSIONS).default('campaign'),
  /** Only of this platform, or this campaign. */
  ad_platform: z.string().optional(),
  campaign: z.string().optional(),
  /** By click time a conversion counts on the day of its click, as the cost does. */
  time_basis: z.enum(TIME_BASES).default('click_time'),
  limit: z.int().min(1).max(100_000).default(1000),
});
export type AdFunnelQuery = z.infer<typeof AdFunnelQuery>;
/** What a caller writes: everything with a default may be left out. */
export type AdFunnelQueryInput = z.input<typeof AdFunnelQuery>;

export const AD_STEPS = [
  { key: 'impressions', label: 'Impressions' },
  { key: 'clicks', label: 'Clicks' },
  { key: 'landings', label: 'Landings' },
  { key: 'conversions', label: 'Conversions' },
] as const;

/** How many came to a step, and how many were lost on the way to it. */
export interface AdStep {
  /** null where nobody reported it: visits without a cost row have no impressions. Conversions are whole credits. */
  readonly count: number | null;
  /** Per one of the step before; null of the first, and where there was none. */
  readonly rate: number | null;
  /** The step before less this one; below zero where there are more visits than clicks, as of an ad that is opened again. */
  readonly lost: number | null;
}

export interface AdFigures {
  /** In the order of {@link AD_STEPS}. */
  readonly steps: readonly AdStep[];
  /** Ad cost in units of the project currency. */
  readonly cost: number | null;
  /** Credited value; null where the conversion has no monetary value. */
  readonly value: number | null;
}

export interface AdRow extends AdFigures {
  /** Value of the dimension; null where the platform or the visit does not say. */
  readonly name: string | null;
  readonly comparison?: AdFigures;
}

export interface AdFunnelResult {
  readonly dimension: AdFunnelQuery['dimension'];
  readonly dimension_label: string;
  readonly conversion: { readonly name: string; readonly label: string; readonly money: boolean };
  readonly model: string;
  readonly steps: typeof AD_STEPS;
  readonly rows: readonly AdRow[];
  readonly totals: Omit<AdRow, 'name'>;
  readonly meta: ResultMeta;
}

/** @throws UserError (exit code 2) that lists everything wrong with it, with the nearest known names. */
export function parseAdFunnelQuery(input: unknown, published: PublishedConfig): AdFunnelQuery {
  const parsed = AdFunnelQuery.safeParse(input);
  const problems = parsed.success ? problemsOfQuery(parsed.data, published) : problemsOf(parsed.error, AdFunnelQuery, input);
  if (parsed.success && problems.length === 0) return parsed.data;
  throw invalidQuery('funnel', problems);
}

function problemsOfQuery({ conversion, model }: AdFunnelQuery, published: PublishedConfig): ConfigProblem[] {
  const known = published.conversions.map(({ name }) => name);
  const unknown = known.includes(conversion) ? [] : [{ path: 'conversion', message: unknownName('conversion', conversion, known) }];
  return [...unknown, ...unknownModel(model, published)];
}

/** Impressions, clicks, visits and conversions of ads: visits are those whose campaign, click id or costs name an ad platform. */
export async function runAdFunnel(warehouse: Warehouse, publication: Publication, query: AdFunnelQuery): Promise<AdFunnelResult> {
  const { config } = publication;
  const { dimension, conversion, model } = query;
  const pair = { conversion, model };
  const only = (['ad_platform', 'campaign'] as const).flatMap((field) => {
    const value = query[field];
    return value === undefined ? [] : [{ field, operator: 'equals' as const, value }];
  });
  const input = {
    date_range: query.date_range,
    ...(query.comparison_date_range && { comparison_date_range: query.comparison_date_range }),
    dimensions: [dimension],
    metrics: ['impressions', 'clicks', 'cost', 'sessions', 'conversions', 'conversion_value'],
    attributed_conversions: [pair],
    time_basis: query.time_basis,
    filters: { and: [{ field: 'ad_platform', operator: 'is_set' }, ...only] },
    order_by: [{ field: 'cost' }, { field: 'sessions' }],
    limit: query.limit,
  };
  const report = await runReport(warehouse, publication, parseReportQuery(input, config));
  const figures = (given: Figures): AdFigures => {
    const counts = [given['impressions'], given['clicks'], given['sessions'], given[columnKey(pair, 'conversions')]].map(
      (one) => one ?? null,
    );
    return {
      steps: counts.map((count, i) => stepOf(count, i === 0 ? null : counts[i - 1]!)),
      cost: given['cost'] ?? null,
      value: given[columnKey(pair, 'conversion_value')] ?? null,
    };
  };
  const both = (row: { readonly figures: Figures; readonly comparison?: Figures }) => ({
    ...figures(row.figures),
    ...(row.comparison && { comparison: figures(row.comparison) }),
  });
  const known = config.conversions.find(({ name }) => name === conversion)!;
  return {
    dimension,
    dimension_label: dimensionLabel(dimension, config),
    conversion: { name: conversion, label: known.label, money: known.value === 'money' },
    model,
    steps: AD_STEPS,
    rows: report.rows.map((row) => ({ name: row.dimensions[dimension] ?? null, ...both(row) })),
    totals: both(report.totals),
    meta: report.meta,
  };
}

function stepOf(count: number | null, before: number | null): AdStep {
  const isKnown = count !== null && before !== null;
  return { count, rate: isKnown && before > 0 ? count / before : null, lost: isKnown ? before - count : null };
}
