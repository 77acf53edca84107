import { afterEach, beforeEach, expect, test } from 'vitest';
import { reports } from '../models/reports/reports.ts';
import { type World, openWorld } from '../testing/world.ts';
import { syncCosts } from './costs.ts';
import { syncRates } from './rates.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld({
    costs: [
      { csv: 'google.csv', platform: 'google_ads', source: 'google', medium: 'cpc' },
      { csv: 'meta.csv', platform: 'meta_ads', source: 'facebook', medium: 'paid-social', currency: 'USD' },
    ],
  });
});
afterEach(() => world.close());

const HEADER = 'date,account_id,campaign_id,campaign,ad_group_id,ad_group,ad_id,ad,cost,impressions,clicks\n';

test('cost files become costs with the channel their clicks arrive in; empty ids fall back to names', async () => {
  await world.file('google.csv', `${HEADER}2026-03-01,1,11,Brand,,,,,2.755,49,2\n2026-03-01,1,,Max cross-network,,,,,1.00,5,1\n`);
  await world.file('meta.csv', `${HEADER}2026-03-01,9,21,Owners,22,LAL,23,Video,6.80,385,4\n`);
  const [result] = await world.run(syncCosts);
  expect(await world.rows('select * from costs order by platform, campaign_id')).toEqual([
    {
      date: '2026-03-01',
      platform: 'google_ads',
      account_id: '1',
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
    },
    {
      date: '2026-03-01',
      platform: 'google_ads',
      account_id: '1',
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
    },
    {
      date: '2026-03-01',
      platform: 'meta_ads',
      account_id: '9',
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
    },
  ]);
  expect(result!.warnings).toEqual([
    expect.stringMatching(/^costs: 1 row of meta_ads in USD is in no total: there are no exchange rates to EUR yet\..*add `rates: /),
  ]);
  expect((await world.run(syncCosts))[0]!.changes).toEqual({ costs: { inserted: 0, updated: 0, deleted: 0 } });
});

test('a campaign that was renamed within the day is one row with the sum', async () => {
  await world.file('google.csv', `${HEADER}2026-03-01,1,11,Old,,,,,2.00,40,2\n2026-03-01,1,11,New,,,,,3.00,50,1\n`);
  await world.file('meta.csv', HEADER);
  await world.run(syncCosts);
  expect(await world.rows('select campaign_id, campaign, cost_micros, impressions, clicks from costs')).toEqual([
    { campaign_id: '11', campaign: 'New', cost_micros: 5_000_000, impressions: 90, clicks: 3 },
  ]);
});

test('one campaign in two currencies, or with two sources, is told apart and never added up', async () => {
  await world.close();
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
  await world.close();
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

test('an export without rows deletes nothing where there were some', async () => {
  await world.file('google.csv', `${HEADER}2026-03-01,1,11,Brand,,,,,2.00,40,2\n`);
  await world.file('meta.csv', HEADER);
  await world.run(syncCosts);
  await world.file('google.csv', HEADER);
  await expect(world.run(syncCosts)).rejects.toThrow(/costs\[0\]\.csv: .*google\.csv has 0 rows where the last export had 1 row;/);
  expect(await world.rows('select count(*) as rows from costs')).toEqual([{ rows: 1 }]);
});

test('an export that lost more than the allowed share of its rows deletes nothing and says how to override', async () => {
  const campaigns = (count: number) => HEADER + Array.from({ length: count }, (_, i) => `2026-03-01,1,${i},Brand,,,,,2.00,40,2\n`).join('');
  await world.file('google.csv', campaigns(100));
  await world.file('meta.csv', HEADER);
  await world.run(syncCosts);
  await world.file('google.csv', campaigns(69));
  await expect(world.run(syncCosts)).rejects.toThrow(
    /google\.csv has 69 rows where the last export had 100 rows; at most 30 % may disappear at once\. .*If the loss is meant: touchtrail run --allow-mass-delete$/,
  );
  expect(await world.rows('select count(*) as rows from costs')).toEqual([{ rows: 100 }]);
  await syncCosts({ ...world, configFolder: world.folder, now: '2026-07-01T03:00:00.000Z', allowMassDelete: true });
  expect(await world.rows('select count(*) as rows from costs')).toEqual([{ rows: 69 }]);
});

test('a project without cost files has no costs', async () => {
  await world.close();
  world = await openWorld();
  await world.run(syncCosts);
  expect(await world.rows('select count(*) as rows from costs')).toEqual([{ rows: 0 }]);
});
