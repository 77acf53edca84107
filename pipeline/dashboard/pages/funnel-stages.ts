import { funnelCsv } from '../../query/funnel/csv.ts';
import { type FunnelFigure, type FunnelResult, parseFunnelQuery, runFunnel } from '../../query/funnel/stages.ts';
import { behindAddress, behindLink } from '../behind.ts';
import { delta } from '../components/delta.ts';
import { rank } from '../components/rank.ts';
import { stacked } from '../components/stacked.ts';
import type { Step } from '../components/steps.ts';
import { table, type TableCell } from '../components/table.ts';
import { html, type Html, NOTHING } from '../html.ts';
import type { PageContext } from '../page.ts';
import type { DrillStep } from '../state.ts';
import type { FunnelView } from './funnel.ts';
import {
  datesText,
  dimensionField,
  emptyFunnel,
  filteredQuestion,
  hiddenRows,
  noStages,
  NOT_SET,
  viewBody,
  viewForm,
} from './funnel-parts.ts';

/** Every stage by its own attribution: counts and values, each a link to its conversions, with the place that flips. */
export const stageFunnel: FunnelView = async (context) => {
  const { config, params, state, warehouse, publication } = context;
  const by = params.get('by') ?? 'channel';
  const form = viewForm(context, { models: 'one', basis: true, more: dimensionField(context, by, false) });
  const model = state.models[0];
  if (config.funnel.length === 0 || model === undefined) return { body: html`${form}${noStages()}` };
  const query = parseFunnelQuery({ ...filteredQuestion(context), model, dimension: by, time_basis: state.basis }, config);
  const result = await runFunnel(warehouse, publication, query);
  const csv = () => funnelCsv(result);
  if (result.rows.length === 0) {
    const empty = emptyFunnel('Nothing in these dates', 'Choose a longer period, or take a filter away.');
    return { body: html`${form}${empty}`, csv };
  }
  const body = viewBody({
    title: 'All stages',
    about: datesText(result.meta),
    bars: stepsOf(context, result),
    table: html`${stageTable(context, result)}${hiddenRows(result.rows.length, result.meta)}`,
    notes: [
      'Each stage counts its own conversions of these dates, and attributes them by itself. The small number is the place at the stage: by value where the stage has one, else by count; an arrow says that it is better or worse than at the stage before.',
      ...result.meta.notes,
    ],
  });
  return { body: html`${form}${body}`, csv };
};

type Figure = Omit<FunnelFigure, 'rank'>;

/** Bars relative to the largest stage: there are no rates between stages that count different people. */
function stepsOf(context: PageContext, result: FunnelResult): Step[] {
  const { figure } = context;
  const write = countWriter(context, result);
  const other = result.comparison_totals;
  const widest = Math.max(1, ...[...result.totals, ...(other ?? [])].map(({ conversions }) => conversions));
  return result.stages.map(({ name, label, money }, i): Step => {
    const now = result.totals[i]!;
    const before = other?.[i];
    const to = behindAddress(context, { conversion: name, model: result.model });
    return {
      label,
      count: html`${behindLink(write(now.conversions), now.conversions, to)}
      ${before ? delta(now.conversions, before.conversions) : NOTHING}`,
      part: now.conversions / widest,
      ...(before && { before: before.conversions / widest }),
      facts: money ? [html`${figure(now.value, 'money', true)} ${before ? delta(now.value, before.value, 'money') : NOTHING}`] : [],
    };
  });
}

function countWriter({ figure }: PageContext, { rows, totals, comparison_totals }: FunnelResult): (value: number) => string {
  const all = [...rows.flatMap((row) => [...row.stages, ...(row.comparison ?? [])]), ...totals, ...(comparison_totals ?? [])];
  const isWhole = all.every(({ conversions }) => Number.isInteger(conversions));
  return (value) => figure(value, 'decimal', isWhole);
}

function stageTable(context: PageContext, result: FunnelResult): Html {
  const { stages, rows, totals, dimension, dimension_label, comparison_totals } = result;
  const { figure } = context;
  const write = countWriter(context, result);
  const cell = (i: number, now: Figure, before: Figure | undefined, row: readonly DrillStep[], place: Html): TableCell => {
    const { name, money } = stages[i]!;
    const to = behindAddress(context, { conversion: name, model: result.model }, row);
    return stacked(
      html`<b>${behindLink(write(now.conversions), now.conversions, to)}</b>${place}`,
      [before ? delta(now.conversions, before.conversions) : NOTHING],
      [money ? html`${figure(now.value, 'money', true)} ${before ? delta(now.value, before.value, 'money') : NOTHING}` : NOTHING],
    );
  };
  return table({
    caption: `Conversions of ${datesText(result.meta)} by ${dimension_label.toLowerCase()}`,
    columns: [{ key: dimension, label: dimension_label }, ...stages.map(({ name, label }) => ({ key: name, label }))],
    rows: rows.map((row): TableCell[] => [
      row.value ?? NOT_SET,
      ...row.stages.map((now, i) =>
        cell(i, now, row.comparison?.[i], [{ dimension, value: row.value }], rank(now.rank, row.stages[i - 1]?.rank ?? null)),
      ),
    ]),
    total: ['All', ...totals.map((now, i) => cell(i, now, comparison_totals?.[i], [], NOTHING))],
  });
}
