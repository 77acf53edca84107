import { addDays } from '../../config/calendar.ts';
import { dayText } from '../../query/format.ts';
import { reportCsv } from '../../query/export/csv.ts';
import { FEWEST_CONVERSIONS } from '../../query/projection/lag.ts';
import { dataDateOf, lagsOf } from '../../query/projection/projection.ts';
import { datesOf, intervalOf } from '../../query/period.ts';
import type { DateRange } from '../../query/dates.ts';
import type { ReportResult, ResultColumn, ResultRow } from '../../query/result.ts';
import { columnKey, type AttributedConversion } from '../../query/schema.ts';
import { behindAddress, behindLink } from '../behind.ts';
import { delta, meaningOf } from '../components/delta.ts';
import { columnWriter } from '../components/figures.ts';
import { stacked } from '../components/stacked.ts';
import { filterForm } from '../components/filter-form.ts';
import { notes } from '../components/notes.ts';
import { sparkline } from '../components/sparkline.ts';
import { share } from '../components/bars.ts';
import { table } from '../components/table.ts';
import { type Tile, tiles } from '../components/tiles.ts';
import { trendChart } from '../components/trend.ts';
import { html, type Html, NOTHING } from '../html.ts';
import type { Page, PageContent, PageContext } from '../page.ts';
import { reportOf } from '../report-view.ts';
import { address, carried, stepParameter } from '../state.ts';

const TOP = 8;
const ROWS_IN_CSV = 100_000;

/** What happened: the figures of the period, their course, and the channels that brought most. */
export const overview: Page = { path: '/', label: 'Overview', render };

async function render(context: PageContext): Promise<PageContent> {
  const { config, state, path, params, modelLabel, published } = context;
  const form = filterForm({ path, params, state, config, modelLabel, conversions: 'one', models: 'one', basis: true });
  const [conversion, model] = [state.conversions[0], state.models[0]];
  if (!published || conversion === undefined || model === undefined)
    return { title: 'Overview', body: html`${form}${nothingYet(context)}` };
  const pair = { conversion, model };
  const money = config.conversions.find(({ name }) => name === conversion)?.value === 'money';
  const metrics = [
    'sessions',
    'users',
    'cost',
    'conversions',
    ...(money ? (['conversion_value', 'roas'] as const) : (['cpa'] as const)),
  ] as const;
  const asked = { metrics: [...metrics], attributed_conversions: [pair] };
  const isCsv = params.get('format') === 'csv';
  const interval = intervalOf(state.range);
  const [courses, top, before, open] = await Promise.all([
    reportOf(context, { ...asked, dimensions: ['date'], interval, limit: 1000 }),
    reportOf(context, { ...asked, dimensions: ['channel'], limit: isCsv ? ROWS_IN_CSV : TOP }),
    earlierCourse(context, pair, interval),
    stillOpen(context, pair),
  ]);
  return {
    title: 'Overview',
    body: html`${form}${tiles(top.columns.map((column) => tileOf(context, column, top, courses)))}
      <section class="panel">${courseOf(context, courses, before, pair, interval)}${open}</section>
      <section class="panel">
        <div class="heading">
          <h2>Channels that brought most</h2>
          <a href="${address('/channels', carried(params))}">All channels</a>
        </div>
        ${topTable(context, top, pair)}${notes(top.meta.notes)}
      </section>`,
    csv: () => reportCsv(top),
  };
}

function nothingYet({ published, config }: PageContext): Html {
  if (config.conversions.length === 0) {
    return html`<section class="panel empty">
      <h2>No conversions yet</h2>
      <p>
        Name what counts as a conversion in <code>touchtrail.config.ts</code> (docs/conversions.md), then run
        <code>npx touchtrail run</code>.
      </p>
    </section>`;
  }
  return published
    ? NOTHING
    : html`<section class="panel empty">
        <h2>Nothing is published yet</h2>
        <p>
          Once visitors have been seen, <code>npx touchtrail run</code> publishes what they did; <code>touchtrail up</code> does it every
          night.
        </p>
      </section>`;
}

function tileOf({ figure, state }: PageContext, column: ResultColumn, top: ReportResult, courses: ReportResult): Tile {
  const now = top.totals.figures[column.key] ?? null;
  const before = top.totals.comparison?.[column.key] ?? null;
  return {
    label: column.label,
    value: columnWriter(figure, column.kind, [now])(now),
    ...(state.comparisonRange && { delta: delta(now, before, kindOf(column), meaningOf(column.metric)) }),
    sparkline: sparkline(courseValues(courses, column.key, datesOf(state.range, courses.meta.interval))),
  };
}

/** A figure on each of the dates; a date without facts has none. */
function courseValues({ rows }: ReportResult, key: string, dates: readonly string[]): number[] {
  const byDate = new Map(rows.map(({ dimensions, figures }) => [dimensions.date, figures[key] ?? 0]));
  return dates.map((date) => byDate.get(date) ?? 0);
}

/** The course of the comparison period: dates do not match, so it is a question of its own. */
async function earlierCourse(
  context: PageContext,
  pair: AttributedConversion,
  interval: 'day' | 'week' | 'month',
): Promise<ReportResult | undefined> {
  const { comparisonRange } = context.state;
  if (!comparisonRange) return undefined;
  const asked = { metrics: ['conversions' as const], attributed_conversions: [pair], dimensions: ['date' as const], interval, limit: 1000 };
  return reportOf(context, { ...asked, date_range: comparisonRange });
}

/** From which share of its conversions a day counts as complete. */
const SETTLED = 0.95;

/** What the figures do not know yet: how long conversions take, and whose clicks can still bring some. */
async function stillOpen(context: PageContext, pair: AttributedConversion): Promise<Html> {
  const { warehouse, publication, state, conversionLabel, modelLabel } = context;
  const dataDate = dataDateOf(publication);
  const [lag] = await lagsOf(warehouse, [pair], dataDate);
  const name = `${conversionLabel(pair.conversion)} by ${modelLabel(pair.model).toLowerCase()}`;
  if (!lag)
    return notes([
      `How long it takes from a click to ${name} is not known yet: there are fewer than ${FEWEST_CONVERSIONS} conversions of clicks.`,
    ]);
  const after = (share: number) =>
    Array.from({ length: lag.horizonDays + 1 }, (_, age) => age).find((age) => lag.share(age) >= share) ?? lag.horizonDays;
  const settled = addDays(dataDate, -after(SETTLED));
  const open =
    state.range.end_date > settled
      ? `Clicks since ${dayText(addDays(settled, 1))} can still bring conversions.`
      : 'The clicks of this period have had that time.';
  return notes([
    `From a click to ${name} it takes ${days(after(0.5))} at the median; 95% have come after ${days(after(SETTLED))}. ${open}`,
  ]);
}

const days = (count: number): string => (count === 1 ? '1 day' : `${count} days`);

function courseOf(
  { state, figure, conversionLabel, modelLabel }: PageContext,
  courses: ReportResult,
  before: ReportResult | undefined,
  pair: AttributedConversion,
  interval: 'day' | 'week' | 'month',
): Html {
  const key = columnKey(pair, 'conversions');
  const dates = datesOf(state.range, interval);
  const valuesOf = (result: ReportResult, range: DateRange) => courseValues(result, key, datesOf(range, interval));
  const { comparisonRange, basis } = state;
  return trendChart({
    title: `${conversionLabel(pair.conversion)}, ${modelLabel(pair.model).toLowerCase()}`,
    subtitle: `by ${basis === 'click_time' ? 'date of the click' : 'date of the conversion'}, per ${interval}`,
    interval,
    dates,
    series: [
      { label: `${dayText(state.range.start_date)} – ${dayText(state.range.end_date)}`, values: valuesOf(courses, state.range) },
      ...(before && comparisonRange
        ? [
            {
              label: `${dayText(comparisonRange.start_date)} – ${dayText(comparisonRange.end_date)}`,
              values: dates.map((_, index) => valuesOf(before, comparisonRange)[index] ?? null),
              isComparison: true,
            },
          ]
        : []),
    ],
    write: (value) => figure(value, 'decimal', value === null || Number.isInteger(value)),
  });
}

const kindOf = ({ kind }: ResultColumn) => (kind === 'change' ? 'ratio' : kind);

function topTable(context: PageContext, top: ReportResult, pair: AttributedConversion): Html {
  const { figure, params, state } = context;
  const credit = columnKey(pair, 'conversions');
  const all = top.totals.figures[credit] ?? 0;
  const cells = top.columns.map((column) => {
    const { key } = column;
    const write = columnWriter(
      figure,
      column.kind,
      [...top.rows, top.totals].map(({ figures }) => figures[key]),
    );
    return ({ figures, comparison, dimensions }: Omit<ResultRow, 'dimensions'> & Partial<Pick<ResultRow, 'dimensions'>>): Html => {
      const now = figures[key] ?? null;
      const row = dimensions === undefined ? [] : [{ dimension: 'channel', value: dimensions.channel ?? null }];
      const written = key === credit ? behindLink(write(now), now, behindAddress(context, pair, row)) : write(now);
      return stacked(written, [comparison ? delta(now, comparison[key] ?? null, kindOf(column), meaningOf(column.metric)) : NOTHING]);
    };
  });
  return table({
    caption: state.comparisonRange ? 'The largest channels; changes against the comparison period' : 'The largest channels',
    columns: [
      { key: 'channel', label: 'Channel' },
      ...top.columns.map(({ key, label }) => ({ key, label })),
      { key: 'share', label: 'Share of conversions' },
    ],
    rows: top.rows.map((row) => {
      const channel = row.dimensions.channel ?? null;
      const link = address('/channels', carried(params), { by: 'source', [stepParameter('channel')]: channel ?? '' });
      return [
        html`<a href="${link}">${channel ?? '(not set)'}</a>`,
        ...cells.map((cell) => cell(row)),
        share(row.figures[credit] ?? 0, all),
      ];
    }),
    total: ['All', ...cells.map((cell) => cell(top.totals)), ''],
  });
}
