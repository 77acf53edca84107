import { type Cause, CAUSE_NAMES, CAUSES } from '../../query/diff/causes.ts';
import { figuresCsv, listCsv } from '../../query/diff/csv.ts';
import { runDiff } from '../../query/diff/diff.ts';
import { openPair } from '../../query/diff/pair.ts';
import { type DiffMetric, type DiffQueryInput, parseDiffQuery } from '../../query/diff/schema.ts';
import type { DiffResult } from '../../query/diff/types.ts';
import { customDimensionName, dimensionLabel, type DimensionName } from '../../query/dimensions.ts';
import { type Publication, publicationIds } from '../../query/publication.ts';
import { UserError } from '../../config/user-error.ts';
import { addFilter } from '../components/add-filter.ts';
import { chosen } from '../components/chosen.ts';
import { filterForm } from '../components/filter-form.ts';
import { emptyState, section } from '../components/section.ts';
import { select } from '../components/select.ts';
import { html, type Html, NOTHING } from '../html.ts';
import type { Page, PageContent, PageContext } from '../page.ts';
import { address } from '../state.ts';
import { causesTable, conversionsTable, figuresTable, LISTED } from './changes-tables.ts';

/** Why a number is another one than it was. */
export const changes: Page = { path: '/changes', label: 'Changes', period: 'all', render };

/** The earlier publication, in the address. */
const BEFORE = 'before';
const CAUSE = 'cause';
const WHAT = { conversions: 'Conversions', sessions: 'Sessions', cost: 'Cost', other_cost: 'Other cost' } as const;
const BY: readonly DimensionName[] = [
  'channel',
  'source_medium',
  'campaign',
  'ad_platform',
  'landing_path',
  'country',
  'device_type',
  'date',
];
/** Publications do not change, and a comparison takes a while: those asked for last are kept as long as the later one is open. */
const answers = new WeakMap<Publication, Map<string, Promise<DiffResult>>>();
const ANSWERS_KEPT = 20;

/** Rows of the CSV. */
const MOST = 100_000;

async function render(context: PageContext): Promise<PageContent> {
  const { dataFolder, publication } = context;
  const ids = await publicationIds(dataFolder);
  const earlier = ids.slice(ids.indexOf(publication.publication_id) + 1);
  const [former] = earlier;
  if (former === undefined) {
    const next = html`Every run that changes something publishes anew, and the last ones are kept (<code>publications.keep</code> of the
      config): after the next <code>npx touchtrail run</code> this page says what changed, and why.`;
    return { title: 'Changes', body: html`<section class="panel">${emptyState('There is one publication so far', next)}</section>` };
  }
  const { path, params, state, config, modelLabel } = context;
  const what = whatOf(params);
  const result = await answered(context, params.get(BEFORE) || former, inputOf(context, what));
  const { query, from, to } = result;
  const csv = () => (params.get('table') === 'conversions' ? listCsv(result) : figuresCsv(result));
  const isOfConversions = what === 'conversions';
  const more = html`${publicationField(context, 'Earlier', BEFORE, earlier, from.publication_id)}
  ${publicationField(context, 'Later', 'as_of', ids.slice(0, -1), to.publication_id, ids[0])}
  ${select('What', 'what', Object.entries(WHAT), what)}${select('By', 'by', dimensionsOf(context, query.dimension), query.dimension ?? '')}`;
  const form = filterForm({
    path,
    params: without(params, CAUSE),
    state: { ...state, models: query.model === undefined ? [] : [query.model] },
    config,
    modelLabel,
    more,
    details: addFilter({ Dimensions: dimensionsOf(context, query.dimension) }),
    comparison: false,
    basis: true,
    ...(isOfConversions && { conversions: 'one', models: 'one' }),
  });
  const csvHref = (table: string) => address(path, params, { format: 'csv', table });
  const body = html`${form}${chosen(path, params)}${summary(context, result)}
  ${result.metrics.map((metric) => section({ title: titleOf(context, metric.metric, result), csv: csvHref('figures'), body: figuresTable(context, result, metric) }))}
  ${
    isOfConversions && Object.keys(result.differing).length > 0
      ? html`${section({ title: 'Causes', body: causesTable(context, result, (cause) => address(path, params, { [CAUSE]: cause, format: null, table: null })) })}
        ${section({ title: listTitle(query.cause), csv: csvHref('conversions'), body: listBody(context, result, query.cause) })}`
      : NOTHING
  }`;
  return { title: 'Changes', body, csv };
}

/** Compares with an earlier publication: its id, a date or an instant. */
async function answered({ dataFolder, publication }: PageContext, before: string, input: DiffQueryInput): Promise<DiffResult> {
  const known = answers.get(publication) ?? new Map<string, Promise<DiffResult>>();
  answers.set(publication, known);
  const key = JSON.stringify([before, input]);
  const answer = known.get(key) ?? compare(dataFolder, before, publication, input);
  // The one asked for last stands last; a list as long as that of a CSV is not kept.
  known.delete(key);
  if ((input.list ?? 0) <= LISTED) known.set(key, answer);
  for (const oldest of [...known.keys()].slice(0, Math.max(0, known.size - ANSWERS_KEPT))) known.delete(oldest);
  answer.catch(() => known.delete(key));
  return answer;
}

async function compare(dataFolder: string, before: string, { publication_id }: Publication, input: DiffQueryInput): Promise<DiffResult> {
  const pair = await openPair(dataFolder, before, publication_id);
  try {
    return await runDiff(pair, parseDiffQuery(input, [pair.later.config, pair.earlier.config]));
  } finally {
    await pair.close();
  }
}

function whatOf(params: URLSearchParams): keyof typeof WHAT {
  const given = params.get('what') ?? 'conversions';
  if (!Object.hasOwn(WHAT, given)) throw new UserError(`what=${given}: expected one of ${Object.keys(WHAT).join(', ')}`, { exitCode: 2 });
  return given as keyof typeof WHAT;
}

function inputOf({ state, params, config }: PageContext, what: keyof typeof WHAT): DiffQueryInput {
  const [conversion] = state.conversions;
  const model = params.has('model') ? state.models[0] : (state.models.find((name) => name === 'last_significant_click') ?? state.models[0]);
  const isMoney = config.conversions.some(({ name, value }) => name === conversion && value === 'money');
  const ofConversions: DiffMetric[] = isMoney ? ['conversions', 'conversion_value'] : ['conversions'];
  const isList = params.get('table') === 'conversions' && params.get('format') === 'csv';
  const cause = params.get(CAUSE);
  return {
    ...(conversion !== undefined && { conversion }),
    ...(model !== undefined && { model }),
    metrics: what === 'conversions' ? ofConversions : [what],
    dimension: params.get('by') || 'channel',
    date_range: state.range,
    time_basis: state.basis,
    ...(state.filters.length > 0 && { filters: { and: [...state.filters] } }),
    ...(what === 'conversions' && { list: isList ? MOST : LISTED }),
    ...(cause && { cause: cause as Cause }),
  };
}

/** The same address without one of its parameters. */
function without(params: URLSearchParams, name: string): URLSearchParams {
  const rest = new URLSearchParams(params);
  rest.delete(name);
  return rest;
}

function dimensionsOf({ config }: PageContext, selected: DimensionName | null): [string, string][] {
  const custom = Object.keys(config.dimensions).map(customDimensionName);
  const names = [...new Set([...BY, ...custom, ...(selected === null ? [] : [selected])])];
  return names.map((name) => [name, dimensionLabel(name, config)]);
}

/** Chooses among publications by the time of their run. @param last chosen by naming none, so that the page goes on with the next one. */
function publicationField(
  context: PageContext,
  label: string,
  name: string,
  ids: readonly string[],
  selected: string,
  last?: string,
): Html {
  const all = ids.includes(selected) ? ids : [selected, ...ids];
  const valueOf = (id: string) => (id === last ? '' : id);
  return select(
    label,
    name,
    all.map((id) => [valueOf(id), publicationText(context, id)]),
    valueOf(selected),
  );
}

/** An id begins with the instant of its run; any other is shown as it is. */
function publicationText({ time }: PageContext, id: string): string {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/.exec(id);
  if (!match) return id;
  const [, year, month, day, hour, minute, second] = match;
  return time.time(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

function titleOf({ conversionLabel, modelLabel }: PageContext, metric: DiffMetric, { query }: DiffResult): string {
  if (metric !== 'conversions' && metric !== 'conversion_value') return WHAT[metric];
  const { conversion = '', model = '' } = query;
  return `${metric === 'conversions' ? 'Conversions' : 'Value'}: ${conversionLabel(conversion)}, ${modelLabel(model).toLowerCase()}`;
}

function summary({ time }: PageContext, { from, to, metrics }: DiffResult): Html {
  const isSame = metrics.every(
    ({ rows, isMissing }) => !isMissing && rows.every((row) => row.before === row.after && Object.keys(row.causes).length === 0),
  );
  return html`<p class="note">
    From the publication of ${time.time(from.published_at)} (<code>${from.publication_id}</code>) to that of ${time.time(to.published_at)}
    (<code>${to.publication_id}</code>).
    ${isSame ? html`<strong>Nothing of this differs between them.</strong>` : 'The parts of a change add up to it exactly, row by row.'}
  </p>`;
}

const listTitle = (cause: Cause | undefined): string =>
  cause === undefined ? 'Conversions that differ' : `Conversions that differ: ${CAUSES[cause].label.toLowerCase()}`;

function listBody(context: PageContext, result: DiffResult, cause: Cause | undefined): Html {
  const { path, params } = context;
  const { differing } = result;
  const all = cause === undefined ? CAUSE_NAMES.reduce((sum, name) => sum + (differing[name] ?? 0), 0) : (differing[cause] ?? 0);
  return html`${cause === undefined ? NOTHING : html`<p><a href="${address(path, params, { [CAUSE]: null })}">Those of all causes</a></p>`}
  ${conversionsTable(context, result, all)}`;
}
