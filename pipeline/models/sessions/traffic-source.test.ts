import { afterAll, beforeAll, expect, test } from 'vitest';
import { DEFAULT_CHANNELS } from '../../config/channel-names.ts';
import { openDuckDb } from '../../warehouse/duckdb/duckdb.ts';
import { sql } from '../../warehouse/sql.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { CHANNEL_RULES, UNASSIGNED } from './channels.ts';
import { CLICK_ID_KINDS } from './click-ids.ts';
import { siteLookup } from './site-lookup.ts';
import { REFERRER_MEDIUM, SITES } from './sites.ts';
import { LANDINGS, type Sourced, expectedOf, sourced } from './testing/landings.ts';

let warehouse: Warehouse;
let found: Sourced[];
beforeAll(async () => {
  warehouse = await openDuckDb(':memory:');
  found = await sourced(warehouse, LANDINGS);
});
afterAll(() => warehouse.close());

test.each(LANDINGS.map((row, i) => [row.landing, row.referrer ?? 'no referrer', row.reason, row, i] as const))(
  '%s from %s: %s',
  (_landing, _referrer, _reason, row, i) => {
    expect(found[i]).toEqual(expectedOf(row));
  },
);

test('the table holds at least 400 different landings, and one of every channel, click id and medium of a referrer', () => {
  expect(new Set(LANDINGS.map(({ landing, referrer }) => JSON.stringify([landing, referrer]))).size).toBe(LANDINGS.length);
  expect(LANDINGS.length).toBeGreaterThanOrEqual(400);
  expect(new Set(LANDINGS.map(({ channel }) => channel))).toEqual(new Set(DEFAULT_CHANNELS));
  const clicked = CLICK_ID_KINDS.filter(({ name }) => !LANDINGS.some(({ landing }) => new RegExp(`[?&]${name}=.`, 'i').test(landing)));
  expect(clicked).toEqual([]);
  const media = new Set(LANDINGS.filter(({ referrer }) => referrer !== null).map(({ sourceMedium }) => sourceMedium.split(' / ')[1]));
  expect(Object.values(REFERRER_MEDIUM).filter((medium) => medium !== null && !media.has(medium))).toEqual([]);
});

test('the default group has its channels in the published order, and the rest is unassigned', () => {
  expect([...CHANNEL_RULES.map((rule) => rule.channel), UNASSIGNED]).toEqual(DEFAULT_CHANNELS);
});

test('a visit is sourced alike whatever other visits there are', async () => {
  const some = LANDINGS.filter((_, i) => i % 40 === 0);
  for (const row of some) expect(await sourced(warehouse, [row])).toEqual([expectedOf(row)]);
});

test('no visits give none', async () => {
  expect(await sourced(warehouse, [])).toEqual([]);
});

test('no host stands twice in the list of sites, and none has a leading www, capitals or characters of an address', () => {
  const hosts = SITES.flatMap((site) => site.hosts);
  expect(hosts.filter((host, i) => hosts.indexOf(host) !== i)).toEqual([]);
  expect(hosts.filter((host) => host.startsWith('www.') || !/^[a-z0-9_+. -]+(\.\*)?$/.test(host))).toEqual([]);
});

test('the source of each site is a name or host of the same kind of site: reports lead back to what was found', async () => {
  const sources = SITES.map(({ source }) => source);
  const texts = sql`select text from ${warehouse.dialect.values(
    'given',
    { text: 'STRING' },
    sources.map((source) => [source]),
  )}`;
  const rows = await warehouse.rows<{ text: string; category: string }>(siteLookup(warehouse.dialect, texts, SITES));
  const categories = new Map(rows.map(({ text, category }) => [text, category]));
  expect(SITES.filter(({ source, category }) => categories.get(source) !== category).map(({ source }) => source)).toEqual([]);
});

test('each click id of a search or social platform has a source of that kind; the others are networks and tools', () => {
  const hosts = new Set(SITES.flatMap((site) => site.hosts));
  const unknown = CLICK_ID_KINDS.map((kind) => kind.source).filter((source) => !hosts.has(source));
  const networks = ['doubleclick', 'taboola', 'outbrain', 'adroll', 'kochava', 'impact', 'awin', 'cj', 'rakuten_advertising', 'klaviyo'];
  expect([...new Set(unknown)].sort()).toEqual(networks.sort());
});
