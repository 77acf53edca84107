import { afterAll, beforeAll, expect, test } from 'vitest';
import { COSTS } from '../../models/costs/tables.ts';
import { REPORT_SESSIONS } from '../../models/reports/tables.ts';
import { COVERAGE_TABLES } from '../../query/coverage/testing/world.ts';
import { PUBLICATION } from '../../query/testing/world.ts';
import { openDashboard, rowsOf, type TestDashboard, textOf } from '../testing/dashboard.ts';

// The costs and sessions of query/coverage/testing/world.ts; whoever writes the names of campaigns may write anything.
const HOSTILE = '<img src=x onerror=alert(1)>';
const FORMULA = '=HYPERLINK("http://evil.example")';
let dashboard: TestDashboard;
beforeAll(async () => {
  dashboard = await openDashboard(
    COVERAGE_TABLES.map(([table, rows]) => {
      if (table === COSTS)
        return [table, rows.map((row) => (row['campaign'] === 'Forgotten' ? { ...row, campaign: FORMULA, account: HOSTILE } : row))];
      if (table === REPORT_SESSIONS) return [table, rows.map((row) => (row['campaign'] === 'AMA' ? { ...row, campaign: HOSTILE } : row))];
      return [table, rows];
    }),
    // Google Ads is told of deals.
    { config: { ...PUBLICATION.config, platformConversions: { google_ads: 'closed_won' } } },
  );
});
afterAll(() => dashboard.close());

const JANUARY = 'from=2026-01-01&to=2026-01-31';
/** A section by its heading. */
const part = (page: string, heading: string) => page.split('<section').find((text) => text.includes(`<h2>${heading}</h2>`)) ?? '';

test('costs, clicks and sessions of the platforms stand side by side', async () => {
  const page = await dashboard.get(`/costs?${JANUARY}`);
  expect(rowsOf(part(page, 'Ad platforms')).map((row) => [row[0], row[1], row[3], row[4], row[7]])).toEqual([
    ['Platform', 'Cost', 'Clicks', 'Sessions', 'Cost without sessions'],
    ['Google Ads', '€125', '13', '4', '€25'],
    ['Meta Ads', '€30', '8', '1', '€0'],
    ['LinkedIn Ads', '—', '2', '0', '—'],
    ['Reddit Ads', '—', '0', '1', '€0'],
    ['All', '€155', '23', '6', '€25'],
  ]);
  expect(textOf(page)).toContain('there is no exchange rate for the currency of the platform');
});

test('what a platform counts is taken apart: ours, shared with other touches, and the rest', async () => {
  const page = await dashboard.get(`/costs?${JANUARY}&model=last_click`);
  expect(rowsOf(part(page, 'Our numbers beside those of the platforms')).slice(2)).toEqual([
    ['Google Ads', 'Lead', '—', '1.00', '0.00', '—', '—', '—'],
    ['Google Ads', 'Closed/Won', '2.50', '1.25', '+0.75', '+0.50', '€900', '€600'],
  ]);
});

test('unmatched cost, sessions without a cost and the ways of matching', async () => {
  const page = await dashboard.get(`/costs?${JANUARY}`);
  expect(rowsOf(part(page, 'Cost that no session came from')).slice(1)).toEqual([
    [FORMULA, '2', 'Google Ads', HOSTILE, '€25', '3'],
    ['Guide', '7', 'LinkedIn Ads', 'Firm', '—', '2'],
  ]);
  expect(rowsOf(part(page, 'Sessions from ads without a cost')).slice(1)).toContainEqual([
    'reddit / paid',
    HOSTILE,
    '(not set)',
    'Reddit Ads',
    'only the platform is known',
    '1',
  ]);
  expect(rowsOf(part(page, 'How sessions from ads were matched'))[1]).toEqual(['campaign id in the landing address', '3', '37.5%']);
});

test('conversions that are not attributed are told by reason', async () => {
  const page = await dashboard.get('/costs?from=2026-03-01&to=2026-03-31&model=last_click');
  expect(rowsOf(part(page, 'Conversions that are not attributed')).slice(1)).toEqual([
    ['Conversion', 'All', 'Not attributed', 'Share', 'No consent', 'No identifier'],
    ['Lead', '4.00', '3.00', '75%', '2.00', '1.00'],
    ['Closed/Won', '4.25', '0.00', '0%', '—', '—'],
  ]);
  expect(textOf(page)).toContain('No ad costs and no sessions from ads in these dates');
});

test('markup in names of campaigns is text, and a formula is none in the CSV', async () => {
  const page = await dashboard.get(`/costs?${JANUARY}`);
  expect(page).not.toContain('<img');
  const csv = await dashboard.get(`/costs?${JANUARY}&format=csv`);
  expect(csv.split('\r\n').slice(0, 3)).toEqual([
    'platform,account,campaign,campaign_id,cost,clicks,sessions',
    'google_ads,North,Brand,1,100,10,3',
    'meta_ads,Page,,,30,8,1',
  ]);
  expect(csv).toContain(`google_ads,${HOSTILE},"'=HYPERLINK(""http://evil.example"")",2,25,3,0`);
  expect(await dashboard.get(`/costs?${JANUARY}&format=csv&table=sessions`)).toContain(`reddit_ads,reddit,paid,${HOSTILE},,platform,1\r\n`);
  expect(textOf(await dashboard.get(`/costs?format=csv&table=clicks`, 400))).toContain('table=clicks: expected one of campaigns, sessions');
});
