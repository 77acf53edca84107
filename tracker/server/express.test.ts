import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { expressVisitor } from './express.ts';

const ID = '0b7c1f0e-6d3c-4a39-9d7e-2f4f3c1b8a55';
const COOKIE = `anonymous_id=${ID}; Max-Age=34560000; Path=/; SameSite=Lax`;
const headers = {
  accept: 'text/html',
  'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  cookie: `anonymous_id=${ID}`,
};

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

/** The answer of a handler that stands behind the middleware. */
async function answer(handle: (response: ServerResponse & { locals: Record<string, unknown> }) => void): Promise<Response> {
  const visitor = expressVisitor();
  const server = createServer((request: IncomingMessage, plain) => {
    const response = Object.assign(plain, { locals: {} });
    visitor(request, response, () => handle(response));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  stops.push(() => (server.close(), server.closeAllConnections(), once(server, 'close')));
  return await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, { headers });
}

test.each<readonly [string, (response: ServerResponse) => void]>([
  ['end', (response) => response.end('hello')],
  ['setHeader', (response) => response.setHeader('Set-Cookie', 'session=1').end('hello')],
  ['writeHead', (response) => response.writeHead(200).end('hello')],
  ['writeHead with a reason', (response) => response.writeHead(200, 'Fine').end('hello')],
  ['writeHead with an object', (response) => response.writeHead(200, { 'Set-Cookie': 'session=1', 'X-Gone': undefined }).end('hello')],
  ['writeHead with a list of values', (response) => response.writeHead(200, 'OK', { 'set-cookie': ['session=1'] }).end('hello')],
  ['writeHead with a flat list', (response) => response.writeHead(200, ['Set-Cookie', 'session=1', 'X-A', '1']).end('hello')],
  ['write', (response) => (response.write('hel'), response.end('lo'))],
  ['flushHeaders', (response) => (response.flushHeaders(), response.end('hello'))],
])('the cookie stands beside the others when headers are sent by %s', async (name, handle) => {
  const response = await answer(handle);
  expect(await response.text()).toBe('hello');
  expect(response.headers.getSetCookie()).toContain(COOKIE);
  expect(response.headers.getSetCookie().includes('session=1')).toBe(/object|list|setHeader/.test(name));
  expect(response.headers.get('cache-control')).toBe('private');
});

test('the id is there for the handler', async () => {
  expect(await (await answer((response) => response.end(response.locals['anonymousId']))).text()).toBe(ID);
});

test.each<readonly [string, (response: ServerResponse) => void]>([
  ['before', (response) => response.setHeader('Cache-Control', 'public, max-age=60').end()],
  ['in the last moment', (response) => response.writeHead(200, { 'cache-control': 'public, max-age=60' }).end()],
])('a response that is declared cacheable for others %s has no cookie', async (_, handle) => {
  const response = await answer(handle);
  expect([response.headers.getSetCookie(), response.headers.get('cache-control')]).toEqual([[], 'public, max-age=60']);
});

test('what the handler gives in the last moment replaces what it set before', async () => {
  const response = await answer((response) => response.setHeader('X-A', '1').writeHead(404, { 'x-a': '2' }).end());
  expect([response.status, response.headers.get('x-a')]).toEqual([404, '2']);
});

test('a wrong option is an error where the site starts', () => {
  expect(() => expressVisitor({ cookieDomain: 'https://shop.example' })).toThrow(/cookie domain "https:\/\/shop.example": expected a host/);
});
