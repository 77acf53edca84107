import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { COVERAGE_TABLES } from '../../query/coverage/testing/world.ts';
import { publish } from '../../query/testing/publish.ts';
import { PUBLICATION } from '../../query/testing/world.ts';
import { registerSources } from './sources.ts';
import { bothFiles } from './testing/parquet.ts';
import { run } from './testing/run-command.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'touchtrail-coverage-'));
  await publish(folder, COVERAGE_TABLES, { config: { ...PUBLICATION.config, platformConversions: { google_ads: 'closed_won' } } });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const costs = (...args: readonly string[]) =>
  run(registerSources, folder, ['sources', 'costs', '--from', '2026-01-01', '--to', '2026-01-31', ...args]);

test('the tables say what matched and what did not', async () => {
  const { stdout, stderr } = await costs('--model', 'last_click', '--conversion', 'closed_won');
  expect(stdout.split('\n').slice(0, 2)).toEqual([
    'Fernhill · Costs and sessions',
    '1 Jan 2026 – 31 Jan 2026 · Europe/Berlin · EUR · published Wed 1 Apr 2026 05:00',
  ]);
  expect(stdout).toMatch(/^google_ads +€125\.00 +13 +4 +3 +€25\.00$/m);
  expect(stdout).toMatch(/^linkedin_ads +— +2 +0 +0 +—$/m);
  expect(stdout).toMatch(/^campaign id in the landing address +3 +37\.5%$/m);
  expect(stdout).toMatch(/^nothing fits +1 +12\.5%$/m);
  expect(stdout).toMatch(/^google_ads +North +Forgotten +2 +€25\.00 +3$/m);
  expect(stdout).toMatch(/^google_ads +google \/ cpc +\(not set\) +99 +only the platform is known +1$/m);
  expect(stdout).toMatch(/^google_ads +closed_won +Last click +2\.50 +1\.25 +€900\.00 +€600\.00$/m);
  expect(stderr).toBe('');
});

test('what a platform counts stands alone beside conversions that it does not mean', async () => {
  const { stdout } = await costs('--model', 'last_click', '--conversion', 'lead');
  expect(stdout).toMatch(/^google_ads +\(as the platform counts\) +— +2\.50 +— +€900\.00 +—$/m);
  expect(stdout).toMatch(/^google_ads +lead +Last click +— +1\.00 +— +—$/m);
});

const table = async (name: string) => (await costs('--csv', '--table', name, '--model', 'last_click')).stdout.split('\r\n').slice(0, 2);

test('any of its tables is written as CSV', async () => {
  expect(await table('platforms')).toEqual([
    'platform,cost,impressions,clicks,sessions,matched_sessions,unmatched_cost,unmatched_clicks',
    'google_ads,125,300,13,4,3,25,3',
  ]);
  expect(await table('ways')).toEqual(['matched_by,sessions,share', 'campaign_id,3,0.375']);
  expect(await table('sessions')).toEqual(['ad_platform,source,medium,campaign,campaign_id,matched_by,sessions', ',portal,cpc,,,,1']);
  expect(await table('conversions')).toEqual([
    'platform,conversion,model,platform_conversions,conversions,platform_value,value',
    'google_ads,lead,last_click,,1,,',
  ]);
});

test.each(['campaigns', 'platforms', 'ways', 'sessions', 'conversions'])('%s as a Parquet file are what the CSV is', async (table) => {
  const asked = ['sources', 'costs', '--from', '2026-01-01', '--to', '2026-01-31', '--table', table];
  const { csv, parquet } = await bothFiles(registerSources, folder, asked);
  expect(csv.split('\r\n').length).toBeGreaterThan(2);
  expect(parquet).toBe(csv);
});

test('as CSV the campaigns have their cost and their sessions; as JSON all is there', async () => {
  expect((await costs('--csv')).stdout.split('\r\n')).toEqual([
    'platform,account,campaign,campaign_id,cost,clicks,sessions',
    'google_ads,North,Brand,1,100,10,3',
    'meta_ads,Page,,,30,8,1',
    'google_ads,North,Forgotten,2,25,3,0',
    'linkedin_ads,Firm,Guide,7,,2,0',
    '',
  ]);
  expect(JSON.parse((await costs('--json')).stdout)).toMatchObject({
    platforms: [{ platform: 'google_ads' }, {}, {}, {}],
    meta: { date_range: { start_date: '2026-01-01', end_date: '2026-01-31' }, currency: 'EUR' },
  });
});
