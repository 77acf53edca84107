import { expect, test } from 'vitest';
import { createApp } from './app.ts';

const app = createApp();
const bindings = { KEYS: { get: async () => null }, LANDING: { fetch: async () => new Response(null, { status: 204 }) }, BASE_PATH: '/t' };
const ask = async (url: string, headers: Record<string, string> = {}) => await app.request(url, { headers }, bindings);

test('the page marks the browser for every domain that the host lies in; browsers keep none of a public suffix', async () => {
  const response = await ask('https://edge.www.shop.co.uk/internal-visitor');
  expect(response.status).toBe(200);
  expect(response.headers.getSetCookie()).toEqual(
    ['edge.www.shop.co.uk', 'www.shop.co.uk', 'shop.co.uk', 'co.uk'].map(
      (domain) => `touchtrail_internal=1; Max-Age=34560000; Path=/; Domain=${domain}; SameSite=Lax; HttpOnly; Secure`,
    ),
  );
  const text = await response.text();
  expect(text).toContain('<title>Your visits do not count</title>');
  expect(text).toContain('<a href="?off">');
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  });
});

test('with ?off it takes the mark away, from all of them', async () => {
  const response = await ask('https://www.shop.example/t/internal-visitor?off');
  expect(response.headers.getSetCookie()).toEqual(
    ['www.shop.example', 'shop.example'].map(
      (domain) => `touchtrail_internal=; Max-Age=0; Path=/; Domain=${domain}; SameSite=Lax; HttpOnly; Secure`,
    ),
  );
  expect(await response.text()).toContain('<title>Your visits count</title>');
});

test.each(['http://127.0.0.1:8787', 'http://localhost:8787', 'http://[::1]:8787'])('on %s the mark is for the one host', async (origin) => {
  const response = await ask(`${origin}/internal-visitor`);
  expect(response.headers.getSetCookie()).toEqual(['touchtrail_internal=1; Max-Age=34560000; Path=/; SameSite=Lax; HttpOnly']);
});

test.each([
  ['', '<a href="?">Do not count my visits</a>'],
  ['?off', '<a href="?off">Count my visits again</a>'],
])('a link of another site to %j changes nothing: the visitor is asked', async (query, link) => {
  const url = `https://www.shop.example/t/internal-visitor${query}`;
  const response = await ask(url, { 'sec-fetch-dest': 'document', 'sec-fetch-site': 'cross-site' });
  expect(response.headers.getSetCookie()).toEqual([]);
  const text = await response.text();
  expect(text).toContain(link);
  expect(text).toContain('<title>Do your visits count?</title>');
  for (const site of ['none', 'same-origin', 'same-site']) {
    const asked = await ask(url, { 'sec-fetch-dest': 'document', 'sec-fetch-site': site });
    expect(asked.headers.getSetCookie()).toHaveLength(2);
  }
});

test.each(['image', 'iframe', 'script', 'empty'])('as %s of another page it marks nobody', async (destination) => {
  const response = await ask('https://www.shop.example/internal-visitor', { 'sec-fetch-dest': destination });
  expect(response.headers.getSetCookie()).toEqual([]);
  const looked = await ask('https://www.shop.example/internal-visitor', { 'sec-fetch-dest': 'document' });
  expect(looked.headers.getSetCookie()).toHaveLength(2);
});
