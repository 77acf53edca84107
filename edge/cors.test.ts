import { Hono } from 'hono';
import { expect, test } from 'vitest';
import { cors } from './cors.ts';

const app = new Hono().use('*', cors).post('/a', (c) => c.json({}, 200, { 'X-B': 'c' }));
const ask = async (method: string, headers: Record<string, string>, path = '/a') => {
  const response = await app.request(path, { method, headers });
  return [response.status, Object.fromEntries(response.headers)];
};
const READABLE = {
  'access-control-allow-origin': 'https://www.shop.example',
  'access-control-allow-credentials': 'true',
  'access-control-expose-headers': 'Retry-After',
  vary: 'Origin',
};
const { 'access-control-allow-origin': _, ...toNobody } = READABLE;
const origin = 'https://www.shop.example';

test('an answer can be read by the page that asked', async () => {
  expect(await ask('POST', { origin })).toEqual([200, { ...READABLE, 'content-type': 'application/json', 'x-b': 'c' }]);
  expect(await ask('POST', { origin }, '/nope')).toEqual([404, { ...READABLE, 'content-type': 'text/plain; charset=UTF-8' }]);
  expect(await ask('POST', { origin: 'null' })).toMatchObject([200, { 'access-control-allow-origin': 'null' }]);
});

test('and, of a request from no page, by nobody', async () => {
  expect(await ask('POST', {})).toEqual([200, { ...toNobody, 'content-type': 'application/json', 'x-b': 'c' }]);
});

test('a preflight allows what it asks for, for a day', async () => {
  const preflight = { 'access-control-allow-methods': 'GET,POST,OPTIONS', 'access-control-max-age': '86400' };
  expect(await ask('OPTIONS', { origin })).toEqual([204, { ...READABLE, ...preflight }]);
  expect(await ask('OPTIONS', { origin, 'access-control-request-headers': 'content-type,x-retry-count' })).toEqual([
    204,
    {
      ...READABLE,
      ...preflight,
      'access-control-allow-headers': 'content-type,x-retry-count',
      vary: 'Origin, Access-Control-Request-Headers',
    },
  ]);
});
