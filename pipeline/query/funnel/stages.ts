import * as z from 'zod';
import { AS_OF } from '../as-of.ts';
import { problemsOf } from '../../config/problems.ts';
import type { PublishedConfig } from '../../models/reports/publication.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { type DimensionName, dimensionLabel } from '../dimensions.ts';
import type { Publication } from '../publication.ts';
import { type Figures, type ResultMeta, type ResultRow, runReport } from '../result.ts';
import { columnKey, DateRange, invalidQuery, parseReportQuery, ReportQuery, TIME_BASES } from '../schema.ts';
import { FunnelDimension } from './cohort-schema.ts';
import { type FunnelStage, inOrder, noStages, placesOf, stagesOf, unknownModel } from './ranks.ts';

/** The stages of the funnel, each by its own attribution: every stage is a conversion with credits of its own. */
export const FunnelQuery = z.strictObject({
  as_of: AS_OF,
  date_range: DateRange,
  comparison_date_range: DateRange.optional(),
  model: z.string(),
  dimension: FunnelDimension.default('channel' as DimensionName),
  time_basis: z.enum(TIME_BASES).default('conversion_time'),
  filters: ReportQuery.shape.filters,
  limit: z.int().min(1).max(100_000).default(1000),
});
export type FunnelQuery = z.infer<typeof FunnelQuery>;

/** One stage of one row. */
export interface FunnelFigure {
  readonly conversions: number;
  /** In units of the project currency; null where the stage has no monetary value. */
  readonly value: number | null;
  /**
   * Place among the rows at this stage, from 1: by value where the stage has one, else by conversions. Equal figures
   * share a place. Null for a row without conversions here and for what is not attributed.
   */
  readonly rank: number | null;
}

export interface FunnelRow {
  /** Value of the dimension; null where it is not set. */
  readonly value: string | null;
  /** In the order of the stages. */
  readonly stages: readonly FunnelFigure[];
  /** The same for the comparison period. */
  readonly comparison?: readonly FunnelFigure[];
}

export interface FunnelResult {
  readonly dimension: DimensionName;
  readonly dimension_label: string;
  readonly model: string;
  readonly stages: readonly FunnelStage[];
  readonly rows: readonly FunnelRow[];
  readonly totals: readonly Omit<FunnelFigure, 'rank'>[];
  readonly comparison_totals?: readonly Omit<FunnelFigure, 'rank'>[];
  readonly meta: ResultMeta;
}

/** @throws UserError (exit code 2) that lists everything wrong with it; also where the config names no funnel. */
export function parseFunnelQuery(input: unknown, published: PublishedConfig): FunnelQuery {
  const parsed = FunnelQuery.safeParse(input);
  if (!parsed.success) throw invalidQuery('funnel', problemsOf(parsed.error, FunnelQuery, input));
  const problems = [...noStages(published), ...unknownModel(parsed.data.model, published)];
  if (problems.length > 0) throw invalidQuery('funnel', problems);
  return parsed.data;
}

/** The funnel by channel (or another dimension): count, value and rank of every row at every stage, so that flips show. */
export async function runFunnel(warehouse: Warehouse, publication: Publication, query: FunnelQuery): Promise<FunnelResult> {
  const { dimension, model } = query;
  const stages = stagesOf(publication.config);
  const attributed_conversions = stages.map(({ name }) => ({ conversion: name, model }));
  const input = {
    date_range: query.date_range,
    ...(query.comparison_date_range && { comparison_date_range: query.comparison_date_range }),
    dimensions: [dimension],
    metrics: ['conversions', 'conversion_value'],
    attributed_conversions,
    time_basis: query.time_basis,
    ...(query.filters && { filters: query.filters }),
    limit: 100_000,
  };
  const report = await runReport(warehouse, publication, parseReportQuery(input, publication.config));

  const figuresOf = (figures: Figures) =>
    attributed_conversions.map((pair) => ({
      conversions: figures[columnKey(pair, 'conversions')] ?? 0,
      value: figures[columnKey(pair, 'conversion_value')] ?? null,
    }));
  const ranked = (side: (row: ResultRow) => Figures) => {
    const unranked = report.rows.map((row) => ({ value: row.dimensions[dimension] ?? null, stages: figuresOf(side(row)) }));
    const places = placesOf(unranked, stages, ({ conversions }) => conversions);
    return unranked.map((row, i) => row.stages.map((figure, stage): FunnelFigure => ({ ...figure, rank: places[i]![stage]! })));
  };
  const current = ranked(({ figures }) => figures);
  const compared = query.comparison_date_range && ranked(({ comparison }) => comparison!);
  const rows = inOrder(
    report.rows.map((row, i): FunnelRow => ({
      value: row.dimensions[dimension] ?? null,
      stages: current[i]!,
      ...(compared && { comparison: compared[i]! }),
    })),
  );
  return {
    dimension,
    dimension_label: dimensionLabel(dimension, publication.config),
    model,
    stages,
    rows: rows.slice(0, query.limit),
    totals: figuresOf(report.totals.figures),
    ...(report.totals.comparison && { comparison_totals: figuresOf(report.totals.comparison) }),
    meta: { ...report.meta, truncated: rows.length > query.limit },
  };
}
