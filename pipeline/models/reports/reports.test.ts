import { createHash } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { attribution } from '../attribution/attribution.ts';
import { conversions } from '../conversions/conversions.ts';
import { EXCHANGE_RATES } from '../conversions/tables.ts';
import { syncCosts } from '../../sources/costs.ts';
import { events } from '../events/events.ts';
import { identity } from '../identity/identity.ts';
import { sessions } from '../sessions/sessions.ts';
import { type World, openWorld, page } from '../../testing/world.ts';
import { reports } from './reports.ts';

const NIGHT = [events, syncCosts, sessions, identity, conversions, attribution, reports];
const HEADER = 'date,account_id,campaign_id,campaign,ad_group_id,ad_group,ad_id,ad,cost,impressions,clicks\n';

let world: World;
beforeEach(async () => {
  world = await openWorld({
    conversions: [{ name: 'deal', label: 'Deal', sql: 'deal.sql', value: 'money' }],
    costs: [{ csv: 'google.csv', platform: 'google_ads', source: 'google', medium: 'cpc' }],
    attribution: { models: ['last_significant_click'] },
  });
  await world.file('google.csv', `${HEADER}2026-03-01,1,11,Brand,,,,,2.50,40,2\n`);
  await world.file(
    'deal.sql',
    `select * from (values
      ('D1', timestamp '2026-06-30 22:30:00', timestamp '2026-03-10 10:00:00', 'a', 5000.0, [{'key': 'plan', 'value': 'pro'}]),
      ('D2', timestamp '2026-05-01 10:00:00', timestamp '2026-03-31 22:30:00', 'unknown', 100.0, [])
    ) as t(id, created, attribution_time, client_id, value, params) where created >= @from and created < @to`,
  );
  await world.events(
    {
      who: 'a',
      at: '2026-02-28 23:30',
      ...page('https://www.fernhill.example/pricing?utm_source=google&utm_medium=cpc&utm_campaign=Brand&utm_term=crew&gclid=X'),
      country: 'DE',
      device_type: 'mobile',
    },
    { who: 'b', at: '2026-03-01 10:00', ...page('https://www.fernhill.example/') },
  );
  await world.run(...NIGHT);
});
afterEach(() => world.close());

const NO_DIMENSIONS = {
  campaign: null,
  ad_platform: null,
  term: null,
  content: null,
  landing_path: null,
  country: null,
  region: null,
  city: null,
  device_type: null,
  browser: null,
  os: null,
};
const AD = {
  ...NO_DIMENSIONS,
  channel: 'Paid Search',
  source: 'google',
  medium: 'cpc',
  campaign: 'Brand',
  ad_platform: 'google_ads',
};
const CLICK = { ...AD, term: 'crew', landing_path: '/pricing', country: 'DE', device_type: 'mobile' };
const FIRST = {
  previous_date: null,
  previous_channel_date: null,
  previous_source_date: null,
  previous_medium_date: null,
  previous_source_medium_date: null,
  previous_campaign_date: null,
  previous_landing_path_date: null,
  previous_country_date: null,
  previous_device_type_date: null,
  previous_browser_date: null,
};
const personKey = (id: string) => String(BigInt(`0x${createHash('sha256').update(id).digest('hex').slice(0, 15)}`));

test('sessions are reported with the person and the date in the project time zone', async () => {
  expect(
    await world.rows(
      'select * exclude (session_id, ad_reference, source_key) replace (cast(person_key as varchar) as person_key) from report_sessions order by click_date, channel desc',
    ),
  ).toEqual([
    { person_key: personKey('a'), click_date: '2026-03-01', session_number: 1, ...FIRST, ...CLICK },
    {
      person_key: personKey('b'),
      click_date: '2026-03-01',
      session_number: 1,
      ...FIRST,
      ...NO_DIMENSIONS,
      channel: 'Direct',
      source: 'direct',
      medium: 'none',
      landing_path: '/',
    },
  ]);
});

test('credits carry the dimensions of their session and both dates; without a session they say so and never direct', async () => {
  expect(
    await world.rows(
      'select * exclude (session_id, ad_reference, source_key) replace (cast(person_key as varchar) as person_key) from report_credits order by conversion_id',
    ),
  ).toEqual([
    {
      conversion_name: 'deal',
      conversion_id: 'D1',
      model: 'last_significant_click',
      person_key: personKey('a'),
      conversion_date: '2026-07-01',
      click_date: '2026-03-01',
      credit: 1_000_000_000,
      value_micros: 5_000_000_000,
      is_qualified: null,
      reason: null,
      params: [{ key: 'plan', value: 'pro' }],
      session_number: 1,
      ...CLICK,
    },
    {
      conversion_name: 'deal',
      conversion_id: 'D2',
      model: 'last_significant_click',
      person_key: null,
      conversion_date: '2026-05-01',
      click_date: '2026-04-01',
      credit: 1_000_000_000,
      value_micros: 100_000_000,
      is_qualified: null,
      reason: 'unknown_identifier',
      params: [],
      session_number: null,
      ...NO_DIMENSIONS,
      channel: '(not attributed)',
      source: '(not attributed)',
      medium: '(not attributed)',
    },
  ]);
});

test('costs carry the dimensions they share with sessions', async () => {
  expect(await world.rows('select * exclude (cost_key) from report_costs')).toEqual([
    {
      click_date: '2026-03-01',
      ...AD,
      account: '1',
      campaign_id: '11',
      ad_group: null,
      ad: null,
      cost_micros: 2_500_000,
      currency: 'EUR',
      impressions: 40,
      clicks: 2,
      platform_conversions_micros: null,
      platform_value_micros: null,
    },
  ]);
});

test('a credit leads to the same ad as its session, and one without a session to none', async () => {
  const [row] = await world.rows(`
    select count(*) as credits, countif(credits.ad_reference = sessions.ad_reference) as alike, count(credits.ad_reference) as of_ads
    from report_credits as credits left join report_sessions as sessions on sessions.session_id = credits.session_id`);
  expect(row).toEqual({ credits: 2, alike: 1, of_ads: 1 });
  // What brought it is kept once, and only where there is something.
  expect(
    await world.rows(`select sources.channel, sources.campaign, count(distinct sessions.session_id) as sessions, count(distinct credits.conversion_id) as credits
      from report_sources as sources
      inner join report_sessions as sessions on sessions.source_key = sources.source_key
      left join report_credits as credits on credits.source_key = sources.source_key group by all order by channel`),
  ).toEqual([
    { channel: 'Direct', campaign: null, sessions: 1, credits: 0 },
    { channel: 'Paid Search', campaign: 'Brand', sessions: 1, credits: 1 },
  ]);
});

test('a second night on unchanged data touches no row of any table', async () => {
  for (const { changes } of await world.run(...NIGHT)) {
    for (const change of Object.values(changes)) expect(change).toEqual({ inserted: 0, updated: 0, deleted: 0 });
  }
});

const signedIn = (who: string, at: string) => ({ who, at, type: 'identify' as const, user_id: 'u-1' });

/** Some of the dates of a session before, where all of them are the same. */
const after = (date: string | null) => ({
  previous_date: date,
  previous_channel_date: date,
  previous_source_medium_date: date,
  previous_campaign_date: date,
});

test('sessions are numbered by person and say when it came before, whichever of its browsers they are of', async () => {
  await world.events(signedIn('a', '2026-03-05 10:00'), signedIn('c', '2026-02-20 10:00'), signedIn('c', '2026-03-09 10:00'));
  await world.run(...NIGHT);
  const first = after(null);
  expect(
    await world.rows(
      `select sessions.anonymous_id, session_number, report_sessions.channel, previous_date, previous_channel_date, previous_source_medium_date, previous_campaign_date
       from report_sessions
       inner join sessions on sessions.session_id = report_sessions.session_id
       order by sessions.started_at`,
    ),
  ).toEqual([
    { anonymous_id: 'c', session_number: 1, channel: 'Direct', ...first },
    { anonymous_id: 'a', session_number: 2, channel: 'Paid Search', ...first, previous_date: '2026-02-20' },
    { anonymous_id: 'b', session_number: 1, channel: 'Direct', ...first },
    { anonymous_id: 'a', session_number: 3, channel: 'Direct', ...after('2026-02-20'), previous_date: '2026-03-01' },
    { anonymous_id: 'c', session_number: 4, channel: 'Direct', ...after('2026-03-05') },
  ]);
  // The night before, the session that the deal is credited to was its person's first.
  expect(await world.rows(`select conversion_id, session_number from report_credits order by conversion_id`)).toEqual([
    { conversion_id: 'D1', session_number: 2 },
    { conversion_id: 'D2', session_number: null },
  ]);
});

test('other costs fall on each of their days, in the currency of the project; what has no rate is told of', async () => {
  const costs = await openWorld({
    otherCosts: [
      { name: 'team', amount: 1, from: '2026-03-01', to: '2026-03-03', channel: 'Events' },
      { name: 'agency', amount: 10, currency: 'USD', from: '2026-03-02', to: '2026-03-02' },
      { name: 'studio', amount: 10, currency: 'CHF', from: '2026-03-02', to: '2026-03-02' },
    ],
  });
  try {
    await costs.load(EXCHANGE_RATES, [{ date: '2026-02-27', currency: 'USD', rate: 1.25 }]);
    const [result] = await costs.run(reports);
    expect(result!.warnings).toEqual([
      expect.stringMatching(/^otherCosts: 1 day of studio in CHF is in no total: there are no exchange rates/),
    ]);
    expect(
      await costs.rows('select name, click_date, channel, other_cost_micros from report_other_costs order by name, click_date'),
    ).toEqual([
      { name: 'agency', click_date: '2026-03-02', channel: null, other_cost_micros: 8_000_000 },
      { name: 'studio', click_date: '2026-03-02', channel: null, other_cost_micros: null },
      { name: 'team', click_date: '2026-03-01', channel: 'Events', other_cost_micros: 333_334 },
      { name: 'team', click_date: '2026-03-02', channel: 'Events', other_cost_micros: 333_333 },
      { name: 'team', click_date: '2026-03-03', channel: 'Events', other_cost_micros: 333_333 },
    ]);
    const [again] = await costs.run(reports);
    expect(again!.changes['report_other_costs']).toEqual({ inserted: 0, updated: 0, deleted: 0 });
  } finally {
    await costs.close();
  }
});
