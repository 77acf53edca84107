import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createKey } from '../../pipeline/embedded/keys.ts';
import { type RunningEdge, startUp } from '../../pipeline/embedded/up.ts';
import { launchBrowser } from '../browser.ts';

const ID = '0b7c1f0e-6d3c-4a39-9d7e-2f4f3c1b8a55';
const OTHER = '5f0c2d1e-9a8b-4c7d-8e6f-112233445566';
const ASKED = `anonymous_id=${ID};Max-Age=34560000;Path=/;SameSite=Lax;Domain=shop.example`;
const USER_AGENT = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36';
const FOUR_HUNDRED_DAYS = 400 * 86_400;

let folder: string;
let browser: Browser;
let context: BrowserContext;
let edge: RunningEdge;
let edgeUrl: string;
let site: Server;
let sitePort: number;
/** The `Cookie` header of each page that was asked for, by host. */
const sent = new Map<string, string>();
const log: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'touchtrail-'));
  await createKey(folder, { kind: 'browser', name: 'website', key: 'demo' });
  browser = await launchBrowser();
  edge = await startUp({ dataFolder: folder, port: 0, basePath: '/t', log: (line) => log.push(line) });
  edgeUrl = edge.url.replace('127.0.0.1', 'edge.shop.example');
  site = createServer((request, response) => {
    sent.set(request.headers.host!.replace(/:\d+$/, ''), request.headers.cookie ?? '');
    response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Shop</title>');
  }).listen(0, '127.0.0.1');
  await once(site, 'listening');
  sitePort = (site.address() as AddressInfo).port;
});
afterAll(async () => {
  await browser.close();
  site.closeAllConnections();
  site.close();
  await edge.stop();
  await rm(folder, { recursive: true });
});
beforeEach(async () => {
  sent.clear();
  log.length = 0;
  context = await browser.newContext({ userAgent: USER_AGENT });
});
afterEach(async () => await context.close());

async function visit(host: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`http://${host}:${sitePort}/`);
  return page;
}

let made = 0;
/** What a page on that host gets for a batch with one event and the wish for a cookie. */
async function deliver(page: Page, cookie: string, { writeKey = 'demo', path = '/v1/batch' } = {}) {
  const batch = [{ type: 'page', anonymousId: ID, messageId: `m-${++made}` }];
  const [url, body] = [edgeUrl + path, JSON.stringify({ writeKey, cookie, batch })];
  return await page.evaluate(
    async (request) => {
      const answer = await fetch(request.url, { method: 'POST', credentials: 'include', body: request.body });
      const { results } = (await answer.json()) as { results?: { status: string }[] };
      return { status: answer.status, retryAfter: answer.headers.get('retry-after'), results: results?.map(({ status }) => status) };
    },
    { url, body },
  );
}
const ACCEPTED = { status: 200, retryAfter: null, results: ['ok'] };

describe('the cookie that a page asks the edge for', () => {
  it('is kept for 400 days and sent to all hosts of the site, and scripts can read it', async () => {
    const page = await visit('www.shop.example');
    const before = Date.now() / 1_000;
    expect(await deliver(page, ASKED)).toEqual(ACCEPTED);
    const after = Date.now() / 1_000;

    const cookies = await context.cookies();
    expect(cookies).toMatchObject([
      { name: 'anonymous_id', value: ID, domain: '.shop.example', path: '/', httpOnly: false, secure: false, sameSite: 'Lax' },
    ]);
    // Browsers keep the time to the second, or a little finer.
    expect(cookies[0]!.expires).toBeGreaterThanOrEqual(Math.floor(before + FOUR_HUNDRED_DAYS) - 1);
    expect(cookies[0]!.expires).toBeLessThanOrEqual(Math.ceil(after + FOUR_HUNDRED_DAYS) + 1);
    expect(await page.evaluate(() => document.cookie)).toBe(`anonymous_id=${ID}`);

    expect(sent.get('www.shop.example')).toBe('');
    for (const host of ['www.shop.example', 'app.shop.example', 'shop.example']) {
      await visit(host);
      expect([host, sent.get(host)]).toEqual([host, `anonymous_id=${ID}`]);
    }
  });

  it('is refreshed with the value that the browser holds, whatever the page says', async () => {
    const page = await visit('www.shop.example');
    await page.evaluate((id) => (document.cookie = `anonymous_id=${id};Max-Age=60;Path=/;Domain=shop.example`), OTHER);
    expect(await deliver(page, ASKED, { path: '/t/v1/batch' })).toEqual(ACCEPTED);
    const cookies = await context.cookies();
    expect(cookies).toMatchObject([{ value: OTHER, domain: '.shop.example' }]);
    expect(cookies[0]!.expires).toBeGreaterThan(Date.now() / 1_000 + FOUR_HUNDRED_DAYS - 3_600);
  });

  it('is not set for another site, whose events are taken all the same', async () => {
    const page = await visit('www.other.example');
    expect(await deliver(page, ASKED)).toEqual(ACCEPTED);
    expect(await deliver(page, ASKED.replace('shop.example', 'other.example'))).toEqual(ACCEPTED);
    expect(await context.cookies()).toEqual([]);
  });

  it('is never one that scripts cannot read', async () => {
    await context.addCookies([{ name: 'session', value: OTHER, domain: '.shop.example', path: '/', httpOnly: true }]);
    const page = await visit('www.shop.example');
    expect(await deliver(page, ASKED.replace('anonymous_id', 'session'))).toEqual(ACCEPTED);
    expect(await context.cookies()).toMatchObject([{ name: 'session', value: OTHER, httpOnly: true, expires: -1 }]);
  });

  it('is not set with a refusal, and the page can read why it was refused and when to try again', async () => {
    const page = await visit('www.shop.example');
    expect(await deliver(page, ASKED, { writeKey: 'unknown' })).toMatchObject({ status: 401 });
    const openFolder = join(folder, 'landing', 'open');
    await edge.seal();
    await rm(openFolder, { recursive: true });
    expect(await deliver(page, ASKED)).toEqual({ status: 503, retryAfter: '1' });
    expect(log.some((line) => line.startsWith('events could not be stored: ENOENT'))).toBe(true);
    await mkdir(openFolder);
    expect(await context.cookies()).toEqual([]);
    expect(await deliver(page, ASKED)).toEqual(ACCEPTED);
    expect(await context.cookies()).toHaveLength(1);
  });
});
