import { isConversionMetric, type MetricName, METRICS } from '../../query/metrics.ts';
import { DIMENSIONS, type DimensionName, customDimensionName, dimensionLabel, isParam, paramDimension } from '../../query/dimensions.ts';
import { withDifferences } from '../../query/difference.ts';
import { reportCsv } from '../../query/export/csv.ts';
import { intervalOf } from '../../query/period.ts';
import type { ReportResult } from '../../query/result.ts';
import { UserError } from '../../config/user-error.ts';
import { addFilter, type FilterFields } from '../components/add-filter.ts';
import { chosen } from '../components/chosen.ts';
import { filterForm } from '../components/filter-form.ts';
import { notes } from '../components/notes.ts';
import { pager } from '../components/pager.ts';
import { select } from '../components/select.ts';
import { each, html, type Html, NOTHING } from '../html.ts';
import type { Page, PageContent, PageContext } from '../page.ts';
import { reportOf } from '../report-view.ts';
import { address, stepParameter } from '../state.ts';
import { type ChannelsView, reportTable } from './channels-table.ts';

const ROWS_SHOWN = 100;
const ROWS_IN_CSV = 100_000;

/** Figures that are shown unless the address names others: a conversion without money has a cost per conversion instead of ROAS. */
const USUAL: readonly MetricName[] = ['sessions', 'cost', 'conversions', 'conversion_value', 'roas', 'cpa'];
/** Figures that a reader may choose. */
const CHOICE: readonly MetricName[] = [
  'sessions',
  'users',
  'cost',
  'impressions',
  'clicks',
  'ctr',
  'cpc',
  'total_cost',
  'conversions',
  'conversion_value',
  'conversion_rate',
  'aov',
  'cpa',
  'roas',
  'qualified_conversions',
  'profit',
  'roi',
];

/** The report: who brought what, models and conversions side by side. */
export const channels: Page = { path: '/channels', label: 'Channels', render };

async function render(context: PageContext): Promise<PageContent> {
  const { config, state, path, params, modelLabel } = context;
  const dimension = params.get('by') || 'channel';
  const isCsv = params.get('format') === 'csv';
  const page = pageOf(params);
  const pairs = state.conversions.flatMap((conversion) => state.models.map((model) => ({ conversion, model })));
  const metrics = metricsOf(params).filter((name) => pairs.length > 0 || !isConversionMetric(name));
  const answer = await reportOf(context, {
    dimensions: [dimension as DimensionName],
    ...(dimension === 'date' && { interval: intervalOf(state.range) }),
    metrics,
    attributed_conversions: pairs,
    ...(isOpen(context, dimension, metrics, pairs.length) && { projections: true }),
    order_by: orderOf(params),
    limit: isCsv ? ROWS_IN_CSV : Math.min(ROWS_IN_CSV, page * ROWS_SHOWN),
  });
  const base = state.models.length > 1 ? baseOf(params, state.models) : undefined;
  const result = shown(base === undefined ? answer : withDifferences(answer, base), context);
  const view: ChannelsView = {
    context,
    result: { ...result, rows: result.rows.slice((page - 1) * ROWS_SHOWN) },
    dimension,
    base,
    sort: params.get('sort') ?? '',
  };
  const fields = html`${select('By', 'by', dimensionsOf(context), dimension)}${
    base === undefined
      ? NOTHING
      : select(
          'Differences from',
          'base',
          state.models.map((name) => [name, modelLabel(name)]),
          base,
        )
  }`;
  const details = html`${choiceOfMetrics(metrics)}${addFilter(filterFields(context, metrics))}`;
  return {
    title: 'Channels',
    body: html`${filterForm({ path, params, state, config, modelLabel, conversions: 'many', models: 'many', basis: true, more: fields, details })}
      ${trail(context)}${chosen(path, params, { filtersOnly: true })}
      <section class="panel">
        ${answer.rows.length === 0 && page === 1 ? empty() : reportTable(view)}${pager({ path, params, page, size: ROWS_SHOWN, rows: answer.meta.row_count })}${notes(answer.meta.notes)}
      </section>`,
    csv: () => reportCsv(result),
  };
}

function pageOf(params: URLSearchParams): number {
  const text = params.get('page') || '1';
  if (!/^[1-9]\d{0,2}$/.test(text)) throw new UserError(`page=${text}: expected a number from 1 to 999`, { exitCode: 2 });
  return Number(text);
}

function metricsOf(params: URLSearchParams): MetricName[] {
  const given = params.getAll('metric').filter((name) => name !== '');
  const wrong = given.find((name) => !Object.hasOwn(METRICS, name));
  if (wrong !== undefined) throw new UserError(`metric=${wrong}: expected one of ${CHOICE.join(', ')}`, { exitCode: 2 });
  return given.length === 0 ? [...USUAL] : [...new Set(given as MetricName[])];
}

/** Whether figures of clicks can still grow, and by how much can be said. */
function isOpen({ state }: PageContext, dimension: string, metrics: readonly MetricName[], pairs: number): boolean {
  return state.basis === 'click_time' && pairs > 0 && metrics.some(isConversionMetric) && !isParam(dimension);
}

function baseOf(params: URLSearchParams, models: readonly string[]): string {
  const given = params.get('base');
  return models.find((name) => name === given) ?? models[0]!;
}

/** Without the columns that no conversion of the view has: values of what has none, and the cost of what has ROAS instead. */
function shown(result: ReportResult, { config, params }: PageContext): ReportResult {
  const isChosen = params.getAll('metric').some((name) => name !== '');
  const isMoney = (conversion: string | undefined) =>
    config.conversions.some(({ name, value }) => name === conversion && value === 'money');
  const all = [result.totals, ...result.rows];
  const columns = result.columns.filter(({ key, metric, conversion }) => {
    if (!isChosen && metric === 'cpa' && isMoney(conversion)) return false;
    return all.some(({ figures, comparison }) => figures[key] != null || comparison?.[key] != null);
  });
  return { ...result, columns };
}

function orderOf(params: URLSearchParams): { field: string; direction: 'asc' | 'desc' }[] {
  const match = /^(.+):(asc|desc)$/.exec(params.get('sort') ?? '');
  return match ? [{ field: match[1]!, direction: match[2] as 'asc' | 'desc' }] : [];
}

function dimensionsOf({ config }: PageContext): [name: string, label: string][] {
  const names: DimensionName[] = [
    ...(Object.keys(DIMENSIONS) as DimensionName[]),
    ...Object.keys(config.dimensions).map(customDimensionName),
    ...config.params.map(paramDimension),
  ];
  return names.map((name) => [name, dimensionLabel(name, config)]);
}

function filterFields(context: PageContext, metrics: readonly MetricName[]): FilterFields {
  return {
    Dimensions: dimensionsOf(context).filter(([name]) => name !== 'date'),
    'Figures (of the first conversion and model)': metrics.map((name) => [name, METRICS[name].label]),
  };
}

function choiceOfMetrics(metrics: readonly MetricName[]): Html {
  return html`<div class="group" role="group" aria-labelledby="metrics">
    <span id="metrics">Figures</span>
    <div>
      ${each(
        CHOICE,
        (name) =>
          html`<label title="${METRICS[name].description}"
            ><input
              type="checkbox"
              name="metric"
              value="${name}"
              ${metrics.includes(name) ? html` checked` : NOTHING}
            />${METRICS[name].label}</label
          >`,
      )}
    </div>
  </div>`;
}

/** The way into the data, each step a link back. */
function trail({ path, params, state, config }: PageContext): Html {
  if (state.path.length === 0) return NOTHING;
  const upTo = (index: number) => {
    const changes = Object.fromEntries(state.path.slice(index).map(({ dimension }) => [stepParameter(dimension), null]));
    return address(path, params, { ...changes, by: state.path[index]!.dimension, page: null, sort: null });
  };
  const last = state.path.length - 1;
  return html`<nav aria-label="The way into the data">
    <ol class="trail">
      <li><a href="${upTo(0)}">All</a></li>
      ${each(state.path, ({ dimension, value }, index) => {
        const text = html`<span class="quiet">${dimensionLabel(dimension as DimensionName, config)}</span> ${value ?? '(not set)'}`;
        return index === last ? html`<li aria-current="location">${text}</li>` : html`<li><a href="${upTo(index + 1)}">${text}</a></li>`;
      })}
    </ol>
  </nav>`;
}

function empty(): Html {
  return html`<div class="empty">
    <h2>Nothing in these dates</h2>
    <p>Choose a longer period, or take a filter away.</p>
  </div>`;
}
