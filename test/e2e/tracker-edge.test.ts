import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { LandingLine } from '../../edge/contract/delivery.ts';
import { storedEvent } from '../../edge/contract/event-row.ts';
import type { EventRow } from '../../edge/contract/event-row.ts';
import { type Site, startSite } from '../../examples/fernhill/site/server.ts';
import { createKey } from '../../pipeline/embedded/keys.ts';
import { type RunningEdge, startUp } from '../../pipeline/embedded/up.ts';
import { launchBrowser } from '../browser.ts';
import type { PageWindow } from './visitor.ts';

const HASH = createHash('sha256').update('grace@hopper.example').digest('hex');
/** That of the browser itself would count as a bot. */
const USER_AGENT = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/153.0.0.0 Safari/537.36';
const FOUR_HUNDRED_DAYS = 400 * 86_400;

let folder: string;
let browser: Browser;
let edge: RunningEdge;
let site: Site;
let home: string;
let context: BrowserContext;
let page: Page;
let complaints: string[];
const logged: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'touchtrail-'));
  const { key } = await createKey(join(folder, 'data'), { kind: 'browser', name: 'website', key: 'demo' });
  browser = await launchBrowser();
  edge = await startUp({ dataFolder: join(folder, 'data'), port: 0, log: (line) => logged.push(line) });
  const edgeUrl = edge.url.replace('127.0.0.1', 't.fernhill.example');
  site = await startSite({ port: 0, host: '127.0.0.1', edgeUrl, writeKey: key, crmFolder: join(folder, 'crm') });
  home = site.url.replace('127.0.0.1', 'www.fernhill.example');
});
afterAll(async () => {
  await browser.close();
  await site.stop();
  await edge.stop();
  await rm(folder, { recursive: true });
});

beforeEach(async () => {
  context = await browser.newContext({ locale: 'en-GB', timezoneId: 'Europe/Berlin', userAgent: USER_AGENT });
  complaints = [];
  context.on('weberror', (error) => complaints.push(String(error.error())));
  context.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page = await context.newPage();
});
afterEach(async () => {
  await context.close();
  expect(complaints).toEqual([]);
});

/** Everything that has landed, sealed. */
async function landed(): Promise<{ events: EventRow[]; failed: unknown[]; bytes: string }> {
  await edge.seal();
  const sealed = join(folder, 'data', 'landing', 'sealed');
  const files = (await readdir(sealed)).filter((file) => file.endsWith('.ndjson')).toSorted();
  const bytes = (await Promise.all(files.map((file) => readFile(join(sealed, file), 'utf8')))).join('');
  const lines = bytes
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as LandingLine);
  return {
    events: lines.flatMap((line) => ('event' in line ? [storedEvent(line.event)] : [])),
    failed: lines.filter((line) => 'failed' in line),
    bytes,
  };
}

/**
 * What has landed of a visitor, once there are `count` events; copies, which carry the same message id, left out. In the order it
 * happened: each page counts its events from one.
 */
async function visitOf(anonymousId: string, count: number): Promise<EventRow[]> {
  const read = async () => {
    const { events } = await landed();
    const own = events.filter((event) => event.anonymous_id === anonymousId);
    return [...new Map(own.map((event) => [event.message_id, event])).values()];
  };
  await expect.poll(async () => (await read()).length, { timeout: 20_000 }).toBe(count);
  return (await read()).toSorted(
    (one, other) => Date.parse(one.original_timestamp!) - Date.parse(other.original_timestamp!) || one.sequence! - other.sequence!,
  );
}

const cookie = async () => (await context.cookies()).find(({ name }) => name === 'anonymous_id')!;
/** Resolves with the status of the next batch that the edge answers. */
const answered = () => page.waitForResponse((response) => response.url().endsWith('/v1/batch')).then((response) => response.status());
const call = (method: 'track' | 'identify' | 'consent', ...args: unknown[]) =>
  page.evaluate(
    ([name, given]) => {
      ((window as unknown as PageWindow).touchtrail[name] as (...values: unknown[]) => void)(...given);
    },
    [method, args] as const,
  );

it('brings a visit from the ad click to the form into the landing zone, and the same id into the CRM', async () => {
  let batch = answered();
  await page.goto(`${home}/?utm_source=google&utm_medium=cpc&utm_campaign=crew&utm_term=pumps&utm_content=a&utm_id=7&gclid=Cj0-AbC_9`, {
    referer: 'https://search.example/',
  });
  expect(await batch).toBe(200);
  await page.getByRole('link', { name: 'Request a demo' }).first().click();
  await page.fill('#name', 'Grace Hopper');
  await page.fill('#email', 'Grace@Hopper.example');
  batch = answered();
  await page.getByRole('button', { name: 'Request a demo' }).click();
  await page.waitForURL('**/thanks');
  await batch;
  const { value } = await cookie();

  // Whether a page was looked at for long enough to be told depends on the machine.
  await expect
    .poll(async () => (await landed()).events.filter((event) => event.anonymous_id === value && event.event !== 'Page Engaged').length)
    .toBeGreaterThanOrEqual(4);
  const { events, failed, bytes } = await landed();
  expect(failed).toEqual([]);
  // A page that leaves before its answer repeats the event on the next one: copies carry the same message id.
  const visit = [
    ...new Map(events.filter(({ event }) => event !== 'Page Engaged').map((event) => [event.message_id, event])).values(),
  ].toSorted((one, other) => Date.parse(one.original_timestamp!) - Date.parse(other.original_timestamp!));
  expect(visit.map((event) => [event.type, event.event, event.page_path])).toEqual([
    ['page', null, '/'],
    ['page', null, '/demo'],
    ['track', 'Form Submitted', '/demo'],
    ['page', null, '/thanks'],
  ]);
  for (const event of visit) {
    expect(event).toMatchObject({
      anonymous_id: value,
      utm_source: 'google',
      utm_medium: 'cpc',
      utm_campaign: 'crew',
      utm_term: 'pumps',
      utm_content: 'a',
      utm_id: '7',
      click_ids: [{ name: 'gclid', value: 'Cj0-AbC_9' }],
      user_agent: USER_AGENT,
      is_bot: false,
      consent: null,
      library: 'touchtrail.js/0.1.0',
    });
  }
  expect(visit.map((event) => event.referrer)).toEqual([
    'https://search.example/',
    expect.stringMatching(/\/\?utm_source=google/),
    expect.any(String),
    `${home}/demo`,
  ]);
  expect(visit.map((event) => event.email_hashes)).toEqual([[], [], [{ hash: HASH, origin: 'form' }], []]);
  for (const secret of ['hopper', 'grace', '127.0.0.1']) expect(bytes.toLowerCase()).not.toContain(secret);

  const [, lead] = (await readFile(join(folder, 'crm', 'leads.csv'), 'utf8')).split('\n');
  expect(lead!.split(',').slice(2, 5)).toEqual(['Grace@Hopper.example', value, 'demo']);
});

it('sets the cookie anew for 400 days, as no script can in every browser, with the first answer', async () => {
  const before = Date.now() / 1_000;
  const response = page.waitForResponse((one) => one.url().endsWith('/v1/batch'));
  await page.goto(home);
  const header = await (await response).headerValue('set-cookie');
  const { value, domain, expires, httpOnly } = await cookie();
  expect(header).toBe(`anonymous_id=${value}; Max-Age=${FOUR_HUNDRED_DAYS}; Path=/; Domain=fernhill.example; SameSite=Lax`);
  expect({ domain, httpOnly }).toEqual({ domain: '.fernhill.example', httpOnly: false });
  expect(Math.abs(expires - before - FOUR_HUNDRED_DAYS)).toBeLessThan(120);
  const [view] = await visitOf(value, 1);
  expect(view!.anonymous_id).toBe(value);
});

it('lands the engaged seconds of a page that is left', async () => {
  await page.clock.install();
  await page.goto(home);
  for (let signs = 0; signs < 3; signs++) {
    await page.clock.runFor(5_000);
    await page.mouse.move(10 + signs, 10);
  }
  await page.goto(`${home}/demo`);
  const events = await visitOf((await cookie()).value, 3);
  const engaged = events.filter(({ event }) => event === 'Page Engaged');
  expect(engaged.map((event) => [event.type, event.page_path])).toEqual([['track', '/']]);
  expect(engaged[0]!.engaged_seconds).toBeGreaterThanOrEqual(15);
  expect(engaged[0]!.engaged_seconds).toBeLessThan(20);
  expect((JSON.parse(engaged[0]!.properties!) as { scroll_depth: number }).scroll_depth).toBeGreaterThan(0);
  for (const event of events.filter(({ type }) => type === 'page')) expect(event.engaged_seconds).toBeNull();
});

it('lands the consent that the visitor has given, and the user', async () => {
  await page.goto(home);
  await call('consent', 'granted');
  await call('identify', 'user-7', { email: 'Grace@Hopper.example', plan: 'team' });
  const [view, identified] = await visitOf((await cookie()).value, 2);
  expect(view).toMatchObject({ type: 'page', consent: null, user_id: null });
  expect(identified).toMatchObject({
    type: 'identify',
    consent: 'granted',
    user_id: 'user-7',
    email_hashes: [{ hash: HASH, origin: 'identify' }],
  });
  expect(JSON.parse(identified!.traits!)).toEqual({ email: HASH, plan: 'team' });
});

it('lands the hash of a mail link, and a page address without it', async () => {
  await page.goto(`${home}/?utm_source=newsletter&ehash=${HASH}`);
  await expect.poll(cookie).toBeDefined();
  const [view] = await visitOf((await cookie()).value, 1);
  expect(view).toMatchObject({
    page_url: `${home}/?utm_source=newsletter`,
    utm_source: 'newsletter',
    email_hashes: [{ hash: HASH, origin: 'url' }],
  });
});

it('lands neither hashes nor click ids where the browser sends Global Privacy Control', async () => {
  await context.addInitScript(() => Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { get: () => true }));
  await page.goto(`${home}/?utm_source=google&gclid=Secret-Click&ehash=${HASH}`);
  await expect.poll(cookie).toBeDefined();
  const [view] = await visitOf((await cookie()).value, 1);
  expect(view).toMatchObject({ utm_source: 'google', click_ids: [], email_hashes: [], page_url: `${home}/?utm_source=google` });
  expect((await landed()).bytes).not.toContain('Secret-Click');
});
