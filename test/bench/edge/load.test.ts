import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { load, wireBytes } from './load.ts';

let stop: (() => void) | undefined;
afterEach(() => stop?.());

/** A server that notes what it is sent. */
async function serve(answer: (request: IncomingMessage, response: ServerResponse, body: string) => void) {
  const seen: { path: string; headers: IncomingMessage['headers']; body: string }[] = [];
  const server = createServer((request, response) => {
    void request.toArray().then((chunks) => {
      const body = chunks.join('');
      seen.push({ path: request.url!, headers: request.headers, body });
      answer(request, response, body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stop = () => server.close().closeAllConnections();
  return { seen, url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`) };
}
const requests = ['ä', 'bb', 'ccc'].map((body) => wireBytes('shop.example', { path: '/v1/batch', headers: { 'x-a': 'b' }, body }));

test('sends the requests in turn and measures each', async () => {
  const { seen, url } = await serve((_, response, body) => response.end('x'.repeat(body.length * 40_000)));
  const { perSecond, latencies } = await load(url, requests, 10, 3);
  expect(seen.map(({ body }) => body).toSorted()).toEqual(['bb', 'bb', 'bb', 'ccc', 'ccc', 'ccc', 'ä', 'ä', 'ä', 'ä']);
  expect(seen[0]).toMatchObject({ path: '/v1/batch', headers: { host: 'shop.example', 'x-a': 'b' } });
  expect(latencies).toHaveLength(10);
  expect(latencies).toEqual(latencies.toSorted((a, b) => a - b));
  expect(perSecond).toBeGreaterThan(0);
});

test.each<[string, (request: IncomingMessage, response: ServerResponse) => void]>([
  ['the server answered HTTP/1.1 503', (_, response) => response.writeHead(503).end('later')],
  ['the server closed the connection', (request) => request.socket.end()],
  ['an answer without its length', (_, response) => void response.write('a')],
])('fails where %s', async (words, answer) => {
  const { url } = await serve(answer);
  await expect(load(url, requests, 4, 1)).rejects.toThrow(words);
});

test('fails where nobody listens', async () => {
  const { url } = await serve(() => {});
  stop?.();
  await expect(load(url, requests, 1, 1)).rejects.toThrow('ECONNREFUSED');
});
