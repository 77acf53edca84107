import { comparedColumns, dimensionColumnOf, type FlatColumn, type FlatTable, type FlatType, type FlatValue } from '../export/flat.ts';
import type { AdFigures, AdFunnelResult, AdStep } from './ads.ts';
import type { CohortFigure, CohortResult } from './cohort-result.ts';
import type { EventFunnelResult, EventStep } from './event-funnel.ts';
import type { FunnelFigure, FunnelResult } from './stages.ts';

// Funnels as tables for files: one line per row and stage or step, plain numbers, no totals. With a comparison period each
// figure is followed by the other period's, `NAME.comparison`.

type Types<Figure> = Readonly<Partial<Record<keyof Figure & string, FlatType>>>;

const columns = <Figure>(types: Types<Figure>, isCompared: boolean): FlatColumn[] =>
  comparedColumns(
    Object.entries(types).map(([name, type]) => ({ name, type: type as FlatType })),
    isCompared,
  );

function cells<Figure extends object>(types: Types<Figure>, figure: Figure, other: Figure | undefined, isCompared: boolean): FlatValue[] {
  const of = (one: Figure | undefined, name: keyof Figure) => (one?.[name] ?? null) as FlatValue;
  return (Object.keys(types) as (keyof Figure)[]).flatMap((name) =>
    isCompared ? [of(figure, name), of(other, name)] : [of(figure, name)],
  );
}

const text = (name: string): FlatColumn => ({ name, type: 'STRING' });

const FIGURES: Types<FunnelFigure> = { conversions: 'FLOAT64', value: 'FLOAT64', rank: 'INT64' };

/** Every stage by its own attribution. */
export function funnelTable({ dimension, stages, rows, meta }: FunnelResult): FlatTable {
  const isCompared = meta.comparison_date_range !== undefined;
  return {
    columns: [dimensionColumnOf(dimension), text('stage'), ...columns(FIGURES, isCompared)],
    rows: rows.flatMap((row) =>
      row.stages.map((figure, i) => [row.value, stages[i]!.name, ...cells(FIGURES, figure, row.comparison?.[i], isCompared)]),
    ),
  };
}

const COHORT_FIGURES: Types<CohortFigure> = {
  leads: 'FLOAT64',
  conversions: 'FLOAT64',
  value: 'FLOAT64',
  rate_from_lead: 'FLOAT64',
  rate_from_previous: 'FLOAT64',
  dropped: 'FLOAT64',
  skipped: 'FLOAT64',
  open: 'FLOAT64',
  median_days: 'FLOAT64',
  rank: 'INT64',
};

/** Leads through the stages. */
export function cohortTable({ dimension, interval, split_by, stages, rows, meta }: CohortResult): FlatTable {
  const isCompared = meta.comparison_date_range !== undefined;
  return {
    columns: [
      ...(interval === 'none' ? [] : [{ name: interval, type: 'DATE' } as const]),
      ...(dimension === null ? [] : [dimensionColumnOf(dimension)]),
      ...(split_by ? [{ name: `passed_${split_by.name}`, type: 'BOOL' } as const] : []),
      text('stage'),
      ...columns(COHORT_FIGURES, isCompared),
    ],
    rows: rows.flatMap((row) =>
      row.stages.map((figure, i) => [
        ...(interval === 'none' ? [] : [row.period]),
        ...(dimension === null ? [] : [row.value]),
        ...(split_by ? [row.passed] : []),
        stages[i]!.name,
        ...cells(COHORT_FIGURES, figure, row.comparison?.[i], isCompared),
      ]),
    ),
  };
}

const AD_FIGURES: Types<AdStep> = { count: 'FLOAT64', rate: 'FLOAT64', lost: 'FLOAT64' };
const OF_AD_ROWS: Types<AdFigures> = { cost: 'FLOAT64', value: 'FLOAT64' };

/** From impressions to conversions; cost and value are of the whole row, and stand on each of its lines. */
export function adFunnelTable({ dimension, steps, rows, meta }: AdFunnelResult): FlatTable {
  const isCompared = meta.comparison_date_range !== undefined;
  return {
    columns: [dimensionColumnOf(dimension), text('step'), ...columns(AD_FIGURES, isCompared), ...columns(OF_AD_ROWS, isCompared)],
    rows: rows.flatMap((row) =>
      row.steps.map((step, i) => [
        row.name,
        steps[i]!.key,
        ...cells(AD_FIGURES, step, row.comparison?.steps[i], isCompared),
        ...cells(OF_AD_ROWS, row, row.comparison, isCompared),
      ]),
    ),
  };
}

const EVENT_FIGURES: Types<EventStep> = {
  entries: 'INT64',
  persons: 'INT64',
  rate_from_previous: 'FLOAT64',
  rate_from_entry: 'FLOAT64',
  dropped: 'INT64',
  median_seconds: 'FLOAT64',
};

/** Steps through the site. */
export function eventFunnelTable({ dimension, steps, rows, meta }: EventFunnelResult): FlatTable {
  const isCompared = meta.comparison_date_range !== undefined;
  return {
    columns: [...(dimension === null ? [] : [dimensionColumnOf(dimension)]), text('step'), ...columns(EVENT_FIGURES, isCompared)],
    rows: rows.flatMap((row) =>
      row.steps.map((step, i) => [
        ...(dimension === null ? [] : [row.value]),
        steps[i]!.name,
        ...cells(EVENT_FIGURES, step, row.comparison?.[i], isCompared),
      ]),
    ),
  };
}
