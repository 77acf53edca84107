import { expect, test } from 'vitest';
import { pageCall, type PageCallOptions } from './page-call.ts';

const ID = '0b7c1f0e-6d3c-4a39-9d7e-2f4f3c1b8a55';
const MESSAGE = '5f0c2d1e-9a8b-4c7d-8e6f-112233445566';
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const headers = { host: 'www.shop.example', 'user-agent': FIREFOX, accept: 'text/html' };
const call = (request: Parameters<typeof pageCall>[0], options: Partial<PageCallOptions> = {}) =>
  pageCall(request, { anonymousId: ID, ...options }, () => MESSAGE);

test('says who saw which page, from where and with what', () => {
  const request = {
    method: 'GET',
    url: '/pricing?gclid=a',
    protocol: 'https',
    headers: { ...headers, referer: 'https://search.example/' },
  };
  expect(call(request, { ip: '203.0.113.9', userId: 'user-7', title: 'Pricing' })).toEqual({
    messageId: MESSAGE,
    anonymousId: ID,
    userId: 'user-7',
    context: {
      ip: '203.0.113.9',
      userAgent: FIREFOX,
      page: { url: 'https://www.shop.example/pricing?gclid=a', referrer: 'https://search.example/', title: 'Pricing' },
    },
  });
});

test('says nothing that nobody knows', () => {
  expect(call({ headers })).toEqual({
    messageId: MESSAGE,
    anonymousId: ID,
    context: { userAgent: FIREFOX, page: { url: 'http://www.shop.example/', referrer: '' } },
  });
});

test('gives each view an id of its own', () => {
  const ids = [1, 2].map(() => pageCall({ headers }, { anonymousId: ID })!.messageId);
  expect(ids[0]).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  expect(ids[1]).not.toBe(ids[0]);
});

test.each<[string, Parameters<typeof pageCall>[0], boolean, string]>([
  ['of a Request', new Request('https://www.shop.example/a?b=c#d', { headers }), false, 'https://www.shop.example/a?b=c'],
  ['with its port', { headers: { ...headers, host: 'WWW.shop.example:8443' }, url: '/a' }, false, 'http://www.shop.example:8443/a'],
  ['below a router of Express', { headers, url: '/', originalUrl: '/shop/?x=1' }, false, 'http://www.shop.example/shop/?x=1'],
  [
    'behind a proxy that is trusted',
    { headers: { ...headers, 'x-forwarded-proto': 'https', 'x-forwarded-host': 'shop.example' }, url: '/a' },
    true,
    'https://shop.example/a',
  ],
  [
    'behind one that is not',
    { headers: { ...headers, 'x-forwarded-proto': 'https', 'x-forwarded-host': 'shop.example' }, url: '/a' },
    false,
    'http://www.shop.example/a',
  ],
])('the address %s', (_, request, trustProxy, url) => {
  expect(call(request, { trustProxy })!.context.page.url).toBe(url);
});

test.each<[string, Record<string, string>]>([
  ['an image', { 'sec-fetch-dest': 'image' }],
  ['data', { accept: 'application/json' }],
  ['a page that is only fetched in advance', { 'sec-purpose': 'prefetch;prerender' }],
  ['a bot', { 'user-agent': 'Googlebot/2.1' }],
])('there is none for %s', (_, more) => {
  expect(call({ headers: { ...headers, ...more } })).toBeUndefined();
});

test('there is none of a visitor who has no id', () => {
  expect(call({ headers }, { anonymousId: undefined })).toBeUndefined();
});
