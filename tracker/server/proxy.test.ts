import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, request as httpRequest, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { createEdgeProxy, type EdgeProxyOptions } from './index.ts';

const SECRET = 'a secret of more than thirty-two characters';
const ID = '0b7c1f0e-6d3c-4a39-9d7e-2f4f3c1b8a55';
const SET = `anonymous_id=${ID}; Max-Age=34560000; Path=/; SameSite=Lax`;

const servers: Server[] = [];
async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** What the edge was asked, and what it answers next. */
const asked: { request: IncomingMessage; body: string }[] = [];
let answer: RequestListener;
let edge: string;

beforeAll(async () => {
  edge = await listen((request, response) => {
    void text(request).then((body) => {
      asked.push({ request, body });
      answer(request, response);
    });
  });
});
beforeEach(() => {
  asked.length = 0;
  told503.length = 0;
  answer = (_, response) => void response.writeHead(200, { 'content-type': 'application/json' }).end('{"success":true}');
});
afterAll(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

/** What the proxy has told its site. */
const told503: unknown[] = [];
const proxyOf = (more: Partial<EdgeProxyOptions> = {}) =>
  createEdgeProxy({ edge: `${edge}/e/`, secret: SECRET, onError: (error) => told503.push(error), ...more });

interface Sent {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | undefined;
  readonly from?: string;
}
type Answer = { status: number | undefined; headers: Record<string, string | string[] | undefined>; body: string };

async function send(url: string, { method = 'GET', headers = {}, body, from }: Sent = {}): Promise<Answer> {
  const request = httpRequest(url, { method, headers, agent: false, ...(from && { localAddress: from }) }).end(body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}

/** The same request to a site of either kind; the host is always www.shop.example. */
const SITES = [
  [
    'Node',
    async (path: string, sent: Sent, more: Partial<EdgeProxyOptions> = {}): Promise<Answer> => {
      const proxy = proxyOf(more);
      const site = await listen((request, response) => proxy.node(request, response));
      return await send(site + path, { ...sent, headers: { host: 'www.shop.example', ...sent.headers } });
    },
  ],
  [
    'fetch',
    async (path: string, { method = 'GET', headers = {}, body }: Sent, more: Partial<EdgeProxyOptions> = {}): Promise<Answer> => {
      const response = await proxyOf(more).fetch(new Request(`https://www.shop.example${path}`, { method, headers, body: body ?? null }));
      return {
        status: response.status,
        headers: { ...Object.fromEntries(response.headers), 'set-cookie': response.headers.getSetCookie() },
        body: await response.text(),
      };
    },
  ],
] as const;

/** Address and host that the edge was told, once it is clear that the signature is right. */
function told(): { ip: string; host: string } {
  const value = String(asked.at(-1)!.request.headers['x-touchtrail-visitor']);
  const { visitor, ip, host, signature } = /^(?<visitor>v1;t=\d+;ip=(?<ip>[^;]*);host=(?<host>[^;]*));s=(?<signature>.+)$/.exec(
    value,
  )!.groups!;
  expect(signature).toBe(createHmac('sha256', SECRET).update(visitor!).digest('base64url'));
  return { ip: ip!, host: host! };
}

describe.each(SITES)('on %s', (_, site) => {
  test('events reach the edge with what it reads of the visitor, and with no other cookie of the site', async () => {
    answer = (request, response) => {
      response.writeHead(200, {
        'content-type': 'application/json',
        'set-cookie': [SET, 'session=evil; Path=/'],
        vary: 'Origin',
        'x-own': '1',
      });
      response.end(JSON.stringify({ host: request.headers.host }));
    };
    const headers = {
      'user-agent': 'UA/1',
      referer: 'https://www.shop.example/page',
      origin: 'https://www.shop.example',
      'content-type': 'text/plain',
      cookie: `session=secret; anonymous_id=${ID};touchtrail_internal=1; anonymous_id_2=x`,
      'x-forwarded-for': '203.0.113.7',
      'x-touchtrail-visitor': 'v1;t=1;ip=198.51.100.1;host=x;s=x',
      'x-secret': 'of the site',
    };
    const body = JSON.stringify({ batch: ['é'] });
    const got = await site('/t/v1/batch?writeKey=k', { method: 'POST', headers, body }, { trustProxy: true });
    expect(got).toMatchObject({ status: 200, headers: { 'content-type': 'application/json', 'set-cookie': [SET], vary: 'Origin' } });
    expect(got.headers).not.toHaveProperty('x-own');
    const [{ request, body: received }] = asked as [(typeof asked)[0]];
    expect([request.method, request.url, received]).toEqual(['POST', '/e/v1/batch?writeKey=k', body]);
    expect(request.headers).toMatchObject({
      'user-agent': 'UA/1',
      referer: 'https://www.shop.example/page',
      origin: 'https://www.shop.example',
      'content-type': 'text/plain',
      cookie: `anonymous_id=${ID}; touchtrail_internal=1`,
    });
    expect(['x-forwarded-for', 'x-secret'].filter((name) => name in request.headers)).toEqual([]);
    expect(told()).toEqual({ ip: '203.0.113.7', host: 'www.shop.example' });
  });

  test('a cookie of another name is the visitor cookie where the script says so', async () => {
    answer = (_, response) => void response.writeHead(200, { 'set-cookie': [SET, SET.replace('anonymous_id', 'visitor')] }).end();
    const cookie = `anonymous_id=${ID}; visitor=${ID}`;
    const got = await site('/t/v1/b', { method: 'POST', body: '{}', headers: { cookie } }, { cookieName: 'visitor' });
    expect(got.headers['set-cookie']).toEqual([SET.replace('anonymous_id', 'visitor')]);
    expect(asked[0]!.request.headers.cookie).toBe(`visitor=${ID}`);
  });

  test('the script comes with its rules for caches, and from the cache of whoever has it', async () => {
    const rules = { etag: '"abc"', 'cache-control': 'public, max-age=3600', 'cross-origin-resource-policy': 'cross-origin' };
    answer = (request, response) => {
      const isKnown = request.headers['if-none-match'] === '"abc"';
      response.writeHead(isKnown ? 304 : 200, { 'content-type': 'text/javascript; charset=utf-8', ...rules });
      response.end(isKnown ? undefined : 'script()');
    };
    expect(await site('/t/t.js?v=1', {})).toMatchObject({ status: 200, headers: rules, body: 'script()' });
    expect(await site('/t/t.links.js', { headers: { 'if-none-match': '"abc"' } })).toMatchObject({ status: 304, headers: rules, body: '' });
    expect(asked.map(({ request }) => request.url)).toEqual(['/e/t.js?v=1', '/e/t.links.js']);
  });

  test.each([
    ['POST', '/t/v1/import', 404],
    ['POST', '/t/beacon/v1/import', 404],
    ['POST', '/t/v1/batch/more', 404],
    ['GET', '/t/v1/batch', 404],
    ['GET', '/t/metrics', 404],
    ['GET', '/t/health', 404],
    ['GET', '/t/internal/status', 404],
    ['GET', '/t/v1/../internal/status', 404],
    ['GET', '/t/%2e%2e/internal/status', 404],
    ['GET', '/t//other.example/t.js', 404],
    ['GET', '/t.js', 404],
    ['GET', '/tt/t.js', 404],
    ['PUT', '/t/v1/batch', 404],
    ['POST', '/t/v1/batch', 200],
    ['POST', '/t/beacon/v1/batch', 200],
    ['OPTIONS', '/t/v1/batch', 200],
    ['GET', '/t/v1/pixel/track.gif?data=e30', 200],
    ['GET', '/t/internal-visitor?off', 200],
    ['HEAD', '/t/t.js', 200],
  ])('%s %s is answered with %i', async (method, path, status) => {
    const got = await site(path, { method, body: method === 'POST' ? '{}' : undefined });
    expect([got.status, asked.length]).toEqual([status, status === 200 ? 1 : 0]);
  });

  test('a refusal of the edge is passed on with when to try again', async () => {
    answer = (_, response) => void response.writeHead(429, { 'retry-after': '7' }).end('{}');
    expect(await site('/t/v1/batch', { method: 'POST', body: '{}' })).toMatchObject({ status: 429, headers: { 'retry-after': '7' } });
  });

  test.each<readonly [string, RequestListener]>([
    ['breaks off', (request) => void request.socket.destroy()],
    [
      'breaks off within the answer',
      (_, response) => (response.writeHead(200, { 'content-length': '9' }).write('1'), void setImmediate(() => response.destroy())),
    ],
    ['sends away', (_, response) => void response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()],
  ])('an edge that %s has stored nothing', async (_, listener) => {
    answer = listener;
    const got = await site('/t/v1/batch', { method: 'POST', body: '{}' });
    expect([got.status, got.headers['retry-after'], JSON.parse(got.body)]).toEqual([
      503,
      '1',
      { success: false, reason: 'not_stored', message: 'The edge does not answer just now. Send the same request again.' },
    ]);
    expect(told503).toEqual([expect.any(Error)]);
  });

  test('a server that is not the edge is named by what it does', async () => {
    answer = (_, response) => void response.writeHead(301, { location: 'https://elsewhere.example/' }).end();
    await site('/t/t.js', {});
    expect(String(told503[0])).toBe('Error: it answered 301, as the edge never does: is this its address?');
  });

  test('a body up to 500 KB is passed on, and none beyond', async () => {
    expect(await site('/t/v1/batch', { method: 'POST', body: 'x'.repeat(512_000) })).toMatchObject({ status: 200 });
    expect(asked.map(({ body }) => body.length)).toEqual([512_000]);
    const chunked = { 'transfer-encoding': 'chunked' };
    for (const headers of [{}, chunked]) {
      if (headers === chunked && site === SITES[1][1]) continue;
      const got = await site('/t/v1/batch', { method: 'POST', headers, body: 'x'.repeat(512_001) });
      expect([got.status, (JSON.parse(got.body) as { reason: string }).reason]).toEqual([413, 'body_too_large']);
    }
    expect(asked).toHaveLength(1);
  });

  test('behind several proxies the visitor is whom the first of them saw', async () => {
    const headers = { 'x-forwarded-for': '192.0.2.1, 203.0.113.7, 10.0.0.2' };
    await site('/t/t.js', { headers }, { trustProxy: 2 });
    expect(told().ip).toBe('203.0.113.7');
  });

  test('where nobody says whose request it is, the edge is told that nobody knows', async () => {
    await site('/t/t.js', {});
    expect(told()).toEqual({ ip: '', host: 'www.shop.example' });
    await site('/t/t.js', { headers: { 'x-forwarded-for': '203.0.113.7' } });
    expect(told().ip).toBe('');
  });
});

test('where the edge does not answer the operator of the site hears it, once a minute where nothing else is said', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: 0 });
  const shown = vi.spyOn(console, 'error').mockImplementation(() => {});
  try {
    const proxy = createEdgeProxy({ edge: 'http://127.0.0.1:1', secret: SECRET });
    const ask = async () => (await proxy.fetch(new Request('https://www.shop.example/t/t.js'))).status;
    expect([await ask(), await ask()]).toEqual([503, 503]);
    expect(shown).toHaveBeenCalledTimes(1);
    expect(shown.mock.calls[0]![0]).toMatch(/^touchtrail: the edge at http:\/\/127\.0\.0\.1:1 did not answer: fetch failed \(.+\)$/);
    vi.setSystemTime(60_000);
    await ask();
    expect(shown).toHaveBeenCalledTimes(2);
  } finally {
    vi.useRealTimers();
    shown.mockRestore();
  }
});

test('a visitor who leaves while sending is no error, and a reporter that throws none of the visitor', async () => {
  const body = new ReadableStream({ pull: (controller) => controller.error(new Error('the client is gone')) });
  const init = { method: 'POST', body, duplex: 'half' } as RequestInit;
  expect((await proxyOf().fetch(new Request('https://www.shop.example/t/v1/batch', init))).status).toBe(503);
  expect(told503).toEqual([]);
  const shown = vi.spyOn(console, 'error').mockImplementation(() => {});
  const thrown = new Error('of the site');
  const onError = () => {
    throw thrown;
  };
  const proxy = createEdgeProxy({ edge: 'http://127.0.0.1:1', secret: SECRET, onError });
  expect((await proxy.fetch(new Request('https://www.shop.example/t/t.js'))).status).toBe(503);
  expect(shown.mock.calls).toEqual([['touchtrail: onError has thrown', thrown]]);
  shown.mockRestore();
});

describe('the address of a visitor', () => {
  // Only Linux lets a client connect from every address of 127.0.0.0/8.
  test.runIf(process.platform === 'linux')('on Node is that of the connection', async () => {
    const { node } = proxyOf();
    const site = await listen((request, response) => node(request, response));
    await send(`${site}/t/t.js`, { from: '127.0.0.2' });
    expect(told().ip).toBe('127.0.0.2');
  });

  test('on Express is what its setting says', async () => {
    const { node } = proxyOf();
    const site = await listen((request, response) =>
      node(Object.assign(request, { ip: '203.0.113.7', hostname: 'shop.example' }), response),
    );
    await send(`${site}/t/t.js`, { headers: { 'x-forwarded-for': '203.0.113.7' } });
    expect(told()).toEqual({ ip: '203.0.113.7', host: 'shop.example' });
  });

  test('on other servers is what the runtime tells', async () => {
    const request = new Request('https://www.shop.example/t/t.js', { headers: { 'x-forwarded-for': '198.51.100.1' } });
    await proxyOf().fetch(request, { address: '203.0.113.7' });
    expect(told()).toEqual({ ip: '203.0.113.7', host: 'www.shop.example' });
  });
});

describe('as middleware', () => {
  test('what is no route of the edge goes on to the site', async () => {
    const { node } = proxyOf({ path: '/a/b/' });
    const site = await listen((request, response) => node(request, response, () => response.end('site')));
    expect([(await send(`${site}/a/b/t.js`)).body, (await send(`${site}/a/b/other`)).body]).toEqual(['{"success":true}', 'site']);
  });

  test('a mounted one knows the whole path, and a body that was read before is passed on all the same', async () => {
    const { node } = proxyOf();
    for (const parse of [(body: string) => body, (body: string) => Buffer.from(body), (body: string): unknown => JSON.parse(body)]) {
      const site = await listen((request, response) => {
        void text(request).then((body) =>
          node(Object.assign(request, { originalUrl: request.url, url: '/v1/batch', body: parse(body) }), response),
        );
      });
      expect((await send(`${site}/t/v1/batch`, { method: 'POST', body: '{"batch":[]}' })).status).toBe(200);
      expect(asked.at(-1)!.body).toBe('{"batch":[]}');
    }
  });

  const form = 'application/x-www-form-urlencoded; charset=utf-8';
  test.each<readonly [string, unknown, string]>([
    ['is gone', undefined, 'text/plain'],
    ['was taken for a form', { '\u001f\ufffd\b': '' }, form],
    ['was taken for a form with files', {}, 'multipart/form-data; boundary=x'],
  ])('a body that %s can be sent again, and the site is told why it was not passed on', async (_, body, contentType) => {
    const site = await listen((request, response) => {
      void text(request).then(() => proxyOf().node(Object.assign(request, { originalUrl: request.url, body }), response));
    });
    const got = await send(`${site}/t/v1/batch`, { method: 'POST', headers: { 'content-type': contentType }, body: 'x' });
    expect([got.status, got.headers['retry-after'], asked]).toEqual([503, '1', []]);
    expect(told503.map(String)).toEqual([
      'Error: a body parser stands before the proxy and has read the body of a request: mount the proxy before it',
    ]);
  });

  test('on the console the edge is not blamed for it', async () => {
    const shown = vi.spyOn(console, 'error').mockImplementation(() => {});
    const { node } = createEdgeProxy({ edge, secret: SECRET });
    const site = await listen((request, response) => void text(request).then(() => node(request, response)));
    for (let i = 0; i < 2; i++) await send(`${site}/t/v1/batch`, { method: 'POST', body: 'x' });
    expect(shown.mock.calls).toEqual([[expect.stringMatching(/^touchtrail: a request could not be passed on: a body parser stands/)]]);
    shown.mockRestore();
  });

  test('a form that was left as it came, or as text, is passed on', async () => {
    for (const body of [Buffer.from('a=1'), 'a=1']) {
      const site = await listen((request, response) => {
        void text(request).then(() => proxyOf().node(Object.assign(request, { originalUrl: request.url, body }), response));
      });
      await send(`${site}/t/v1/batch`, { method: 'POST', headers: { 'content-type': form }, body: 'x' });
      expect(asked.at(-1)!.body).toBe('a=1');
    }
  });
});

test.each<readonly [Partial<EdgeProxyOptions>, string]>([
  [{ edge: 'collect.shop.example' }, 'edge "collect.shop.example": expected an address such as "https://collect.example.com"'],
  [{ edge: 'ftp://collect.shop.example' }, 'edge "ftp://collect.shop.example": expected an address'],
  [{ edge: 'https://collect.shop.example/?a' }, 'expected an address'],
  [{ secret: 'short' }, "secret: expected the edge's PROXY_SECRET, at least 32 characters"],
  [{ secret: undefined as unknown as string }, 'secret: expected'],
  [{ path: 't' }, 'path "t": expected a path such as "/t"'],
  [{ path: '/' }, 'path "/": expected'],
  [{ onError: 'log' as never }, 'onError: expected a function'],
  [{ trustProxy: -1 }, 'trustProxy -1: expected true, false or a number of proxies'],
  [{ cookieName: 'a b' }, 'cookieName "a b": expected'],
])('a wrong option is an error where the site starts: %j', (wrong, message) => {
  expect(() => proxyOf(wrong)).toThrow(message);
});
