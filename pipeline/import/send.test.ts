import { describe, expect, test } from 'vitest';
import { createSender } from './send.ts';

const ok = (count: number): Response => Response.json({ success: true, results: Array.from({ length: count }, () => ({ status: 'ok' })) });

const later = (status: number, after?: string) =>
  new Response('{}', { status, headers: after === undefined ? {} : { 'retry-after': after } });

describe('sending', () => {
  const TARGET = { url: 'http://edge.example', key: 'sk_secret', compress: false };
  /** A sender whose edge answers as told, one after the other; an Error is no answer. */
  function sender(answers: (Response | Error)[], target = TARGET) {
    const requests: { url: string; init: RequestInit }[] = [];
    const waits: number[] = [];
    const fetched = async (url: string, init: RequestInit) => {
      requests.push({ url, init });
      const answer = answers.shift()!;
      if (answer instanceof Error) throw answer;
      return answer;
    };
    const sleep = async (milliseconds: number) => void waits.push(milliseconds);
    return { send: createSender(target, { fetch: fetched as typeof fetch, sleep, onWait: () => {} }), requests, waits };
  }

  test('goes to the import route with the key, and gives one result for each event', async () => {
    const { send, requests, waits } = sender([ok(2)]);
    expect(await send(['{"a":1}', '{"b":2}'])).toEqual([{ status: 'ok' }, { status: 'ok' }]);
    expect(requests[0]).toMatchObject({
      url: 'http://edge.example/v1/import',
      init: { method: 'POST', body: '{"batch":[{"a":1},{"b":2}]}', redirect: 'error' },
    });
    expect(new Headers(requests[0]!.init.headers).get('x-write-key')).toBe('sk_secret');
    expect(waits).toEqual([]);
  });

  test('what could not be stored is sent again, after as long as the edge says', async () => {
    const { send, requests, waits } = sender([later(503, '7'), later(429, '0.5'), new Error('connection lost'), later(500), ok(1)]);
    expect(await send(['{}'])).toEqual([{ status: 'ok' }]);
    expect(waits).toEqual([7000, 500, 2000, 4000]);
    expect(new Set(requests.map(({ init }) => init.body))).toEqual(new Set(['{"batch":[{}]}']));
  });

  test('what is refused for good is said at once', async () => {
    await expect(sender([new Response('{"reason":"server_key_required"}', { status: 403 })]).send(['{}'])).rejects.toThrow(
      /403.*server_key_required.*\n.*server key/,
    );
    await expect(sender([new Response('{"reason":"invalid_body"}', { status: 400 })]).send(['{}'])).rejects.toThrow('400');
    await expect(sender([ok(2)]).send(['{}'])).rejects.toThrow('one result for each event');
    await expect(sender([new Response('<html>')]).send(['{}'])).rejects.toThrow('is it the edge?');
  });

  test('an edge that never takes them ends the import with what to do', async () => {
    const { send, waits } = sender(Array.from({ length: 40 }, () => new Error('refused')));
    await expect(send(['{}'])).rejects.toThrow(/refused\n.*--resume/);
    expect(Math.max(...waits)).toBe(60_000);
    expect(waits.reduce((sum, wait) => sum + wait, 0)).toBeGreaterThan(30 * 60_000);
  });
});
