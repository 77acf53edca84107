import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { launchBrowser } from '../browser.ts';
import { blockOf, codeBlocks } from '../docs/markdown.ts';
import { EMAIL, EMAIL_HASH } from './calls.ts';
import { useEdge } from './ground.ts';

const CHROME = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/153.0.0.0 Safari/537.36';
const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/;
/** Where the packages keep what a page can load as it is. */
const SEGMENT = new URL('../umd/index.js', import.meta.resolve('@segment/analytics-next'));
const RUDDERSTACK = new URL(import.meta.resolve('@rudderstack/analytics-js/bundled'));

const blocks = await codeBlocks('clients.md');
const ground = useEdge();
let browser: Browser;
let site: Server;
let home: string;
let edge: string;
let context: BrowserContext;
let page: Page;
let complaints: string[];
/** The script of the page. */
let script: string;

beforeAll(async () => {
  const packages = new Map([
    ['/segment.js', await readFile(fileURLToPath(SEGMENT), 'utf8')],
    ['/rudderstack.js', await readFile(fileURLToPath(RUDDERSTACK), 'utf8')],
  ]);
  site = createServer(({ url }, response) => {
    const { pathname } = new URL(url!, 'http://site');
    const file = packages.get(pathname);
    response.setHeader('content-type', file === undefined ? 'text/html; charset=utf-8' : 'text/javascript');
    response.end(file ?? `<!doctype html><title>Pricing</title><link rel="icon" href="data:,">${pathname === '/pricing' ? script : ''}`);
  }).listen(0, '127.0.0.1');
  await once(site, 'listening');
  home = `http://www.shop.example:${(site.address() as AddressInfo).port}`;
  edge = `http://edge.shop.example:${ground.gate.port}`;
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser.close();
  site.closeAllConnections();
  site.close();
  await once(site, 'close');
});
beforeEach(async () => {
  context = await browser.newContext({ userAgent: CHROME });
  complaints = [];
  context.on('weberror', (error) => complaints.push(String(error.error())));
  context.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page = await context.newPage();
});
afterEach(async () => await context.close());

/** Opens the page on which a client is installed, as an ad has brought its visitor. */
async function open(installed: string): Promise<void> {
  script = installed;
  await page.goto(`${home}/pricing?utm_source=google&utm_medium=cpc&gclid=Cj0-AbC_9`);
}

/** What the page of the documentation has a site run, with this edge in place of the example's, and other options. */
function documented(info: string, replacements: readonly (readonly [from: string, to: string])[]): string {
  let code = blockOf(blocks, info);
  for (const [from, to] of replacements) {
    expect(code).toContain(from);
    code = code.replaceAll(from, to);
  }
  return code;
}

const segment = (calls: string) => `<script src="/segment.js"></script><script>
  const { AnalyticsBrowser } = AnalyticsNext;
  ${documented('js segment-browser', [
    ['pk_example', 'demo'],
    // The client would choose https.
    ["apiHost: 'www.example.com/t/v1'", `apiHost: '${edge.replace('http://', '')}/v1', protocol: 'http'`],
  ])}
  ${calls}
</script>`;

const rudderstack = (calls: string, options = '', key = 'demo') => `<script type="module">
  import { RudderAnalytics } from '/rudderstack.js';
  const analytics = new RudderAnalytics();
  ${documented('js rudder-browser', [
    ['pk_example', key],
    ['https://www.example.com/t', edge],
    ['{ configUrl', `{ ${options} configUrl`],
  ])}
  ${calls}
</script>`;

const CALLS = `
  analytics.page('Docs', 'Pricing', { section: 'plans' });
  analytics.identify('user-7', { email: '${EMAIL}', plan: 'team' });
  analytics.track('Order Completed', { order_id: 'O-1', total: 49.5 });
  analytics.group('acme', { seats: 5 });
  analytics.alias('user-8', 'user-7');
`;

/** What all events of the page say, whichever client has sent them. */
const OF_ALL = {
  page_path: '/pricing',
  page_title: 'Pricing',
  user_agent: CHROME,
  browser: 'Chrome',
  os: 'Linux',
  device_type: 'desktop',
  is_bot: false,
};
const ROWS = [
  {
    ...OF_ALL,
    type: 'page',
    event: 'Pricing',
    utm_source: 'google',
    utm_medium: 'cpc',
    click_ids: [{ name: 'gclid', value: 'Cj0-AbC_9' }],
  },
  { ...OF_ALL, type: 'identify', user_id: 'user-7', email_hashes: [{ hash: EMAIL_HASH, origin: 'identify' }] },
  { ...OF_ALL, type: 'track', event: 'Order Completed', user_id: 'user-7' },
  { ...OF_ALL, type: 'group', group_id: 'acme', traits: '{"seats":5}' },
  { ...OF_ALL, type: 'alias', previous_id: 'user-7' },
];
const ORDER = ROWS.map(({ type }) => type);

test.each<[string, (calls: string) => string, string, string, string]>([
  // Its alias() names the current user, whoever is said.
  ['@segment/analytics-next', segment, 'analytics.js/next-1.84.3', 'text/plain', 'user-7'],
  ['@rudderstack/analytics-js', rudderstack, 'RudderLabs JavaScript SDK/3.34.1', 'application/json;charset=UTF-8', 'user-8'],
])('each call of %s arrives in its columns', async (_, install, library, contentType, aliased) => {
  await open(install(CALLS));
  const events = (await ground.eventually(ROWS.length)).toSorted((one, other) => ORDER.indexOf(one.type) - ORDER.indexOf(other.type));
  expect((await ground.landed()).failed).toEqual([]);
  expect(events).toMatchObject(ROWS);
  expect(events[4]!.user_id).toBe(aliased);
  expect(JSON.parse(events[0]!.properties!)).toMatchObject({ category: 'Docs', section: 'plans' });
  expect(JSON.parse(events[1]!.traits!)).toMatchObject({ email: EMAIL_HASH, plan: 'team' });
  expect(JSON.parse(events[2]!.properties!)).toMatchObject({ order_id: 'O-1', total: 49.5 });
  expect([...new Set(events.map((event) => event.anonymous_id))]).toEqual([expect.stringMatching(UUID)]);
  for (const event of events) expect(event.library).toBe(library);
  expect(ground.gate.passages.map(({ headers }) => headers['content-type'])).toEqual(Array<string>(ROWS.length).fill(contentType));
  expect(complaints).toEqual([]);
});

test.each<[string, (calls: string) => string, string, string]>([
  ['@segment/analytics-next', segment, 'x-retry-count', '1'],
  ['@rudderstack/analytics-js', rudderstack, 'rsa-retry-attempt', '1'],
])('%s sends again what was answered 503, also after it was stored; it counts once', async (_, install, header, value) => {
  ground.gate.faults.push({ status: 503, isStored: true });
  await open(install(`analytics.track('Order Completed', { order_id: 'O-1' });`));
  await expect.poll(() => ground.gate.passages.map(({ status }) => status), { timeout: 20_000 }).toEqual([503, 200]);
  expect(ground.gate.passages.map(({ headers }) => headers[header])).toEqual([undefined, value]);
  expect((await ground.landed()).events.length).toBe(2);
  expect(await ground.eventually(1)).toMatchObject([{ event: 'Order Completed' }]);
  expect((await ground.eventually(1)).length).toBe(1);
});

test('@rudderstack/analytics-js hands over by beacon when the page is left', async () => {
  await open(
    rudderstack(
      `analytics.track('Left');
       analytics.ready(() => document.title = 'Ready');`,
      'useBeacon: true, beaconQueueOptions: { flushQueueInterval: 600000 },',
    ),
  );
  await page.waitForFunction(() => document.title === 'Ready');
  await page.goto(`${home}/elsewhere`);
  expect(await ground.eventually(1)).toMatchObject([{ event: 'Left', page_path: '/pricing' }]);
  expect(ground.gate.passages.map(({ path }) => path)).toEqual(['/beacon/v1/batch?writeKey=demo']);
});

test('@rudderstack/analytics-js says at once that a key is wrong', async () => {
  await open(rudderstack(`analytics.track('Lost');`, '', 'nobodys'));
  await expect.poll(() => complaints.join('\n'), { timeout: 20_000 }).toContain('401');
  expect(ground.gate.passages).toEqual([]);
});

const tracker = () => `<script async src="${edge}/t.js" data-write-key="demo"></script>`;

test.each([
  ['before it was stored', false, 1],
  ['after it was stored', true, 2],
])('the tracker sends again what was answered 503 %s, as late as the edge asks for; it counts once', async (_, isStored, copies) => {
  ground.gate.faults.push({ status: 503, retryAfter: 1, isStored });
  await open(tracker());
  await expect.poll(() => ground.gate.passages.map(({ status }) => status), { timeout: 20_000 }).toEqual([503, 200]);
  const [refused, taken] = ground.gate.passages;
  expect(taken!.at - refused!.at).toBeGreaterThanOrEqual(999);
  expect((await ground.landed()).events.length).toBe(copies);
  expect(await ground.eventually(1)).toMatchObject([{ ...OF_ALL, type: 'page', library: 'touchtrail.js/0.1.0' }]);
  expect((await ground.eventually(1)).length).toBe(1);
});

test('the script comes compressed', async () => {
  const answer = page.waitForResponse((response) => response.url() === `${edge}/t.js`);
  await open(tracker());
  const response = await answer;
  expect(await response.headerValue('content-encoding')).toBe('gzip');
  const { responseBodySize } = await response.request().sizes();
  expect(responseBodySize).toBeLessThan((await response.body()).length / 2);
});
