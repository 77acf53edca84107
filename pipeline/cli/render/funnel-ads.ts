import type { AdFigures, AdFunnelResult, AdRow } from '../../query/funnel/ads.ts';
import { EMPTY, figureFormat } from './format.ts';
import { funnelTitle, modelText } from './funnel-title.ts';
import { hiddenRows, NOT_SET, noteLines, words } from './labels.ts';
import type { Screen } from './report.ts';
import { renderTable, type TableColumn } from './table.ts';

/** The ad funnel for a terminal: from impressions to conversions, with the share that came and the number that was lost. */
export function renderAdFunnel(result: AdFunnelResult, { width, emphasis }: Screen): string {
  const { rows, totals, steps, meta, conversion } = result;
  const isCompared = meta.comparison_date_range !== undefined;
  const figure = figureFormat(meta.currency);
  const all = [...rows, totals].flatMap((row) => [row, ...(row.comparison ? [row.comparison] : [])]).flatMap((row) => row.steps);
  const whole = all.every(({ count }) => count === null || Number.isInteger(count));
  const other = (text: string | undefined) => (isCompared ? [text ?? EMPTY] : []);
  const cells = (now: AdFigures, before: AdFigures | undefined): string[] => [
    figure(now.cost, 'money', true),
    ...now.steps.flatMap(({ count, rate, lost }, i) => {
      const write = (value: number | null) => figure(value, 'decimal', whole || i < 3);
      const written = [write(count), ...other(before && write(before.steps[i]!.count))];
      return i === 0 ? written : [...written, figure(rate, 'percent'), write(lost)];
    }),
    ...(conversion.money ? [figure(now.value, 'money', true)] : []),
  ];
  const line = (label: string, row: Omit<AdRow, 'name'>) => [label, ...cells(row, row.comparison)];
  const table = renderTable({
    columns: [
      { header: result.dimension_label, align: 'left' },
      column('Cost'),
      ...steps.flatMap(({ label }, i) => {
        const own = [column('Count', label), ...(isCompared ? [column('Before', label)] : [])];
        return i === 0 ? own : [...own, column('Rate', label), column('Lost', label)];
      }),
      ...(conversion.money ? [column('Value')] : []),
    ],
    rows: rows.map((row) => line(row.name ?? NOT_SET, row)),
    footer: [line('Total', totals)],
    width,
    emphasis,
  });
  const title = `Ad funnel to ${conversion.label} by ${result.dimension_label.toLowerCase()}, ${modelText(result.model)}`;
  const notes = [
    'Impressions and clicks are those that the platforms report, landings the visits from ads that the site saw.',
    'Rate and Lost are from the step before; Lost is below zero where there are more visits than clicks.',
    ...meta.notes,
  ];
  const basis = `conversions by ${words(meta.time_basis).toLowerCase()},`;
  return funnelTitle(title, basis, meta, emphasis) + table + '\n' + noteLines([...hiddenRows(rows.length, meta), ...notes], emphasis);
}

const column = (header: string, group?: string): TableColumn => ({ header, align: 'right', ...(group !== undefined && { group }) });
