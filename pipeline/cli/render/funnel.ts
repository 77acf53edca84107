import { DIMENSIONS } from '../../query/dimensions.ts';
import type { FunnelFigure, FunnelResult, FunnelStage } from '../../query/funnel.ts';
import type { Value } from '../../warehouse/warehouse.ts';
import { toCsv } from './csv.ts';
import { figureFormat } from './format.ts';
import { hiddenRows, NOT_SET, noteLines, titleLines, words } from './labels.ts';
import type { Screen } from './report.ts';
import { renderTable, type TableColumn } from './table.ts';

/** The funnel for a terminal: per stage the count, the place, and the value where the stage has one. */
export function renderFunnel(result: FunnelResult, { width, emphasis }: Screen): string {
  const { stages, rows, totals, meta } = result;
  const figure = figureFormat(meta.currency);
  const whole = [...rows.flatMap((row) => row.stages), ...totals].every(({ conversions }) => Number.isInteger(conversions));
  const cells = ({ conversions, value }: Omit<FunnelFigure, 'rank'>, { money }: FunnelStage, place: string) => [
    figure(conversions, 'decimal', whole),
    place,
    ...(money ? [figure(value, 'money', true)] : []),
  ];
  const label = DIMENSIONS[result.dimension].label;
  const table = renderTable({
    columns: [{ header: label, align: 'left' }, ...stages.flatMap(stageColumns)],
    rows: rows.map((row) => [
      row.value ?? NOT_SET,
      ...row.stages.flatMap((stage, i) => cells(stage, stages[i]!, placeText(stage.rank, row.stages[i - 1]?.rank ?? null))),
    ]),
    footer: [['Total', ...totals.flatMap((total, i) => cells(total, stages[i]!, ''))]],
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

/** The funnel as CSV: one line per row and stage. */
export function funnelCsv({ dimension, stages, rows }: FunnelResult): string {
  return toCsv(
    [dimension, 'stage', 'conversions', 'value', 'rank'],
    rows.flatMap((row) => row.stages.map((stage, i): Value[] => [row.value, stages[i]!.name, stage.conversions, stage.value, stage.rank])),
  );
}

function stageColumns({ label, money }: FunnelStage): TableColumn[] {
  const column = (header: string): TableColumn => ({ header, align: 'right', group: label });
  return [column('Count'), column('# '), ...(money ? [column('Value')] : [])];
}

/** The place with an arrow that says how it moved; always two characters, so that places align. */
function placeText(rank: number | null, before: number | null): string {
  if (rank === null) return '';
  const arrow = before === null || before === rank ? ' ' : rank < before ? '▲' : '▼';
  return `${rank}${arrow}`;
}
