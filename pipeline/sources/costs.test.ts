import { afterEach, expect, test } from 'vitest';
import type { ConfigInput } from '../config/schema.ts';
import { reports } from '../models/reports/reports.ts';
import { type World, openWorld } from '../testing/world.ts';
import { syncCosts } from './costs.ts';
import { syncRates } from './rates.ts';
import { TRANSFER_COSTS, TRANSFER_PROJECT, loadTransfers, readCosts } from './testing/transfers.ts';

const FILES: Partial<ConfigInput> = {
  costs: [
    { csv: 'google.csv', platform: 'google_ads', source: 'google', medium: 'cpc' },
    { csv: 'meta.csv', platform: 'meta_ads', source: 'facebook', medium: 'paid-social', currency: 'USD' },
  ],
};

let world: World;
afterEach(() => world.close());

const HEADER = 'date,account_id,campaign_id,campaign,ad_group_id,ad_group,ad_id,ad,cost,impressions,clicks\n';

test('cost files become costs with the channel their clicks arrive in; empty ids fall back to names', async () => {
  world = await openWorld(FILES);
  await world.file('google.csv', `${HEADER}2026-03-01,1,11,Brand,,,,,2.755,49,2\n2026-03-01,1,,Max cross-network,,,,,1.00,5,1\n`);
  await world.file('meta.csv', `${HEADER}2026-03-01,9,21,Owners,22,LAL,23,Video,6.80,385,4\n`);
  const [result] = await world.run(syncCosts);
  expect(await world.rows('select * from costs order by platform, campaign_id')).toEqual([
    {
      date: '2026-03-01',
      platform: 'google_ads',
      account_id: '1',
      account: '1',
      campaign_id: '11',
      campaign: 'Brand',
      ad_group_id: '',
      ad_group: null,
      ad_id: '',
      ad: null,
      source: 'google',
      medium: 'cpc',
      channel: 'Paid Search',
      cost_micros: 2_755_000,
      original_cost: 2.755,
      currency: 'EUR',
      rate: null,
      rate_date: null,
      impressions: 49,
      clicks: 2,
      platform_conversions_micros: null,
      platform_value_micros: null,
    },
    {
      date: '2026-03-01',
      platform: 'google_ads',
      account_id: '1',
      account: '1',
      campaign_id: 'Max cross-network',
      campaign: 'Max cross-network',
      ad_group_id: '',
      ad_group: null,
      ad_id: '',
      ad: null,
      source: 'google',
      medium: 'cpc',
      channel: 'Cross-network',
      cost_micros: 1_000_000,
      original_cost: 1,
      currency: 'EUR',
      rate: null,
      rate_date: null,
      impressions: 5,
      clicks: 1,
      platform_conversions_micros: null,
      platform_value_micros: null,
    },
    {
      date: '2026-03-01',
      platform: 'meta_ads',
      account_id: '9',
      account: '9',
      campaign_id: '21',
      campaign: 'Owners',
      ad_group_id: '22',
      ad_group: 'LAL',
      ad_id: '23',
      ad: 'Video',
      source: 'facebook',
      medium: 'paid-social',
      channel: 'Paid Social',
      cost_micros: null,
      original_cost: 6.8,
      currency: 'USD',
      rate: null,
      rate_date: null,
      impressions: 385,
      clicks: 4,
      platform_conversions_micros: null,
      platform_value_micros: null,
    },
  ]);
  expect(result!.warnings).toEqual([
    expect.stringMatching(/^costs: 1 row of meta_ads in USD is in no total: there are no exchange rates to EUR yet\..*add `rates: /),
  ]);
  const unchanged = { inserted: 0, updated: 0, deleted: 0 };
  expect((await world.run(syncCosts))[0]!.changes).toEqual({ ad_names: unchanged, costs: unchanged });
});

test('a campaign that was renamed within the day is one row with the sum', async () => {
  world = await openWorld(FILES);
  await world.file('google.csv', `${HEADER}2026-03-01,1,11,Old,,,,,2.00,40,2\n2026-03-01,1,11,New,,,,,3.00,50,1\n`);
  await world.file('meta.csv', HEADER);
  await world.run(syncCosts);
  expect(await world.rows('select campaign_id, campaign, cost_micros, impressions, clicks from costs')).toEqual([
    { campaign_id: '11', campaign: 'New', cost_micros: 5_000_000, impressions: 90, clicks: 3 },
  ]);
});

test('one campaign in two currencies, or with two sources, is told apart and never added up', async () => {
  world = await openWorld({
    costs: [
      { csv: 'eur.csv', platform: 'google_ads', source: 'google', medium: 'cpc' },
      { csv: 'usd.csv', platform: 'google_ads', source: 'google', medium: 'cpc', currency: 'USD' },
      { csv: 'video.csv', platform: 'google_ads', source: 'youtube', medium: 'cpv' },
    ],
  });
  await world.file('eur.csv', `${HEADER}2026-03-01,1,11,Brand,,,,,10.00,40,2\n`);
  await world.file('usd.csv', `${HEADER}2026-03-01,1,11,Brand,,,,,100.00,400,20\n`);
  await world.file('video.csv', `${HEADER}2026-03-01,1,11,Brand,,,,,1.00,4,1\n`);
  await world.run(syncCosts, reports);
  expect(await world.rows('select source, medium, currency, cost_micros, original_cost from costs order by source, currency')).toEqual([
    { source: 'google', medium: 'cpc', currency: 'EUR', cost_micros: 10_000_000, original_cost: 10 },
    { source: 'google', medium: 'cpc', currency: 'USD', cost_micros: null, original_cost: 100 },
    { source: 'youtube', medium: 'cpv', currency: 'EUR', cost_micros: 1_000_000, original_cost: 1 },
  ]);
  expect(await world.rows('select source, cost_micros, clicks from report_costs order by clicks')).toEqual([
    { source: 'youtube', cost_micros: 1_000_000, clicks: 1 },
    { source: 'google', cost_micros: 10_000_000, clicks: 2 },
    { source: 'google', cost_micros: null, clicks: 20 },
  ]);
});

test('cost in another currency is converted at the rate of its own day, else the last within seven days; its amount stays', async () => {
  world = await openWorld({
    costs: [{ csv: 'meta.csv', platform: 'meta_ads', source: 'facebook', medium: 'paid-social', currency: 'USD' }],
    rates: { csv: 'rates.csv' },
  });
  await world.file('rates.csv', 'Date,USD\n2026-03-02,1.25\n2026-03-01,2\n');
  await world.file('meta.csv', `${HEADER}2026-03-02,9,1,A,,,,,10,1,1\n2026-03-09,9,2,B,,,,,10,1,1\n2026-03-10,9,3,C,,,,,10,1,1\n`);
  const [, result] = await world.run(syncRates, syncCosts);
  expect(await world.rows('select campaign_id, cost_micros, original_cost, rate, rate_date from costs order by campaign_id')).toEqual([
    { campaign_id: '1', cost_micros: 8_000_000, original_cost: 10, rate: 1.25, rate_date: '2026-03-02' },
    { campaign_id: '2', cost_micros: 8_000_000, original_cost: 10, rate: 1.25, rate_date: '2026-03-02' },
    { campaign_id: '3', cost_micros: null, original_cost: 10, rate: null, rate_date: null },
  ]);
  expect(result!.warnings).toEqual([
    'costs: 1 row of meta_ads in USD is in no total: no rate is known for USD of 2026-03-10, nor of the 7 days before',
  ]);
});

test('an export without rows, or that lost more than the allowed share of them, deletes nothing and says how to override', async () => {
  world = await openWorld(FILES);
  const campaigns = (count: number) => HEADER + Array.from({ length: count }, (_, i) => `2026-03-01,1,${i},Brand,,,,,2.00,40,2\n`).join('');
  await world.file('google.csv', campaigns(100));
  await world.file('meta.csv', HEADER);
  await world.run(syncCosts);
  await world.file('google.csv', HEADER);
  await expect(world.run(syncCosts)).rejects.toThrow(/costs\[0\]\.csv: .*google\.csv has 0 rows where the last export had 100 rows;/);
  await world.file('google.csv', campaigns(69));
  await expect(world.run(syncCosts)).rejects.toThrow(
    /google\.csv has 69 rows where the last export had 100 rows; at most 30 % may disappear at once\. .*If the loss is meant: touchtrail run --allow-mass-delete$/,
  );
  expect(await world.rows('select count(*) as rows from costs')).toEqual([{ rows: 100 }]);
  await syncCosts({ ...world, configFolder: world.folder, now: '2026-07-01T03:00:00.000Z', allowMassDelete: true });
  expect(await world.rows('select count(*) as rows from costs')).toEqual([{ rows: 69 }]);
});

test('a project without cost files has no costs', async () => {
  world = await openWorld();
  await world.run(syncCosts);
  expect(await world.rows('select count(*) as rows from costs')).toEqual([{ rows: 0 }]);
});

test('accounts have names, rows their own currency, and platforms conversions of their own, in a file that says so', async () => {
  world = await openWorld({
    costs: [{ csv: 'all.csv', platform: 'google_ads', source: 'google', medium: 'cpc' }],
    rates: { csv: 'rates.csv' },
  });
  await world.file('rates.csv', 'Date,USD\n2026-03-01,2\n');
  const header = HEADER.trim().replace('account_id,', 'account_id,account,currency,') + ',platform_conversions,platform_value\n';
  await world.file(
    'all.csv',
    `${header}2026-03-01,1,Main,usd,11,Brand,,,,,10,1,1,1.5,30\n2026-03-01,1,Main,,12,Sale,,,,,10,1,1,,\n2026-03-01,2,,,13,B,,,,,1,1,1,2,3\n`,
  );
  await world.run(syncRates, syncCosts);
  expect(
    await world.rows(
      'select campaign_id, account, currency, cost_micros, platform_conversions_micros, platform_value_micros from costs order by campaign_id',
    ),
  ).toEqual([
    {
      campaign_id: '11',
      account: 'Main',
      currency: 'USD',
      cost_micros: 5_000_000,
      platform_conversions_micros: 1_500_000,
      platform_value_micros: 15_000_000,
    },
    {
      campaign_id: '12',
      account: 'Main',
      currency: 'EUR',
      cost_micros: 10_000_000,
      platform_conversions_micros: null,
      platform_value_micros: null,
    },
    {
      campaign_id: '13',
      account: '2',
      currency: 'EUR',
      cost_micros: 1_000_000,
      platform_conversions_micros: 2_000_000,
      platform_value_micros: 3_000_000,
    },
  ]);
});

test('a campaign that was renamed is called as it was last, on all its days; every name it had is kept', async () => {
  world = await openWorld(FILES);
  await world.file(
    'google.csv',
    `${HEADER}2026-03-03,1,11,New,,,,,2,1,1\n2026-03-01,1,11,Old,,,,,2,1,1\n2026-03-02,1,11,,,,,,2,1,1\n2026-03-01,1,12,,,,,,2,1,1\n`,
  );
  await world.file('meta.csv', HEADER);
  await world.run(syncCosts);
  expect(await world.rows('select date, campaign_id, campaign from costs order by campaign_id, date')).toEqual([
    { date: '2026-03-01', campaign_id: '11', campaign: 'New' },
    { date: '2026-03-02', campaign_id: '11', campaign: 'New' },
    { date: '2026-03-03', campaign_id: '11', campaign: 'New' },
    { date: '2026-03-01', campaign_id: '12', campaign: '12' },
  ]);
  expect(await world.rows('select level, campaign_id, name, last_date from ad_names order by name')).toEqual([
    { level: 'campaign', campaign_id: '11', name: 'New', last_date: '2026-03-03' },
    { level: 'campaign', campaign_id: '11', name: 'Old', last_date: '2026-03-01' },
  ]);
});

test('tables of transfers, and tables with columns of their own, become costs; the days they state anew are replaced', async () => {
  world = await openWorld(TRANSFER_PROJECT);
  await loadTransfers(world);
  await world.run(syncCosts);
  expect(await readCosts(world)).toEqual(TRANSFER_COSTS);
  await loadTransfers(world, [{ day: '2026-03-01', name: 'Crew', spend_micros: 1, n: 1, worth: null }]);
  await world.run(syncCosts);
  expect((await readCosts(world)).at(-1)).toEqual([
    'reddit_ads',
    '2026-03-01',
    null,
    'Crew',
    'Crew',
    '',
    null,
    '',
    2_500_001,
    0,
    5,
    null,
    7_000_000,
  ]);
});

const day = (_: unknown, i: number) => ({ day: '2026-03-02', name: `C${i}`, spend_micros: 1, n: 1, worth: null });

test('a table that lost more than the allowed share of its rows deletes nothing; one that is not there says what was expected', async () => {
  world = await openWorld(TRANSFER_PROJECT);
  await expect(world.run(syncCosts)).rejects.toThrow(
    /^costs\[0\]\.table: p_ads_AdGroupBasicStats_4182207731 cannot be read: .*\nexpected the tables of a Google Ads transfer to BigQuery, beside it the views ads_Campaign_4182207731, ads_AdGroup_4182207731, ads_Customer_4182207731$/s,
  );
  await loadTransfers(world, Array.from({ length: 99 }, day));
  await world.run(syncCosts);
  await loadTransfers(world, Array.from({ length: 60 }, day));
  await expect(world.run(syncCosts)).rejects.toThrow(
    /costs\[2\]\.table: reddit_spend has 61 rows where the last export had 100 rows; at most 30 % may disappear at once\. /,
  );
  expect(await world.rows("select count(*) as rows from costs where platform = 'reddit_ads'")).toEqual([{ rows: 100 }]);
});
