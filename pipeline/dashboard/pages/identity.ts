import { publishedKeyRules } from '../../models/reports/publication.ts';
import { refusalReasons, signalsCsv } from '../../query/identity/csv.ts';
import { type Hub, refusedValues } from '../../query/identity/hubs.ts';
import { type IdentityStatistics, publishedStatistics, type SignalStatistics } from '../../query/identity/statistics.ts';
import { EMPTY } from '../../query/format.ts';
import type { Publication } from '../../query/publication.ts';
import { share } from '../components/bars.ts';
import { emptyState, section } from '../components/section.ts';
import { table, type TableColumn } from '../components/table.ts';
import { type Tile, tileNote, tiles } from '../components/tiles.ts';
import { html, type Html, NOTHING } from '../html.ts';
import type { Page, PageContent, PageContext } from '../page.ts';
import { address, carried } from '../state.ts';

/** Who is one person, and by which evidence: what every figure by person rests on. */
export const identity: Page = { path: '/identity', label: 'Identity', render };

const REFUSED_SHOWN = 15;

/** What a publication says of its graph. */
interface Graph {
  readonly statistics: IdentityStatistics;
  readonly refused: readonly Hub[];
}

/** A publication does not change, and the graph of a large one is gone through once for all readers. */
const graphs = new WeakMap<Publication, Promise<Graph>>();

function graphOf({ warehouse, publication, config }: PageContext): Promise<Graph> {
  const known = graphs.get(publication);
  if (known) return known;
  const graph = (async () => ({
    statistics: await publishedStatistics({ warehouse, publication }),
    refused: await refusedValues(warehouse, publishedKeyRules(config), REFUSED_SHOWN),
  }))();
  graphs.set(publication, graph);
  graph.catch(() => graphs.delete(publication));
  return graph;
}

async function render(context: PageContext): Promise<PageContent> {
  const { statistics, refused } = await graphOf(context);
  const { path, params } = context;
  const csv = () => signalsCsv(statistics);
  if (statistics.persons === 0) {
    const next = html`Once visitors have been seen, <code>npx touchtrail run</code> finds out who of them is one person.`;
    return { title: 'Identity', body: html`<section class="panel">${emptyState('Nobody has been seen yet', next)}</section>`, csv };
  }
  const body = html`${tiles(tilesOf(context, statistics))}
    <p class="note">
      All that is known at this publication, whatever the dates of other pages. An anonymous id is a browser with its cookie; a person is
      all of them that evidence links. Why two of them are one person says <code>touchtrail identity explain</code>.
    </p>
    ${section({
      title: 'Evidence by signal',
      csv: address(path, params, { format: 'csv' }),
      body: signalsTable(context, statistics),
    })}
    <div class="columns">
      ${section({ title: 'Devices per person', body: devicesTable(context, statistics) })}
      ${section({ title: 'Persons with most devices', body: largestTable(context, statistics) })}
    </div>
    ${section({ title: 'Values that were refused', body: refusedTable(context, refused) })}`;
  return { title: 'Identity', body, csv };
}

function tilesOf({ figure }: PageContext, { persons, anonymous_ids, devices, signals }: IdentityStatistics): Tile[] {
  const several = devices.reduce((sum, row) => sum + (row.devices > 1 ? row.persons : 0), 0);
  const refused = signals.reduce((sum, row) => sum + refusedOf(row), 0);
  const used = signals.reduce((sum, row) => sum + row.edges_used, 0);
  return [
    { label: 'Persons', value: figure(persons, 'count') },
    {
      label: 'Anonymous ids',
      value: figure(anonymous_ids, 'count'),
      ...tileNote(`${figure(anonymous_ids / persons, 'ratio')} per person`),
    },
    {
      label: 'Persons with several devices',
      value: figure(several, 'count'),
      ...tileNote(`${figure(several / persons, 'percent')} of persons`),
    },
    { label: 'Anonymous ids joined', value: figure(anonymous_ids - persons, 'count'), ...tileNote('to another one of the same person') },
    {
      label: 'Evidence refused',
      value: figure(refused, 'count'),
      ...(used + refused > 0 && tileNote(`${figure(refused / (used + refused), 'percent')} of edges`)),
    },
  ];
}

const refusedOf = ({ refused }: SignalStatistics): number => Object.values(refused).reduce((sum, count) => sum + count, 0);

const SIGNALS: Readonly<Record<string, string>> = {
  user_id: 'User id of the site',
  email_hash: 'E-mail address, given',
  email_hash_link: 'E-mail address, in a link only',
  previous_id: 'Former cookie',
  ga_client_id: 'Google Analytics client id',
  click_id: 'Click id of an ad',
  ip_hash: 'IP address, within days',
};
const signalText = (signal: string): string => SIGNALS[signal] ?? signal;

/** Why an edge links nobody. */
const REASONS: Readonly<Record<string, { readonly label: string; readonly title: string }>> = {
  blocked_value: { label: 'Blocked', title: 'The value is blocked, by default or by the config: it says nothing about who somebody is' },
  shared_device: { label: 'Shared device', title: 'More than 3 e-mail addresses or user ids on one device' },
  shared_key: { label: 'Shared value', title: 'More anonymous ids hold the value than its limit' },
  conflicting_key: { label: 'Conflict', title: 'Both sides hold different values of a key of which a person has one, such as the user id' },
  size_cap: { label: 'Too large', title: 'The person would have more anonymous ids than the config allows' },
};
const reasonOf = (reason: string) => REASONS[reason] ?? { label: reason, title: '' };

function signalsTable({ figure }: PageContext, statistics: IdentityStatistics): Html {
  const reasons = refusalReasons(statistics);
  const count = (value: number) => (value === 0 ? EMPTY : figure(value, 'count'));
  const joins = statistics.signals.reduce((sum, row) => sum + row.joins, 0);
  return table({
    caption: 'In the order in which evidence is accepted: the strongest first',
    ...(reasons.length > 0 && {
      groups: [
        { label: '', span: 3 },
        { label: 'Accepted', span: 3 },
        { label: 'Refused', span: reasons.length },
      ],
    }),
    columns: [
      { key: 'signal', label: 'Signal' },
      { key: 'tier', label: 'Tier', text: true },
      { key: 'joins', label: 'Joins', title: 'How often it made two groups of anonymous ids one person' },
      { key: 'share', label: 'Of all joins' },
      { key: 'edges', label: 'Edges', title: 'Pairs of an anonymous id and a value' },
      { key: 'ids', label: 'Anonymous ids' },
      ...reasons.map((reason): TableColumn => ({ key: reason, label: reasonOf(reason).label, title: reasonOf(reason).title })),
    ],
    rows: statistics.signals.map((row) => [
      signalText(row.signal),
      row.tier,
      figure(row.joins, 'count'),
      joins === 0 ? EMPTY : share(row.joins, joins),
      figure(row.edges_used, 'count'),
      figure(row.anonymous_ids, 'count'),
      ...reasons.map((reason) => count(row.refused[reason] ?? 0)),
    ]),
    total: [
      'All',
      '',
      figure(joins, 'count'),
      '',
      figure(
        statistics.signals.reduce((sum, row) => sum + row.edges_used, 0),
        'count',
      ),
      '',
      ...reasons.map((reason) => count(statistics.signals.reduce((sum, row) => sum + (row.refused[reason] ?? 0), 0))),
    ],
  });
}

/** One by one up to five, then by tens. */
function devicesTable({ figure }: PageContext, { devices, persons }: IdentityStatistics): Html {
  const buckets = new Map<string, number>();
  for (const row of devices) {
    const { devices: count } = row;
    const bucket = count <= 5 ? String(count) : count <= 10 ? '6 to 10' : count <= 100 ? '11 to 100' : 'more than 100';
    buckets.set(bucket, (buckets.get(bucket) ?? 0) + row.persons);
  }
  return table({
    caption: 'Persons by their anonymous ids',
    columns: [
      { key: 'devices', label: 'Devices' },
      { key: 'persons', label: 'Persons' },
      { key: 'share', label: 'Share' },
    ],
    rows: [...buckets].map(([bucket, count]) => [bucket, figure(count, 'count'), share(count, persons)]),
  });
}

function largestTable({ figure, time, params }: PageContext, { largest }: IdentityStatistics): Html {
  if (largest.length === 0) return html`<p class="quiet">Nobody has more than one device.</p>`;
  return table({
    caption: 'Named by the anonymous id seen first; each leads to the journey',
    columns: [
      { key: 'person', label: 'Person' },
      { key: 'since', label: 'Since', text: true },
      { key: 'ids', label: 'Anonymous ids' },
    ],
    rows: largest.map((row) => [
      html`<a href="${address('/journeys', carried(params), { anonymous_id: row.person_id })}"><code>${row.person_id}</code></a>`,
      time.day(row.first_seen),
      figure(row.anonymous_ids, 'count'),
    ]),
  });
}

function refusedTable({ figure, time }: PageContext, rows: readonly Hub[]): Html {
  if (rows.length === 0) return html`<p class="quiet">No evidence was refused.</p>`;
  return html`${table({
      caption: 'The values with most refused edges; hashes are shortened',
      columns: [
        { key: 'value', label: 'Value' },
        { key: 'signal', label: 'Signal', text: true },
        { key: 'reason', label: 'Why', text: true },
        { key: 'ids', label: 'Anonymous ids' },
        { key: 'refused', label: 'Refused' },
        { key: 'cap', label: 'Limit', title: 'More anonymous ids than this, and the value links nobody' },
      ],
      rows: rows.map((row) => [
        html`<code>${row.key_value}</code
          >${row.episode_start === null ? NOTHING : html` <span class="quiet">from ${time.day(row.episode_start)}</span>`}`,
        signalText(row.signal),
        row.reason === null ? EMPTY : reasonOf(row.reason).label.toLowerCase(),
        figure(row.anonymous_ids, 'count'),
        figure(row.refused, 'count'),
        row.cap === null ? EMPTY : figure(row.cap, 'count'),
      ]),
    })}
    <p class="note">
      What a value that wrongly links or is wrongly refused needs: a limit of its own, or a place among the blocked values (<code
        >identity</code
      >
      in the config, docs/identity.md).
    </p>`;
}
