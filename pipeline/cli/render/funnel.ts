import type { FunnelStage } from '../../query/funnel/ranks.ts';
import type { FunnelFigure, FunnelResult } from '../../query/funnel/stages.ts';
import { figureFormat } from './format.ts';
import { hiddenRows, NOT_SET, noteLines, titleLines, words } from './labels.ts';
import type { Screen } from './report.ts';
import { renderTable, type TableColumn } from './table.ts';

/** The funnel for a terminal: per stage the count, the place, and the value where the stage has one. */
export function renderFunnel(result: FunnelResult, { width, emphasis }: Screen): string {
  const { stages, rows, totals, meta } = result;
  const figure = figureFormat(meta.currency);
  const whole = [...rows.flatMap((row) => [...row.stages, ...(row.comparison ?? [])]), ...totals].every(({ conversions }) =>
    Number.isInteger(conversions),
  );
  const isCompared = meta.comparison_date_range !== undefined;
  const cells = (now: Figure, before: Figure | undefined, { money }: FunnelStage, place: string) => [
    figure(now.conversions, 'decimal', whole),
    ...(isCompared ? [figure(before?.conversions ?? null, 'decimal', whole)] : []),
    place,
    ...(money ? [figure(now.value, 'money', true)] : []),
    ...(money && isCompared ? [figure(before?.value ?? null, 'money', true)] : []),
  ];
  const label = result.dimension_label;
  const table = renderTable({
    columns: [{ header: label, align: 'left' }, ...stages.flatMap((stage) => stageColumns(stage, isCompared))],
    rows: rows.map((row) => [
      row.value ?? NOT_SET,
      ...row.stages.flatMap((stage, i) =>
        cells(stage, row.comparison?.[i], stages[i]!, placeText(stage.rank, row.stages[i - 1]?.rank ?? null)),
      ),
    ]),
    footer: [['Total', ...totals.flatMap((total, i) => cells(total, result.comparison_totals?.[i], stages[i]!, ''))]],
    width,
    emphasis,
  });
  const legend = [
    '# is the place at the stage: by value where the stage has one, else by count. ▲ and ▼: better or worse than at the stage before.',
    'Each stage counts its own conversions of these dates, and attributes them by itself.',
  ];
  const title = titleLines(`Funnel by ${label.toLowerCase()}, ${words(result.model).toLowerCase()}`, meta, emphasis);
  return title + table + '\n' + noteLines([...hiddenRows(rows.length, meta), ...legend], emphasis);
}

type Figure = Omit<FunnelFigure, 'rank'>;

function stageColumns({ label, money }: FunnelStage, isCompared: boolean): TableColumn[] {
  const column = (header: string): TableColumn => ({ header, align: 'right', group: label });
  const other = isCompared ? [column('Before')] : [];
  return [column('Count'), ...other, column('# '), ...(money ? [column('Value'), ...other] : [])];
}

/** A place with an arrow that says how it moved; always two characters, so that places align. */
export function placeText(rank: number | null, before: number | null): string {
  if (rank === null) return '';
  const arrow = before === null || before === rank ? ' ' : rank < before ? '▲' : '▼';
  return `${rank}${arrow}`;
}
