import * as z from 'zod';
import type { DimensionName } from '../query/dimensions.ts';
import { type AdFigures, parseAdFunnelQuery, runAdFunnel } from '../query/funnel/ads.ts';
import type { CohortFigure } from '../query/funnel/cohort-result.ts';
import { runCohort } from '../query/funnel/cohort.ts';
import { parseCohortQuery } from '../query/funnel/cohort-schema.ts';
import { type EventStep, parseEventFunnelQuery, runEventFunnel } from '../query/funnel/event-funnel.ts';
import { type FunnelFigure, parseFunnelQuery, runFunnel } from '../query/funnel/stages.ts';
import type { OpenPublication } from '../query/publication.ts';
import type { ResultMeta } from '../query/result.ts';

export const FUNNEL_VIEWS = ['stages', 'cohort', 'ads', 'events'] as const;
export type FunnelView = (typeof FUNNEL_VIEWS)[number];

const Figures = z.record(z.string(), z.number().nullable());

/** A stage or step that all rows have. */
export const FunnelStep = z.strictObject({
  name: z.string(),
  label: z.string(),
  is_money: z.boolean().describe('Whether its value is money of the project.'),
  previous: z.string().nullable().optional().describe('cohort: the stage that rates and days are from.'),
  lag_days: z.number().nullable().optional().describe('cohort: days within which nine of ten follow their lead.'),
});

/** Figures of one step of a row. */
const StepFigures = z.strictObject({ step: z.string(), figures: Figures });
const Side = z.strictObject({
  steps: z.array(StepFigures),
  figures: Figures.optional().describe('ads: cost and value of the whole row.'),
});

export const FunnelRow = Side.extend({
  dimensions: z.record(z.string(), z.string().nullable()),
  period: z.string().nullable().optional().describe('cohort: first day of the interval.'),
  passed: z.boolean().nullable().optional().describe('cohort: whether the leads passed the stage of split_by.'),
  comparison: Side.optional(),
});
export const FunnelTotal = FunnelRow.omit({ dimensions: true, period: true });
export type FunnelRow = z.infer<typeof FunnelRow>;
export type FunnelTotal = z.infer<typeof FunnelTotal>;

/** A funnel of any view in one form. */
export interface PlainFunnel {
  readonly view: FunnelView;
  readonly dimension: { readonly key: DimensionName | null; readonly label: string };
  readonly model: string | null;
  readonly steps: readonly z.infer<typeof FunnelStep>[];
  readonly rows: readonly FunnelRow[];
  readonly totals: readonly FunnelTotal[];
  readonly meta: ResultMeta;
}

type AnyFigure = FunnelFigure | CohortFigure | EventStep | AdFigures['steps'][number] | Omit<FunnelFigure, 'rank'>;

/** Asks for the funnel of a view. @throws UserError (exit code 2) that lists everything wrong with the query. */
export async function funnelOf(view: FunnelView, { warehouse, publication }: OpenPublication, query: object): Promise<PlainFunnel> {
  const { config } = publication;
  switch (view) {
    case 'stages': {
      const found = await runFunnel(warehouse, publication, parseFunnelQuery(query, config));
      const side = sideOf(found.stages.map(({ name }) => name));
      const dimensions = named(found.dimension);
      return {
        ...plain(view, found),
        steps: found.stages.map(({ money, ...stage }) => ({ ...stage, is_money: money })),
        rows: found.rows.map((row) => ({ dimensions: dimensions(row.value), ...side(row.stages), ...compared(row.comparison, side) })),
        totals: [{ ...side(found.totals), ...compared(found.comparison_totals, side) }],
      };
    }
    case 'cohort': {
      const found = await runCohort(warehouse, publication, parseCohortQuery(query, config));
      const side = sideOf(found.stages.map(({ name }) => name));
      const dimensions = named(found.dimension);
      return {
        ...plain(view, found),
        steps: found.stages.map(({ name, label, money, previous, lag_days }) => ({ name, label, is_money: money, previous, lag_days })),
        rows: found.rows.map(({ value, period, passed, stages, comparison }) => ({
          dimensions: dimensions(value),
          period,
          passed,
          ...side(stages),
          ...compared(comparison, side),
        })),
        totals: found.totals.map(({ passed, stages, comparison }) => ({ passed, ...side(stages), ...compared(comparison, side) })),
      };
    }
    case 'ads': {
      const found = await runAdFunnel(warehouse, publication, parseAdFunnelQuery(query, config));
      const steps = sideOf(found.steps.map(({ key }) => key));
      const side = (figures: AdFigures) => ({ ...steps(figures.steps), figures: { cost: figures.cost, value: figures.value } });
      const dimensions = named(found.dimension);
      return {
        ...plain(view, found),
        steps: found.steps.map(({ key, label }) => ({ name: key, label, is_money: false })),
        rows: found.rows.map((row) => ({ dimensions: dimensions(row.name), ...side(row), ...compared(row.comparison, side) })),
        totals: [{ ...side(found.totals), ...compared(found.totals.comparison, side) }],
      };
    }
    case 'events': {
      const found = await runEventFunnel(warehouse, publication, parseEventFunnelQuery(query, config));
      const side = sideOf(found.steps.map(({ name }) => name));
      const dimensions = named(found.dimension);
      return {
        ...plain(view, { ...found, model: null }),
        steps: found.steps.map((step) => ({ ...step, is_money: false })),
        rows: found.rows.map((row) => ({ dimensions: dimensions(row.value), ...side(row.steps), ...compared(row.comparison, side) })),
        totals: [{ ...side(found.totals.steps), ...compared(found.totals.comparison, side) }],
      };
    }
  }
}

interface Found {
  readonly dimension: DimensionName | null;
  readonly dimension_label: string;
  readonly model: string | null;
  readonly meta: ResultMeta;
}

const plain = (view: FunnelView, { dimension, dimension_label, model, meta }: Found) => ({
  view,
  dimension: { key: dimension, label: dimension_label },
  model,
  meta,
});

const named =
  (dimension: DimensionName | null) =>
  (value: string | null): Record<string, string | null> =>
    dimension === null ? {} : { [dimension]: value };

const sideOf =
  (names: readonly string[]) =>
  (figures: readonly AnyFigure[]): Pick<FunnelTotal, 'steps'> => ({
    steps: figures.map((figure, i) => ({ step: names[i]!, figures: { ...figure } })),
  });

function compared<Given, Side>(comparison: Given | undefined, side: (given: Given) => Side): { comparison?: Side } {
  return comparison === undefined ? {} : { comparison: side(comparison) };
}
