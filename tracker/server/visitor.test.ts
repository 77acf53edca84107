import { describe, expect, test } from 'vitest';
import { visitorCookie, type VisitorOptions, withVisitorCookie } from './visitor.ts';

const ID = '0b7c1f0e-6d3c-4a39-9d7e-2f4f3c1b8a55';
const FRESH = '5f0c2d1e-9a8b-4c7d-8e6f-112233445566';
const CHROME = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/153.0.0.0 Safari/537.36';

const page = { 'user-agent': CHROME, accept: 'text/html,application/xhtml+xml', 'sec-fetch-dest': 'document', host: 'www.shop.example' };
const visit = (headers: Record<string, string> = {}, options: VisitorOptions = {}, url = 'https://www.shop.example/') =>
  visitorCookie(new Request(url, { headers: { ...page, ...headers } }), options, () => FRESH);

test('a new visitor gets an id and the cookie for 400 days', () => {
  expect(visit()).toEqual({
    anonymousId: FRESH,
    isNew: true,
    setCookie: `anonymous_id=${FRESH}; Max-Age=34560000; Path=/; SameSite=Lax; Secure`,
  });
});

test('a known visitor keeps the id, and the cookie begins anew', () => {
  expect(visit({ cookie: `theme=dark; anonymous_id=${ID}` })).toEqual({
    anonymousId: ID,
    isNew: false,
    setCookie: `anonymous_id=${ID}; Max-Age=34560000; Path=/; SameSite=Lax; Secure`,
  });
});

test('ids are UUIDs of version 4', () => {
  expect(visitorCookie({ headers: page }).anonymousId).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
});

test('the options of the cookie are those of the script', () => {
  const options = {
    cookieName: 'vid',
    cookiePath: '/shop/',
    cookieDays: 30,
    cookieSameSite: 'Strict',
    cookieDomain: 'shop.example',
  } as const;
  expect(visit({ cookie: `anonymous_id=${ID}` }, options).setCookie).toBe(
    `vid=${FRESH}; Max-Age=2592000; Path=/shop/; Domain=shop.example; SameSite=Strict; Secure`,
  );
  expect(visit({ cookie: `vid=${ID}` }, options).anonymousId).toBe(ID);
});

describe('the domain is left out where the browser would refuse the cookie for it', () => {
  test.each([
    ['shop.example', 'Domain=shop.example'],
    ['www.shop.example', 'Domain=shop.example'],
    ['WWW.Shop.Example:8443', 'Domain=shop.example'],
    ['workshop.example', undefined],
    ['localhost:3000', undefined],
    ['preview-42.hosting.example', undefined],
  ])('%s', (host, domain) => {
    const attributes = visit({ host }, { cookieDomain: '.Shop.example' }).setCookie!.split('; ');
    expect(attributes.find((attribute) => attribute.startsWith('Domain='))).toBe(domain);
  });
});

describe('Secure follows the connection of the browser', () => {
  test.each([
    ['https', {}, {}, 'https://shop.example/', true],
    ['http', {}, {}, 'http://shop.example/', false],
    ['a proxy says https, and is trusted', { 'x-forwarded-proto': 'https' }, { trustProxy: true }, 'http://shop.example/', true],
    ['the first of two proxies counts', { 'x-forwarded-proto': 'https, http' }, { trustProxy: true }, 'http://shop.example/', true],
    ['anyone says https', { 'x-forwarded-proto': 'https' }, {}, 'http://shop.example/', false],
    ['SameSite=None needs it', {}, { cookieSameSite: 'None' }, 'http://localhost/', true],
  ] as const)('%s', (_, headers, options, url, expected) => {
    expect(visit(headers, options, url).setCookie!.endsWith('; Secure')).toBe(expected);
  });
});

describe('only a person who opens a page gets or renews the cookie; an id that is there is read all the same', () => {
  const none = { anonymousId: ID, isNew: false, setCookie: undefined };
  test.each<readonly [string, Record<string, string>]>([
    ['an image', { 'sec-fetch-dest': 'image' }],
    ['data', { 'sec-fetch-dest': 'empty', accept: 'application/json' }],
    ['a frame', { 'sec-fetch-dest': 'iframe' }],
    ['a prefetch', { 'sec-purpose': 'prefetch' }],
    ['a prerendered page', { 'sec-purpose': 'prefetch;prerender' }],
    ['an old prefetch', { purpose: 'prefetch' }],
    ['a prefetch of old Firefox', { 'x-moz': 'prefetch' }],
    ['a search engine', { 'user-agent': 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)' }],
    ['a link preview', { 'user-agent': 'facebookexternalhit/1.1' }],
    ['a script', { 'user-agent': 'curl/8.5.0' }],
    ['no user agent', { 'user-agent': '' }],
  ])('%s', (_, headers) => {
    expect(visit({ ...headers, cookie: `anonymous_id=${ID}` })).toEqual(none);
    expect(visit(headers)).toEqual({ ...none, anonymousId: undefined });
  });

  test('a phone whose name ends in "bot" is no bot', () => {
    const phone = 'Mozilla/5.0 (Linux; Android 9; CUBOT_X19) AppleWebKit/537.36 Chrome/120.0.0.0 Mobile Safari/537.36';
    expect(visit({ 'user-agent': phone }).anonymousId).toBe(FRESH);
  });

  test('a browser that does not tell the destination is asked what it accepts', () => {
    const headers = { 'user-agent': CHROME, host: 'shop.example' };
    const asking = (accept: string) => visitorCookie({ method: 'GET', url: '/', headers: { ...headers, accept } }, {}, () => FRESH).isNew;
    expect([asking('text/html,*/*;q=0.8'), asking('*/*'), asking('image/avif,image/webp')]).toEqual([true, false, false]);
  });

  test('a form that is posted to a page is a visit, HEAD is none', () => {
    const visits = ['GET', 'POST', 'HEAD', 'OPTIONS'].filter((method) => visitorCookie({ method, headers: page }).isNew);
    expect(visits).toEqual(['GET', 'POST']);
  });
});

describe('consent', () => {
  test('without it nothing is made, set or read', () => {
    expect(visit({ cookie: `anonymous_id=${ID}` }, { consent: () => false })).toEqual({
      anonymousId: undefined,
      isNew: false,
      setCookie: undefined,
    });
  });

  test('it is asked of the request', () => {
    const options = { consent: ({ headers }: Request) => headers.get('cookie')?.includes('consent=granted') ?? false };
    const asking = (cookie: string) =>
      visitorCookie(new Request('https://shop.example/', { headers: { ...page, cookie } }), options, () => FRESH).anonymousId;
    expect([asking('consent=denied'), asking('consent=granted')]).toEqual([undefined, FRESH]);
  });
});

test.each<readonly [RegExp, VisitorOptions]>([
  [/cookieDays 0: expected/, { cookieDays: 0 }],
  [/cookieDays NaN: expected/, { cookieDays: Number.NaN }],
  [/cookie name "visitor id"/, { cookieName: 'visitor id' }],
  [/cookie path "shop"/, { cookiePath: 'shop' }],
])('an option that cannot stand in a cookie is an error: %s', (message, options) => {
  expect(() => visit({}, options)).toThrow(message);
});

describe('a response', () => {
  const visitor = { anonymousId: FRESH, isNew: true, setCookie: 'anonymous_id=x' };

  test('gets the cookie beside its own, and becomes private', () => {
    const headers = { 'Set-Cookie': 'session=1', ETag: '"a"' };
    const response = withVisitorCookie(new Response('hello', { status: 201, headers }), visitor);
    expect([response.status, response.headers.getSetCookie(), response.headers.get('cache-control'), response.headers.get('etag')]).toEqual(
      [201, ['session=1', 'anonymous_id=x'], 'private', '"a"'],
    );
  });

  test('that is a redirect gets it, too', () => {
    const response = withVisitorCookie(Response.redirect('https://shop.example/de/', 302), visitor);
    expect([response.status, response.headers.getSetCookie()]).toEqual([302, ['anonymous_id=x']]);
  });

  test('that others may keep stays as it is', () => {
    const response = new Response('hello', { headers: { 'Cache-Control': 'public, max-age=60' } });
    expect(withVisitorCookie(response, visitor)).toBe(response);
  });

  test('of a request that sets nothing stays as it is', () => {
    const response = new Response('hello');
    expect(withVisitorCookie(response, { ...visitor, setCookie: undefined })).toBe(response);
  });
});
