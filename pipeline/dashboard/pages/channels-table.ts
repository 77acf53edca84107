import { dimensionLabel, type DimensionName } from '../../query/dimensions.ts';
import { dateText, dayText } from '../../query/format.ts';
import type { ReportResult, ResultColumn, ResultRow } from '../../query/result.ts';
import type { AttributedConversion } from '../../query/schema.ts';
import { behindAddress, behindLink } from '../behind.ts';
import { share } from '../components/bars.ts';
import { delta, meaningOf } from '../components/delta.ts';
import { columnWriter } from '../components/figures.ts';
import { stacked } from '../components/stacked.ts';
import { table, type TableCell, type TableColumn, type TableGroup } from '../components/table.ts';
import { html, type Html, NOTHING } from '../html.ts';
import type { PageContext } from '../page.ts';
import { address, stepParameter } from '../state.ts';

/** Where a reader comes by going into a row: from channels to ads. */
export const DRILL: readonly string[] = ['channel', 'source', 'campaign', 'ad_group', 'ad'];

/** Below this share of its conversions a cell is marked as still filling. */
const SETTLED = 0.95;

export interface ChannelsView {
  readonly context: PageContext;
  /** With the differences between models, and what is foreseen, as columns. */
  readonly result: ReportResult;
  readonly dimension: string;
  /** The model that the others are compared with, where there are several. */
  readonly base: string | undefined;
  /** `COLUMN:asc` or `COLUMN:desc`, as the address has it. */
  readonly sort: string;
}

type Part = Pick<ResultRow, 'figures' | 'comparison'> & Partial<Pick<ResultRow, 'dimensions'>>;

/** The report as a table: figures, and below each what it is a part of, how it changed, or how much of it can have been seen. */
export function reportTable(view: ChannelsView): Html {
  const { context, result, dimension } = view;
  // Differences and what is foreseen stand in the cells of the figures that they belong to.
  const columns = result.columns.filter(({ projection, compared_with }) => projection === undefined && compared_with === undefined);
  const cells = columns.map((column) => cellOf(view, column));
  return table({
    caption: captionOf(view),
    groups: groupsOf(columns, view),
    columns: [
      headOf(view, dimension, dimensionLabel(dimension as DimensionName, context.config), 'asc'),
      ...columns.map(({ key, label }) => headOf(view, key, label, 'desc')),
    ],
    rows: result.rows.map((row) => [rowHead(view, row), ...cells.map((cell) => cell(row, false))]),
    total: ['All', ...cells.map((cell) => cell(result.totals, true))],
  });
}

function captionOf({ context: { state, modelLabel }, base, result }: ChannelsView): string {
  const { range, comparisonRange, basis } = state;
  const isFilling = result.rows.some((row) => result.columns.some((column) => (seenOf(row, column) ?? 1) < SETTLED));
  return [
    `${dayText(range.start_date)} – ${dayText(range.end_date)}, dated by ${basis === 'click_time' ? 'click' : 'conversion'}`,
    comparisonRange && `changes against ${dayText(comparisonRange.start_date)} – ${dayText(comparisonRange.end_date)}`,
    base !== undefined && `Δ is the difference from ${modelLabel(base).toLowerCase()}`,
    isFilling && 'hatched figures still grow: only a part of their conversions can have been seen',
  ]
    .filter(Boolean)
    .join('; ');
}

/** One head above the figures of each conversion and model. */
function groupsOf(columns: readonly ResultColumn[], { context }: ChannelsView): TableGroup[] {
  // The head of the rows stays where it is when the others move: it is no part of a wider cell.
  const groups: { name: string; label: string | Html; span: number }[] = [{ name: 'head', label: '', span: 1 }];
  for (const { conversion, model } of columns) {
    const name = conversion === undefined ? '' : JSON.stringify([conversion, model]);
    const last = groups.at(-1)!;
    if (last.name === name) last.span++;
    else if (conversion === undefined) groups.push({ name, label: '', span: 1 });
    else {
      const label = html`<span class="over">${context.conversionLabel(conversion)}</span> ${context.modelLabel(model!)}`;
      groups.push({ name, label, span: 1 });
    }
  }
  return groups;
}

function headOf({ context: { path, params }, sort }: ChannelsView, key: string, label: string, first: 'asc' | 'desc'): TableColumn {
  const other = first === 'desc' ? 'asc' : 'desc';
  const sorted = sort === `${key}:asc` ? 'ascending' : sort === `${key}:desc` ? 'descending' : undefined;
  return {
    key,
    label,
    href: address(path, params, { sort: `${key}:${sort === `${key}:${first}` ? other : first}`, page: null }),
    ...(sorted && { sorted }),
  };
}

/** How the cells of a column are written. */
function cellOf(view: ChannelsView, column: ResultColumn): (part: Part, isTotal: boolean) => TableCell {
  const { context, result, base } = view;
  const { key, metric, conversion, model, kind } = column;
  const write = columnWriter(
    context.figure,
    kind,
    [...result.rows, result.totals].map(({ figures }) => figures[key]),
  );
  const isOther = conversion !== undefined && base !== undefined && model !== base;
  const hasShare = metric === 'conversions' && !isOther;
  return (part, isTotal) => {
    const now = part.figures[key] ?? null;
    const beside = [
      hasShare && !isTotal ? html`<span>${share(now ?? 0, result.totals.figures[key] ?? 0)}</span>` : NOTHING,
      isOther ? difference(part.figures[`${key}.vs.${base}`] ?? null, isTotal, context) : NOTHING,
      !isOther && part.comparison ? delta(now, part.comparison[key] ?? null, metricKind(kind), meaningOf(metric)) : NOTHING,
    ];
    const seen = seenOf(part, column);
    const written =
      conversion === undefined || model === undefined || metric !== 'conversions'
        ? write(now)
        : behindLink(write(now), now, behindCell(view, { conversion, model }, part));
    if (seen === null || seen >= SETTLED || now === null) return stacked(written, beside);
    return { content: stacked(written, beside, metric === 'conversions' ? [foreseen(part, column, seen)] : []), filling: true };
  };
}

/** Where the conversions of a cell stand. */
function behindCell({ context, dimension, result }: ChannelsView, pair: AttributedConversion, { dimensions }: Part): string {
  const row = dimensions === undefined ? [] : [{ dimension, value: dimensions[dimension as DimensionName] ?? null }];
  return behindAddress(context, pair, row, { interval: result.meta.interval });
}

const metricKind = (kind: ResultColumn['kind']) => (kind === 'change' ? 'ratio' : kind);

/** The share of the conversions of a cell that can have been seen; null where nobody knows. */
function seenOf({ figures }: Part, { conversion, model }: ResultColumn): number | null {
  return conversion === undefined ? null : (figures[`${conversion}.${model}.maturity`] ?? null);
}

function difference(change: number | null, isTotal: boolean, { figure }: PageContext): Html {
  return change === null || (isTotal && change === 0) ? NOTHING : html`<span class="delta">Δ ${figure(change, 'change')}</span>`;
}

const percent = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 0 });
const roughly = new Intl.NumberFormat('en', { maximumSignificantDigits: 2 });

/** How much of a figure can have been seen, and what it will be. */
function foreseen({ figures }: Part, { key, conversion, model }: ResultColumn, seen: number): Html {
  const expected = figures[`${conversion}.${model}.projected_conversions`] ?? null;
  const isMore = expected !== null && roughly.format(expected) !== roughly.format(figures[key] ?? 0);
  // Rounded down: what is hatched has not been seen in full.
  const part = percent.format(Math.floor(seen * 100) / 100);
  return html`<span class="delta">${part} seen${isMore ? html`, ≈ ${roughly.format(expected)} in all` : NOTHING}</span>`;
}

/** A row leads one step further in. */
function rowHead({ context: { path, params }, dimension, result }: ChannelsView, row: ResultRow): Html {
  const value = row.dimensions[dimension as DimensionName] ?? null;
  if (dimension === 'date' && value !== null) return html`${dateText(value, result.meta.interval)}`;
  const text = value ?? '(not set)';
  const next = DRILL[DRILL.indexOf(dimension) + 1];
  if (!DRILL.includes(dimension) || next === undefined) return html`${text}`;
  return html`<a href="${address(path, params, { [stepParameter(dimension)]: value ?? '', by: next, sort: null, page: null })}"
    >${text}</a
  >`;
}
