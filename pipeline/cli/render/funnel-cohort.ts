import type { CohortFigure, CohortResult, CohortRow, CohortStage } from '../../query/funnel/cohort-result.ts';
import { EMPTY, figureFormat } from './format.ts';
import { funnelTitle, modelText } from './funnel-title.ts';
import { placeText } from './funnel.ts';
import { dateText, hiddenRows, NOT_SET, noteLines } from './labels.ts';
import type { Screen } from './report.ts';
import { renderTable, type TableColumn } from './table.ts';

/** Stands behind a rate that leads who are still young may raise. */
const OPEN = '…';

/** Leads through the stages for a terminal: per stage how many came, from how many, how many were lost, after how many days. */
export function renderCohort(result: CohortResult, { width, emphasis }: Screen): string {
  const { stages, rows, totals, meta, interval, split_by, dimension } = result;
  const isCompared = meta.comparison_date_range !== undefined;
  const write = cellWriter(result, isCompared);
  const names: TableColumn[] = [
    ...(interval === 'none' ? [] : [{ header: 'Leads of', align: 'left' } as const]),
    ...(dimension === null ? [] : [{ header: result.dimension_label, align: 'left' } as const]),
    ...(split_by ? [{ header: split_by.label, align: 'left' } as const] : []),
  ];
  const name = (row: Pick<CohortRow, 'period' | 'value' | 'passed'>) => [
    ...(interval === 'none' ? [] : [row.period === null ? '' : dateText(row.period, interval)]),
    ...(dimension === null ? [] : [row.value ?? NOT_SET]),
    ...(split_by ? [row.passed ? 'passed' : 'did not'] : []),
  ];
  const columns = names.length > 0 ? names : [{ header: '', align: 'left' } as const];
  const line = (labels: readonly string[], row: Pick<CohortRow, 'stages' | 'comparison'>) => [
    ...(labels.length > 0 ? labels : ['All leads']),
    ...row.stages.flatMap((_, i) => write(row, i)),
  ];
  const hasRows = dimension !== null || interval !== 'none';
  const total = (row: CohortResult['totals'][number]) => line(['Total', ...name({ ...row, period: null, value: '' }).slice(1)], row);
  const table = renderTable({
    columns: [...columns, ...stages.flatMap((stage, i) => stageColumns(stage, i, isCompared))],
    rows: hasRows ? rows.map((row) => line(name(row), row)) : totals.map((row) => line(name({ ...row, period: null, value: null }), row)),
    footer: hasRows && rows.length > 0 ? totals.map(total) : [],
    width,
    emphasis,
  });
  const by = [interval === 'none' ? '' : interval, dimension === null ? '' : result.dimension_label.toLowerCase()].filter(Boolean);
  const title = `Lead cohort${by.length > 0 ? ` by ${by.join(' and ')}` : ''}, ${modelText(result.model)}`;
  const basis = meta.time_basis === 'click_time' ? 'leads by the click of' : 'leads of';
  return (
    funnelTitle(title, basis, meta, emphasis) + table + '\n' + noteLines([...hiddenRows(rows.length, meta), ...legend(result)], emphasis)
  );
}

/** The cells of one stage of a row. */
function cellWriter({ rows, totals, stages, meta }: CohortResult, isCompared: boolean) {
  const figure = figureFormat(meta.currency);
  const all = [...rows, ...totals].flatMap((row) => [...row.stages, ...(row.comparison ?? [])]);
  const whole = all.every(({ leads, dropped }) => Number.isInteger(leads) && Number.isInteger(dropped ?? 0));
  const count = (value: number | null) => figure(value, 'decimal', whole);
  const other = (text: string | undefined) => (isCompared ? [text ?? EMPTY] : []);
  const rate = ({ rate_from_previous, open }: CohortFigure) =>
    figure(rate_from_previous, 'percent') + (open !== null && open > 0 ? OPEN : ' ');
  return ({ stages: figures, comparison }: Pick<CohortRow, 'stages' | 'comparison'>, place: number): string[] => {
    const now = figures[place]!;
    const before = comparison?.[place];
    const isFirst = stages[place]!.previous === null;
    return [
      count(now.leads),
      ...other(before && count(before.leads)),
      placeText(now.rank, figures[place - 1]?.rank ?? null),
      ...(isFirst
        ? []
        : [rate(now), ...other(before && rate(before)), count(now.dropped), now.median_days === null ? EMPTY : now.median_days.toFixed(1)]),
      ...(stages[place]!.money ? [figure(now.value, 'money', true), ...other(before && figure(before.value, 'money', true))] : []),
    ];
  };
}

function stageColumns({ label, money }: CohortStage, place: number, isCompared: boolean): TableColumn[] {
  const column = (header: string): TableColumn => ({ header, align: 'right', group: label });
  const other = isCompared ? [column('Before')] : [];
  return [
    column('Leads'),
    ...other,
    column('# '),
    ...(place === 0 ? [] : [column('Rate '), ...other, column('Lost'), column('Days')]),
    ...(money ? [column('Value'), ...other] : []),
  ];
}

function legend({ stages, meta, rows, split_by }: CohortResult): string[] {
  const later = stages.slice(1);
  const figure = figureFormat(meta.currency);
  const isOpen = rows.some((row) => row.stages.some(({ open }) => open !== null && open > 0));
  const lags = later
    .filter(({ lag_days }) => lag_days !== null)
    .map(({ label, lag_days }) => `${label} ${lag_days} ${lag_days === 1 ? 'day' : 'days'}`);
  const nobody = later
    .filter(({ links }) => links.nobody.conversions > 0)
    .map(({ label, links: { nobody }, money }) => {
      const value = money && nobody.value !== null ? ` (${figure(nobody.value, 'money', true)})` : '';
      return `${label}: ${figure(nobody.conversions, 'count')} of these dates${value} belong to no lead and are in no row.`;
    });
  return [
    'Leads that reached the stage, by the credits of the lead. # is the place at the stage: by value where it has one, else by leads.',
    'Rate and Lost are from the stage before, Days the median between both.',
    ...(split_by ? [`${split_by.label} splits the leads, and is no step to the stages behind it.`] : []),
    ...(isOpen ? [`${OPEN} some leads are younger than nine of ten conversions took (${lags.join(', ')}): the rate may rise.`] : []),
    ...nobody,
    ...meta.notes,
  ];
}
