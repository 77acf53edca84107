import * as z from 'zod';
import { type CostCoverage, costCoverage as coverageOf } from '../../query/coverage/coverage.ts';
import { OWN_COUNT } from '../../query/coverage/labels.ts';
import { CoverageQueryInput, parseCoverageQuery } from '../../query/coverage/schema.ts';
import { figureFormat } from '../../query/format.ts';
import { type Column, markdownTable } from '../markdown.ts';
import { Meta, metaOf } from '../meta.ts';
import { fromPublication } from '../page.ts';
import { datesOf, PERIOD } from '../period.ts';
import { NOT_SET } from '../report.ts';
import { defineTool } from '../tool.ts';
import { sentences, titleOf } from '../words.ts';

const NAME = 'get_cost_coverage';

const maybe = z.string().nullable();
const money = z.number().nullable();

const Platform = z.strictObject({
  platform: z.string(),
  cost: money,
  impressions: z.number(),
  clicks: z.number(),
  sessions: z.number(),
  matched_sessions: z.number().describe('Of these sessions, those whose campaign is known.'),
  unmatched_cost: money.describe('Cost of campaigns that no session came from.'),
  unmatched_clicks: z.number(),
});
const Campaign = z.strictObject({
  platform: z.string(),
  account: maybe,
  campaign: maybe,
  campaign_id: maybe,
  cost: money,
  clicks: z.number(),
  sessions: z.number(),
});
const Way = z.strictObject({ matched_by: maybe, sessions: z.number(), share: z.number() });
const WithoutCost = z.strictObject({
  ad_platform: maybe,
  source: z.string(),
  medium: z.string(),
  campaign: maybe,
  campaign_id: maybe,
  matched_by: maybe.describe('platform: names no campaign, or one that no cost has; ambiguous: one that several have; null: no platform.'),
  sessions: z.number(),
});
const OfPlatform = z.strictObject({
  platform: z.string(),
  platform_conversions: money.describe('null beside a conversion that the platform does not mean.'),
  platform_value: money,
  conversion: maybe.describe("null in the row of the platform's own number, where the config does not say which conversion it means."),
  model: maybe,
  conversions: money.describe('Credited here.'),
  value: money,
});

export const costCoverage = defineTool({
  name: NAME,
  title: 'Coverage of costs',
  description: `How far ad costs and sessions belong together: per platform cost, clicks and sessions, cost that no session came from, sessions from ads without a cost, how they were matched, and the platform's own conversions beside those credited here.
When: "why is our ROAS different from Google's", "is a campaign not tagged", before trusting cost per conversion.
Example: {"period":"last-month","conversions":["lead"],"models":["last_click"]}
A platform counts every conversion after its own clicks and views by its own rules, and several platforms may count the same one: compare with care.
Limits: each list has the largest rows up to limit; list_counts says how many there are. By date of the click.`,
  input: CoverageQueryInput.extend({ ...PERIOD, limit: z.int().min(1).max(1000).default(100).describe('Most rows of each list.') }),
  output: z.strictObject({
    rows: z.array(Platform).describe('Platforms.'),
    campaigns: z.array(Campaign),
    ways: z.array(Way).describe('How sessions from ads were matched; null: not at all.'),
    sessions_without_cost: z.array(WithoutCost),
    platform_conversions: z.array(OfPlatform),
    list_counts: z.strictObject({ campaigns: z.int(), sessions_without_cost: z.int(), platform_conversions: z.int() }),
    totals: z.strictObject({
      cost: money,
      unmatched_cost: money,
      sessions: z.number(),
      matched_sessions: z.number(),
      sessions_without_cost: z.number(),
    }),
    meta: Meta,
  }),
  answer: (input, context) =>
    fromPublication(context, NAME, input, async (opened, { now }) => {
      const { limit, period: _, ...asked } = input;
      const { date_range } = await datesOf(opened, now, input);
      const query = parseCoverageQuery({ ...asked, date_range }, opened.publication.config);
      const found = await coverageOf(opened.warehouse, opened.publication, query);
      const { platforms, campaigns, ways, sessions_without_cost: without, platform_conversions: own } = found;
      const lists = { campaigns, sessions_without_cost: without, platform_conversions: own };
      const cut = Object.entries(lists).flatMap(([name, rows]) =>
        rows.length > limit ? [`${limit} of ${rows.length} ${name.replaceAll('_', ' ')} are listed`] : [],
      );
      const totals = {
        cost: knownSum(platforms.map(({ cost }) => cost)),
        unmatched_cost: knownSum(platforms.map(({ unmatched_cost }) => unmatched_cost)),
        sessions: sum(platforms.map(({ sessions }) => sessions)),
        matched_sessions: sum(platforms.map(({ matched_sessions }) => matched_sessions)),
        sessions_without_cost: sum(without.map(({ sessions }) => sessions)),
      };
      const meta = metaOf(
        opened,
        { as_of: input.as_of, now: context.now() },
        { models: query.models, time_basis: 'click_time', date_range, row_count: platforms.length, notes: cut },
      );
      const figure = figureFormat(meta.currency);
      const table = markdownTable(
        [{ label: 'Platform', text: true }, ...['Cost', 'Clicks', 'Sessions', 'Matched', 'Unmatched cost'].map((label) => ({ label }))],
        platforms.map((row) => [
          row.platform,
          figure(row.cost, 'money'),
          figure(row.clicks, 'count'),
          figure(row.sessions, 'count'),
          figure(row.matched_sessions, 'count'),
          figure(row.unmatched_cost, 'money'),
        ]),
        [
          'Total',
          figure(totals.cost, 'money'),
          '',
          figure(totals.sessions, 'count'),
          figure(totals.matched_sessions, 'count'),
          figure(totals.unmatched_cost, 'money'),
        ],
      );
      const words = `${figure(totals.sessions_without_cost, 'count')} sessions from ads have no cost.`;
      return {
        structured: {
          rows: copies(platforms),
          campaigns: copies(campaigns.slice(0, limit)),
          ways: copies(ways),
          sessions_without_cost: copies(without.slice(0, limit)),
          platform_conversions: copies(own.slice(0, limit)),
          list_counts: { campaigns: campaigns.length, sessions_without_cost: without.length, platform_conversions: own.length },
          totals,
          meta,
        },
        text: sentences(titleOf('Coverage of costs', meta), table, words, ...listsInWords(found, meta.currency), ...cut),
      };
    }),
});

/** Rows of each list that are told in words. */
const IN_WORDS = 10;

/** The campaigns nobody came from, the sessions without a cost, and what the platforms count themselves. */
function listsInWords({ campaigns, sessions_without_cost: without, platform_conversions: own }: CostCoverage, currency: string): string[] {
  const figure = figureFormat(currency);
  return [
    part(
      'Campaigns with cost that no session came from',
      [text('Platform'), text('Campaign'), { label: 'Cost' }, { label: 'Clicks' }],
      campaigns
        .filter(({ sessions }) => sessions === 0)
        .map((row) => [row.platform, row.campaign ?? row.campaign_id ?? NOT_SET, figure(row.cost, 'money'), figure(row.clicks, 'count')]),
    ),
    part(
      'Sessions from ads without a cost',
      [text('Platform'), text('Source / medium'), text('Campaign'), { label: 'Sessions' }],
      without.map((row) => [
        row.ad_platform ?? '—',
        `${row.source} / ${row.medium}`,
        row.campaign ?? row.campaign_id ?? NOT_SET,
        figure(row.sessions, 'count'),
      ]),
    ),
    part(
      'What the platforms count themselves',
      [text('Platform'), { label: 'Their conversions' }, text('Ours'), { label: 'Credited' }],
      own.map((row) => [
        row.platform,
        figure(row.platform_conversions, 'decimal'),
        row.conversion === null ? OWN_COUNT : `${row.conversion}, ${row.model}`,
        figure(row.conversions, 'decimal'),
      ]),
    ),
  ];
}

const text = (label: string): Column => ({ label, text: true });

const part = (title: string, columns: readonly Column[], rows: readonly (readonly string[])[]): string =>
  rows.length === 0 ? '' : `${title}:\n\n${markdownTable(columns, rows.slice(0, IN_WORDS))}`;

const copies = <Row extends object>(rows: readonly Row[]): Row[] => rows.map((row) => ({ ...row }));
const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);

/** null where no part is known. Micros are added: euros as binary fractions would not sum up. */
function knownSum(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((all, value) => all + Math.round(value * 1e6), 0) / 1e6;
}
