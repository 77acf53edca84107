import { type Metric, METRICS } from '../../query/metrics.ts';
import type { ReportResult, ResultColumn } from '../../query/result.ts';
import { toCsv } from './csv.ts';
import { figureFormat } from './format.ts';
import { dateText, hiddenRows, NOT_SET, noteLines, titleLines, words } from './labels.ts';
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
  const figures = (values: ReportResult['totals']['figures']) =>
    columns.map((column, i) => figure(values[column.key] ?? null, column.kind, isWhole[i]));

  const table = renderTable({
    columns: [
      ...dimensions.map(({ label }): TableColumn => ({ header: label, align: 'left' })),
      ...columns.map((column) => tableColumn(column, shown)),
    ],
    rows: dimensions.length
      ? rows.map((row) => [
          ...dimensions.map(({ key }) => dimensionText(key, row.dimensions[key] ?? null, meta.interval)),
          ...figures(row.figures),
        ])
      : [],
    footer: [[...dimensions.map((_, i) => (i === 0 ? 'Total' : '')), ...figures(totals.figures)]],
    width,
    emphasis,
  });
  const by = dimensions.length ? ` by ${dimensions.map(({ label }) => label.toLowerCase()).join(', ')}` : '';
  const notes = noteLines([...hiddenRows(rows.length, meta), ...meta.notes], emphasis);
  const title = shown.map(({ label }) => label).join(', ') || 'Traffic';
  return titleLines(title + by, meta, emphasis) + table + (notes && '\n' + notes);
}

/** A report as CSV: the names of the query schema as header, plain numbers, no total. */
export function reportCsv({ dimensions, columns, rows }: ReportResult): string {
  return toCsv(
    [...dimensions.map(({ key }) => key), ...columns.map(({ key }) => key)],
    rows.map((row) => [...dimensions.map(({ key }) => row.dimensions[key] ?? null), ...columns.map(({ key }) => row.figures[key] ?? null)]),
  );
}

function dimensionText(dimension: string, value: string | null, interval: ReportResult['meta']['interval']): string {
  if (value === null || value === '') return NOT_SET;
  return dimension === 'date' ? dateText(value, interval) : value;
}

/** A column of money of a conversion that has none would be a column of dashes. */
function isAlwaysEmpty({ metric, conversion }: ResultColumn, conversions: readonly ConversionLabel[]): boolean {
  const definition: Metric = METRICS[metric];
  return Boolean(definition.needsMoney) && conversions.some(({ name, value }) => name === conversion && value === 'none');
}

/** With one conversion its name stands over its count, and the groups are the models; with several a group names both. */
function tableColumn({ metric, label, conversion, model }: ResultColumn, shown: readonly ConversionLabel[]): TableColumn {
  if (conversion === undefined || model === undefined) return { header: label, align: 'right' };
  const own = shown.find(({ name }) => name === conversion)?.label ?? conversion;
  const only = shown.length === 1;
  const group = only ? words(model) : `${own}, ${words(model).toLowerCase()}`;
  return { header: only && metric === 'conversions' ? own : label, align: 'right', group };
}

/** Cents and hundredths are noise beside large amounts and whole credits. */
function hasWholeFigures({ kind }: ResultColumn, values: readonly (number | null | undefined)[]): boolean {
  const known = values.filter((value): value is number => typeof value === 'number');
  if (kind === 'money') return known.some((value) => Math.abs(value) >= 1000);
  return kind === 'decimal' && known.every(Number.isInteger);
}
