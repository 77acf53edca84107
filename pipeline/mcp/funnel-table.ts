import { type FigureKind, figureFormat } from '../query/format.ts';
import type { FunnelTotal, FunnelView, PlainFunnel } from './funnels.ts';
import { markdownTable } from './markdown.ts';
import { NOT_SET } from './report.ts';

/** Which figures of a step stand in the table in words; all of them are in the structured content. */
const SHOWN: Readonly<Record<FunnelView, readonly (readonly [figure: string, label: string, kind: FigureKind])[]>> = {
  stages: [
    ['conversions', '', 'decimal'],
    ['value', 'value', 'money'],
    ['rank', 'place', 'count'],
  ],
  cohort: [
    ['leads', '', 'decimal'],
    ['rate_from_previous', 'rate', 'percent'],
    ['median_days', 'days', 'decimal'],
    ['value', 'value', 'money'],
  ],
  ads: [
    ['count', '', 'decimal'],
    ['rate', 'rate', 'percent'],
  ],
  events: [
    ['entries', '', 'count'],
    ['rate_from_previous', 'rate', 'percent'],
  ],
};

/** A funnel as a table: a row per value, the figures of each step beside each other. */
export function funnelTable({ view, dimension, steps, rows, totals }: PlainFunnel, currency: string): string {
  const write = figureFormat(currency);
  const written = (value: number | null, kind: FigureKind) => write(value, kind, kind === 'decimal' && Number.isInteger(value));
  const isPeriod = rows.some(({ period }) => period != null);
  const isSplit = totals.length > 1;
  const columns = steps.flatMap((step, place) =>
    SHOWN[view]
      .filter(
        ([figure]) =>
          (figure !== 'value' || step.is_money) && (place > 0 || !['rate_from_previous', 'rate', 'median_days'].includes(figure)),
      )
      .map(([figure, label, kind]) => ({ place, figure, kind, label: label === '' ? step.label : `${step.label}: ${label}` })),
  );
  const figures = ({ steps: own }: FunnelTotal) =>
    columns.map(({ place, figure, kind }) => written(own[place]?.figures[figure] ?? null, kind));
  const heads = [...(isPeriod ? ['From'] : []), ...(isSplit ? ['Split'] : [])];
  return markdownTable(
    [{ label: dimension.label, text: true }, ...heads.map((label) => ({ label, text: true })), ...columns.map(({ label }) => ({ label }))],
    rows.map((row) => [
      dimension.key === null ? 'All' : (row.dimensions[dimension.key] ?? NOT_SET),
      ...(isPeriod ? [row.period ?? ''] : []),
      ...(isSplit ? [row.passed ? 'passed' : 'not passed'] : []),
      ...figures(row),
    ]),
    isSplit ? undefined : ['Total', ...heads.map(() => ''), ...figures(totals[0]!)],
  );
}
