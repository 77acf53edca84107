import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { createProgress } from '../../pipeline/cli/progress.ts';
import { type Event, replay } from './replay.ts';

let server: Server | undefined;
afterEach(() => void server?.close());

interface Received {
  readonly path: string | undefined;
  readonly authorization: string | undefined;
  readonly ids: string[];
}

/** An edge that answers as told; the first answers in the list go to the first requests, the last one to all others. */
async function edge(...answers: ((ids: string[], response: ServerResponse) => void)[]): Promise<{ url: string; received: Received[] }> {
  const received: Received[] = [];
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const ids = (JSON.parse(body) as { batch: Event[] }).batch.map((event) => event.messageId);
    received.push({ path: request.url, authorization: request.headers.authorization, ids });
    (answers[received.length - 1] ?? answers.at(-1)!)(ids, response);
  };
  server = createServer((request, response) => void handle(request, response)).listen(0, '127.0.0.1');
  await new Promise((resolve) => server!.once('listening', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received };
}

const ok = (ids: string[], response: ServerResponse) =>
  void response.end(JSON.stringify({ success: true, results: ids.map((id) => ({ message_id: id, status: 'ok' })) }));
const status = (code: number) => (_: string[], response: ServerResponse) =>
  void response.writeHead(code, { 'Retry-After': '0' }).end('busy');

const events = (...ids: string[]) => ids.map((messageId) => ({ messageId }));
const options = (url: string) => ({ url, key: 'sk_secret', concurrency: 1, total: 3, progress: createProgress({ quiet: true }) });

describe('replaying a history', () => {
  test('sends every batch once to the import route, with the key as user name', async () => {
    const { url, received } = await edge(ok);
    expect(await replay([events('a', 'b'), events('c')], options(url))).toBe(3);
    expect(received.map(({ ids }) => ids)).toEqual([['a', 'b'], ['c']]);
    expect(received[0]).toMatchObject({ path: '/v1/import', authorization: `Basic ${Buffer.from('sk_secret:').toString('base64')}` });
  });

  test('sends a batch again that could not be stored or answered', async () => {
    const { url, received } = await edge(status(503), (_, response) => void response.destroy(), status(429), ok);
    expect(await replay([events('a')], options(url))).toBe(1);
    expect(received.map(({ ids }) => ids)).toEqual([['a'], ['a'], ['a'], ['a']]);
  });

  test('keeps several requests in flight and still sends everything', async () => {
    const { url, received } = await edge(ok);
    const batches = Array.from({ length: 25 }, (_, index) => events(`e${index}`));
    expect(await replay(batches, { ...options(url), concurrency: 5 })).toBe(25);
    expect(received.flatMap(({ ids }) => ids).sort()).toEqual(batches.flatMap(([event]) => event!.messageId).sort());
  });

  test('stops with the edge’s words where a request or a single event is refused', async () => {
    const refused = await edge(status(401));
    await expect(replay([events('a')], options(refused.url))).rejects.toThrow('the edge answered 401: busy');
    server!.close();
    const rejected = await edge((ids, response) => {
      const results = ids.map((id) => ({ message_id: id, status: 'rejected', reason: 'invalid_timestamp', detail: 'in the future' }));
      response.end(JSON.stringify({ success: true, results }));
    });
    await expect(replay([events('a')], options(rejected.url))).rejects.toThrow('event a: invalid_timestamp: in the future');
    server!.close();
    const short = await edge((_, response) => void response.end(JSON.stringify({ success: true, results: [] })));
    await expect(replay([events('a')], options(short.url))).rejects.toThrow('0 results to 1 events');
  });
});
