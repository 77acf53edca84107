import { UserError } from '../../config/user-error.ts';
import { AD_DIMENSIONS, type AdFigures, type AdFunnelResult, type AdRow, parseAdFunnelQuery, runAdFunnel } from '../../query/funnel/ads.ts';
import { DIMENSIONS } from '../../query/dimensions.ts';
import { adFunnelCsv } from '../../query/funnel/csv.ts';
import { behindAddress, behindLink } from '../behind.ts';
import { delta, meaningOf } from '../components/delta.ts';
import { select } from '../components/select.ts';
import { stacked } from '../components/stacked.ts';
import type { Step } from '../components/steps.ts';
import { table, type TableCell } from '../components/table.ts';
import { html, type Html, NOTHING } from '../html.ts';
import type { PageContext } from '../page.ts';
import { address, type DrillStep, stepParameter } from '../state.ts';
import type { FunnelView } from './funnel.ts';
import { datedQuestion, datesText, emptyFunnel, hiddenRows, NOT_SET, viewBody, viewForm } from './funnel-parts.ts';

/** Where a click on a row leads: from the platform to its campaigns, from a campaign to its ad groups. */
const NEXT: Readonly<Partial<Record<AdFunnelResult['dimension'], AdFunnelResult['dimension']>>> = {
  ad_platform: 'campaign',
  campaign: 'ad_group',
};
/** Conversions count on the day of the click, as the cost does, unless the address says otherwise. */
const USUAL_BASIS = 'click_time';

/** Impressions, clicks, landings and conversions of ads, and what is lost between them. */
export const adFunnel: FunnelView = async (context) => {
  const { config, params, warehouse, publication } = context;
  const state = { ...context.state, basis: params.has('basis') ? context.state.basis : USUAL_BASIS } as const;
  const by = params.get('by') ?? 'campaign';
  const dimensions = AD_DIMENSIONS.map((name) => [name, DIMENSIONS[name].label] as const);
  const form = viewForm(context, { state, conversions: 'one', models: 'one', basis: true, more: select('By', 'by', dimensions, by) });
  const [conversion, model] = [state.conversions[0], state.models[0]];
  if (conversion === undefined || model === undefined) return { body: html`${form}${noConversions()}` };
  const query = parseAdFunnelQuery(
    { ...datedQuestion(context), conversion, model, dimension: by, ...onlyOf(context), time_basis: state.basis },
    config,
  );
  const result = await runAdFunnel(warehouse, publication, query);
  const csv = () => adFunnelCsv(result);
  if (result.rows.length === 0) {
    const empty = emptyFunnel(
      'No ads in these dates',
      html`Choose a longer period, or give the exports of your ad platforms to <code>costs</code> in
        <code>touchtrail.config.ts</code> (docs/ad-costs.md).`,
    );
    return { body: html`${form}${empty}`, csv };
  }
  const own: PageContext = { ...context, state };
  const body = viewBody({
    title: `All ads, to ${result.conversion.label}`,
    about: `${datesText(result.meta)}; each bar is the share of the step before`,
    bars: stepsOf(own, result),
    table: html`${adTable(own, result)}${hiddenRows(result.rows.length, result.meta)}`,
    notes: [
      'Impressions and clicks are those that the platforms report, landings the visits from ads that the site saw. Rates and losses (−) are from the step before; a plus says that there are more visits than clicks.',
      ...result.meta.notes,
    ],
  });
  return { body: html`${form}${body}`, csv };
};

function noConversions(): Html {
  return emptyFunnel(
    'No conversions yet',
    html`Name what counts as a conversion in <code>touchtrail.config.ts</code> (docs/conversions.md), then run
      <code>npx touchtrail run</code>.`,
  );
}

/** The ad funnel is narrowed to one platform or campaign; the platforms know of nothing else. */
function onlyOf({ state }: PageContext): Record<string, string> {
  return Object.fromEntries(
    state.filters.map((condition) => {
      const isKnown = condition.field === 'ad_platform' || condition.field === 'campaign';
      if (!isKnown || condition.operator !== 'equals')
        throw new UserError(`a filter on ${condition.field}: the ad funnel takes ad_platform=NAME and campaign=NAME`, { exitCode: 2 });
      return [condition.field, condition.value];
    }),
  );
}

function countWriter({ figure }: PageContext, { rows, totals }: AdFunnelResult): (value: number | null, step: number) => string {
  const figures = [...rows, totals].flatMap((row) => [row, ...(row.comparison ? [row.comparison] : [])]);
  const isWhole = figures.every(({ steps: all }) => Number.isInteger(all.at(-1)!.count ?? 0));
  return (value, step) => figure(value, 'decimal', isWhole || step < 3);
}

const SMALL = new Intl.NumberFormat('en', { style: 'percent', maximumSignificantDigits: 2 });

/** Of many impressions and visits few come through: such a rate has two digits, however small it is. */
const rateText = ({ figure }: PageContext, rate: number | null): string =>
  rate !== null && rate > 0 && rate < 0.01 ? SMALL.format(rate) : figure(rate, 'percent');

/** Losses with a minus; more visits than clicks with a plus. */
function lostText(lost: number, write: (value: number) => string): Html {
  return lost < 0 ? html`+${write(-lost)}` : html`−${write(lost)}`;
}

function stepsOf(context: PageContext, { steps: names, totals, conversion, model }: AdFunnelResult): Step[] {
  const { figure } = context;
  const isWhole = Number.isInteger(totals.steps.at(-1)!.count ?? 0) && Number.isInteger(totals.comparison?.steps.at(-1)!.count ?? 0);
  return names.map(({ key, label }, i): Step => {
    const { count, rate, lost } = totals.steps[i]!;
    const before = totals.comparison?.steps[i];
    const written = figure(count, 'decimal', isWhole || i < 3);
    const isLast = key === 'conversions';
    return {
      label: isLast ? conversion.label : label,
      count: html`${isLast ? behindLink(written, count, behindAds(context, { conversion: conversion.name, model }, [])) : written}
      ${before ? delta(count, before.count) : NOTHING}`,
      part: i === 0 ? 1 : rate === null ? null : Math.min(1, rate),
      ...(before && i > 0 && { before: before.rate === null ? null : Math.min(1, before.rate) }),
      ...(i > 0 && {
        share: html`${rateText(context, rate)} of ${names[i - 1]!.label.toLowerCase()}
        ${before ? delta(rate, before.rate, 'percent') : NOTHING}`,
      }),
      facts: [
        ...(i === 0 ? [html`cost ${figure(totals.cost, 'money', true)}`] : []),
        ...(lost === null || lost === 0
          ? []
          : [lost > 0 ? `${figure(lost, 'decimal', isWhole || i < 3)} lost` : 'more than in the step before']),
        ...(isLast && conversion.money ? [figure(totals.value, 'money', true)] : []),
      ],
    };
  });
}

/** Only visits of ads are meant: the list is narrowed to those that name a platform. */
function behindAds(context: PageContext, pair: { conversion: string; model: string }, row: readonly DrillStep[]): string {
  const params = new URLSearchParams(context.params);
  if (!row.some(({ dimension }) => dimension === 'ad_platform')) params.append('filter', 'ad_platform=*');
  return behindAddress({ params, state: context.state }, pair, row);
}

function adTable(context: PageContext, result: AdFunnelResult): Html {
  const { steps: names, rows, totals, dimension, dimension_label, conversion, model, meta } = result;
  const { figure, params, path } = context;
  const write = countWriter(context, result);
  const cells = (now: AdFigures, before: AdFigures | undefined, row: readonly DrillStep[]): TableCell[] => [
    html`${figure(now.cost, 'money', true)} ${before ? delta(now.cost, before.cost, 'money', meaningOf('cost')) : NOTHING}`,
    ...now.steps.map(({ count, rate, lost }, i): TableCell => {
      const text = write(count, i);
      const isLast = i === names.length - 1;
      const to = behindAds(context, { conversion: conversion.name, model }, row);
      return stacked(
        html`<b>${isLast ? behindLink(text, count, to) : text}</b> ${before ? delta(count, before.steps[i]!.count) : NOTHING}`,
        i === 0
          ? []
          : [
              html`${rateText(context, rate)}${lost === null || rate === null ? NOTHING : html` · ${lostText(lost, (value) => write(value, i))}`}`,
            ],
      );
    }),
    ...(conversion.money ? [figure(now.value, 'money', true)] : []),
  ];
  const head = ({ name }: AdRow): TableCell => {
    const next = NEXT[dimension];
    const text = name ?? NOT_SET;
    if (next === undefined || name === null) return text;
    return html`<a href="${address(path, params, { [stepParameter(dimension)]: name, by: next })}">${text}</a>`;
  };
  return table({
    caption: `Ads of ${datesText(meta)} by ${dimension_label.toLowerCase()}`,
    columns: [
      { key: dimension, label: dimension_label },
      { key: 'cost', label: 'Cost' },
      ...names.map(({ key, label }) => ({ key, label: key === 'conversions' ? conversion.label : label })),
      ...(conversion.money ? [{ key: 'value', label: 'Value' }] : []),
    ],
    rows: rows.map((row): TableCell[] => [head(row), ...cells(row, row.comparison, [{ dimension, value: row.name }])]),
    total: ['All', ...cells(totals, totals.comparison, [])],
  });
}
