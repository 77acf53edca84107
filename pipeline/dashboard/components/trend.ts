import { scaleLinear, scalePoint } from 'd3-scale';
import { line } from 'd3-shape';
import { dateText } from '../../query/format.ts';
import { each, html, type Html, NOTHING } from '../html.ts';
import { table } from './table.ts';

/** A chart is drawn twice, so that its letters have the size of text on every screen; the style sheet shows one of them. */
const SIZES = [
  { name: 'wide', width: 960, height: 260, labels: 8, left: 56 },
  { name: 'narrow', width: 340, height: 190, labels: 4, left: 44 },
] as const;
type Size = (typeof SIZES)[number];
const MARGIN = { top: 12, right: 14, bottom: 26 };

/** One line of a chart. */
export interface Series {
  readonly label: string;
  /** One value per date; null leaves a gap. */
  readonly values: readonly (number | null)[];
  /** Drawn dashed, in the colour of the series before it: the same figure in another period. */
  readonly isComparison?: boolean;
}

export interface Trend {
  readonly title: string;
  /** What the dates mean: "by date of the conversion". */
  readonly subtitle: string;
  readonly interval: 'day' | 'week' | 'month';
  readonly dates: readonly string[];
  readonly series: readonly Series[];
  readonly write: (value: number | null) => string;
}

/** Figures over time as lines, at most six, with the table of the same numbers below. */
export function trendChart(trend: Trend): Html {
  const { title, subtitle, interval, dates, series, write } = trend;
  if (dates.length === 0 || !series.some(({ values }) => values.some((value) => value !== null))) {
    return html`<p class="empty">Nothing in these dates.</p>`;
  }
  const rows = dates.map((date, index) => [dateText(date, interval), ...series.map(({ values }) => write(values[index] ?? null))]);
  return html`<figure>
    <figcaption><strong>${title}</strong><span>${subtitle}</span>${legend(series, coloursOf(series))}</figcaption>
    ${each(SIZES, (size) => drawing(trend, size))}
    <details>
      <summary>Table of these numbers</summary>
      ${table({
        caption: `${title}, ${subtitle}`,
        columns: [{ key: 'date', label: 'Date' }, ...series.map(({ label }, index) => ({ key: `series${index}`, label }))],
        rows,
      })}
    </details>
  </figure>`;
}

function drawing({ title, subtitle, interval, dates, series, write }: Trend, { name, width, height, labels, left }: Size): Html {
  const known = series.flatMap(({ values }) => values.filter((value) => value !== null));
  const right = width - MARGIN.right;
  const x = scalePoint(dates as string[], [left, right]);
  const y = scaleLinear([Math.min(0, ...known), Math.max(...known, 1e-9)], [height - MARGIN.bottom, MARGIN.top]).nice(4);
  const path = line<number | null>()
    .defined((value) => value !== null)
    .x((_, index) => x(dates[index]!)!)
    .y((value) => y(value!));
  // Half a conversion on the axis means nothing where all are whole.
  const areWhole = known.every(Number.isInteger);
  const ticks = y.ticks(4).filter((tick) => !areWhole || Number.isInteger(tick));
  const colours = coloursOf(series);
  const every = Math.max(1, Math.ceil(dates.length / labels));
  return html`<svg
    class="chart ${name}"
    viewBox="0 0 ${width} ${height}"
    role="img"
    aria-label="${title}, ${subtitle}: the numbers stand in the table below"
    data-left="${left / width}"
    data-right="${right / width}"
  >
    ${each(
      ticks,
      (tick) =>
        html`<line class="grid" x1="${left}" x2="${right}" y1="${y(tick)}" y2="${y(tick)}"></line
          ><text x="${left - 8}" y="${y(tick) + 4}" text-anchor="end">${write(tick)}</text>`,
    )}
    ${each(dates, (date, index) => (index % every === 0 ? dateLabel(dateText(date, interval), x(date)!, height - 8, index === 0) : NOTHING))}
    ${each(series, ({ values, isComparison }, index) => html`<path class="line s${colours[index]!}${isComparison ? ' previous' : ''}" d="${path(values) ?? ''}"></path>`)}
    ${dates.length === 1 ? each(series, ({ values }, index) => (values[0] == null ? NOTHING : html`<circle class="f${colours[index]!}" cx="${x(dates[0]!)!}" cy="${y(values[0])}" r="4"></circle>`)) : NOTHING}
  </svg>`;
}

/** The year stands in the legend. The first begins at the axis, so that nothing hangs over the edge. */
function dateLabel(text: string, x: number, y: number, isFirst: boolean): Html {
  return html`<text x="${x}" y="${y}" text-anchor="${isFirst ? 'start' : 'middle'}">${text.replace(/ \d{4}$/, '')}</text>`;
}

/** Colours by number from 1; a comparison has that of the line before it. */
function coloursOf(series: readonly Series[]): number[] {
  let colour = 0;
  return series.map(({ isComparison }) => (isComparison && colour > 0 ? colour : (colour = (colour % 6) + 1)));
}

function legend(series: readonly Series[], colours: readonly number[]): Html {
  if (series.length < 2) return NOTHING;
  return html`<ul class="legend">
    ${each(
      series,
      ({ label, isComparison }, index) =>
        html`<li>
          <svg viewBox="0 0 22 8" aria-hidden="true">
            <path class="line s${colours[index]!}${isComparison ? ' previous' : ''}" d="M1 4H21"></path></svg
          >${label}
        </li>`,
    )}
  </ul>`;
}
