import { durationText } from '../../query/format.ts';
import { eventFunnelCsv } from '../../query/funnel/csv.ts';
import { type EventFunnelResult, type EventFunnelRow, parseEventFunnelQuery, runEventFunnel } from '../../query/funnel/event-funnel.ts';
import { delta } from '../components/delta.ts';
import { select } from '../components/select.ts';
import { stacked } from '../components/stacked.ts';
import type { Step } from '../components/steps.ts';
import { table, type TableCell } from '../components/table.ts';
import { html, type Html, NOTHING } from '../html.ts';
import type { PageContext } from '../page.ts';
import type { FunnelView } from './funnel.ts';
import {
  datesText,
  dimensionField,
  emptyFunnel,
  filteredQuestion,
  hiddenRows,
  NOT_SET,
  TOTAL,
  viewBody,
  viewForm,
} from './funnel-parts.ts';

/** An event funnel of the config: how many ways through the site reached which step. */
export const eventFunnel: FunnelView = async (context) => {
  const { config, params, warehouse, publication } = context;
  const by = params.get('by') ?? 'channel';
  const name = params.get('name') ?? config.eventFunnels[0]?.name;
  const funnels = config.eventFunnels.map((one) => [one.name, one.label] as const);
  const more = html`${funnels.length > 0 ? select('Funnel', 'name', funnels, name ?? '') : NOTHING}${dimensionField(context, by, true)}`;
  const form = viewForm(context, { more });
  if (name === undefined) {
    const text = html`Describe one in <code>eventFunnels</code> of <code>touchtrail.config.ts</code> (docs/funnels.md), then run
      <code>npx touchtrail run</code>.`;
    return { body: emptyFunnel('No event funnels yet', text) };
  }
  const query = parseEventFunnelQuery({ ...filteredQuestion(context), name, dimension: by === TOTAL ? null : by }, config);
  const result = await runEventFunnel(warehouse, publication, query);
  const csv = () => eventFunnelCsv(result);
  if (result.totals.steps[0]!.entries === 0 && result.rows.length === 0) {
    const empty = emptyFunnel('Nobody entered in these dates', 'Choose a longer period, or take a filter away.');
    return { body: html`${form}${empty}`, csv };
  }
  const body = viewBody({
    title: result.label,
    about: `entries of ${datesText(result.meta)}`,
    bars: stepsOf(context, result),
    table: result.dimension === null ? undefined : html`${eventTable(context, result)}${hiddenRows(result.rows.length, result.meta)}`,
    notes: [
      definition(result),
      'Rates and losses (−) are of entries, from the step before; the time is the median from there.',
      ...result.meta.notes,
    ],
  });
  return { body: html`${form}${body}`, csv };
};

function definition({ window_hours, order }: EventFunnelResult): string {
  const within = window_hours === null ? 'the same session' : `${window_hours} hours`;
  const first = window_hours === null ? 'of a session' : `in ${within}`;
  return `An entry is a visitor's first one ${first}; its steps lie within ${within}${order === 'strict' ? ', with no other step between them' : ''}.`;
}

function stepsOf({ figure }: PageContext, { steps: names, totals }: EventFunnelResult): Step[] {
  return names.map(({ label }, i): Step => {
    const now = totals.steps[i]!;
    const before = totals.comparison?.[i];
    return {
      label,
      count: html`${figure(now.entries, 'count')} ${before ? delta(now.entries, before.entries) : NOTHING}`,
      part: now.rate_from_entry ?? 0,
      ...(before && { before: before.rate_from_entry }),
      ...(i > 0 && {
        share: html`${figure(now.rate_from_previous, 'percent')} of ${names[i - 1]!.label}
        ${before ? delta(now.rate_from_previous, before.rate_from_previous, 'percent') : NOTHING}`,
      }),
      facts: [
        `${figure(now.persons, 'count')} ${now.persons === 1 ? 'person' : 'persons'}`,
        ...(now.dropped === null ? [] : [`${figure(now.dropped, 'count')} lost`]),
        ...(now.median_seconds === null ? [] : [`median ${durationText(now.median_seconds)}`]),
        ...(i === 0 ? [] : [`${figure(now.rate_from_entry, 'percent')} of all`]),
      ],
    };
  });
}

function eventTable({ figure }: PageContext, { steps: names, rows, totals, dimension_label, meta }: EventFunnelResult): Html {
  const cells = ({ steps: all, comparison }: Omit<EventFunnelRow, 'value'>): TableCell[] =>
    all.map(({ entries, rate_from_previous, dropped, median_seconds }, i): TableCell => {
      const before = comparison?.[i];
      const first = html`<b>${figure(entries, 'count')}</b> ${before ? delta(entries, before.entries) : NOTHING}`;
      if (i === 0) return first;
      return stacked(
        first,
        [
          html`${figure(rate_from_previous, 'percent')}
          ${before ? delta(rate_from_previous, before.rate_from_previous, 'percent') : NOTHING}`,
        ],
        [html`−${figure(dropped, 'count')}${median_seconds === null ? NOTHING : html` · ${durationText(median_seconds)}`}`],
      );
    });
  return table({
    caption: `Entries of ${datesText(meta)} by ${dimension_label.toLowerCase()}`,
    columns: [{ key: 'value', label: dimension_label }, ...names.map(({ name, label }) => ({ key: name, label }))],
    rows: rows.map((row): TableCell[] => [row.value ?? NOT_SET, ...cells(row)]),
    total: ['All', ...cells(totals)],
  });
}
