import type { CampaignCoverage, PlatformCoverage, SessionsWithoutCost, WayCoverage } from '../../query/coverage/coverage.ts';
import type { PlatformDifference } from '../../query/coverage/differences.ts';
import { OWN_COUNT, platformText, reasonText, wayText } from '../../query/coverage/labels.ts';
import type { NotAttributed } from '../../query/coverage/not-attributed.ts';
import { EMPTY } from '../../query/format.ts';
import { share } from '../components/bars.ts';
import { columnWriter } from '../components/figures.ts';
import { notes } from '../components/notes.ts';
import { shownOf } from '../components/section.ts';
import { table, type TableColumn } from '../components/table.ts';
import { each, html, type Html } from '../html.ts';
import type { PageContext } from '../page.ts';

/** So many rows of the longer tables are shown. */
const SHOWN = 15;
const NOT_SET = '(not set)';

const text = (key: string, label: string, title?: string): TableColumn => ({ key, label, text: true, ...(title && { title }) });
const number = (key: string, label: string, title?: string): TableColumn => ({ key, label, ...(title && { title }) });

/** Platforms with what they bill, and what of it the site saw. */
export function platformsTable({ figure }: PageContext, rows: readonly PlatformCoverage[]): Html {
  const sum = (of: (row: PlatformCoverage) => number | null) => rows.reduce((all, row) => all + (of(row) ?? 0), 0);
  return html`${table({
    caption: 'Costs by their own date, sessions by the date of their start',
    columns: [
      text('platform', 'Platform'),
      number('cost', 'Cost'),
      number('impressions', 'Impressions'),
      number('clicks', 'Clicks'),
      number('sessions', 'Sessions'),
      number('reach', 'Sessions per click', 'How many of the clicks that the platform bills arrived as a session'),
      number('matched', 'Sessions of known campaigns', 'Their campaign has a cost'),
      number('unmatched', 'Cost without sessions', 'Of campaigns that no session came from'),
    ],
    rows: rows.map((row) => [
      platformText(row.platform),
      figure(row.cost, 'money', true),
      figure(row.impressions, 'count'),
      figure(row.clicks, 'count'),
      figure(row.sessions, 'count'),
      row.clicks > 0 ? figure(row.sessions / row.clicks, 'percent') : EMPTY,
      html`${figure(row.matched_sessions, 'count')} ${row.sessions > 0 ? share(row.matched_sessions, row.sessions) : ''}`,
      figure(row.unmatched_cost, 'money', true),
    ]),
    ...(rows.length > 1 && {
      total: [
        'All',
        figure(
          sum(({ cost }) => cost),
          'money',
          true,
        ),
        figure(
          sum(({ impressions }) => impressions),
          'count',
        ),
        figure(
          sum(({ clicks }) => clicks),
          'count',
        ),
        figure(
          sum(({ sessions }) => sessions),
          'count',
        ),
        '',
        figure(
          sum((row) => row.matched_sessions),
          'count',
        ),
        figure(
          sum((row) => row.unmatched_cost),
          'money',
          true,
        ),
      ],
    }),
  })}${notes(rows.some(({ cost }) => cost === null) ? [`${EMPTY}: there is no exchange rate for the currency of the platform.`] : [])}`;
}

/** What a platform counts, taken apart. */
export function differencesTable(
  { figure, conversionLabel, modelLabel }: PageContext,
  rows: readonly PlatformDifference[],
  platforms: readonly PlatformCoverage[],
): Html {
  const count = columnWriter(
    figure,
    'decimal',
    rows.flatMap((row) => [row.platform_conversions, row.conversions]),
  );
  const signed = (value: number | null) => (value === null ? EMPTY : `${value > 0 ? '+' : ''}${count(value)}`);
  const model = rows.find((row) => row.model !== null)?.model ?? undefined;
  return html`${table({
      caption: `By date of the click${model === undefined ? '' : `, credits by ${modelLabel(model).toLowerCase()}`}: theirs = ours + shared + rest`,
      groups: [
        { label: '', span: 2 },
        { label: 'Conversions', span: 2 },
        { label: 'Why they differ', span: 2 },
        { label: 'Value', span: 2 },
      ],
      columns: [
        text('platform', 'Platform'),
        text('conversion', 'Conversion'),
        number('theirs', 'Theirs', 'What the platform states itself'),
        number('ours', 'Ours', 'Credits of its clicks'),
        number('shared', 'Shared', 'Its clicks are on the path, the credit is with other touches'),
        number('rest', 'Rest', 'Not explained by the clicks that were seen'),
        number('their_value', 'Theirs'),
        number('our_value', 'Ours'),
      ],
      rows: rows.map((row, i) => [
        row.platform === rows[i - 1]?.platform
          ? html`<span class="quiet">${platformText(row.platform)}</span>`
          : platformText(row.platform),
        row.conversion === null ? OWN_COUNT : conversionLabel(row.conversion),
        count(row.platform_conversions),
        count(row.conversions),
        signed(row.shared),
        signed(row.rest),
        figure(row.platform_value, 'money', true),
        figure(row.value, 'money', true),
      ]),
    })}
    <details open>
      <summary>What the causes are</summary>
      <dl class="facts">
        <dt>Shared</dt>
        <dd>
          Conversions with a click of the platform on their path, as far as their credit is with other touches. A platform counts each of
          them as a whole, and so does the next one.
        </dd>
        <dt>Rest</dt>
        <dd>
          What the platform counts beyond the conversions that its clicks touched: people who saw an ad and did not click, clicks that did
          not arrive as a session${each(lost(platforms), (words) => html` (${words})`)}, people who were not recognised later, a window of
          its own, and its own idea of what a conversion is. Below 0: it counts fewer than its clicks touched.
        </dd>
        <dt>Which conversion</dt>
        <dd>
          A platform states one number. It stands beside the conversion that <code>platformConversion</code> of its costs names in
          <code>touchtrail.config.ts</code>; where nothing is named, alone.
        </dd>
      </dl>
    </details>`;
}

/** The share of clicks that arrived, of the platforms that state clicks. */
function lost(platforms: readonly PlatformCoverage[]): string[] {
  const known = platforms.filter(({ clicks, sessions }) => clicks > 0 && sessions > 0);
  if (known.length === 0) return [];
  const percent = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 0 });
  return [known.map((row) => `${platformText(row.platform)}: ${percent.format(row.sessions / row.clicks)} arrived`).join(', ')];
}

/** Campaigns that cost something, and that no session came from. */
export function unmatchedTable({ figure }: PageContext, campaigns: readonly CampaignCoverage[]): Html {
  const rows = campaigns.filter(({ sessions }) => sessions === 0);
  if (rows.length === 0) return html`<p class="quiet">Every campaign with a cost has sessions.</p>`;
  return html`${table({
    caption: 'The costliest first; names and ids as the platform reports them',
    columns: [
      text('campaign', 'Campaign'),
      text('id', 'Id'),
      text('platform', 'Platform'),
      text('account', 'Account'),
      number('cost', 'Cost'),
      number('clicks', 'Clicks'),
    ],
    rows: rows
      .slice(0, SHOWN)
      .map((row) => [
        row.campaign ?? NOT_SET,
        row.campaign_id ?? NOT_SET,
        platformText(row.platform),
        row.account ?? NOT_SET,
        figure(row.cost, 'money', true),
        figure(row.clicks, 'count'),
      ]),
  })}${shownOf(Math.min(SHOWN, rows.length), rows.length)}
  ${notes(['Tag the ads of these campaigns: their addresses name neither the campaign nor its id (docs/ad-costs.md).'])}`;
}

/** Sessions that say they came from an ad, of which no cost is known. */
export function sessionsTable({ figure }: PageContext, rows: readonly SessionsWithoutCost[]): Html {
  if (rows.length === 0) return html`<p class="quiet">Every session from an ad belongs to a campaign with a cost.</p>`;
  return html`${table({
    caption: 'The most frequent first, by what their landing address says',
    columns: [
      text('source', 'Source / medium'),
      text('campaign', 'utm_campaign'),
      text('id', 'Campaign id'),
      text('platform', 'Platform'),
      text('why', 'Why it has no cost'),
      number('sessions', 'Sessions'),
    ],
    rows: rows
      .slice(0, SHOWN)
      .map((row) => [
        `${row.source} / ${row.medium}`,
        row.campaign ?? NOT_SET,
        row.campaign_id ?? NOT_SET,
        row.ad_platform === null ? EMPTY : platformText(row.ad_platform),
        wayText(row),
        figure(row.sessions, 'count'),
      ]),
  })}${shownOf(Math.min(SHOWN, rows.length), rows.length)}`;
}

/** Sessions from ads by the way they were matched. */
export function waysTable({ figure }: PageContext, ways: readonly WayCoverage[]): Html {
  const all = ways.reduce((sum, { sessions }) => sum + sessions, 0);
  return table({
    caption: 'Sessions from ads by what named their campaign',
    columns: [text('way', 'Matched by'), number('sessions', 'Sessions'), number('share', 'Share')],
    rows: ways.map((row) => [wayText(row), figure(row.sessions, 'count'), share(row.sessions, all)]),
  });
}

/** Conversions without a known touch: a row each, a column per reason. */
export function notAttributedTable({ figure, conversionLabel }: PageContext, rows: readonly NotAttributed[]): Html {
  const reasons = [...new Set(rows.flatMap((row) => row.reasons.map(({ reason }) => reason)))];
  const all = rows.flatMap((row) => [row.conversions, row.not_attributed, ...row.reasons.map(({ conversions }) => conversions)]);
  const count = columnWriter(figure, 'decimal', all);
  return table({
    caption: 'Conversions of these dates of which no touch is known, by why it is not',
    ...(reasons.length > 0 && {
      groups: [
        { label: '', span: 4 },
        { label: 'Because', span: reasons.length },
      ],
    }),
    columns: [
      text('conversion', 'Conversion'),
      number('all', 'All'),
      number('none', 'Not attributed'),
      number('share', 'Share'),
      ...reasons.map((reason) => number(reason, reasonText(reason).label, reasonText(reason).meaning)),
    ],
    rows: rows.map((row) => [
      conversionLabel(row.conversion),
      count(row.conversions),
      count(row.not_attributed),
      share(row.not_attributed, row.conversions),
      ...reasons.map((reason) => {
        const found = row.reasons.find((one) => one.reason === reason);
        return found === undefined ? EMPTY : count(found.conversions);
      }),
    ]),
  });
}
