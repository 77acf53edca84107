import { Hono } from 'hono';
import { expect, test } from 'vitest';
import { honoVisitor } from './hono.ts';

const ID = '0b7c1f0e-6d3c-4a39-9d7e-2f4f3c1b8a55';
const headers = {
  accept: 'text/html',
  'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  cookie: `anonymous_id=${ID}`,
};
const COOKIE = `anonymous_id=${ID}; Max-Age=34560000; Path=/; SameSite=Lax; Secure`;

const app = new Hono<{ Variables: { anonymousId?: string } }>();
app.use(honoVisitor());
app.get('/', (c) => c.html(`<p>${c.get('anonymousId')}</p>`, 200, { 'Set-Cookie': 'session=1' }));
app.get('/public', (c) => c.text('hello', 200, { 'Cache-Control': 's-maxage=60' }));
app.get('/away', () => Response.redirect('https://shop.example/', 302));
app.get('/broken', () => {
  throw new Error('broken');
});
app.onError((_, c) => c.text('sorry', 500));

const get = (path: string) => app.request(`https://www.shop.example${path}`, { headers });

test('a page knows the id and sets the cookie beside its own', async () => {
  const response = await get('/');
  expect(await response.text()).toBe(`<p>${ID}</p>`);
  expect([response.headers.getSetCookie(), response.headers.get('cache-control')]).toEqual([['session=1', COOKIE], 'private']);
});

test('a page for shared caches has no cookie', async () => {
  expect((await get('/public')).headers.getSetCookie()).toEqual([]);
});

test.each([
  ['/away', 302],
  ['/broken', 500],
])('%s sets it, too', async (path, status) => {
  const response = await get(path);
  expect([response.status, response.headers.getSetCookie()]).toEqual([status, [COOKIE]]);
});

test('a wrong option is an error where the site starts', () => {
  expect(() => honoVisitor({ cookieDays: -1 })).toThrow('cookieDays -1: expected a number of days above 0');
});
