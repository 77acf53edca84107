import { rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DIMENSION_NAMES } from '../query/dimensions.ts';
import { REPORT_COSTS } from '../models/reports/tables.ts';
import { publish } from '../query/testing/publish.ts';
import { PUBLICATION, REPORT_TABLES } from '../query/testing/world.ts';
import type { Row } from '../warehouse/warehouse.ts';
import { PAGES } from './pages/index.ts';
import { linksOf, openDashboard, type TestDashboard, textOf } from './testing/dashboard.ts';
import { PEOPLE_TABLES } from './testing/people.ts';

let dashboard: TestDashboard;
beforeAll(async () => {
  dashboard = await openDashboard(REPORT_TABLES);
});
afterAll(() => dashboard.close());

describe('the frame', () => {
  test('what a page loads is its own, under names that change with it', async () => {
    const page = await dashboard.get('/');
    const assets = [...page.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(([, address]) => address!);
    expect(assets.map((address) => address.replace(/[0-9a-f]{12}/, 'HASH'))).toEqual(['/assets/style-HASH.css', '/assets/script-HASH.js']);
    for (const address of assets) {
      const answer = await dashboard.app.request(address);
      expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'public, max-age=31536000, immutable']);
    }
    expect(page).not.toMatch(/(?:href|src|action)="(?!\/|#|data:,")/);
  });

  test('pages are not kept by anybody between, and one that is not there says so', async () => {
    expect((await dashboard.app.request('/')).headers.get('cache-control')).toBe('private, no-store');
    expect(textOf(await dashboard.get('/nowhere<b>', 404))).toContain('Nothing is at /nowhere');
    expect(await dashboard.get('/health')).toBe('ok\n');
  });

  test('the period, the comparison and the publication go along to other pages, filters and steps do not', async () => {
    const page = await dashboard.get('/channels?from=2026-01-01&to=2026-03-31&compare=year&filter=channel~Paid&in.channel=Email');
    expect(page).toContain('href="/?from=2026-01-01&amp;to=2026-03-31&amp;compare=year"');
  });

  test('a form that is sent keeps the name of the period, and what it does not show itself', async () => {
    const page = await dashboard.get('/channels?period=90d&sort=cost:desc&in.channel=Email');
    const hidden = [...page.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)].map(([, name, value]) => `${name}=${value}`);
    expect(hidden).toEqual(['sort=cost:desc', 'in.channel=Email', 'period=90d']);
    const [from, to] = [...page.matchAll(/type="date" name="(?:from|to)" value="([^"]+)"/g)].map(([, date]) => date!);
    const sent = await dashboard.get(`/channels?period=90d&from=${from}&to=${to}`);
    expect(/aria-current="true"\s*>([^<]+)</.exec(sent)?.[1]).toBe('90 days');
    const other = await dashboard.get(`/channels?period=90d&from=2026-01-01&to=${to}`);
    expect(other).not.toContain('aria-current="true"');
    expect(other).toContain('name="from" value="2026-01-01"');
  });

  test.each([
    ['/?period=fortnight', 'period=fortnight: expected a period such as 28d'],
    ['/?from=2026-02-30', 'from=2026-02-30: expected a date such as 2026-06-30'],
    ['/?from=2026-03-02&to=2026-03-01', 'from=2026-03-02: expected a date that does not lie after 2026-03-01'],
    ['/?model=magic', 'model=magic: expected one of first_click, last_click, linear'],
    ['/channels?page=0', 'page=0: expected a number from 1 to 999'],
    ['/channels?by=chanel', 'did you mean "channel"?'],
    ['/?as_of=20200101T000000Z', '20200101T000000Z'],
    ['/changes?format=csv', 'has no table to download'],
  ])('%s is answered with what is wrong, and a way on', async (address, message) => {
    const page = await dashboard.get(address, 400);
    expect(textOf(page)).toContain(message);
    expect(page).toMatch(/<a href="\/[a-z]*">Show/);
  });

  test('an earlier publication is marked as one', async () => {
    expect(textOf(await dashboard.get(`/?as_of=${PUBLICATION.publication_id}`))).toContain('An earlier publication.');
  });

  test('what a reader has got wrong is no fault of the dashboard', async () => {
    await dashboard.get('/?period=fortnight', 400);
    expect(dashboard.logged).toEqual([]);
  });
});

test('a project whose runs have seen nobody says so on every page', async () => {
  const empty = await openDashboard(PEOPLE_TABLES.map(([table]) => [table, []] as const));
  try {
    for (const address of ['/', '/channels', '/funnel', '/journeys', '/identity', '/changes'])
      expect(textOf(await empty.get(address)), address).toMatch(
        /Nothing is published yet:? [Oo]nce visitors have been seen, npx touchtrail run publishes/,
      );
    expect(empty.logged).toEqual([]);
  } finally {
    await empty.close();
  }
});

test('a project before its first run says what to do, on every page', async () => {
  const fresh = await openDashboard([]);
  try {
    await rm(path.join(fresh.dataFolder, 'publications'), { recursive: true });
    for (const { path: address } of PAGES) {
      const page = textOf(await fresh.get(address, 503));
      expect(page, address).toContain('Nothing is published yet');
      expect(page, address).toContain('npx touchtrail run publishes what has been seen; npx touchtrail up does it every night');
    }
    expect(fresh.logged).toEqual([]);
  } finally {
    await fresh.close();
  }
});

describe('a publication of an earlier version', () => {
  const EARLIER = '20260301T030000Z';
  let old: TestDashboard;
  beforeAll(async () => {
    // Without costs: every page that asks for them must say so.
    old = await openDashboard(REPORT_TABLES.filter(([table]) => table !== REPORT_COSTS));
    await publish(old.dataFolder, [], { publication_id: EARLIER });
    await publish(
      old.dataFolder,
      REPORT_TABLES.filter(([table]) => table !== REPORT_COSTS),
    );
  });
  afterAll(() => old.close());

  test('says what to do, as a page of its own, and is no fault of the dashboard', async () => {
    for (const address of ['/', '/channels', '/costs']) {
      const page = textOf(await old.get(address, 503));
      expect(page).toContain('Published by an earlier version');
      expect(page).toContain('Run npx touchtrail run once');
    }
    expect(old.logged).toEqual([]);
  });

  test('leads to the last one where it is not the last', async () => {
    const page = await old.get(`/?as_of=${EARLIER}`, 404);
    expect(textOf(page)).toContain('ask a later one');
    expect(linksOf(page, 'Show the last publication')).toEqual(['/']);
    expect(old.logged).toEqual([]);
  });
});

const HOSTILE = `=HYPERLINK("http://evil.example")<script>alert(1)</script><img src=x onerror=alert(1)>' " & {{7*7}}`;
const OF_VISITORS = [
  'channel',
  'source',
  'medium',
  'campaign',
  'ad_platform',
  'term',
  'content',
  'landing_path',
  'country',
  'region',
  'city',
  'device_type',
  'browser',
];

const isText = (page: string) => {
  expect(page).not.toMatch(/<script>alert|<img/);
  expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
  // Nothing breaks out of an attribute: in none stands what would begin another one.
  expect(page).not.toMatch(/="[^"]*" onerror/);
};

describe('what visitors, ad platforms and CRMs have written', () => {
  let hostile: TestDashboard;
  beforeAll(async () => {
    const written = (row: Row): Row =>
      Object.fromEntries(
        Object.entries(row).map(([name, value]) => {
          if (name === 'params' && Array.isArray(value)) return [name, value.map((one) => ({ ...(one as Row), value: HOSTILE }))];
          return [name, OF_VISITORS.includes(name) ? HOSTILE : value];
        }),
      );
    const { config } = PUBLICATION;
    hostile = await openDashboard(
      REPORT_TABLES.map(([table, rows]) => [table, rows.map(written)] as const),
      {
        config: {
          ...config,
          project: { ...config.project, name: HOSTILE },
          conversions: config.conversions.map((conversion) => ({ ...conversion, label: HOSTILE })),
        },
      },
    );
  });
  afterAll(() => hostile.close());

  const QUARTER = 'from=2026-01-01&to=2026-03-31';

  test('is text on the overview', async () => isText(await hostile.get(`/?${QUARTER}`)));

  test.each([...DIMENSION_NAMES.filter((name) => name !== 'date'), 'param.plan'])('is text in a report by %s', async (dimension) => {
    isText(await hostile.get(`/channels?${QUARTER}&by=${dimension}`));
  });

  test('is text in the address, and in what is said of it', async () => {
    const query = new URLSearchParams({ filter: `channel=${HOSTILE}`, 'in.source': HOSTILE, [HOSTILE]: HOSTILE });
    isText(await hostile.get(`/channels?${QUARTER}&${query}`));
    isText(await hostile.get(`/?${new URLSearchParams({ period: HOSTILE })}`, 400));
    isText(await hostile.get(`/?${new URLSearchParams({ as_of: HOSTILE })}`, 400));
  });

  test('begins no formula in a spreadsheet', async () => {
    const answer = await hostile.app.request(`/channels?${QUARTER}&by=campaign&format=csv`);
    expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(answer.headers.get('content-disposition')).toBe('attachment; filename="channels-20260401T030000Z.csv"');
    const cells = (await answer.text()).split('\r\n').slice(1).filter(Boolean);
    expect(cells.length).toBeGreaterThan(0);
    for (const cell of cells) expect(cell).toMatch(/^(?:"'=|,)/);
  });
});
