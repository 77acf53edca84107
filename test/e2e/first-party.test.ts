import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import {
  createServer,
  type IncomingMessage,
  request as httpRequest,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import express from 'express';
import { convertV4MiniflareOptions, Miniflare } from 'miniflare';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LandingLine } from '../../edge/contract/delivery.ts';
import { storedEvent } from '../../edge/contract/event-row.ts';
import type { EventRow } from '../../edge/contract/event-row.ts';
import { hashWriteKey, writeKeyId } from '../../edge/contract/write-key.ts';
import { assetsHandler, edgeAssets } from '../../pipeline/embedded/assets.ts';
import { createKey } from '../../pipeline/embedded/keys.ts';
import { pendingSegments } from '../../pipeline/embedded/landing/folders.ts';
import { COMPATIBILITY_DATE, type RunningEdge, startUp } from '../../pipeline/embedded/up.ts';
import { createEdgeProxy } from '../../tracker/server/index.ts';
import { launchBrowser } from '../browser.ts';
import { poll } from './visitor.ts';

const USER_AGENT = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36';
const PROXY_SECRET = 'a secret that the edge and the site share';
const IP_HASH_KEY = 'the key under which the deployed edge hashes';
const VISITORS = ['203.0.113.7', '198.51.100.8'] as const;
/** The site's own server, as Cloudflare sees it. */
const SITE_SERVER = '192.0.2.200';

/** The address from which a visitor comes: all come from this machine, so that each says it to the first server that it reaches. */
const ADDRESS = 'x-test-address';
const addressOf = (request: IncomingMessage): string => request.headers[ADDRESS]?.toString() ?? '192.0.2.1';

let folder: string;
let browser: Browser;
let worker: Miniflare;
let workerPort: number;
let embedded: RunningEdge;
/** What the Worker has handed over to be stored. */
const landed: string[] = [];
const servers: Server[] = [];
const log: string[] = [];
/** Where all hosts of the sites answer. */
let port: number;

async function listen(listener: RequestListener): Promise<number> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Hands a request on to another port with other headers, and its answer back. */
function forward(request: IncomingMessage, response: ServerResponse, to: number, headers: Record<string, string>): void {
  const { [ADDRESS]: _, ...kept } = request.headers;
  const options = { host: '127.0.0.1', port: to, path: request.url, method: request.method, headers: { ...kept, ...headers } };
  const upstream = httpRequest(options, (answer) => {
    response.writeHead(answer.statusCode!, answer.rawHeaders);
    answer.pipe(response);
  });
  upstream.on('error', () => response.destroy());
  request.pipe(upstream);
}

/** As Cloudflare does, whatever the client says: `CF-Connecting-IP` is who has connected. */
const cloudflare = (request: IncomingMessage, response: ServerResponse, address: string): void =>
  forward(request, response, workerPort, { 'cf-connecting-ip': address });

const page = (script: string) =>
  `<!doctype html><title>Shop</title><link rel="icon" href="data:,"><script async src="${script}" data-write-key="demo"></script>`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'touchtrail-first-party-'));
  browser = await launchBrowser();
  const edge = await edgeAssets();
  worker = new Miniflare(
    convertV4MiniflareOptions({
      modules: true,
      script: edge.worker,
      compatibilityDate: COMPATIBILITY_DATE,
      cf: { country: 'US', region: 'Virginia', city: 'Ashburn', timezone: 'America/New_York' },
      logRequests: false,
      telemetry: { enabled: false },
      kvNamespaces: ['KEYS'],
      bindings: { IP_HASH_KEY, IP_HASH_KEY_ID: 'test', PROXY_SECRET, BASE_PATH: '/t' },
      serviceBindings: {
        ASSETS: { node: assetsHandler(edge.scripts) },
        LANDING: {
          node: async (request: IncomingMessage, response: ServerResponse) => {
            landed.push(await text(request));
            response.writeHead(204).end();
          },
        },
      },
    }),
  );
  workerPort = Number((await worker.ready).port);
  const hash = hashWriteKey('demo');
  await (await worker.getKVNamespace('KEYS')).put(hash, JSON.stringify({ id: writeKeyId(hash), kind: 'browser', name: 'site' }));

  const data = join(folder, 'data');
  await createKey(data, { kind: 'browser', name: 'site', key: 'demo' });
  embedded = await startUp({ dataFolder: data, port: 0, basePath: '/t', trustedProxies: ['127.0.0.1'], log: (line) => log.push(line) });

  // The site's own server, behind one proxy.
  const app = express().set('trust proxy', 1);
  const toCloudflare = await listen((request, response) => cloudflare(request, response, SITE_SERVER));
  app.use(createEdgeProxy({ edge: `http://127.0.0.1:${toCloudflare}`, secret: PROXY_SECRET }).node);
  app.get('/', (_, response) => void response.send(page('/t/t.js')));
  const sitePort = await listen(app as RequestListener);

  port = await listen((request, response) => {
    const host = request.headers.host!.replace(/:\d+$/, '');
    const isEdge = request.url!.startsWith('/t/');
    const address = addressOf(request);
    if (host === 'www.path.example' && isEdge) return cloudflare(request, response, address);
    if (host === 'collect.subdomain.example') return cloudflare(request, response, address);
    if (host === 'www.server.example') return forward(request, response, sitePort, { 'x-forwarded-for': address });
    if (host === 'www.nginx.example' && isEdge) {
      return forward(request, response, Number(new URL(embedded.url).port), { 'x-forwarded-for': address, 'x-forwarded-host': host });
    }
    const script = host === 'www.subdomain.example' ? `http://collect.subdomain.example:${port}/t.js` : '/t/t.js';
    response.writeHead(200, { 'content-type': 'text/html' }).end(page(script));
  });
});
afterAll(async () => {
  await browser?.close();
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  await embedded?.stop();
  await worker?.dispose();
  await rm(folder, { recursive: true, force: true });
  // What the test with the wrong secret causes, once.
  expect(log).toEqual([expect.stringMatching(/^visitor_signature_refused: /)]);
});

async function stored(): Promise<EventRow[]> {
  const files = await Promise.all((await pendingSegments(join(folder, 'data'))).map((file) => readFile(file, 'utf8')));
  const lines = [...landed, ...files].join('').split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line) as LandingLine).flatMap((line) => ('event' in line ? [storedEvent(line.event)] : []));
}

/** The page call of a new visitor as it was stored, and the cookie that the edge has set. */
async function visit(host: string, address: string, path = '/') {
  const context = await browser.newContext({ userAgent: USER_AGENT, extraHTTPHeaders: { [ADDRESS]: address } });
  const tab = await context.newPage();
  const answering = tab.waitForResponse((response) => response.url().includes('/v1/batch') && response.request().method() === 'POST');
  await tab.goto(`http://${host}:${port}${path}`);
  const setCookie = (await (await answering).allHeaders())['set-cookie'];
  const cookie = (await context.cookies()).find(({ name }) => name === 'anonymous_id');
  const find = async () => (await stored()).find((event) => event.anonymous_id === cookie?.value && event.type === 'page');
  await poll(find).toBeDefined();
  return { context, tab, cookie: cookie!, setCookie, event: (await find())! };
}

async function keyOf(host: string): Promise<string> {
  if (host !== 'www.nginx.example') return IP_HASH_KEY;
  const secrets = JSON.parse(await readFile(join(folder, 'data', 'secrets.json'), 'utf8')) as { ip_hash_key: { key: string } };
  return secrets.ip_hash_key.key;
}
const hashOf = async (host: string, address: string) =>
  createHmac('sha256', await keyOf(host))
    .update(address)
    .digest('hex');

describe.each([
  { way: "a path of the site's host, routed to the edge", host: 'www.path.example', country: 'US', edge: '/t', forged: null },
  { way: 'a subdomain', host: 'www.subdomain.example', country: 'US', edge: 'http://collect.subdomain.example:PORT', forged: null },
  { way: "a path that the site's own server passes on", host: 'www.server.example', country: null, edge: '/t', forged: VISITORS[0] },
  { way: 'a path that nginx passes on to `touchtrail up`', host: 'www.nginx.example', country: null, edge: '/t', forged: null },
])('$way', ({ host, country, edge, forged }) => {
  test('gives the visitor a cookie of the site by Set-Cookie, and keeps the hash of its own address', async () => {
    const hashes = new Set<string | null>();
    for (const address of VISITORS) {
      const { context, tab, cookie, setCookie, event } = await visit(host, address);
      const domain = host.replace('www.', '');
      expect(setCookie).toBe(`anonymous_id=${cookie.value}; Max-Age=34560000; Path=/; Domain=${domain}; SameSite=Lax`);
      expect(cookie).toMatchObject({ domain: `.${domain}`, httpOnly: false });
      expect(cookie.expires).toBeGreaterThan(Date.now() / 1_000 + 399 * 86_400);
      expect(await tab.evaluate(() => document.cookie)).toContain(`anonymous_id=${cookie.value}`);
      expect(event).toMatchObject({ ip_hash: await hashOf(host, address), country, browser: 'Chrome' });
      hashes.add(event.ip_hash);
      await context.close();
    }
    expect(hashes.size).toBe(2);
  });

  test('believes no address that a visitor claims', async () => {
    const { context, tab } = await visit(host, VISITORS[0]);
    const signed = `v1;t=${Math.floor(Date.now() / 1_000)};ip=198.51.100.77;host=${host};s=${'A'.repeat(43)}`;
    const status = await tab.evaluate(
      async ([url, value]) => {
        const headers = { 'X-Touchtrail-Visitor': value!, 'X-Forwarded-For': '198.51.100.77' };
        const body = JSON.stringify({
          writeKey: 'demo',
          batch: [{ type: 'track', event: 'Forged', anonymousId: location.host, messageId: location.host }],
        });
        return (await fetch(url!, { method: 'POST', headers, body })).status;
      },
      [`${edge.replace('PORT', String(port))}/v1/batch`, signed],
    );
    expect(status).toBe(200);
    const event = (await stored()).find(({ message_id: id }) => id === `${host}:${port}`)!;
    expect(event.ip_hash).toBe(forged === null ? null : await hashOf(host, forged));
    await context.close();
  });
});

test('a site whose server signs with another secret gives no address, and not its own', async () => {
  const toCloudflare = await listen((request, response) => cloudflare(request, response, SITE_SERVER));
  const { fetch: pass } = createEdgeProxy({
    edge: `http://127.0.0.1:${toCloudflare}`,
    secret: 'another secret, which is as long as it must be',
  });
  const body = JSON.stringify({
    writeKey: 'demo',
    batch: [{ type: 'track', event: 'Wrong', anonymousId: 'w', messageId: 'wrong-secret' }],
  });
  const answer = await pass(new Request('https://www.server.example/t/v1/batch', { method: 'POST', body }), { address: VISITORS[0] });
  expect(answer.status).toBe(200);
  expect((await stored()).find(({ message_id: id }) => id === 'wrong-secret')).toMatchObject({ ip_hash: null, country: null });
});
