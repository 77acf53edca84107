import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { createApp } from './app.ts';
import type { WriteKeyRecord } from './contract/write-key.ts';
import type { Environment } from './services.ts';

const CORE = 'console.log("core")';
const LINKS = 'export default () => "links"';
const app = createApp({ 't.js': CORE, 't.links.js': LINKS });

let stored: string[];
let isStoring: boolean;
beforeEach(() => {
  stored = [];
  isStoring = true;
});

const record: WriteKeyRecord = { id: 'wk_1', kind: 'browser', name: 'site' };
/** One isolate has one set of services, made with the first request: so all tests share these. */
const bindings = {
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
  const request = new Request('https://edge.shop.example/v1/batch', { method: 'POST', headers: { origin: 'https://www.shop.example' } });
  vi.spyOn(request.headers, 'get').mockImplementation((name) => {
    if (name === 'authorization') throw fault;
    return new Headers({ origin: 'https://www.shop.example' }).get(name);
  });
  const response = await app.fetch(request, bindings);
  expect(complaints).toHaveBeenCalledExactlyOnceWith('{"level":"error","event":"unexpected","error":"Error: a fault"}');
  expect(response.status).toBe(503);
  expect(response.headers.get('retry-after')).toBe('1');
  expect(response.headers.get('access-control-allow-origin')).toBe('https://www.shop.example');
  expect(response.headers.get('access-control-allow-credentials')).toBe('true');
  expect(response.headers.get('vary')).toBe('Origin');
});
