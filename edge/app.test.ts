import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { createApp } from './app.ts';
import type { WriteKeyRecord } from './contract/write-key.ts';
import type { Environment } from './services.ts';

const CORE = 'console.log("core")';
const LINKS = 'export default () => "links"';
const app = createApp();
const SCRIPTS: Readonly<Record<string, string>> = { '/t.js': CORE, '/t.links.js': LINKS };

let stored: string[];
let isStoring: boolean;
beforeEach(() => {
  stored = [];
  isStoring = true;
});

const record: WriteKeyRecord = { id: 'wk_1', kind: 'browser', name: 'site' };
/** One isolate has one set of services, made with the first request: so all tests share these. */
const bindings = {
  ASSETS: {
    fetch: async (url: string) => {
      const text = SCRIPTS[new URL(url).pathname];
      return new Response(text, { status: text === undefined ? 404 : 200 });
    },
  },
  KEYS: { get: async (hash: string) => (hash === createHash('sha256').update('demo').digest('hex') ? record : null) },
  LANDING: {
    fetch: async (_: string, { body }: { body: string }) => {
      if (isStoring) stored.push(body);
      return new Response(null, { status: isStoring ? 204 : 500 });
    },
  },
};

/** Asks the edge as it is configured by these variables of its environment. */
const ask = async (url: string, init?: RequestInit, variables: Partial<Environment> = {}) =>
  await app.request(new URL(url, 'https://edge.shop.example').href, init, { ...bindings, ...variables });

describe('the scripts', () => {
  test.each([
    ['/t.js', CORE],
    ['/t.links.js', LINKS],
    ['/t.links.js?v=0.1.0', LINKS],
  ])('%s is served to any site, typed, to be kept for a while', async (path, text) => {
    const response = await ask(path);
    expect(response.status).toBe(200);
    expect(await response.text()).toBe(text);
    expect(Object.fromEntries(response.headers)).toEqual({
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=3600, stale-while-revalidate=86400',
      etag: `"${createHash('sha256').update(text).digest('hex').slice(0, 32)}"`,
      'access-control-allow-origin': '*',
      'cross-origin-resource-policy': 'cross-origin',
      'x-content-type-options': 'nosniff',
    });
  });

  test.each(['/t.js', '/t.links.js'])('%s is not sent again to whoever has it', async (path) => {
    const etag = (await ask(path)).headers.get('etag')!;
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const response = await ask(path, { headers: { 'if-none-match': known } });
      expect([response.status, await response.text(), response.headers.get('etag')]).toEqual([304, '', etag]);
    }
    expect((await ask(path, { headers: { 'if-none-match': '"other"' } })).status).toBe(200);
  });

  test.each(['/t.other.js', '/t.js.js', '/tt.js', '/t..js', '/t.toString', '/t.constructor', '/T.js', '/links.js', '/app.js', '/'])(
    'there is no %s',
    async (path) => {
      expect((await ask(path)).status).toBe(404);
    },
  );

  test('have the name that the site chose, and no other', async () => {
    const named = async (path: string) => {
      const response = await ask(path, {}, { SCRIPT_NAME: 'app' });
      return [response.status, response.status === 200 ? await response.text() : ''];
    };
    expect(await named('/app.js')).toEqual([200, CORE]);
    expect(await named('/app.links.js?v=1')).toEqual([200, LINKS]);
    for (const path of ['/t.js', '/t.links.js', '/apps.js', '/app.t.js']) expect(await named(path)).toEqual([404, '']);
    expect((await ask('/t.js', {}, { SCRIPT_NAME: '' })).status).toBe(200);
  });
});

const cacheControlOf = async (path: string) => (await ask(path)).headers.get('cache-control');

describe('how long a script may be kept', () => {
  const etag = createHash('sha256').update(CORE).digest('hex').slice(0, 32);

  test.each([etag, etag.slice(0, 8)])('for good under an address that names its very text: ?v=%s', async (version) => {
    expect(await cacheControlOf(`/t.js?v=${version}`)).toBe('public, max-age=31536000, immutable');
  });

  test.each([etag.slice(0, 7), `${etag}0`, etag[0]!, 'ffffffff', '0.1.0', '', '.*', `"${etag}`])(
    'for an hour under any other: ?v=%s',
    async (version) => {
      expect(await cacheControlOf(`/t.js?v=${encodeURIComponent(version)}`)).toBe('public, max-age=3600, stale-while-revalidate=86400');
    },
  );

  test('is asked for by HEAD, too, and a part of it is answered by the whole', async () => {
    const head = await ask('/t.js', { method: 'HEAD' });
    expect([head.status, head.headers.get('etag'), await head.text()]).toEqual([200, `"${etag}"`, '']);
    const range = await ask('/t.js', { headers: { range: 'bytes=0-3' } });
    expect([range.status, await range.text()]).toEqual([200, CORE]);
  });
});

/** How a script is compressed for whoever accepts that, what caches are told of it, and whether its tag is a weak one. */
const encodingFor = async (accepted: string | undefined, variables: Partial<Environment> = { CONNECTION: 'unknown' }) => {
  const { headers } = await ask('/t.js', accepted === undefined ? {} : { headers: { 'accept-encoding': accepted } }, variables);
  return [headers.get('content-encoding'), headers.get('vary'), headers.get('etag')!.startsWith('W/')];
};

describe('the compression of a script', () => {
  test.each([
    ['gzip, deflate, br, zstd', 'br'],
    ['br;q=0.5,gzip;q=1.0', 'br'],
    ['gzip;q=1.0, br;q=0', 'gzip'],
    ['gzip', 'gzip'],
  ])('%s: %s', async (accepted, expected) => {
    expect(await encodingFor(accepted)).toEqual([expected, 'Accept-Encoding', true]);
  });

  test.each(['identity', 'deflate', 'brotli', 'gzip;q=0, br;q=0.0', '', undefined])('%s: none', async (accepted) => {
    expect(await encodingFor(accepted)).toEqual([null, 'Accept-Encoding', false]);
  });

  test("is Cloudflare's own matter where that stands before the Worker", async () => {
    expect(await encodingFor('gzip, br', {})).toEqual([null, null, false]);
  });

  test('leaves the tag as good as it was', async () => {
    const known = (await ask('/t.js', { headers: { 'accept-encoding': 'br' } }, { CONNECTION: 'unknown' })).headers.get('etag')!;
    expect((await ask('/t.js', { headers: { 'if-none-match': known } })).status).toBe(304);
    const again = await ask('/t.js', { headers: { 'if-none-match': known, 'accept-encoding': 'br' } }, { CONNECTION: 'unknown' });
    expect([again.status, again.headers.get('etag'), again.headers.get('content-encoding')]).toEqual([304, known, null]);
  });
});

const BATCH = { writeKey: 'demo', batch: [{ type: 'page', anonymousId: 'a', messageId: 'm' }] };
interface Posting {
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly variables?: Partial<Environment>;
}
const post = async (body: object, { path = '/v1/batch', headers = {}, variables = {} }: Posting = {}) =>
  await ask(path, { method: 'POST', body: JSON.stringify(body), headers }, variables);

describe('under a path of the site', () => {
  test.each(['/t', 't', '/t/'])('given as %j, all routes answer with it and without it', async (BASE_PATH) => {
    const status = async (path: string, init?: RequestInit) => (await ask(path, init, { BASE_PATH })).status;
    for (const base of ['', '/t']) {
      for (const path of ['/t.js', '/t.links.js', '/health']) expect([base + path, await status(base + path)]).toEqual([base + path, 200]);
      expect((await post(BATCH, { path: `${base}/v1/batch`, variables: { BASE_PATH } })).status).toBe(200);
      expect((await post(BATCH.batch[0]!, { path: `${base}/v1/p?writeKey=demo`, variables: { BASE_PATH } })).status).toBe(200);
      const preflight = await ask(
        `${base}/v1/batch`,
        { method: 'OPTIONS', headers: { origin: 'https://www.shop.example' } },
        { BASE_PATH },
      );
      expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([204, 'https://www.shop.example']);
    }
    for (const path of ['/t', '/t/', '/t/t/t.js', '/tt/t.js', '/x/t.js']) expect([path, await status(path)]).toEqual([path, 404]);
  });

  test('of several parts, too', async () => {
    expect((await ask('/a/b/app.links.js', {}, { BASE_PATH: '/a/b', SCRIPT_NAME: 'app' })).status).toBe(200);
  });

  test('an unknown route is named as it was asked for', async () => {
    const response = await ask('/t/v1/nope', {}, { BASE_PATH: '/t' });
    expect(await response.json()).toMatchObject({ message: 'There is no GET /t/v1/nope here.' });
  });

  test('without one, no path is taken off', async () => {
    expect((await ask('/t/t.js')).status).toBe(404);
  });
});

interface Stored {
  readonly event?: Record<string, unknown>;
  readonly failed?: Record<string, unknown>;
}
/** What was stored, without the headers of deliveries. */
const rows = () =>
  stored
    .flatMap((text) => text.trim().split('\n'))
    .map((line) => JSON.parse(line) as Stored)
    .filter((line) => line.event ?? line.failed);

describe('clients of other products', () => {
  test.each([
    ['/beacon/v1/batch?writeKey=demo', { batch: [{ type: 'track', event: 'Left', anonymousId: 'a' }] }, 'Left'],
    ['/api/s/track?writeKey=demo', { type: 'track', event: 'Jitsu', anonymousId: 'a' }, 'Jitsu'],
    ['/t/beacon/v1/batch?writeKey=demo', { batch: [{ type: 'track', event: 'Below', anonymousId: 'a' }] }, 'Below'],
  ])('%s stores what it is sent', async (path, body, event) => {
    const response = await post(body, { path, headers: { origin: 'https://www.shop.example' }, variables: { BASE_PATH: '/t' } });
    expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([200, 'https://www.shop.example']);
    expect(rows().map((row) => row.event?.['event'])).toEqual([event]);
  });

  test("RudderStack's pixel is read from the address", async () => {
    const path = '/pixel/v1/track?writeKey=demo&anonymousId=a&event=Opened&context.campaign.name=june';
    const response = await ask(path);
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'image/gif']);
    expect(rows().map((row) => row.event)).toMatchObject([
      { type: 'track', event: 'Opened', anonymous_id: 'a', utm_campaign: 'june', library: 'pixel' },
    ]);
    expect(stored.join('')).not.toContain('demo');
  });

  test('RudderStack in a browser is told to begin, and whose key it has', async () => {
    for (const path of ['/sourceConfig/?p=npm&writeKey=demo', '/sourceConfig?writeKey=demo', '/t/sourceConfig/?writeKey=demo']) {
      const response = await ask(path, { headers: { origin: 'https://www.shop.example' } }, { BASE_PATH: '/t' });
      expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([200, 'https://www.shop.example']);
      expect(await response.json()).toEqual({
        source: { id: 'wk_1', name: 'wk_1', enabled: true, workspaceId: 'wk_1', config: {}, destinations: [] },
      });
    }
    for (const path of ['/sourceConfig/?writeKey=nobodys', '/sourceConfig/']) {
      const response = await ask(path, { headers: { origin: 'https://www.shop.example' } });
      expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([401, 'https://www.shop.example']);
    }
  });

  test('what only looks like their paths is none of them', async () => {
    for (const path of ['/beacon/v2/batch', '/xbeacon/v1/batch', '/api/s', '/api/s/delete', '/sourceConfigs', '/pixel/track']) {
      expect([path, (await ask(path)).status]).toEqual([path, 404]);
    }
  });

  test("Segment's metrics of itself are taken and forgotten", async () => {
    const response = await post({ series: [{ type: 'Counter', metric: 'analytics_js.invoke', value: 1 }] }, { path: '/v1/m' });
    expect([response.status, stored]).toEqual([200, []]);
  });
});

const dataOf = (event: object) => Buffer.from(JSON.stringify(event)).toString('base64url');
/** What an image tag is told. */
const showPixel = async (path: string, init?: RequestInit) => {
  const response = await ask(path, init);
  const image = Buffer.from(await response.arrayBuffer());
  return [response.status, response.headers.get('content-type'), response.headers.get('cache-control'), image.subarray(0, 6).toString()];
};

describe('the pixel', () => {
  const GIF = [200, 'image/gif', 'no-store', 'GIF89a'];

  test.each([
    ['/v1/pixel/track', 'track'],
    ['/v1/pixel/t', 'track'],
    ['/v1/pixel/track.gif', 'track'],
    ['/v1/pixel/page', 'page'],
  ])('%s is an image and an event', async (path, type) => {
    expect(await showPixel(`${path}?data=${dataOf({ writeKey: 'demo', userId: 'u', event: 'Opened' })}`)).toEqual(GIF);
    expect(rows()).toMatchObject([{ event: { type, user_id: 'u', ip_hash: null } }]);
  });

  test.each([
    ['an event that lacks its name', '/v1/pixel/track', { userId: 'u' }, 'missing_field', 'event'],
    ['an event of nobody', '/v1/pixel/page', { userId: 'null' }, 'missing_identity', null],
    ['a type that there is none of', '/v1/pixel/purchase', { userId: 'u' }, 'invalid_value', 'type'],
  ])('with %s is an image, and the event is among the failed ones', async (_, path, event, reason, where) => {
    expect(await showPixel(`${path}?writeKey=demo&data=${dataOf({ ...event, type: 'track' })}`)).toEqual(GIF);
    expect(rows()).toMatchObject([{ failed: { reason, path: where, write_key_id: 'wk_1' } }]);
  });

  test('with what is no JSON is an image, and its data are among the failed events', async () => {
    expect(await showPixel(`/v1/pixel/track?writeKey=demo&data=${Buffer.from('{"userId":').toString('base64url')}`)).toEqual(GIF);
    expect(rows()).toMatchObject([{ failed: { reason: 'invalid_json', payload: '{"userId":' } }]);
  });

  test('of nobody is an image and nothing else', async () => {
    for (const query of ['', `?data=${dataOf({ userId: 'u' })}`, `?writeKey=other&data=${dataOf({ userId: 'u' })}`]) {
      expect(await showPixel(`/v1/pixel/page${query}`)).toEqual(GIF);
    }
    expect(stored).toEqual([]);
  });

  test('that is only asked for its headers has not been seen', async () => {
    const path = `/v1/pixel/track?data=${dataOf({ writeKey: 'demo', userId: 'u', event: 'Opened' })}`;
    expect((await ask(path, { method: 'HEAD' })).status).toBe(200);
    expect(stored).toEqual([]);
  });
});

describe('pages of other origins', () => {
  const SENT = [
    'authorization,content-type',
    'anonymousid,authorization,content-type,sentat',
    'rsa-recovered,rsa-retry-attempt,rsa-retry-reason,rsa-since-first-attempt,rsa-since-last-attempt',
    'x-retry-count',
    'x-write-key',
  ];
  test.each(SENT)('may send %s, and need not ask again for a day', async (wanted) => {
    for (const path of ['/v1/batch', '/v1/t', '/v1/m', '/beacon/v1/batch', '/api/s/page', '/sourceConfig/']) {
      const { status, headers } = await ask(path, {
        method: 'OPTIONS',
        headers: { origin: 'https://www.shop.example', 'access-control-request-method': 'POST', 'access-control-request-headers': wanted },
      });
      expect([status, headers.get('access-control-allow-headers'), headers.get('access-control-max-age')]).toEqual([204, wanted, '86400']);
      expect(headers.get('access-control-allow-methods')).toBe('GET,POST,OPTIONS');
      expect(headers.get('access-control-allow-credentials')).toBe('true');
      expect(headers.get('vary')).toBe('Origin, Access-Control-Request-Headers');
    }
  });

  test('of no origin at all, as in a sandboxed frame, are answered as what they say they are', async () => {
    const response = await post(BATCH, { headers: { origin: 'null' } });
    expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([200, 'null']);
  });

  test('are not named where there is none', async () => {
    expect((await post(BATCH)).headers.get('access-control-allow-origin')).toBeNull();
  });
});

describe("the visitor's cookie", () => {
  const ID = '0b7c1f0e-6d3c-4a39-9d7e-2f4f3c1b8a55';
  const OTHER = '5f0c2d1e-9a8b-4c7d-8e6f-112233445566';
  const cookie = `anonymous_id=${ID};Max-Age=34560000;Path=/;SameSite=Lax;Domain=shop.example;Secure`;
  const origin = 'https://www.shop.example:8443';
  const SET = `anonymous_id=${ID}; Max-Age=34560000; Path=/; Domain=shop.example; SameSite=Lax; Secure`;

  test.each(['/v1/batch', '/v1/b'])('is set by %s where the page asks for it', async (path) => {
    const response = await post({ ...BATCH, cookie }, { path, headers: { origin } });
    expect([response.status, response.headers.get('set-cookie')]).toEqual([200, SET]);
    expect(response.headers.get('access-control-allow-origin')).toBe(origin);
    expect(response.headers.get('access-control-allow-credentials')).toBe('true');
    expect(response.headers.get('vary')).toBe('Origin');
    expect(stored.join('')).not.toContain(ID);
  });

  test('is the one that the browser has sent', async () => {
    const response = await post({ ...BATCH, cookie }, { headers: { origin, cookie: `a=b; anonymous_id=${OTHER}` } });
    expect(response.headers.get('set-cookie')).toBe(SET.replace(ID, OTHER));
  });

  test.each<[string, object, Record<string, string>]>([
    ['is not asked for', BATCH, { origin }],
    ['is asked for in a wrong way', { ...BATCH, cookie: cookie.replace('Lax', 'Lux') }, { origin }],
    ['is no text', { ...BATCH, cookie: [cookie] }, { origin }],
    ['is asked for by another site', { ...BATCH, cookie }, { origin: 'https://evil.example' }],
    ['is asked for by nobody', { ...BATCH, cookie }, {}],
    [
      'would belong elsewhere, as a proxy claims',
      { ...BATCH, cookie: cookie.replace('shop', 'evil') },
      { origin: 'https://a.evil.example', 'x-forwarded-host': 'b.evil.example' },
    ],
  ])('is not set where it %s, and the events are taken all the same', async (_, body, headers) => {
    const response = await post(body, { headers });
    expect([response.status, response.headers.get('set-cookie'), stored.length]).toEqual([200, null, 1]);
  });

  test('is not set with an answer that is none of acceptance, which the page can read', async ({ onTestFinished }) => {
    const complaints = vi.spyOn(console, 'error').mockImplementation(() => {});
    onTestFinished(() => complaints.mockRestore());
    isStoring = false;
    const failing = await post({ ...BATCH, cookie }, { headers: { origin } });
    isStoring = true;
    const refused = await post({ ...BATCH, cookie, writeKey: 'unknown' }, { headers: { origin } });
    const single = await post({ ...BATCH.batch[0], cookie, writeKey: 'demo' }, { path: '/v1/page', headers: { origin } });
    expect([failing.status, refused.status, single.status]).toEqual([503, 401, 200]);
    expect(failing.headers.get('retry-after')).toBe('1');
    for (const response of [failing, refused, single]) {
      expect(response.headers.get('set-cookie')).toBeNull();
      expect(response.headers.get('access-control-allow-origin')).toBe(origin);
      expect(response.headers.get('access-control-allow-credentials')).toBe('true');
      expect(response.headers.get('access-control-expose-headers')).toBe('Retry-After');
      expect(response.headers.get('vary')).toBe('Origin');
    }
  });
});

test('a fault of the edge itself is answered so that a page can read when to try again', async ({ onTestFinished }) => {
  const complaints = vi.spyOn(console, 'error').mockImplementation(() => {});
  onTestFinished(() => complaints.mockRestore());
  const fault = new Error('a fault');
  const request = new Request('https://edge.shop.example/sourceConfig/', { headers: { origin: 'https://www.shop.example' } });
  vi.spyOn(request.headers, 'get').mockImplementation((name) => {
    if (name === 'authorization') throw fault;
    return new Headers({ origin: 'https://www.shop.example' }).get(name);
  });
  const response = await app.fetch(request, bindings);
  expect(complaints).toHaveBeenCalledExactlyOnceWith('{"level":"error","event":"unexpected","error":"Error","message":"a fault"}');
  expect(response.status).toBe(503);
  expect(response.headers.get('retry-after')).toBe('1');
  expect(response.headers.get('access-control-allow-origin')).toBe('https://www.shop.example');
  expect(response.headers.get('access-control-allow-credentials')).toBe('true');
  expect(response.headers.get('vary')).toBe('Origin');
});
