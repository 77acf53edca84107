import { words } from '../../config/words.ts';
import { dayText } from '../../query/format.ts';
import { type BehindConversion, type BehindResult, conversionsBehind, parseBehindQuery } from '../../query/journey/behind.ts';
import { behindCsv } from '../../query/journey/csv.ts';
import { MISSED, REACHED } from '../behind.ts';
import { chosen } from '../components/chosen.ts';
import { filterForm } from '../components/filter-form.ts';
import { table, type TableCell } from '../components/table.ts';
import { html, type Html, NOTHING } from '../html.ts';
import type { PageContent, PageContext } from '../page.ts';
import { address } from '../state.ts';
import { journeyAddress } from './journeys-selector.ts';

/** Conversions on a page. */
const PAGE = 100;
/** Of one question; the CSV asks until it has all. */
const MOST = 10_000;

/** The conversions behind a number: of the period, filters and model of the address, the latest first. */
export async function journeyList(context: PageContext): Promise<Pick<PageContent, 'body' | 'csv'>> {
  const { config, params, path, state, modelLabel } = context;
  const form = filterForm({
    path,
    params: without(params, 'after'),
    state,
    config,
    modelLabel,
    conversions: 'one',
    models: 'one',
    basis: true,
    comparison: false,
  });
  const [conversion, model] = [state.conversions[0], state.models[0]];
  if (conversion === undefined || model === undefined) {
    return {
      body: html`<section class="panel empty">
        <h2>No conversions yet</h2>
        <p>
          Name what counts as a conversion in <code>touchtrail.config.ts</code> (docs/conversions.md), then run
          <code>npx touchtrail run</code>. A person can be looked for all the same.
        </p>
      </section>`,
    };
  }
  if (params.get('format') === 'csv') {
    const all = await allOf(context, conversion, model);
    return { body: NOTHING, csv: () => behindCsv(all) };
  }
  const result = await pageOf(context, conversion, model, PAGE, params.get('after') ?? undefined);
  return {
    body: html`${form}${chosen(path, params, { label: context.conversionLabel })}
      <section class="panel">${result.total.conversions === 0 ? nothing() : list(context, result)}</section>`,
    csv: () => behindCsv(result.conversions),
  };
}

function pageOf(
  { warehouse, publication, config, state, params }: PageContext,
  conversion: string,
  model: string,
  limit: number,
  after?: string,
): Promise<BehindResult> {
  const query = {
    date_range: state.range,
    time_basis: state.basis,
    ...(state.filters.length > 0 && { filters: { and: [...state.filters] } }),
    conversion,
    model,
    reached: params.getAll(REACHED),
    missed: params.getAll(MISSED),
    limit,
    ...(after !== undefined && { after }),
  };
  return conversionsBehind(warehouse, publication, parseBehindQuery(query, config));
}

async function allOf(context: PageContext, conversion: string, model: string): Promise<BehindConversion[]> {
  const all: BehindConversion[] = [];
  for (let after: string | undefined; ;) {
    const page = await pageOf(context, conversion, model, MOST, after);
    all.push(...page.conversions);
    if (page.next === null) return all;
    after = page.next;
  }
}

function nothing(): Html {
  return html`<div class="empty">
    <h2>No conversion has credit here</h2>
    <p>Choose a longer period, another conversion, or take a filter away.</p>
  </div>`;
}

function list(context: PageContext, { conversions, total, next }: BehindResult): Html {
  const { path, params, figure, time, state, conversionLabel, modelLabel, config } = context;
  const name = state.conversions[0]!;
  const money = config.conversions.some((one) => one.name === name && one.value === 'money');
  const { start_date, end_date } = state.range;
  const dates = start_date === end_date ? dayText(start_date) : `${dayText(start_date)} – ${dayText(end_date)}`;
  const count = total.conversions.toLocaleString('en');
  const isWhole = Number.isInteger(total.credit) && conversions.every(({ credit }) => Number.isInteger(credit));
  const link = (row: BehindConversion): TableCell => {
    const to = journeyAddress(without(params, 'after'), row);
    return to === undefined ? row.id : html`<a href="${to}">${row.id}</a>`;
  };
  return html`${table({
    caption: `${conversionLabel(name)}, ${modelLabel(state.models[0]!).toLowerCase()}, ${dates} by ${state.basis === 'click_time' ? 'click' : 'conversion'}: ${count}`,
    columns: [
      { key: 'id', label: conversionLabel(name) },
      { key: 'time', label: 'Time', text: true },
      { key: 'person', label: 'Person', text: true },
      { key: 'how', label: 'How', text: true },
      { key: 'sessions', label: 'Sessions', title: 'Sessions that have credit of it here' },
      { key: 'credit', label: 'Credit', title: 'The part of the conversion that is counted here' },
      ...(money ? [{ key: 'value', label: 'Value' }] : []),
    ],
    rows: conversions.map((row): TableCell[] => [
      link(row),
      html`<time datetime="${row.conversion_time}">${time.time(row.conversion_time)}</time>`,
      row.person_id === null ? '—' : html`<code title="${row.person_id}">${shortId(row.person_id)}</code>`,
      howOf(row),
      row.sessions === 0 ? '—' : String(row.sessions),
      figure(row.credit, 'decimal', isWhole),
      ...(money ? [figure(row.value, 'money')] : []),
    ]),
    total: [`All ${count}`, '', '', '', '', figure(total.credit, 'decimal', isWhole), ...(money ? [figure(total.value, 'money')] : [])],
  })}
  ${pages(path, params, conversions.length, total.conversions, next)}`;
}

/** Enough of a random id to tell it from others; the journey and the CSV have all of it. */
const shortId = (id: string): string => (id.length > 13 ? `${id.slice(0, 8)}…` : id);

function howOf({ inherited_from: head, reason }: BehindConversion): string {
  const parts = [...(reason === null ? [] : [words(reason)]), ...(head === null ? [] : [`credits of ${head}`])];
  return parts.length === 0 ? 'own credits' : parts.join(', ');
}

function pages(path: string, params: URLSearchParams, shown: number, all: number, next: string | null): Html {
  const isFirst = !params.get('after');
  if (isFirst && next === null) return NOTHING;
  return html`<p class="note">
    ${shown} of ${all.toLocaleString('en')} shown; the last line counts all, and the CSV has all.
    ${isFirst ? NOTHING : html`<a href="${address(path, params, { after: null })}">First page</a>`}
    ${next === null ? NOTHING : html`<a href="${address(path, params, { after: next })}" rel="next">Next page</a>`}
  </p>`;
}

function without(params: URLSearchParams, name: string): URLSearchParams {
  return new URLSearchParams([...params].filter(([one]) => one !== name));
}
