import * as z from 'zod';
import { problemsOf } from '../config/problems.ts';
import { NOT_ATTRIBUTED, type PublishedConfig } from '../models/reports/publication.ts';
import type { Warehouse } from '../warehouse/warehouse.ts';
import { type BuiltInDimension, DIMENSION_NAMES } from './dimensions.ts';
import { unknownName } from './names.ts';
import type { Publication } from './publication.ts';
import { type ResultMeta, type ResultRow, runReport } from './result.ts';
import { columnKey, DateRange, invalidQuery, parseReportQuery, TIME_BASES } from './schema.ts';

/** The stages of the funnel, each by its own attribution: every stage is a conversion with credits of its own. */
export const FunnelQuery = z.strictObject({
  date_range: DateRange,
  model: z.string(),
  dimension: z.enum(DIMENSION_NAMES.filter((name) => name !== 'date') as [BuiltInDimension, ...BuiltInDimension[]]).default('channel'),
  time_basis: z.enum(TIME_BASES).default('conversion_time'),
  limit: z.int().min(1).max(100_000).default(1000),
});
export type FunnelQuery = z.infer<typeof FunnelQuery>;

export interface FunnelStage {
  readonly name: string;
  readonly label: string;
  readonly money: boolean;
}

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
}

export interface FunnelResult {
  readonly dimension: BuiltInDimension;
  readonly model: string;
  readonly stages: readonly FunnelStage[];
  readonly rows: readonly FunnelRow[];
  readonly totals: readonly Omit<FunnelFigure, 'rank'>[];
  readonly meta: ResultMeta;
}

/** @throws UserError (exit code 2) that lists everything wrong with it; also where the config names no funnel. */
export function parseFunnelQuery(input: unknown, published: PublishedConfig): FunnelQuery {
  const parsed = FunnelQuery.safeParse(input);
  if (!parsed.success) throw invalidQuery('funnel', problemsOf(parsed.error, FunnelQuery, input));
  if (published.funnel.length === 0) {
    throw invalidQuery('funnel', [
      { path: '', message: 'the config names no stages: list conversions in `funnel`, then run `touchtrail run`' },
    ]);
  }
  if (!published.models.includes(parsed.data.model)) {
    throw invalidQuery('funnel', [{ path: 'model', message: unknownName('model', parsed.data.model, published.models) }]);
  }
  return parsed.data;
}

/** The funnel by channel (or another dimension): count, value and rank of every row at every stage, so that flips show. */
export async function runFunnel(warehouse: Warehouse, publication: Publication, query: FunnelQuery): Promise<FunnelResult> {
  const { date_range, dimension, model, time_basis } = query;
  const stages = publication.config.funnel.map((name): FunnelStage => {
    const conversion = publication.config.conversions.find((one) => one.name === name);
    return { name, label: conversion?.label ?? name, money: conversion?.value === 'money' };
  });
  const attributed_conversions = stages.map(({ name }) => ({ conversion: name, model }));
  const input = {
    date_range,
    dimensions: [dimension],
    metrics: ['conversions', 'conversion_value'],
    attributed_conversions,
    time_basis,
    limit: 100_000,
  };
  const report = await runReport(warehouse, publication, parseReportQuery(input, publication.config));

  const figures = ({ figures }: Pick<ResultRow, 'figures'>) =>
    attributed_conversions.map((pair) => ({
      conversions: figures[columnKey(pair, 'conversions')] ?? 0,
      value: figures[columnKey(pair, 'conversion_value')] ?? null,
    }));
  const unranked = report.rows.map((row) => ({ value: row.dimensions[dimension] ?? null, stages: figures(row) }));
  const rows = inOrder(ranked(unranked, stages));
  return {
    dimension,
    model,
    stages,
    rows: rows.slice(0, query.limit),
    totals: figures(report.totals),
    meta: { ...report.meta, truncated: rows.length > query.limit },
  };
}

type Unranked = Omit<FunnelRow, 'stages'> & { readonly stages: readonly Omit<FunnelFigure, 'rank'>[] };

function ranked(rows: readonly Unranked[], stages: readonly FunnelStage[]): FunnelRow[] {
  const weight = (row: Unranked, stage: number) => (stages[stage]!.money ? row.stages[stage]!.value : row.stages[stage]!.conversions) ?? 0;
  const competes = (row: Unranked, stage: number) => row.value !== NOT_ATTRIBUTED && row.stages[stage]!.conversions > 0;
  const weights = stages.map((_, stage) => rows.filter((row) => competes(row, stage)).map((row) => weight(row, stage)));
  return rows.map((row) => ({
    value: row.value,
    stages: row.stages.map((figure, stage) => ({
      ...figure,
      rank: competes(row, stage) ? 1 + weights[stage]!.filter((other) => other > weight(row, stage)).length : null,
    })),
  }));
}

/** By the place at the first stage, so that every later flip stands out; what is not attributed comes last. */
function inOrder(rows: readonly FunnelRow[]): FunnelRow[] {
  const place = (row: FunnelRow) =>
    row.value === NOT_ATTRIBUTED ? [Infinity] : row.stages.map(({ rank }) => rank ?? Number.MAX_SAFE_INTEGER);
  return rows.toSorted((left, right) => {
    const [a, b] = [place(left), place(right)];
    const differing = a.findIndex((rank, i) => rank !== b[i]);
    return differing < 0 ? 0 : a[differing]! - b[differing]!;
  });
}
