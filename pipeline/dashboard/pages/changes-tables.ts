import { CAUSE_NAMES, type Cause, CAUSES } from '../../query/diff/causes.ts';
import { inUnits } from '../../query/diff/plain.ts';
import type { DiffMetric } from '../../query/diff/schema.ts';
import type { ConversionSide, DiffFigures, DiffResult, MetricDiff } from '../../query/diff/types.ts';
import { dimensionLabel } from '../../query/dimensions.ts';
import { EMPTY, type FigureKind } from '../../query/format.ts';
import { notes } from '../components/notes.ts';
import { shownOf } from '../components/section.ts';
import { table, type TableCell } from '../components/table.ts';
import { html, type Html, NOTHING } from '../html.ts';
import type { PageContext } from '../page.ts';
import { carried } from '../state.ts';
import { journeyAddress } from './journeys-selector.ts';

/** So many of the conversions that differ are shown. */
export const LISTED = 100;
/** Rows of the figures. */
const ROWS_SHOWN = 50;
const NOT_SET = '(not set)';
const KINDS: Readonly<Record<DiffMetric, FigureKind>> = {
  conversions: 'decimal',
  conversion_value: 'money',
  sessions: 'count',
  cost: 'money',
  other_cost: 'money',
};

type Figure = PageContext['figure'];

interface Writers {
  readonly write: (value: bigint) => string;
  /** A change: with its sign, and no colour or arrow, which would say that more is better. */
  readonly signed: (value: bigint) => string;
}

/** Without decimals where no figure has any, so that the parts add up as they are shown. */
function writersOf(figure: Figure, metric: DiffMetric, all: readonly DiffFigures[]): Writers {
  const values = all.flatMap(({ before, after, causes }) => [before, after, ...Object.values(causes)]);
  const isWhole = values.every((value) => Number.isInteger(inUnits(metric, value)));
  const write = (value: bigint) => figure(inUnits(metric, value), KINDS[metric], isWhole);
  return { write, signed: (value) => `${value > 0n ? '+' : ''}${write(value)}` };
}

const isChanged = (row: DiffFigures): boolean => row.before !== row.after || Object.keys(row.causes).length > 0;

/** One metric in both publications by the dimension, and its change by cause. */
export function figuresTable({ figure }: PageContext, { query, to }: DiffResult, { metric, rows, total, note }: MetricDiff): Html {
  if (note !== undefined) return html`<p class="quiet">${note}</p>`;
  const changed = rows.filter(isChanged);
  const causes = CAUSE_NAMES.filter((name) => total.causes[name] !== undefined);
  const { write, signed } = writersOf(figure, metric, [...changed, total]);
  const cells = (row: DiffFigures): TableCell[] => [
    write(row.before),
    write(row.after),
    html`<strong>${signed(row.after - row.before)}</strong>`,
    ...causes.map((name) => {
      const part = row.causes[name];
      return part === undefined ? EMPTY : signed(part);
    }),
  ];
  const same = rows.length - changed.length;
  const head = query.dimension === null ? '' : dimensionLabel(query.dimension, to.config);
  return html`${table({
    caption: `Rows that changed, the largest change first${query.time_basis === 'click_time' ? ', dated by the click' : ''}`,
    ...(causes.length > 0 && {
      groups: [
        { label: '', span: 4 },
        { label: 'Because of', span: causes.length },
      ],
    }),
    columns: [
      { key: 'key', label: head },
      { key: 'before', label: 'Before' },
      { key: 'after', label: 'After' },
      { key: 'change', label: 'Change' },
      ...causes.map((name) => ({ key: name, label: CAUSES[name].label, title: CAUSES[name].description })),
    ],
    rows: changed.slice(0, ROWS_SHOWN).map((row) => [row.key ?? NOT_SET, ...cells(row)]),
    total: ['All', ...cells(total)],
  })}${shownOf(Math.min(changed.length, ROWS_SHOWN), changed.length)}${notes(same > 0 ? [`${same.toLocaleString('en')} ${same === 1 ? 'row' : 'rows'} without a change left out.`] : [])}`;
}

/** Why conversions differ: how many by each cause, and what it moved in total. */
export function causesTable({ figure }: PageContext, { metrics, differing }: DiffResult, href: (cause: Cause) => string): Html {
  const causes = CAUSE_NAMES.filter((name) => differing[name] !== undefined);
  if (causes.length === 0) return html`<p class="quiet">No conversion differs.</p>`;
  const changes = metrics.map(({ metric, total }) => ({ metric, total, signed: writersOf(figure, metric, [total]).signed }));
  return table({
    caption: 'Every conversion that differs has the first of these causes that applies',
    columns: [
      { key: 'cause', label: 'Cause' },
      { key: 'count', label: 'Conversions' },
      ...changes.map(({ metric }) => ({ key: metric, label: metric === 'conversions' ? 'Change' : 'Change of value' })),
      { key: 'meaning', label: 'What it means', wide: true },
    ],
    rows: causes.map((name) => [
      html`<a href="${href(name)}">${CAUSES[name].label}</a>`,
      figure(differing[name] ?? 0, 'count'),
      ...changes.map(({ total, signed }) => signed(total.causes[name] ?? 0n)),
      CAUSES[name].description,
    ]),
    total: [
      'All',
      figure(
        causes.reduce((sum, name) => sum + (differing[name] ?? 0), 0),
        'count',
      ),
      ...changes.map(({ total, signed }) => signed(total.after - total.before)),
      '',
    ],
  });
}

/** The conversions that differ, each with what it counts for before and after. */
export function conversionsTable({ figure, time, params }: PageContext, { conversions }: DiffResult, all: number): Html {
  if (conversions.length === 0) return html`<p class="quiet">None.</p>`;
  const side = (entries: ConversionSide): string =>
    entries.length === 0
      ? EMPTY
      : entries
          .map(({ key, credit, value_micros }) => {
            const part = credit === 1_000_000_000n ? '' : ` ${figure(inUnits('conversions', credit), 'percent')}`;
            const value = value_micros === 0n ? '' : ` ${figure(inUnits('conversion_value', value_micros), 'money')}`;
            return `${key ?? NOT_SET}${part}${value}`;
          })
          .join(', ');
  const name = (conversion: string, id: string): Html => {
    const href = journeyAddress(carried(params), { conversion, id, person_id: null });
    return href === undefined ? html`${id}` : html`<a href="${href}">${id}</a>`;
  };
  return html`${table({
    caption: 'In the order of the causes, of one cause the largest change first; each leads to its journey',
    columns: [
      { key: 'id', label: 'Id' },
      { key: 'cause', label: 'Because of', text: true },
      { key: 'time', label: 'Time', text: true },
      { key: 'detail', label: 'What', text: true },
      { key: 'before', label: 'Before', text: true },
      { key: 'after', label: 'After', text: true },
    ],
    rows: conversions
      .slice(0, LISTED)
      .map((one) => [
        name(one.conversion, one.id),
        CAUSES[one.cause].label,
        time.time(one.conversion_time),
        one.detail === '' ? EMPTY : one.detail,
        side(one.before),
        side(one.after),
      ]),
  })}${all > LISTED ? shownOf(LISTED, all) : NOTHING}`;
}
