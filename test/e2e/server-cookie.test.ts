import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import { Hono } from 'hono';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { expressVisitor, honoVisitor } from '../../tracker/server/index.ts';
import { launchBrowser } from '../browser.ts';

const UUID_V4 = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;
const CHROME = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/153.0.0.0 Safari/537.36';
const DAY = 86_400;

const html = (anonymousId: string | undefined) =>
  `<!doctype html><title>Shop</title><p id="server">${anonymousId ?? 'nobody'}</p><img src="/logo">`;
/** Visitors who have said no send this. */
const isRefused = (cookie: string | null | undefined) => cookie?.includes('consent=denied') ?? false;

let files: string;

function expressSite(): RequestListener {
  const app = express();
  app.use(expressVisitor({ cookieDomain: 'shop.example', consent: (request: express.Request) => !isRefused(request.headers.cookie) }));
  app.get('/page', (_, response) => void response.send(html(response.locals['anonymousId'] as string | undefined)));
  app.get('/cached', (_, response) => void response.set('Cache-Control', 'public, max-age=60').send(html(undefined)));
  app.get('/logo', (_, response) => void response.type('svg').send('<svg xmlns="http://www.w3.org/2000/svg"/>'));
  app.use(express.static(files));
  return app;
}

function honoSite(): RequestListener {
  const app = new Hono<{ Variables: { anonymousId?: string } }>();
  app.use(honoVisitor({ cookieDomain: 'shop.example', consent: (request) => !isRefused(request.headers.get('cookie')) }));
  app.get('/page', (c) => c.html(html(c.get('anonymousId'))));
  app.get('/cached', (c) => c.html(html(undefined), 200, { 'Cache-Control': 'public, max-age=60' }));
  app.get('/logo', (c) => c.body('<svg xmlns="http://www.w3.org/2000/svg"/>', 200, { 'Content-Type': 'image/svg+xml' }));
  return (request, response) => void handOver(app, request, response);
}

async function handOver(
  app: Hono<{ Variables: { anonymousId?: string } }>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const headers = new Headers(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
  const answer = await app.fetch(new Request(`http://${request.headers.host}${request.url}`, { headers }));
  response.writeHead(answer.status, [...answer.headers].flat()).end(Buffer.from(await answer.arrayBuffer()));
}

let browser: Browser;
beforeAll(async () => {
  files = await mkdtemp(join(tmpdir(), 'touchtrail-static-'));
  await writeFile(join(files, 'about.html'), html(undefined));
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser.close();
  await rm(files, { recursive: true, force: true });
});

describe.each([
  ['Express', expressSite],
  ['Hono', honoSite],
])('a site on %s', (_, site) => {
  let stop: () => Promise<unknown>;
  let context: BrowserContext;
  let page: Page;
  let port: number;
  /** `Set-Cookie` of each answer, by path. */
  let cookiesOf: Map<string, string[]>;
  const url = (host: string, path: string) => `http://${host}.shop.example:${port}${path}`;
  const shown = () => page.locator('#server').innerText();
  const scriptSees = () => page.evaluate(() => document.cookie);

  beforeEach(async () => {
    cookiesOf = new Map();
    const listener = site();
    const server = createServer((request, response) => {
      response.once('finish', () => {
        const lines = response.getHeaderNames().includes('set-cookie') ? [response.getHeader('set-cookie')].flat() : [];
        cookiesOf.set(request.url!, lines.map(String));
      });
      listener(request, response);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
    stop = () => (server.close(), server.closeAllConnections(), once(server, 'close'));
    context = await browser.newContext({ userAgent: CHROME });
    page = await context.newPage();
  });
  afterEach(async () => {
    await context.close();
    await stop();
  });

  test('sets the cookie with the page, where scripts see it and server code did already', async () => {
    await page.goto(url('www', '/page'), { waitUntil: 'load' });
    const id = await shown();
    expect(id).toMatch(UUID_V4);
    expect(await scriptSees()).toBe(`anonymous_id=${id}`);
    const [cookie, ...others] = await context.cookies();
    expect(others).toEqual([]);
    expect(cookie).toMatchObject({ value: id, domain: '.shop.example', path: '/', sameSite: 'Lax', httpOnly: false, secure: false });
    const days = (cookie!.expires - Date.now() / 1000) / DAY;
    expect([days > 399, days <= 400]).toEqual([true, true]);
  });

  test('keeps the id on the next page and on its other sub-domain', async () => {
    await page.goto(url('www', '/page'));
    const id = await shown();
    await page.goto(url('www', '/page?second'));
    expect(await shown()).toBe(id);
    await page.goto(url('app', '/page'));
    expect([await shown(), await scriptSees()]).toEqual([id, `anonymous_id=${id}`]);
  });

  test('leaves a cookie that the script has set as it is, and renews it', async () => {
    const id = '0b7c1f0e-6d3c-4a39-9d7e-2f4f3c1b8a55';
    const soon = Math.round(Date.now() / 1000) + DAY;
    await context.addCookies([{ name: 'anonymous_id', value: id, domain: '.shop.example', path: '/', expires: soon, sameSite: 'Lax' }]);
    await page.goto(url('www', '/page'));
    expect(await shown()).toBe(id);
    const cookies = await context.cookies();
    expect(cookies.map(({ value }) => value)).toEqual([id]);
    expect(cookies[0]!.expires).toBeGreaterThan(soon + 300 * DAY);
  });

  test('sets none beside an image or on a page that shared caches may keep', async () => {
    await page.goto(url('www', '/cached'), { waitUntil: 'load' });
    expect(await scriptSees()).toBe('');
    expect([cookiesOf.get('/cached'), cookiesOf.get('/logo')]).toEqual([[], []]);
  });

  test('sets none for a visitor who refused, and has no id for the page', async () => {
    await context.addCookies([{ name: 'consent', value: 'denied', domain: '.shop.example', path: '/' }]);
    await page.goto(url('www', '/page'));
    expect([await shown(), await scriptSees()]).toEqual(['nobody', 'consent=denied']);
  });

  test('gives two visitors two ids', async () => {
    await page.goto(url('www', '/page'));
    const first = await shown();
    const other = await browser.newContext({ userAgent: CHROME });
    page = await other.newPage();
    await page.goto(url('www', '/page'));
    expect(await shown()).not.toBe(first);
    await other.close();
  });
});

test('files that Express serves are public, so they carry no id', async () => {
  const server = createServer(expressSite()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/about.html`, {
    headers: { accept: 'text/html', 'user-agent': CHROME },
  });
  expect([answer.status, answer.headers.get('cache-control'), answer.headers.getSetCookie()]).toEqual([200, 'public, max-age=0', []]);
  server.close();
  server.closeAllConnections();
  await once(server, 'close');
});
