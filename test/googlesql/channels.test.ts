import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ConfigInput } from '../../pipeline/config/schema.ts';
import { LANDINGS, expectedOf, sourced } from '../../pipeline/models/sessions/testing/landings.ts';
import { openDuckDb } from '../../pipeline/warehouse/duckdb/duckdb.ts';
import type { Warehouse } from '../../pipeline/warehouse/warehouse.ts';
import { GoogleSql } from './googlesql.ts';
import { GoogleSqlWarehouse } from './warehouse.ts';

let engine: GoogleSql;
let google: Warehouse;
let duckDb: Warehouse;
beforeAll(async () => {
  [engine, duckDb] = await Promise.all([GoogleSql.start(), openDuckDb(':memory:')]);
  google = new GoogleSqlWarehouse(engine);
});
afterAll(async () => {
  engine.stop();
  await duckDb.close();
});

test('every landing of the table has its source, medium and channel on GoogleSQL, too', async () => {
  expect(await sourced(google, LANDINGS)).toEqual(LANDINGS.map(expectedOf));
});

/** One of each operator, of what only a project says, and of what an engine could read differently. */
const PROJECT: Pick<ConfigInput, 'channels' | 'costs'> = {
  costs: [{ csv: 'x.csv', platform: 'handwerk_ads', source: 'Handwerk', medium: 'CPM' }],
  channels: {
    rules: [
      { channel: 'Brand', when: { campaign: { matches: String.raw`(^|[\s_-])brand\b` }, medium: { in: ['CPC', 'ppc'] } } },
      { channel: "Müller's", when: { any: [{ source: { startsWith: 'MÜLLER' } }, { referrerHost: { equals: 'partner.example' } }] } },
      { channel: 'Landing', when: { all: [{ landingPath: { startsWith: '/LP/' } }, { landingPath: { contains: 'ä' } }] } },
      { channel: 'Own click', when: { clickId: { equals: 'aff.id' }, adPlatform: { equals: 'partners' } } },
    ],
    sites: { search: ['suche.example'], excluded: ['bank.example', 'reddit.com'], referral: ['youtube.*'] },
    mediums: { Rundbrief: 'email', cpm: 'cpc' },
    clickIds: {
      'aff.id': { source: 'Partners', medium: 'Affiliate', platform: 'partners' },
      fbclid: { source: 'meta', medium: 'paid', platform: 'meta_ads' },
    },
  },
};
const VISITS: readonly [landing: string, referrer: string | null][] = [
  ['/?utm_source=google&utm_medium=CPC&utm_campaign=DE_brand', null],
  ['/?utm_source=google&utm_medium=cpc&utm_campaign=branding', null],
  ['/?utm_source=M%C3%BCller%20AG&utm_medium=x', null],
  ['/', 'https://www.partner.example/a'],
  ['/lp/sp%C3%A4t', null],
  ['/lp/spät?x', null],
  ['/a?b=c&AFF.ID=7', 'https://www.google.com/'],
  ['/a?affxid=7', null],
  ['/a#?aff.id=7', null],
  ['/?fbclid=1&aff.id=7', null],
  ['/?fbclid=1', null],
  ['/', 'https://a.suche.example/'],
  ['/', 'https://bank.example/'],
  ['/', 'https://old.reddit.com/'],
  ['/', 'https://m.youtube.com/'],
  ['/?utm_source=crew&utm_medium=rundbrief', null],
  ['/?utm_source=handwerk&utm_medium=cpm', null],
];

test("a project's own rules, sites, media and click ids mean the same on both engines", async () => {
  const landings = VISITS.map(([landing, referrer]) => ({ landing, referrer }));
  const onDuckDb = await sourced(duckDb, landings, PROJECT);
  expect(await sourced(google, landings, PROJECT)).toEqual(onDuckDb);
  expect(onDuckDb.map(({ sourceMedium, channel, adPlatform }) => `${sourceMedium}, ${channel}, ${adPlatform ?? '-'}`)).toEqual([
    'google / cpc, Brand, -',
    'google / cpc, Paid Search, -',
    "müller ag / x, Müller's, -",
    "partner.example / referral, Müller's, -",
    'direct / none, Direct, -',
    'direct / none, Landing, -',
    'partners / affiliate, Own click, partners',
    'direct / none, Direct, -',
    'direct / none, Direct, -',
    'meta / paid, Paid Social, meta_ads',
    'meta / paid, Paid Social, meta_ads',
    'suche.example / organic, Organic Search, -',
    'direct / none, Direct, -',
    'direct / none, Direct, -',
    'youtube / referral, Referral, -',
    'crew / email, Email, -',
    'handwerk / cpc, Paid Other, handwerk_ads',
  ]);
});
