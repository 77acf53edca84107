import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { ConfigInput } from '../../config/schema.ts';
import { syncCosts } from '../../sources/costs.ts';
import { type World, openWorld, page } from '../../testing/world.ts';
import { openDuckDb } from '../../warehouse/duckdb/duckdb.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { events } from '../events/events.ts';
import { sessions } from './sessions.ts';
import { sourced } from './testing/landings.ts';

let warehouse: Warehouse;
beforeAll(async () => {
  warehouse = await openDuckDb(':memory:');
});
afterAll(() => warehouse.close());

let world: World | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});

/** `source / medium, channel, ad platform` of visits, in their order. */
async function visits(
  channels: NonNullable<ConfigInput['channels']>,
  ...landings: readonly (readonly [landing: string, referrer?: string])[]
): Promise<string[]> {
  const found = await sourced(
    warehouse,
    landings.map(([landing, referrer]) => ({ landing, referrer: referrer ?? null })),
    { channels },
  );
  return found.map(({ sourceMedium, channel, adPlatform }) => `${sourceMedium}, ${channel}, ${adPlatform ?? '-'}`);
}

test("a project's rules stand before the default group, and the first one that holds decides", async () => {
  const rules = [
    { channel: 'Brand', when: { medium: { equals: 'CPC' }, campaign: { contains: 'Brand' } } },
    { channel: 'Non-brand', when: { medium: { equals: 'cpc' } } },
  ];
  expect(
    await visits(
      { rules },
      ['/?utm_source=google&utm_medium=cpc&utm_campaign=DE_BRAND'],
      ['/?utm_source=google&utm_medium=cpc&utm_campaign=generic'],
      ['/?gclid=1'],
      ['/?utm_source=google&utm_medium=ppc&utm_campaign=brand'],
      ['/', 'https://www.google.com/'],
    ),
  ).toEqual([
    'google / cpc, Brand, -',
    'google / cpc, Non-brand, -',
    'google / cpc, Non-brand, google_ads',
    'google / ppc, Paid Search, -',
    'google / organic, Organic Search, -',
  ]);
});

test.each<[string, NonNullable<NonNullable<ConfigInput['channels']>['rules']>[number]['when'], readonly [string, string?], boolean]>([
  ['equals takes the whole text', { source: { equals: 'partner' } }, ['/?utm_source=Partner&utm_medium=x'], true],
  ['equals takes no part', { source: { equals: 'partner' } }, ['/?utm_source=partners&utm_medium=x'], false],
  ['in takes one of several', { source: { in: ['a', 'B'] } }, ['/?utm_source=b&utm_medium=x'], true],
  ['contains takes a part', { campaign: { contains: '50%_o' } }, ['/?utm_campaign=now-50%25_Off'], true],
  ['contains has no wildcards', { campaign: { contains: '50%o' } }, ['/?utm_campaign=50%25_off'], false],
  ['startsWith takes the beginning', { campaign: { startsWith: 'DE_' } }, ['/?utm_campaign=de_x'], true],
  ['startsWith takes no other part', { campaign: { startsWith: 'de_' } }, ['/?utm_campaign=x_de_'], false],
  ['matches takes a part without regard to case', { campaign: { matches: 'B[rl]and$' } }, ['/?utm_campaign=x-BRAND'], true],
  ['matches is anchored where it says so', { campaign: { matches: '^brand$' } }, ['/?utm_campaign=x-brand'], false],
  ['the referrer, without www', { referrerHost: { equals: 'partner.example' } }, ['/', 'https://www.partner.example/a'], true],
  ['the referrer of a tagged visit', { referrerHost: { equals: 'partner.example' } }, ['/?utm_source=x', 'https://partner.example/'], true],
  ['the referrer, though it is excluded', { referrerHost: { contains: 'paypal' } }, ['/', 'https://www.paypal.com/'], true],
  ['the landing path', { landingPath: { equals: '/lp/spring' } }, ['/LP/spring?x=1#y'], true],
  ['the landing path, not the query', { landingPath: { contains: 'spring' } }, ['/lp?x=spring'], false],
  ['the landing path of the start page', { landingPath: { equals: '/' } }, ['https://www.fernhill.example?utm_source=x'], true],
  ['the ad platform', { adPlatform: { equals: 'linkedin_ads' } }, ['/?li_fat_id=1'], true],
  ['no ad platform of a link that is no ad', { adPlatform: { equals: 'meta_ads' } }, ['/?fbclid=1'], false],
  ['the click id', { clickId: { in: ['fbclid', 'ttclid'] } }, ['/?fbclid=1'], true],
  ['the click id that decides', { clickId: { equals: 'fbclid' } }, ['/?fbclid=1&gclid=1'], false],
  ['all of several', { all: [{ source: { equals: 'a' } }, { medium: { equals: 'b' } }] }, ['/?utm_source=a&utm_medium=c'], false],
  ['any of several', { any: [{ source: { equals: 'a' } }, { medium: { equals: 'b' } }] }, ['/?utm_source=a&utm_medium=c'], true],
  [
    'members and alternatives',
    { source: { equals: 'a' }, any: [{ medium: { equals: 'b' } }, { medium: { equals: 'c' } }] },
    ['/?utm_source=x&utm_medium=c'],
    false,
  ],
])('a condition: %s', async (_name, when, landing, holds) => {
  const [visit] = await visits({ rules: [{ channel: 'Claimed', when }] }, landing);
  expect(visit!.includes(', Claimed,')).toBe(holds);
});

test("a project's sites stand before the built-in list, with their subdomains", async () => {
  const sites = {
    search: ['suche.example', 'finder'],
    social: ['forum.example'],
    excluded: ['bank.example', 'linkedin.com'],
    referral: ['medium.com', 'pinterest.*'],
  };
  expect(
    await visits(
      { sites },
      ['/', 'https://www.suche.example/q'],
      ['/?utm_source=Finder&utm_medium=cpc'],
      ['/', 'https://a.forum.example/'],
      ['/thanks', 'https://secure.bank.example/'],
      ['/', 'https://www.linkedin.com/'],
      ['/', 'https://fernhill.medium.com/'],
      ['/', 'https://www.pinterest.de/'],
      ['/', 'https://otherbank.example/'],
    ),
  ).toEqual([
    'suche.example / organic, Organic Search, -',
    'finder / cpc, Paid Search, -',
    'forum.example / referral, Organic Social, -',
    'direct / none, Direct, -',
    'direct / none, Direct, -',
    'medium.com / referral, Referral, -',
    'pinterest / referral, Referral, -',
    'otherbank.example / referral, Referral, -',
  ]);
});

test('media go by the name that the project gives them, wherever they come from', async () => {
  expect(
    await visits(
      { mediums: { Newsletter: 'Email', mailing: 'email', cpc: 'paid-click' } },
      ['/?utm_source=crew&utm_medium=newsletter'],
      ['/?utm_source=crew&utm_medium=MAILING'],
      ['/?utm_source=crew&utm_medium=print'],
      ['/?utm_source=google&utm_medium=cpc'],
      ['/?gclid=1'],
    ),
  ).toEqual([
    'crew / email, Email, -',
    'crew / email, Email, -',
    'crew / print, Unassigned, -',
    'google / paid-click, Paid Search, -',
    'google / paid-click, Paid Search, google_ads',
  ]);
});

test("a project's click ids are read from the landing address, and built-in ones may mean something else", async () => {
  const clickIds = {
    partner_id: { source: 'Partner', medium: 'affiliate', platform: 'partners' },
    'link.id': { source: 'linker', medium: 'referral', platform: 'linker', adsOnly: false },
    gclid: { source: 'google', medium: 'ppc', platform: 'google_ads' },
  };
  expect(
    await visits(
      { clickIds },
      ['/?PARTNER_ID=7', 'https://www.google.com/'],
      ['/?partner_id=', 'https://www.google.com/'],
      ['/?my_partner_id=7'],
      ['/#?partner_id=7'],
      ['/?link.id=7', 'https://www.google.com/'],
      ['/?link.id=7'],
      ['/?linkXid=7'],
      ['/?gclid=1&partner_id=7'],
      ['/?fbclid=1&partner_id=7'],
      ['/?utm_source=crew&utm_medium=email&partner_id=7'],
    ),
  ).toEqual([
    'partner / affiliate, Affiliates, partners',
    'google / organic, Organic Search, -',
    'direct / none, Direct, -',
    'direct / none, Direct, -',
    'google / organic, Organic Search, -',
    'linker / referral, Referral, -',
    'direct / none, Direct, -',
    'google / ppc, Paid Search, google_ads',
    'partner / affiliate, Affiliates, partners',
    'crew / email, Email, partners',
  ]);
});

test('cost and visits of a campaign are in the same channel: by rule, site and medium', async () => {
  world = await openWorld({
    costs: [{ csv: 'partner.csv', platform: 'partner_ads', source: 'Finder', medium: 'Klick' }],
    channels: {
      rules: [{ channel: 'Brand', when: { adPlatform: { equals: 'partner_ads' }, campaign: { startsWith: 'brand' } } }],
      sites: { search: ['finder'] },
      mediums: { klick: 'cpc' },
    },
  });
  const header = 'date,account_id,campaign_id,campaign,ad_group_id,ad_group,ad_id,ad,cost,impressions,clicks';
  await world.file('partner.csv', `${header}\n2026-03-02,1,1,Brand DE,,,,,1,1,1\n2026-03-02,1,2,Other,,,,,1,1,1\n`);
  await world.events(
    { who: 'a', at: '10:00', ...page('https://www.fernhill.example/?utm_source=finder&utm_medium=klick&utm_campaign=Brand%20DE') },
    { who: 'b', at: '10:00', ...page('https://www.fernhill.example/?utm_source=finder&utm_medium=cpc&utm_campaign=Other') },
  );
  await world.run(syncCosts, events, sessions);
  const columns = 'source, medium, campaign, channel';
  const expected = [
    { source: 'finder', medium: 'cpc', campaign: 'Brand DE', channel: 'Brand' },
    { source: 'finder', medium: 'cpc', campaign: 'Other', channel: 'Paid Search' },
  ];
  expect(await world.rows(`select ${columns} from sessions order by campaign`)).toEqual(expected);
  expect(await world.rows(`select ${columns} from costs order by campaign`)).toEqual(expected);
});

test('the run warns of a rule that another one hides', async () => {
  const when = { medium: { equals: 'cpc' } };
  world = await openWorld({
    channels: {
      rules: [
        { channel: 'Ads', when },
        { channel: 'Brand', when: { ...when, campaign: { contains: 'brand' } } },
      ],
    },
  });
  const results = await world.run(events, sessions);
  expect(results.flatMap(({ warnings }) => warnings)).toEqual([
    'channels.rules[1] ("Brand") can never match: channels.rules[0] ("Ads") stands before it and takes all it could; move it up or take it out',
  ]);
});
