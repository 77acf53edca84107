import { dateText, figureFormat } from '../../query/format.ts';
import { runCohort } from '../../query/funnel/cohort.ts';
import type { CohortFigure, CohortResult, CohortRow } from '../../query/funnel/cohort-result.ts';
import { parseCohortQuery } from '../../query/funnel/cohort-schema.ts';
import { cohortCsv } from '../../query/funnel/csv.ts';
import { behindAddress, behindLink } from '../behind.ts';
import { delta } from '../components/delta.ts';
import { rank } from '../components/rank.ts';
import { select } from '../components/select.ts';
import { stacked } from '../components/stacked.ts';
import { type Step, steps } from '../components/steps.ts';
import { table, type TableCell, type TableColumn } from '../components/table.ts';
import { each, html, type Html, NOTHING } from '../html.ts';
import type { PageContext } from '../page.ts';
import type { DrillStep } from '../state.ts';
import type { FunnelView } from './funnel.ts';
import * as parts from './funnel-parts.ts';

/** The leads of the period through all stages: bars of all, and a table by channel with the place at every stage. */
export const cohortFunnel: FunnelView = async (context) => {
  const { config, params, state, warehouse, publication } = context;
  const by = params.get('by') ?? 'channel';
  const interval = params.get('interval') ?? 'none';
  const split = params.get('split') ?? '';
  const more = html`${parts.dimensionField(context, by, true)}${select('Leads of each', 'interval', INTERVALS, interval)}${splitField(context, split)}`;
  const form = parts.viewForm(context, { models: 'one', basis: true, more });
  const model = state.models[0];
  if (config.funnel.length === 0 || model === undefined) return { body: html`${form}${parts.noStages()}` };
  const query = parseCohortQuery(
    {
      ...parts.filteredQuestion(context),
      // Rows of an interval are of other dates: two periods have none in common.
      ...(interval !== 'none' && { comparison_date_range: undefined }),
      model,
      dimension: by === parts.TOTAL ? null : by,
      interval,
      ...(split !== '' && { split_by: split }),
      time_basis: state.basis,
    },
    config,
  );
  const result = await runCohort(warehouse, publication, query);
  const csv = () => cohortCsv(result);
  if (result.rows.length === 0) {
    const empty = parts.emptyFunnel('No leads in these dates', 'Choose a longer period, or take a filter away.');
    return { body: html`${form}${empty}`, csv };
  }
  const isOneRow = result.dimension === null && result.interval === 'none';
  const body = parts.viewBody({
    title: 'All leads',
    about: `${leadsOf(result)} ${parts.datesText(result.meta)}`,
    bars: bars(context, result),
    table: isOneRow ? undefined : html`${cohortTable(context, result)}${parts.hiddenRows(result.rows.length, result.meta)}`,
    notes: legend(context, result),
  });
  return { body: html`${form}${body}`, csv };
};

const INTERVALS = [
  ['none', 'whole period'],
  ['day', 'day'],
  ['week', 'week'],
  ['month', 'month'],
] as const;

function splitField({ config, conversionLabel }: PageContext, selected: string): Html {
  const later = config.funnel.slice(1);
  if (later.length === 0) return NOTHING;
  return select(
    'Split by having passed',
    'split',
    [['', 'no stage'], ...later.map((name) => [name, conversionLabel(name)] as const)],
    selected,
  );
}

const leadsOf = ({ meta }: CohortResult) => (meta.time_basis === 'click_time' ? 'leads by their click' : 'leads of');

/** Counts are whole credits: a lead of two channels is half of each. */
function countWriter({ rows, totals }: CohortResult, { figure }: PageContext): (value: number | null) => string {
  const all = [...rows, ...totals].flatMap((row) => [...row.stages, ...(row.comparison ?? [])]);
  const isWhole = all.every(({ leads, dropped }) => Number.isInteger(leads) && Number.isInteger(dropped ?? 0));
  return (value) => figure(value, 'decimal', isWhole);
}

/** All leads, or each side of the split, as bars relative to the first stage. */
function bars(context: PageContext, result: CohortResult): Html | Step[] {
  const { totals, split_by } = result;
  if (!split_by) return stepsOf(context, result, totals[0]!);
  return html`<div class="columns">
    ${each(totals, (side) => {
      const title = `${side.passed ? 'Passed' : 'Did not pass'} ${split_by.label}`;
      return html`<div>
        <h3>${title}</h3>
        ${steps(title, stepsOf(context, result, side))}
      </div>`;
    })}
  </div>`;
}

function stepsOf(context: PageContext, result: CohortResult, side: CohortResult['totals'][number]): Step[] {
  const { figure, state } = context;
  const count = countWriter(result, context);
  const pair = { conversion: result.stages[0]!.name, model: result.model };
  return result.stages.map(({ label, money, previous }, i): Step => {
    const now = side.stages[i]!;
    const before = side.comparison?.[i];
    const from = result.stages.find(({ name }) => name === previous)?.label;
    const written = count(now.leads);
    const to = behindAddress(context, pair, [], stagesOf(result, side, i));
    return {
      label,
      count: html`${behindLink(written, now.leads, to)} ${before && state.comparisonRange ? delta(now.leads, before.leads) : NOTHING}`,
      part: now.rate_from_lead ?? 0,
      ...(before && { before: before.rate_from_lead }),
      ...(from !== undefined && {
        share: html`${figure(now.rate_from_previous, 'percent')}${isOpen(now) ? OPEN : NOTHING} of ${from}
        ${before ? delta(now.rate_from_previous, before.rate_from_previous, 'percent') : NOTHING}`,
      }),
      facts: [
        ...(from === undefined ? [] : [`${count(now.dropped)} lost`]),
        ...(now.skipped ? [`${count(now.skipped)} came without ${from}`] : []),
        ...(from === undefined || now.median_days === null ? [] : [`median ${daysText(now.median_days)} from ${from}`]),
        ...(from === undefined ? [] : [`${figure(now.rate_from_lead, 'percent')} of all`]),
        ...(money ? [html`${figure(now.value, 'money', true)} ${before ? delta(now.value, before.value, 'money') : NOTHING}`] : []),
        ...(isOpen(now) ? [html`<span class="open">${count(now.open)} still open</span>`] : []),
      ],
    };
  });
}

const isOpen = ({ open }: Pick<CohortFigure, 'open'>): boolean => open !== null && open > 0;
/** Stands behind a rate that leads who are still young may raise. */
const OPEN = html`<span title="Some of these leads are young: the rate may rise">…</span>`;
const daysText = (days: number): string => `${days.toFixed(1)} days`;

function cohortTable(context: PageContext, result: CohortResult): Html {
  const { stages, rows, totals, interval, split_by, dimension, dimension_label } = result;
  const count = countWriter(result, context);
  const names: TableColumn[] = [
    ...(interval === 'none' ? [] : [{ key: 'period', label: 'Leads of', text: true }]),
    ...(dimension === null ? [] : [{ key: dimension, label: dimension_label, text: true }]),
    ...(split_by ? [{ key: 'passed', label: split_by.label, text: true }] : []),
  ];
  const label = (row: CohortRow): string[] => [
    ...(interval === 'none' ? [] : [dateText(row.period!, interval)]),
    ...(dimension === null ? [] : [row.value ?? parts.NOT_SET]),
    ...(split_by ? [row.passed ? 'passed' : 'did not'] : []),
  ];
  const total = (side: CohortResult['totals'][number]): TableCell[] => [
    'All',
    ...names.slice(1).map((one) => (one.key === 'passed' ? (side.passed ? 'passed' : 'did not') : '')),
    ...side.stages.map((_, i) => cell(context, result, side, i, count)),
  ];
  const caption = `${leadsOf(result)} ${parts.datesText(result.meta)}: ${result.stages.length} stages${names.length > 0 ? ` by ${names.map((one) => one.label.toLowerCase()).join(' and ')}` : ''}`;
  return table({
    caption: caption.charAt(0).toUpperCase() + caption.slice(1),
    columns: [
      ...names,
      ...stages.map(({ name, label: text }, i) => ({
        key: name,
        label: text,
        title:
          i === 0
            ? 'Leads, and the place among the rows'
            : 'Leads that reached it, and the place; the rate from the stage before; lost; median days',
      })),
    ],
    rows: [
      ...rows.map((row): TableCell[] => [...label(row), ...row.stages.map((_, i) => cell(context, result, row, i, count))]),
      // A table has one line of totals: with a split the second one is a row.
      ...totals.slice(0, -1).map(total),
    ],
    total: total(totals.at(-1)!),
  });
}

/** A row, or a total. */
type CellRow = Pick<CohortRow, 'stages' | 'comparison' | 'passed'> & Partial<Pick<CohortRow, 'period' | 'value'>>;

/** One stage of one row: how many and which place; from how many; lost, after how long; worth what. */
function cell(context: PageContext, result: CohortResult, row: CellRow, i: number, count: (value: number | null) => string): TableCell {
  const { figure } = context;
  const { money, previous } = result.stages[i]!;
  const now = row.stages[i]!;
  const before = row.comparison?.[i];
  const figureText = html`<b>${leadsText(context, result, row, i, count)}</b>${rank(now.rank, i === 0 ? null : row.stages[i - 1]!.rank)}`;
  const lines: Html[] = [
    ...(previous === null
      ? before
        ? [html`${delta(now.leads, before.leads)}`]
        : []
      : now.rate_from_previous === null
        ? [html`—`]
        : [
            html`<span>${figure(now.rate_from_previous, 'percent')}${isOpen(now) ? OPEN : NOTHING}</span>
              ${before ? delta(now.rate_from_previous, before.rate_from_previous, 'percent') : NOTHING}`,
            html`−${count(now.dropped)}${now.median_days === null ? NOTHING : html` · ${now.median_days.toFixed(1)} d`}`,
          ]),
    ...(money && (now.leads > 0 || now.value !== 0) ? [html`${figure(now.value, 'money', true)}`] : []),
  ];
  const content = stacked(figureText, ...lines.map((line) => [line]));
  return isOpen(now) && now.rate_from_previous !== null
    ? { content: html`${content}<span class="visually-hidden">${count(now.open)} still open</span>`, filling: true }
    : content;
}

/** How many leads, as a link to them. */
function leadsText(context: PageContext, result: CohortResult, row: CellRow, i: number, count: (value: number | null) => string): Html {
  const { stages, model, dimension, interval } = result;
  const { leads } = row.stages[i]!;
  const step: DrillStep[] = [
    ...(row.value === undefined || dimension === null ? [] : [{ dimension, value: row.value }]),
    ...(row.period == null ? [] : [{ dimension: 'date', value: row.period }]),
  ];
  const more = { ...stagesOf(result, row, i), ...(interval !== 'none' && { interval }) };
  return behindLink(count(leads), leads, behindAddress(context, { conversion: stages[0]!.name, model }, step, more));
}

/** Which stages the leads of a cell reached, and which not: that of the column, and that of the split. */
function stagesOf({ stages, split_by }: CohortResult, { passed }: Pick<CohortRow, 'passed'>, i: number) {
  const split = split_by === null ? [] : [split_by.name];
  const column = i === 0 ? [] : [stages[i]!.name];
  return { reached: [...new Set([...column, ...(passed === true ? split : [])])], missed: passed === false ? split : [] };
}

function legend({ config }: PageContext, { stages, meta, rows, split_by, interval }: CohortResult): string[] {
  const figure = figureFormat(config.project.currency);
  const later = stages.slice(1);
  const lags = later
    .filter(({ lag_days }) => lag_days !== null)
    .map(({ label, lag_days }) => `${label} ${lag_days} ${lag_days === 1 ? 'day' : 'days'}`);
  const isAnyOpen = rows.some((row) => row.stages.some(isOpen));
  return [
    'Leads that reached the stage, by the credits of the lead. The small number is the place at the stage: by value where the stage has one, else by leads; an arrow says that it is better or worse than at the stage before. Rates, losses (−) and days (the median) are from the stage before.',
    ...(split_by ? [`${split_by.label} splits the leads, and is no step to the stages behind it.`] : []),
    ...(isAnyOpen
      ? [`… and hatched cells: some of the leads are younger than nine of ten conversions took (${lags.join(', ')}), so the rate may rise.`]
      : []),
    ...(interval === 'none' ? [] : ['Leads of single intervals are not compared with another period.']),
    ...later
      .filter(({ links }) => links.nobody.conversions > 0)
      .map(({ label, links: { nobody }, money }) => {
        const value = money && nobody.value !== null ? ` (${figure(nobody.value, 'money', true)})` : '';
        return `${label}: ${figure(nobody.conversions, 'count')} of these dates${value} belong to no lead and are in no row.`;
      }),
    ...meta.notes,
  ];
}
