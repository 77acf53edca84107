import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { createApp } from './app.ts';
import type { LandingLine } from './contract/delivery.ts';
import { storedEvent } from './contract/event-row.ts';
import { hashWriteKey, type WriteKeyRecord } from './contract/write-key.ts';
import { type Environment, servicesOf } from './services.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const JANE = sha256('jane@example.com');

let landed: LandingLine[];
let isStoring: boolean;
beforeEach(() => {
  landed = [];
  isStoring = true;
});

const record = (name: string, rules: Partial<WriteKeyRecord> = {}): [string, WriteKeyRecord] => [
  hashWriteKey(name),
  { id: `wk_${name}`, kind: 'browser', name, ...rules },
];
const SECRET = 'sk_0123456789.abc-DEF_ghij';
/** Under the hash of the key, which is the name of the record. */
const records = new Map([
  record('plain'),
  record('listed', { origins: ['https://www.shop.example', 'https://*.shop.example'] }),
  record('paused', { paused: true }),
  record('slow', { events_per_second: 0.5 }),
  record('slower', { events_per_second: 0.5 }),
  record('sampled', { sample: 0.7284 }),
  record('open', { keeps_emails: true }),
  record('limited'),
  record(SECRET, { kind: 'server' }),
  record('copy-of-a-browser-key', { kind: 'server', stores_as: 'wk_plain' }),
]);
const bindings = {
  KEYS: {
    get: async (hash: string) => {
      if (hash === hashWriteKey('unreachable')) throw new Error('the store is down');
      return records.get(hash) ?? null;
    },
  },
  LANDING: {
    fetch: async (_: string, { body }: { body: string }) => {
      if (isStoring) landed.push(...body.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as LandingLine])));
      return new Response(null, { status: isStoring ? 204 : 500 });
    },
  },
  RATE_LIMITER: { limit: async ({ key }: { key: string }) => ({ success: key !== 'wk_limited' }) },
  INTERNAL_IPS: '203.0.113.0/24',
};
const app = createApp();

interface Answer {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly body: { success: boolean; reason?: string; message?: string; results?: { message_id: string; status: string }[] };
}

async function post(body: object | string, key: string, headers: Record<string, string> = {}, path = '/v1/batch'): Promise<Answer> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await app.request(
    `https://edge.shop.example${path}`,
    { method: 'POST', body: text, headers: { 'x-write-key': key, ...headers } },
    bindings,
  );
  return {
    status: response.status,
    retryAfter: response.headers.get('retry-after'),
    body: (await response.json()) as Answer['body'],
  };
}

let number = 0;
const event = (more: Record<string, unknown> = {}) => ({
  type: 'track',
  event: 'E',
  anonymousId: 'a',
  messageId: `m-${++number}`,
  ...more,
});
const batch = (...events: object[]) => ({ batch: events });
const events = () => landed.flatMap((line) => ('event' in line ? [storedEvent(line.event)] : []));
const failed = () => landed.flatMap((line) => ('failed' in line ? [line.failed] : []));

describe('a key with allowed origins', () => {
  test.each([undefined, 'https://www.shop.example', 'https://a.b.shop.example'])('takes events from %s', async (origin) => {
    expect((await post(batch(event()), 'listed', origin === undefined ? {} : { origin })).status).toBe(200);
    expect(events()).toHaveLength(1);
  });

  test.each(['https://evil.example', 'null', 'https://shop.example'])('refuses %s, and loses nothing', async (origin) => {
    const sent = [event({ userId: 'jane@example.com' }), event({ properties: { pad: 'x'.repeat(30_000) } }), event({ event: 7 })];
    const { status, body } = await post(batch(...sent, 'nonsense' as unknown as object), 'listed', { origin });
    expect([status, body.success, body.reason, body.results]).toEqual([403, false, 'origin_not_allowed', undefined]);
    expect(body.message).toContain(`(${origin})`);
    expect(events()).toEqual([]);
    expect(failed().map(({ reason, message_id, write_key_id }) => [reason, message_id, write_key_id])).toEqual([
      ...sent.map(({ messageId }) => ['origin_not_allowed', messageId, 'wk_listed']),
      ['not_an_object', null, 'wk_listed'],
    ]);
    expect(failed()[0]!.detail).toContain(`(${origin})`);
    const payloads = failed().map(({ payload }) => JSON.parse(payload!) as unknown);
    expect(payloads).toEqual([{ ...sent[0], userId: JANE }, sent[1], sent[2], 'nonsense']);
  });

  test('keeps no ties of a visitor who asks for privacy', async () => {
    await post(batch(event({ context: { gpc: true, clickIds: { gclid: 'G-1' } } })), 'listed', { origin: 'https://evil.example' });
    expect(failed()).toHaveLength(1);
    expect(JSON.stringify(landed)).not.toContain('G-1');
  });

  test('that is refused is told to try again where even the copy cannot be kept', async () => {
    const logged = vi.spyOn(console, 'error').mockReturnValue();
    isStoring = false;
    expect(await post(batch(event()), 'listed', { origin: 'https://evil.example' })).toMatchObject({ status: 503, retryAfter: '1' });
    logged.mockRestore();
  });
});

async function postStream(body: ReadableStream<Uint8Array>, key: string): Promise<number> {
  const init = { method: 'POST', body, duplex: 'half', headers: { 'x-write-key': key } } as RequestInit;
  return (await app.request('https://edge.shop.example/v1/batch', init, bindings)).status;
}

describe('a paused key', () => {
  test.each([
    ['in a header', {}, { 'x-write-key': 'paused' }, ''],
    ['in the query', {}, { 'x-write-key': '' }, '?writeKey=paused'],
    ['in the body', { writeKey: 'paused' }, { 'x-write-key': '' }, ''],
  ])('%s stores nothing, and says so', async (_, more, headers, query) => {
    const { status, body } = await post({ ...batch(event()), ...more }, '', headers, `/v1/batch${query}`);
    expect([status, body.reason]).toEqual([403, 'write_key_paused']);
    expect(landed).toEqual([]);
  });

  test.each(['{', JSON.stringify({ batch: 7 })])('stores nothing of what cannot be read either: %s', async (text) => {
    expect((await post(text, 'paused')).body.reason).toBe('write_key_paused');
    expect(landed).toEqual([]);
  });

  // Where an answer comes before the request is through, connections break, and the client tries again and again.
  test('outside of the body is answered once that is through, unread as far as it can be', async () => {
    const chunks = [Uint8Array.of(0x1f, 0x8b, 0xff), new Uint8Array(400_000), Uint8Array.of(0xff)];
    let isThrough = false;
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        const chunk = chunks.shift();
        if (chunk) controller.enqueue(chunk);
        else {
          isThrough = true;
          controller.close();
        }
      },
    });
    expect([await postStream(body, 'paused'), isThrough]).toEqual([403, true]);
  });

  test('does not wait for a body that is larger than any', async () => {
    let chunks = 0;
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        chunks++;
        controller.enqueue(new Uint8Array(64 * 1024));
      },
    });
    expect(await postStream(body, 'paused')).toBe(403);
    expect(chunks).toBeLessThan(12);
  });

  test('is refused where the client has left, too', async () => {
    const logged = vi.spyOn(console, 'info').mockReturnValue();
    expect(await postStream(new ReadableStream({ pull: (controller) => controller.error(new Error('gone')) }), 'paused')).toBe(403);
    expect(logged).toHaveBeenCalledOnce();
    logged.mockRestore();
  });
});

describe('a key with a rate', () => {
  test('takes ten seconds of it, then asks for time, and stores nothing of what it does not take', async () => {
    expect((await post(batch(event(), event(), event(), event()), 'slow')).status).toBe(200);
    const stored = landed.length;
    const { status, retryAfter, body } = await post(batch(event(), event()), 'slow');
    expect([status, body.reason]).toEqual([429, 'rate_limited']);
    // One event is left; the other comes after two seconds, less what passed since.
    expect(['1', '2']).toContain(retryAfter);
    expect(landed).toHaveLength(stored);
    expect((await post(batch(event()), 'slow')).status).toBe(200);
    expect((await post(batch(event()), 'slow')).status).toBe(429);
  });

  test('counts what cannot be read, too, which is stored as a failure', async () => {
    const answers = [];
    for (let i = 0; i < 6; i++) answers.push((await post('{', 'slower')).status);
    expect(answers).toEqual([400, 400, 400, 400, 400, 429]);
    expect(failed()).toHaveLength(5);
  });

  test('says a 429 with the image of a pixel, too', async () => {
    const data = Buffer.from(JSON.stringify({ ...event(), writeKey: 'slower' })).toString('base64');
    const response = await app.request(`https://edge.shop.example/v1/pixel/track?data=${encodeURIComponent(data)}`, {}, bindings);
    expect([response.status, response.headers.get('content-type')]).toEqual([429, 'image/gif']);
  });
});

test("the platform's limiter refuses a key for ten seconds, before its body is read", async () => {
  expect(await post('{', 'limited')).toMatchObject({ status: 429, retryAfter: '10', body: { reason: 'rate_limited' } });
  expect(landed).toEqual([]);
});

describe('a key that samples', () => {
  // SHA-256 of "abc" begins with ba7816bf, 0.72839 of 2^32; of "hello" with 2cf24dba, 0.17557; of "The quick …" with d7a8fbb3, 0.84242.
  const OUT = 'The quick brown fox jumps over the lazy dog';

  test('keeps whole visitors, and says of each event what became of it', async () => {
    const sent = [event({ anonymousId: 'abc' }), event({ anonymousId: OUT }), event({ anonymousId: 'hello' })];
    const { status, body } = await post(batch(...sent, sent[1]!), 'sampled');
    expect(status).toBe(200);
    expect(body.results).toEqual(
      ['ok', 'sampled', 'ok', 'duplicate'].map((said, i) => ({ message_id: (sent[i] ?? sent[1]!).messageId, status: said })),
    );
    expect(events().map(({ anonymous_id }) => anonymous_id)).toEqual(['abc', 'hello']);
    const headers = landed.flatMap((line) => ('delivery' in line ? [line.delivery.count] : []));
    expect(headers).toEqual([2]);
  });

  test('keeps who a visitor is, whether it is in the sample or not', async () => {
    const kept = [
      event({ anonymousId: OUT, type: 'identify', userId: 'u-1' }),
      event({ anonymousId: OUT, event: 'Form Submitted', properties: { email: 'jane@example.com' } }),
    ];
    const { body } = await post(batch(...kept, event({ anonymousId: OUT, type: 'page' })), 'sampled');
    expect(body.results!.map(({ status }) => status)).toEqual(['ok', 'ok', 'sampled']);
    expect(events().map(({ anonymous_id }) => anonymous_id)).toEqual([OUT, OUT]);
  });

  test('rejects what is wrong also of a visitor who is left out', async () => {
    const { body } = await post(batch(event({ anonymousId: OUT, event: 7 })), 'sampled');
    expect(body.results!.map(({ status }) => status)).toEqual(['rejected']);
    expect(failed()).toHaveLength(1);
  });

  test('stores nothing where nobody is in the sample', async () => {
    expect((await post(batch(event({ anonymousId: OUT })), 'sampled')).status).toBe(200);
    expect(landed).toEqual([]);
  });
});

const jane = () =>
  event({
    type: 'identify',
    userId: 'Jane@Example.com',
    traits: { email: 'Jane@Example.com', ip: '203.0.113.7' },
    properties: { note: 'from jane@example.com \ud800' },
    context: { page: { url: 'https://x.example/?to=jane@example.com' }, crm: 'jane@example.com' },
  });

describe('e-mail addresses', () => {
  test('are replaced by their hashes', async () => {
    await post(batch(jane()), 'plain');
    expect(JSON.stringify(landed)).not.toMatch(/jane@example/i);
    expect(events()[0]).toMatchObject({ user_id: JANE, email_hashes: [{ hash: JANE, origin: 'identify' }] });
  });

  test('are kept where the site allows them, except in ids; hashes are found and other cleaning is done all the same', async () => {
    await post(batch(jane()), 'open');
    expect(events()[0]).toMatchObject({
      user_id: JANE,
      email_hashes: [{ hash: JANE, origin: 'identify' }],
      page_url: 'https://x.example/?to=jane@example.com',
      traits: '{"email":"Jane@Example.com"}',
      properties: '{"note":"from jane@example.com \ufffd"}',
      context: '{"crm":"jane@example.com"}',
    });
  });

  test('are replaced in failures of any key', async () => {
    await post(batch({ ...jane(), type: 'nonsense' }), 'open');
    expect(failed()).toHaveLength(1);
    expect(JSON.stringify(landed)).not.toMatch(/jane@example/i);
  });

  test('of a visitor who asks for privacy are not kept where the site allows them', async () => {
    await post(batch({ ...jane(), context: { gpc: true } }), 'open');
    expect(events()[0]).toMatchObject({ traits: null, email_hashes: [] });
  });
});

describe('a server key with a source', () => {
  test('stores as the key whose copies its events may be, headers and failures included', async () => {
    await post(batch(event(), event({ event: 7 })), 'copy-of-a-browser-key');
    expect(events().map(({ write_key_id }) => write_key_id)).toEqual(['wk_plain']);
    expect(failed().map(({ write_key_id }) => write_key_id)).toEqual(['wk_plain']);
    expect(landed.map((line) => 'delivery' in line && line.delivery.write_key_id)).toContain('wk_plain');
  });

  test('is a server key', async () => {
    const { status } = await post(batch(event({ timestamp: '2025-11-03T08:00:00Z' })), 'copy-of-a-browser-key', {}, '/v1/import');
    expect([status, events()[0]?.occurred_at]).toEqual([200, '2025-11-03T08:00:00.000Z']);
  });
});

describe('while the key store does not answer', () => {
  test('events are taken and marked, imports are to come again', async () => {
    const logged = vi.spyOn(console, 'error').mockReturnValue();
    expect((await post(batch(event()), 'unreachable')).status).toBe(200);
    expect(events()[0]).toMatchObject({
      write_key_id: `wk_${hashWriteKey('unreachable').slice(0, 16)}`,
      context: '{"write_key_unverified":true}',
    });
    expect(await post(batch(event()), 'unreachable', {}, '/v1/import')).toMatchObject({ status: 503, retryAfter: '1' });
    logged.mockRestore();
  });
});

const notStored = () =>
  /^touchtrail_requests_not_stored_total.*$/m.exec(servicesOf(bindings as unknown as Environment).metrics.text())?.[0];

describe('a client that leaves while it sends', () => {
  test('is no failure of ours', async () => {
    const [info, error] = [vi.spyOn(console, 'info').mockReturnValue(), vi.spyOn(console, 'error').mockReturnValue()];
    const before = notStored();
    await postStream(new ReadableStream({ pull: (controller) => controller.error(new Error('gone')) }), 'plain');
    expect(info.mock.calls.map(([line]) => JSON.parse(line as string) as unknown)).toEqual([
      { level: 'info', event: 'client_left', error: 'Error', message: 'gone' },
    ]);
    expect(error).not.toHaveBeenCalled();
    expect(notStored()).toBe(before);
    vi.restoreAllMocks();
  });
});

describe('a write key in a body that is refused as a whole', () => {
  test.each([
    ['that holds too many events', JSON.stringify({ writeKey: SECRET, batch: Array.from({ length: 2_001 }, () => ({})) }), '', 413],
    ['that is cut off within it', `{"batch":[{"key":"${SECRET}"}],"writeKey" : "${SECRET.slice(0, 9)}`, SECRET, 400],
    ['that is a form', `writeKey=${SECRET}&data=x&write_key=other`, SECRET, 400],
    ['with an escape', `{"writeKey":"${SECRET.replace('s', String.raw`\u0073`)}","batch":7}`, SECRET, 400],
  ])('%s is not kept', async (_, text, key, status) => {
    expect((await post(text, key)).status).toBe(status);
    expect(failed()).toHaveLength(1);
    expect(failed()[0]!.payload).toContain('(write key)');
    expect(failed()[0]!.payload).not.toMatch(/sk_|0123|other/);
  });
});

test('visits of the company are marked, by the cookie', async () => {
  await post(batch(event()), 'plain', { cookie: 'touchtrail_internal=1' });
  await post(batch(event()), 'plain');
  expect(events().map(({ is_internal }) => is_internal)).toEqual([true, false]);
});

test('an import with a browser key in a header is refused unread', async () => {
  expect(await post('{', 'plain', {}, '/v1/import')).toMatchObject({ status: 403, body: { reason: 'server_key_required' } });
  expect(await post('{', SECRET, {}, '/v1/import')).toMatchObject({ status: 400, body: { reason: 'invalid_json' } });
});

test('an import with a browser key is refused for good, and an unknown key, too', async () => {
  const inBody = { ...batch(event()), writeKey: 'plain' };
  expect(await post(inBody, '', {}, '/v1/import')).toMatchObject({ status: 403, body: { reason: 'server_key_required' } });
  expect(await post(batch(event()), 'plain', {}, '/v1/import')).toMatchObject({ status: 403, body: { reason: 'server_key_required' } });
  expect(await post(batch(event()), 'nobody')).toMatchObject({ status: 401, body: { reason: 'unknown_write_key' } });
  expect(await post(batch(event()), '')).toMatchObject({ status: 401, body: { reason: 'missing_write_key' } });
  expect(landed).toEqual([]);
});
