import type { Value } from '../../warehouse/warehouse.ts';
import { toCsv } from '../export/csv.ts';
import type { AdFunnelResult } from './ads.ts';
import type { CohortFigure, CohortResult } from './cohort-result.ts';
import type { EventFunnelResult, EventStep } from './event-funnel.ts';
import type { FunnelResult } from './stages.ts';

// Funnels as CSV: one line per row and stage or step, plain numbers, no totals. With a comparison period each figure is
// followed by the other period's, `NAME.comparison`.

/** Names of figures, doubled where two periods are compared. */
const columns = (names: readonly string[], isCompared: boolean): string[] =>
  names.flatMap((name) => (isCompared ? [name, `${name}.comparison`] : [name]));

function cells<Figure extends object>(
  names: readonly (keyof Figure)[],
  figure: Figure,
  other: Figure | undefined,
  isCompared: boolean,
): Value[] {
  const of = (one: Figure | undefined, name: keyof Figure) => (one?.[name] ?? null) as Value;
  return names.flatMap((name) => (isCompared ? [of(figure, name), of(other, name)] : [of(figure, name)]));
}

const FIGURES = ['conversions', 'value', 'rank'] as const;

/** Every stage by its own attribution. */
export function funnelCsv({ dimension, stages, rows, meta }: FunnelResult): string {
  const isCompared = meta.comparison_date_range !== undefined;
  return toCsv(
    [dimension, 'stage', ...columns(FIGURES, isCompared)],
    rows.flatMap((row) =>
      row.stages.map((figure, i): Value[] => [row.value, stages[i]!.name, ...cells(FIGURES, figure, row.comparison?.[i], isCompared)]),
    ),
  );
}

const COHORT_FIGURES = [
  'leads',
  'conversions',
  'value',
  'rate_from_lead',
  'rate_from_previous',
  'dropped',
  'skipped',
  'open',
  'median_days',
  'rank',
] as const satisfies readonly (keyof CohortFigure)[];

/** Leads through the stages. */
export function cohortCsv({ dimension, interval, split_by, stages, rows, meta }: CohortResult): string {
  const isCompared = meta.comparison_date_range !== undefined;
  const keys = [
    ...(interval === 'none' ? [] : [interval]),
    ...(dimension === null ? [] : [dimension]),
    ...(split_by ? [`passed_${split_by.name}`] : []),
  ];
  return toCsv(
    [...keys, 'stage', ...columns(COHORT_FIGURES, isCompared)],
    rows.flatMap((row) =>
      row.stages.map((figure, i): Value[] => [
        ...(interval === 'none' ? [] : [row.period]),
        ...(dimension === null ? [] : [row.value]),
        ...(split_by ? [row.passed] : []),
        stages[i]!.name,
        ...cells(COHORT_FIGURES, figure, row.comparison?.[i], isCompared),
      ]),
    ),
  );
}

const AD_FIGURES = ['count', 'rate', 'lost'] as const;

/** From impressions to conversions; cost and value are of the whole row, and stand on each of its lines. */
export function adFunnelCsv({ dimension, steps, rows, meta }: AdFunnelResult): string {
  const isCompared = meta.comparison_date_range !== undefined;
  return toCsv(
    [dimension, 'step', ...columns([...AD_FIGURES, 'cost', 'value'], isCompared)],
    rows.flatMap((row) =>
      row.steps.map((step, i): Value[] => [
        row.name,
        steps[i]!.key,
        ...cells(AD_FIGURES, step, row.comparison?.steps[i], isCompared),
        ...cells(['cost', 'value'], row, row.comparison, isCompared),
      ]),
    ),
  );
}

const EVENT_FIGURES = [
  'entries',
  'persons',
  'rate_from_previous',
  'rate_from_entry',
  'dropped',
  'median_seconds',
] as const satisfies readonly (keyof EventStep)[];

/** Steps through the site. */
export function eventFunnelCsv({ dimension, steps, rows, meta }: EventFunnelResult): string {
  const isCompared = meta.comparison_date_range !== undefined;
  return toCsv(
    [...(dimension === null ? [] : [dimension]), 'step', ...columns(EVENT_FIGURES, isCompared)],
    rows.flatMap((row) =>
      row.steps.map((step, i): Value[] => [
        ...(dimension === null ? [] : [row.value]),
        steps[i]!.name,
        ...cells(EVENT_FIGURES, step, row.comparison?.[i], isCompared),
      ]),
    ),
  );
}
