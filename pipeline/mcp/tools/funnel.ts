import * as z from 'zod';
import { UserError } from '../../config/user-error.ts';
import type { PublishedConfig } from '../../models/reports/publication.ts';
import { AdFunnelQuery } from '../../query/funnel/ads.ts';
import { CohortQuery } from '../../query/funnel/cohort-schema.ts';
import { EventFunnelQuery } from '../../query/funnel/event-funnel.ts';
import { FunnelQuery } from '../../query/funnel/stages.ts';
import { INTERVALS, TIME_BASES } from '../../query/schema.ts';
import { FUNNEL_VIEWS, funnelOf, FunnelRow, FunnelStep, FunnelTotal } from '../funnels.ts';
import { Meta, metaOf } from '../meta.ts';
import { keptAnswer } from '../kept-answers.ts';
import { fromPublication, MOST_ROWS_OF_ALL, OF_PUBLICATION, PAGED, pageOf, rowsInWords } from '../page.ts';
import { COMPARED, datesOf, PERIOD } from '../period.ts';
import { defineTool } from '../tool.ts';
import { sentences, titleOf } from '../words.ts';
import { funnelTable } from '../funnel-table.ts';

const NAME = 'get_funnel';

const Input = z.strictObject({
  ...OF_PUBLICATION,
  view: z.enum(FUNNEL_VIEWS).default('stages').describe('stages, cohort, ads or events: see the description.'),
  ...PERIOD,
  ...COMPARED,
  model: z.string().optional().describe('Attribution model (not of events). Default: first_click, else the first of the config.'),
  dimension: CohortQuery.shape.dimension
    .unwrap()
    .optional()
    .describe('What a row is; null, of cohort and events: one row. Default: channel, of ads campaign (ads: a dimension of ads).'),
  time_basis: z.enum(TIME_BASES).optional().describe('Which date counts (not of events). Default: conversion_time, of ads click_time.'),
  filters: FunnelQuery.shape.filters.describe('As of reports, on dimensions (not of ads).'),
  interval: z
    .enum(['none', ...INTERVALS])
    .optional()
    .describe('cohort: splits the leads by time. Default: none.'),
  stages: CohortQuery.shape.stages.describe('cohort: which stages are shown. Default: all.'),
  split_by: CohortQuery.shape.split_by.describe('cohort: leads that passed this stage stand beside those that did not.'),
  conversion: AdFunnelQuery.shape.conversion.optional().describe('ads: the conversion. Default: the last stage of the funnel.'),
  ad_platform: AdFunnelQuery.shape.ad_platform.describe('ads: only this platform.'),
  campaign: AdFunnelQuery.shape.campaign.describe('ads: only this campaign.'),
  name: EventFunnelQuery.shape.name.optional().describe('events: which event funnel of the config. Default: the first.'),
  ...PAGED,
});

/** Members that only some views know, beside those that all have. */
const OF_VIEW: Readonly<Record<(typeof FUNNEL_VIEWS)[number], readonly string[]>> = {
  stages: ['model', 'time_basis', 'filters'],
  cohort: ['model', 'time_basis', 'filters', 'interval', 'stages', 'split_by'],
  ads: ['model', 'time_basis', 'conversion', 'ad_platform', 'campaign'],
  events: ['filters', 'name'],
};
const SOME = [...new Set(Object.values(OF_VIEW).flat())];

export const funnel = defineTool({
  name: NAME,
  title: 'Funnel',
  description: `The way from an ad, a visit or a lead to the deal. view chooses:
- stages: every stage of the funnel by its own attribution, with value and place (rank), so that a channel that brings many leads and few deals stands out. No rates from stage to stage.
- cohort: the leads of the period through all stages: rates, losses, median days, value; open leads may still come.
- ads: impressions, clicks, landings, conversions, and what is lost on the way.
- events: the steps of an event funnel of the config.
When: "where do we lose leads", "which channel brings deals rather than leads", "how long from lead to deal".
Example: {"view":"cohort","period":"3m","model":"first_click","dimension":"channel","compare":"previous"}
interval splits the leads by time; it cannot be had together with compare. Rates are fractions of 1. Rates of leads that are still open rise later: say so. "(not attributed)" has no rank.
Limits: 1000 rows a page; a member that the view does not have is refused; parameters of conversions are no dimension of events.`,
  input: Input,
  output: z.strictObject({
    view: z.enum(FUNNEL_VIEWS),
    steps: z.array(FunnelStep).describe('In the order of the funnel.'),
    rows: z.array(FunnelRow),
    totals: z.array(FunnelTotal).describe('Of all rows; of a split one for each side.'),
    meta: Meta,
  }),
  answer: (input, context) =>
    fromPublication(context, NAME, input, async (opened, place) => {
      const { config } = opened.publication;
      const { view, limit } = input;
      const foreign = SOME.find((name) => input[name as keyof typeof input] !== undefined && !OF_VIEW[view].includes(name));
      if (foreign !== undefined)
        throw new UserError(`${foreign}: the view "${view}" has no such member; it has ${OF_VIEW[view].join(', ')}`, { exitCode: 2 });
      const dates = await datesOf(opened, place.now, input);
      const own = Object.fromEntries(
        OF_VIEW[view].flatMap((name) =>
          input[name as keyof typeof input] === undefined ? [] : [[name, input[name as keyof typeof input]]],
        ),
      );
      const asked = {
        ...dates,
        ...(input.dimension !== undefined && { dimension: input.dimension }),
        limit: MOST_ROWS_OF_ALL,
        ...defaultsOf(view, config),
        ...own,
      };
      const found = await keptAnswer(opened.publication, ['funnel', view, asked], () => funnelOf(view, opened, asked));
      const { rows, next_cursor } = pageOf(found.rows, found.rows.length, place, limit);
      const meta = metaOf(
        opened,
        { as_of: input.as_of, now: context.now() },
        {
          ...found.meta,
          time_basis: view === 'events' ? null : found.meta.time_basis,
          models: found.model === null ? [] : [found.model],
          row_count: found.rows.length,
        },
        { next_cursor },
      );
      const { steps, totals } = found;
      return {
        structured: { view, steps: [...steps], rows: [...rows], totals: [...totals], meta },
        text: sentences(
          titleOf(`Funnel, ${view}`, meta),
          funnelTable({ ...found, rows }, meta.currency),
          rowsInWords(place, rows.length, meta),
          ...meta.notes,
        ),
      };
    }),
});

/** What a view needs and was not asked. */
function defaultsOf(view: (typeof FUNNEL_VIEWS)[number], { models, funnel: stages, conversions, eventFunnels }: PublishedConfig): object {
  const model = models.includes('first_click') ? 'first_click' : models[0];
  const last = stages.at(-1) ?? conversions.at(-1)?.name;
  if (view === 'events') return { name: eventFunnels[0]?.name ?? '' };
  return { model: model ?? '', ...(view === 'ads' && { conversion: last ?? '' }) };
}
