import { afterAll, beforeAll, expect, test } from 'vitest';
import { PUBLICATION, REPORT_TABLES } from '../../query/testing/world.ts';
import { linksOf, openDashboard, rowsOf, type TestDashboard, textOf } from '../testing/dashboard.ts';

let dashboard: TestDashboard;
beforeAll(async () => {
  dashboard = await openDashboard(REPORT_TABLES);
});
afterAll(() => dashboard.close());

const tiles = (page: string) => [...page.matchAll(/<li class="tile">.*?<\/li>/gs)].map(([tile]) => textOf(tile));

test('the tiles say the figures of the period and how they changed', async () => {
  expect(tiles(await dashboard.get('/?from=2026-02-01&to=2026-02-28&conversion=lead'))).toEqual([
    // January: three sessions of two people, 400 of cost, the lead L1. February: s4 and s5 of one person, 200, L3 and L9.
    'Sessions 2 -33.3%',
    'Users 1 -50%',
    'Cost €200 -50%',
    'Conversions 2 +100%',
    'CPA €100 -75%',
  ]);
});

test('more is not better where it costs', async () => {
  const page = await dashboard.get('/?from=2026-02-01&to=2026-02-28&conversion=lead');
  const colourOf = (label: string) => new RegExp(`>${label}</span>.*?class="(delta[^"]*)"`, 's').exec(page)?.[1];
  expect([colourOf('Sessions'), colourOf('Cost'), colourOf('Conversions'), colourOf('CPA')]).toEqual([
    'delta down',
    'delta',
    'delta up',
    'delta up',
  ]);
});

test('the chart has a table of the same numbers, day by day, beside those of the period before', async () => {
  const [head, ...days] = rowsOf(await dashboard.get('/?from=2026-03-01&to=2026-03-31'));
  expect(head).toEqual(['Date', '1 Mar 2026 – 31 Mar 2026', '1 Feb 2026 – 28 Feb 2026']);
  expect(days).toHaveLength(31);
  expect(days.filter(([, now]) => now !== '0')).toEqual([
    ['10 Mar 2026', '1', '0'],
    ['20 Mar 2026', '1', '0'],
  ]);
  // February has no 29th.
  expect(days.at(-1)).toEqual(['31 Mar 2026', '0', '—']);
});

test('the channels that brought most lead into the report of the same period', async () => {
  const page = await dashboard.get('/?from=2026-01-01&to=2026-03-31&compare=none&model=last_click');
  const [link] = linksOf(page, 'Email');
  const inside = await dashboard.get(link!);
  expect(link).toMatch(/^\/channels\?/);
  expect(rowsOf(inside).at(-1)).toEqual(['All', '1', '—', '1', '€10,000', '—'].filter((_, index) => index !== 2 && index !== 5));
});

test('as CSV it is every channel with the figures of the table', async () => {
  const csv = await dashboard.get('/?from=2026-01-01&to=2026-03-31&compare=none&model=last_click&format=csv');
  const [head, ...rows] = csv.trim().split('\r\n');
  expect(head).toMatch(/^channel,sessions,users,cost,/);
  // D1 came by mail, D3 by search.
  expect(rows.find((row) => row.startsWith('Email,'))).toBe('Email,1,1,,1,10000,');
  const table = (await dashboard.get('/?from=2026-01-01&to=2026-03-31&compare=none&model=last_click')).replace(
    /^.*Channels that brought most/s,
    '',
  );
  const shown = rowsOf(table).slice(1, -1);
  expect(rows.map((row) => row.split(',')[0])).toEqual(shown.map(([channel]) => channel));
});

test('says when it was made, from what, in which zone and currency, and that little is known of what is open', async () => {
  const text = textOf(await dashboard.get('/'));
  expect(text).toContain('Published Wed 1 Apr 2026 05:00, with what had arrived by Tue 31 Mar 2026 22:00.');
  // The 90 days up to 30 March, the last full day, began before anything was seen.
  expect(text).toContain(
    'Published are the days from 5 Jan 2026 to 20 Mar 2026. Still open: clicks since 5 Jan 2026 can bring conversions, within 90 days. Time zone Europe/Berlin, amounts in EUR.',
  );
  expect(text).toContain(
    'How long it takes from a click to Closed/Won by first click is not known yet: there are fewer than 50 conversions of clicks.',
  );
});

test('without anything published, or without a conversion, it says what to do next', async () => {
  const nothing = await openDashboard(REPORT_TABLES.map(([table]) => [table, []] as const));
  expect(textOf(await nothing.get('/'))).toContain(
    'Nothing is published yet Once visitors have been seen, npx touchtrail run publishes what they did',
  );
  await nothing.close();
  const config = { ...PUBLICATION.config, conversions: [], funnel: [] };
  const none = await openDashboard(REPORT_TABLES, { config });
  expect(textOf(await none.get('/'))).toContain('No conversions yet Name what counts as a conversion in touchtrail.config.ts');
  await none.close();
});
