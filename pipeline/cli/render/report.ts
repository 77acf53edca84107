import { type Metric, METRICS } from '../../query/metrics.ts';
import type { ReportResult, ResultColumn } from '../../query/result.ts';
import { relativeChange } from '../../query/difference.ts';
import { figureFormat } from './format.ts';
import { dateText, hiddenRows, NOT_SET, noteLines, titleLines } from './labels.ts';
import { renderTable, type TableColumn } from './table.ts';
import type { Emphasis } from './text.ts';

export interface Screen {
  /** Columns of the terminal. */
  readonly width: number;
  readonly emphasis: Emphasis;
}

/** What a conversion is called and whether it has a monetary value. */
export interface ConversionLabel {
  readonly name: string;
  readonly label: string;
  readonly value: 'money' | 'none';
  readonly margin?: number | undefined;
}

/** A report for a terminal: models side by side, the total below, notes at the end. */
export function renderReport(result: ReportResult, conversions: readonly ConversionLabel[], { width, emphasis }: Screen): string {
  const { dimensions, rows, totals, meta } = result;
  const columns = result.columns.filter((column) => !isAlwaysEmpty(column, conversions));
  const shown = conversions.filter(({ name }) => columns.some(({ conversion }) => conversion === name));
  const figure = figureFormat(meta.currency);
  const isWhole = columns.map((column) =>
    hasWholeFigures(column, [...rows.map((row) => row.figures[column.key]), totals.figures[column.key]]),
  );
  const figures = ({ figures: values, comparison }: ReportResult['totals']) =>
    columns.flatMap((column, i) => {
      const value = values[column.key] ?? null;
      const before = comparison && column.kind !== 'change' ? [figure(relativeChange(comparison[column.key], value), 'change')] : [];
      return [figure(value, column.kind, isWhole[i]), ...before];
    });
  const isCompared = meta.comparison_date_range !== undefined;

  const table = renderTable({
    columns: [
      ...dimensions.map(({ label }): TableColumn => ({ header: label, align: 'left' })),
      ...columns.flatMap((column) => tableColumns(column, shown, isCompared)),
    ],
    rows: dimensions.length
      ? rows.map((row) => [...dimensions.map(({ key }) => dimensionText(key, row.dimensions[key] ?? null, meta.interval)), ...figures(row)])
      : [],
    footer: [[...dimensions.map((_, i) => (i === 0 ? 'Total' : '')), ...figures(totals)]],
    width,
    emphasis,
  });
  const by = dimensions.length ? ` by ${dimensions.map(({ label }) => label.toLowerCase()).join(', ')}` : '';
  const notes = noteLines([...hiddenRows(rows.length, meta), ...meta.notes], emphasis);
  const title = shown.map(({ label }) => label).join(', ') || 'Traffic';
  return titleLines(title + by, meta, emphasis) + table + (notes && '\n' + notes);
}

function dimensionText(dimension: string, value: string | null, interval: ReportResult['meta']['interval']): string {
  if (value === null || value === '') return NOT_SET;
  return dimension === 'date' ? dateText(value, interval) : value;
}

/** A column of money of a conversion that has none, or of profit where no margin is known, would be a column of dashes. */
function isAlwaysEmpty({ metric, conversion }: ResultColumn, conversions: readonly ConversionLabel[]): boolean {
  const { needs }: Metric = METRICS[metric];
  const own = conversions.find(({ name }) => name === conversion);
  return own !== undefined && needs !== undefined && (own.value === 'none' || (needs === 'margin' && own.margin === undefined));
}

/** With one conversion its name stands over its count, and the groups are the models; with several a group names both. */
function tableColumns(column: ResultColumn, shown: readonly ConversionLabel[], isCompared: boolean): TableColumn[] {
  const { metric, label, kind, conversion, model_label: model = column.model } = column;
  const change = (group: string | undefined): TableColumn[] =>
    isCompared && kind !== 'change' ? [{ header: '±', align: 'right', ...(group !== undefined && { group }) }] : [];
  if (conversion === undefined || model === undefined) return [{ header: label, align: 'right' }, ...change(undefined)];
  const own = shown.find(({ name }) => name === conversion)?.label ?? conversion;
  const only = shown.length === 1;
  const group = only ? model : `${own}, ${model.slice(0, 1).toLowerCase()}${model.slice(1)}`;
  const header = only && metric === 'conversions' && column.projection === undefined && kind !== 'change' ? own : label;
  return [{ header, align: 'right', group }, ...change(group)];
}

/** Cents and hundredths are noise beside large amounts and whole credits. */
function hasWholeFigures({ kind }: ResultColumn, values: readonly (number | null | undefined)[]): boolean {
  const known = values.filter((value): value is number => typeof value === 'number');
  if (kind === 'money') return known.some((value) => Math.abs(value) >= 1000);
  return kind === 'decimal' && known.every(Number.isInteger);
}
