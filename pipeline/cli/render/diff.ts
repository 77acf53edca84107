import { CAUSE_NAMES, CAUSES, type Cause } from '../../query/diff/causes.ts';
import { figuresTable, listTable } from '../../query/diff/flat.ts';
import { inUnits, plainDiff } from '../../query/diff/plain.ts';
import { type DiffMetric, isOfConversions } from '../../query/diff/schema.ts';
import type { ConversionSide, DiffConversion, DiffFigures, DiffResult, MetricDiff } from '../../query/diff/types.ts';
import { filterText } from '../../query/condition-text.ts';
import { dimensionLabel } from '../../query/dimensions.ts';
import { EMPTY, type FigureKind, figureFormat, timeFormat } from './format.ts';
import { dayText, NOT_SET, words } from './labels.ts';
import type { Screen } from './report.ts';
import { renderTable } from './table.ts';
import { terminalText } from './text.ts';
import type { TableView } from './view.ts';

const METRICS: Readonly<Record<DiffMetric, { readonly label: string; readonly kind: FigureKind }>> = {
  conversions: { label: 'Conversions', kind: 'decimal' },
  conversion_value: { label: 'Value', kind: 'money' },
  sessions: { label: 'Sessions', kind: 'count' },
  cost: { label: 'Cost', kind: 'money' },
  other_cost: { label: 'Other cost', kind: 'money' },
};

/** Why figures differ between two publications. */
export function diffView(result: DiffResult): TableView {
  return {
    data: plainDiff(result),
    table: () => (result.query.list > 0 ? listTable(result) : figuresTable(result)),
    text: (screen) => text(result, screen),
  };
}

function text(result: DiffResult, screen: Screen): string {
  const { from, to, query, metrics, conversions } = result;
  const { emphasis } = screen;
  const { config } = to;
  const { time } = timeFormat(config.project.timeZone);
  const label = config.conversions.find(({ name }) => name === query.conversion)?.label ?? query.conversion;
  const isOfPair = metrics.some(({ metric }) => isOfConversions(metric));
  const subject = isOfPair ? [label, query.model && words(query.model).toLowerCase()].filter((part) => part !== undefined) : [];
  const period = query.date_range ? `${dayText(query.date_range.start_date)} – ${dayText(query.date_range.end_date)}` : 'all days';
  const only = query.filters ? [`only ${filterText(query.filters)}`] : [];
  const facts = [`${period}, by ${words(query.time_basis).toLowerCase()}`, ...only, config.project.timeZone, config.project.currency];
  const heading = [
    emphasis.bold(terminalText(`${config.project.name} · What changed${subject.length ? `: ${subject.join(', ')}` : ''}`)),
    emphasis.dim(terminalText(facts.join(' · '))),
    emphasis.dim(terminalText(`from ${from.publication_id}, published ${time(from.published_at)}`)),
    emphasis.dim(terminalText(`to   ${to.publication_id}, published ${time(to.published_at)}`)),
  ];
  const blocks = [
    `${heading.join('\n')}\n`,
    ...metrics.map((metric) => metricBlock(result, metric, screen)),
    differingLine(result),
    ...(conversions.length > 0 ? [listBlock(result, screen)] : []),
  ];
  return blocks.filter((block) => block !== '').join('\n');
}

const left = (header: string) => ({ header, align: 'left' as const });

const right = (header: string, group?: string) => ({ header, align: 'right' as const, ...(group !== undefined && { group }) });

function metricBlock(
  { query, to }: DiffResult,
  { metric, rows, total, note = '', isMissing }: MetricDiff,
  { width, emphasis }: Screen,
): string {
  const { label, kind } = METRICS[metric];
  if (isMissing) return `${emphasis.dim(terminalText(note))}\n`;
  const figure = figureFormat(to.config.project.currency);
  const changed = rows.filter((row) => row.before !== row.after || Object.keys(row.causes).length > 0);
  const causes = CAUSE_NAMES.filter((name) => total.causes[name] !== undefined);
  const cells = (figures: DiffFigures) => [
    figure(inUnits(metric, figures.before), kind),
    figure(inUnits(metric, figures.after), kind),
    signed(inUnits(metric, figures.after - figures.before), kind, figure),
    ...causes.map((name) => {
      const part = figures.causes[name];
      return part === undefined ? EMPTY : signed(inUnits(metric, part), kind, figure);
    }),
  ];
  const table = renderTable({
    columns: [
      left(query.dimension === null ? '' : dimensionLabel(query.dimension, to.config)),
      ...['Before', 'After', 'Change'].map((header) => right(header, label)),
      ...causes.map((name) => right(CAUSES[name].label, 'because of')),
    ],
    rows: query.dimension === null ? [] : changed.map((row) => [row.key ?? NOT_SET, ...cells(row)]),
    footer: [['Total', ...cells(total)]],
    width,
    emphasis,
  });
  const same = query.dimension === null ? 0 : rows.length - changed.length;
  const notes = [...(same > 0 ? [`${same} ${same === 1 ? 'row' : 'rows'} without a change left out`] : []), ...(note === '' ? [] : [note])];
  return table + notes.map((line) => `${emphasis.dim(terminalText(line))}\n`).join('');
}

function signed(value: number, kind: FigureKind, figure: ReturnType<typeof figureFormat>): string {
  return `${value > 0 ? '+' : ''}${figure(value, kind)}`;
}

function differingLine({ differing, query, metrics }: DiffResult): string {
  if (!metrics.some(({ metric }) => isOfConversions(metric))) return '';
  const counts = CAUSE_NAMES.flatMap((name): [Cause, number][] => (differing[name] === undefined ? [] : [[name, differing[name]]]));
  const all = counts.reduce((sum, [, count]) => sum + count, 0);
  if (all === 0) return 'No conversion differs.\n';
  const parts = counts.map(([name, count]) => `${CAUSES[name].label.toLowerCase()} ${count.toLocaleString('en')}`);
  const ofCause = query.cause === undefined ? undefined : `; those because of ${CAUSES[query.cause].label.toLowerCase()} are listed`;
  const more = ofCause ?? (query.list === 0 ? '; --list names them' : query.list < all ? `; the first ${query.list} are listed` : '');
  return `${all.toLocaleString('en')} ${all === 1 ? 'conversion differs' : 'conversions differ'}: ${parts.join(', ')}${more}\n`;
}

function listBlock({ conversions, to }: DiffResult, { width, emphasis }: Screen): string {
  const { time } = timeFormat(to.config.project.timeZone);
  const figure = figureFormat(to.config.project.currency);
  const side = (entries: ConversionSide) =>
    entries.length === 0
      ? EMPTY
      : entries
          .map(({ key, credit, value_micros }) => {
            const part = credit === 1_000_000_000n ? '' : ` ${figure(inUnits('conversions', credit), 'percent')}`;
            const value = value_micros === 0n ? '' : ` ${figure(inUnits('conversion_value', value_micros), 'money')}`;
            return `${key ?? NOT_SET}${part}${value}`.trim();
          })
          .join(', ');
  return renderTable({
    columns: ['Because of', 'Id', 'Time', 'What', 'Before', 'After'].map((header) => ({ header, align: 'left' as const })),
    rows: conversions.map(({ cause, id, conversion_time, detail, before, after }: DiffConversion) => [
      CAUSES[cause].label,
      id,
      time(conversion_time),
      detail === '' ? EMPTY : detail,
      side(before),
      side(after),
    ]),
    width,
    emphasis,
  });
}
