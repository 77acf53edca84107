import { dayText } from '../../query/format.ts';
import { type BuiltInDimension, customDimensionName, dimensionLabel, isDimension } from '../../query/dimensions.ts';
import type { ResultMeta } from '../../query/result.ts';
import { chosen } from '../components/chosen.ts';
import { type FilterForm, filterForm } from '../components/filter-form.ts';
import { notes } from '../components/notes.ts';
import { select } from '../components/select.ts';
import { type Step, steps } from '../components/steps.ts';
import { html, type Html, NOTHING } from '../html.ts';
import type { PageContext } from '../page.ts';

// What the views of the funnel have in common.

/** What stands for a dimension without a value. */
export const NOT_SET = '(not set)';
/** Of the address: no dimension. */
export const TOTAL = 'total';
/** Rows that a page shows; the CSV has all. */
const ROWS_SHOWN = 200;
const MOST_ROWS = 100_000;

const USUAL = [
  'channel',
  'source',
  'source_medium',
  'medium',
  'campaign',
  'ad_platform',
  'landing_path',
  'country',
  'device_type',
] as const satisfies readonly BuiltInDimension[];

/** The choice of what a row is. */
export function dimensionField({ config }: PageContext, selected: string, withTotal: boolean): Html {
  const custom = Object.keys(config.dimensions).map(customDimensionName);
  const names = [...new Set<string>([...USUAL, ...custom, ...(selected === TOTAL ? [] : [selected])])];
  const label = (name: string) => (isDimension(name) ? dimensionLabel(name, config) : name);
  return select(
    'By',
    'by',
    [...names.map((name) => [name, label(name)] as const), ...(withTotal ? [[TOTAL, 'nothing: one row'] as const] : [])],
    selected,
  );
}

/** The form of a view, with the filters that a reader can take away. @param fields what it asks beside the period. */
export function viewForm(
  { path, params, config, modelLabel, ...context }: PageContext,
  { state = context.state, ...fields }: Partial<FilterForm>,
): Html {
  return html`${filterForm({ path, params, state, config, modelLabel, ...fields })}${chosen(path, params)}`;
}

/** What the question of every view says: the dates, those it compares them with, and how many rows. */
export const datedQuestion = ({ state, params }: PageContext) => ({
  date_range: state.range,
  ...(state.comparisonRange && { comparison_date_range: state.comparisonRange }),
  limit: params.get('format') === 'csv' ? MOST_ROWS : ROWS_SHOWN,
});

/** The same, with the filters of the address. */
export const filteredQuestion = (context: PageContext) => ({
  ...datedQuestion(context),
  ...(context.state.filters.length > 0 && { filters: { and: [...context.state.filters] } }),
});

/** What a view shows: bars of all, a table of the rows, and how to read them. */
export interface ViewParts {
  readonly title: string;
  /** Beside the title: of which dates. */
  readonly about: string;
  /** The bars; markup where there are several of them. */
  readonly bars: readonly Step[] | Html;
  /** Undefined where there is one row alone. */
  readonly table: Html | undefined;
  readonly notes: readonly string[];
}

/** The answer of a view, below its form. */
export function viewBody({ title, about, bars, table, notes: lines }: ViewParts): Html {
  return html`<section class="panel">
      <div class="heading">
        <h2>${title}</h2>
        <span class="quiet">${about}</span>
      </div>
      ${Array.isArray(bars) ? steps(title, bars as readonly Step[]) : bars}
    </section>
    ${table === undefined ? NOTHING : html`<section class="panel">${table}</section>`} ${notes(lines)}`;
}

/** The dates of a funnel, and those it is compared with. */
export function datesText({ date_range, comparison_date_range: other }: ResultMeta): string {
  return `${rangeText(date_range)}${other ? `; changes against ${rangeText(other)}` : ''}`;
}

function rangeText({ start_date, end_date }: ResultMeta['date_range']): string {
  return start_date === end_date ? dayText(start_date) : `${dayText(start_date)} – ${dayText(end_date)}`;
}

/** Says which rows a table leaves out. */
export function hiddenRows(shown: number, { row_count, all_row_count }: ResultMeta): Html {
  const all = Math.max(row_count, all_row_count);
  return shown >= all
    ? NOTHING
    : html`<p class="note">${shown} of ${all.toLocaleString('en')} rows shown; the total counts all, and the CSV has all.</p>`;
}

/** What is said where a view has nothing to show. */
export function emptyFunnel(title: string, text: string | Html): Html {
  return html`<section class="panel empty">
    <h2>${title}</h2>
    <p>${text}</p>
  </section>`;
}

/** What is said where the config has no stages. */
export function noStages(): Html {
  return emptyFunnel(
    'No stages yet',
    html`List conversions in <code>funnel</code> of <code>touchtrail.config.ts</code>, from the lead to the deal (docs/funnels.md), then run
      <code>npx touchtrail run</code>.`,
  );
}
