import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LandingLine } from '../../edge/contract/delivery.ts';
import { DeliveryRow, EventRow, FailedEventRow, storedEvent } from '../../edge/contract/event-row.ts';
import { edgeAssets } from './assets.ts';
import { createKey, listKeys, revokeKey } from './keys.ts';
import { pendingSegments } from './landing/folders.ts';
import { SegmentWriter } from './landing/segment-writer.ts';
import { type RunningEdge, startUp } from './up.ts';

const CHROME = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36';
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const log: string[] = [];
let data: string;
let edge: RunningEdge;
let serverKey: string;

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'touchtrail-up-'));
  await createKey(data, { kind: 'browser', name: 'site', key: 'demo' });
  serverKey = (await createKey(data, { kind: 'server', name: 'archive' })).key;
  edge = await startUp({ dataFolder: data, port: 0, log: (line) => log.push(line) });
});

afterAll(async () => {
  await edge?.stop();
  await rm(data, { recursive: true });
});

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: {
    success: boolean;
    reason?: string;
    message?: string;
    results?: { message_id: string | null; status: string; reason?: string; path?: string }[];
  };
}

type Body = string | Uint8Array<ArrayBuffer> | object;

async function post(path: string, body: Body, headers: Record<string, string> = {}): Promise<Answer> {
  const sent = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
  const response = await fetch(edge.url + path, { method: 'POST', body: sent, headers: { 'user-agent': CHROME, ...headers } });
  return { status: response.status, headers: response.headers, body: (await response.json()) as Answer['body'] };
}

/** Everything landed so far; read straight after an answer, because what is acknowledged must be there. */
async function landed(): Promise<LandingLine[]> {
  const texts = await Promise.all((await pendingSegments(data)).map(async (file) => await readFile(file, 'utf8')));
  return texts
    .join('')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as LandingLine);
}

const landedEvents = async () => (await landed()).flatMap((line) => ('event' in line ? [storedEvent(line.event)] : []));
const landedFailures = async () => (await landed()).flatMap((line) => ('failed' in line ? [line.failed] : []));
const eventOf = async (messageId: string) => (await landedEvents()).find((event) => event.message_id === messageId);

const key = { 'x-write-key': 'demo' };
const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` });
let made = 0;
const track = (more: Record<string, unknown> = {}) => ({
  type: 'track',
  event: 'Clicked',
  anonymousId: 'a-1',
  messageId: `m-${++made}`,
  ...more,
});

describe('the routes of events', () => {
  test.each([
    ['track', 't', { event: 'Clicked' }],
    ['identify', 'i', { userId: 'u' }],
    ['page', 'p', {}],
    ['screen', 's', {}],
    ['group', 'g', { groupId: 'g' }],
    ['alias', 'a', { previousId: 'p', userId: 'u' }],
  ])('/v1/%s and /v1/%s take one event of that type, which is on disk with the answer', async (long, short, more) => {
    for (const route of [long, short]) {
      const messageId = `route-${route}`;
      const { status, body } = await post(`/v1/${route}`, { anonymousId: 'a', messageId, ...more }, key);
      expect([status, body]).toEqual([200, { success: true, results: [{ message_id: messageId, status: 'ok' }] }]);
      expect(await eventOf(messageId)).toMatchObject({ type: long, anonymous_id: 'a' });
    }
  });

  test('/v1/batch and /v1/b take many, with a result for each', async () => {
    for (const route of ['batch', 'b']) {
      const good = track();
      const bad = track({ event: 7 });
      const { status, body } = await post(`/v1/${route}`, { batch: [good, bad, good], writeKey: 'demo', sentAt: new Date().toISOString() });
      expect(status).toBe(200);
      expect(body.results).toMatchObject([
        { message_id: good.messageId, status: 'ok' },
        { message_id: bad.messageId, status: 'rejected', reason: 'invalid_value', path: 'event' },
        { message_id: good.messageId, status: 'duplicate' },
      ]);
      expect((await landedEvents()).filter((event) => event.message_id === good.messageId)).toHaveLength(1);
      expect((await landedFailures()).map((failure) => failure.message_id)).toContain(bad.messageId);
    }
  });

  test("the browser client's own metrics are taken and ignored", async () => {
    const before = (await landed()).length;
    expect(await post('/v1/m', '{"series":[]}')).toMatchObject({ status: 200, body: { success: true } });
    expect((await landed()).length).toBe(before);
  });

  test('an empty batch is nothing', async () => {
    expect(await post('/v1/batch', { batch: [] }, key)).toMatchObject({ status: 200, body: { success: true, results: [] } });
  });

  test('another route is named as unknown', async () => {
    expect(await post('/v1/nope', {}, key)).toMatchObject({
      status: 404,
      body: { success: false, message: 'There is no POST /v1/nope here.' },
    });
  });
});

describe('bodies', () => {
  test('in gzip are read, whatever they are labelled', async () => {
    const event = track();
    const gzip = new Uint8Array(gzipSync(JSON.stringify({ batch: [event] })));
    const { body } = await post('/v1/batch', gzip, { ...key, 'content-type': 'application/x-www-form-urlencoded' });
    expect(body.results).toEqual([{ message_id: event.messageId, status: 'ok' }]);
    const again = track();
    const labelled = new Uint8Array(gzipSync(JSON.stringify({ batch: [again] })));
    expect((await post('/v1/batch', labelled, { ...key, 'content-encoding': 'gzip' })).body.results).toEqual([
      { message_id: again.messageId, status: 'ok' },
    ]);
  });

  test.each([
    ['no JSON', '{"batch":[', 400, 'invalid_json'],
    ['no UTF-8', new Uint8Array([0x22, 0xff, 0x22]), 400, 'invalid_utf8'],
    ['no batch', '{"events":[]}', 400, 'invalid_body'],
    ['a list', '[]', 400, 'invalid_body'],
    ['damaged gzip', new Uint8Array([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3]), 400, 'invalid_gzip'],
  ])('that are %s are refused in words', async (_, body, status, reason) => {
    const answer = await post('/v1/batch', body, key);
    expect(answer).toMatchObject({ status, body: { success: false, reason } });
    expect(answer.body.message).toMatch(/^The body/);
  });

  test('that cannot be read are kept as a failure, cleaned', async () => {
    await post('/v1/batch', '{"email":"unread@example.com","ip":"203.0.113.50",', key);
    const failure = (await landedFailures()).at(-1);
    expect(failure).toMatchObject({ reason: 'invalid_json', message_id: null });
    expect(failure!.payload).toBe(`{"email":"${sha256('unread@example.com')}","ip":"(address)",`);
  });

  test.each([
    ['/v1/batch', 2_000, 200],
    ['/v1/batch', 2_001, 413],
    ['/v1/import', 20_000, 200],
    ['/v1/import', 20_001, 413],
  ])('%s with %i events is answered with %i; too many leave one failure, whoever says whose they are', async (path, count, status) => {
    const batch = Array.from({ length: count }, () => ({}));
    const before = (await landedFailures()).length;
    const answer = await post(path, { batch, writeKey: path === '/v1/import' ? serverKey : 'demo' });
    expect(answer.status).toBe(status);
    const failures = (await landedFailures()).slice(before);
    expect(failures).toHaveLength(status === 200 ? count : 1);
    if (status === 413) {
      expect(answer.body).toMatchObject({
        success: false,
        reason: 'too_many_events',
        message: expect.stringContaining(`(${count} events)`) as string,
      });
      expect(failures[0]!.reason).toBe('too_many_events');
    }
  });

  test.each([
    ['/v1/batch', 500 * 1024, 200],
    ['/v1/batch', 500 * 1024 + 1, 413],
    ['/v1/track', 500 * 1024 + 1, 413],
    ['/v1/import', 500 * 1024 + 1, 200],
    ['/v1/import', 5 * 1024 * 1024, 200],
    ['/v1/import', 5 * 1024 * 1024 + 1, 413],
  ])('%s of %i bytes is answered with %i, plain and in gzip', async (path, bytes, status) => {
    const empty = JSON.stringify({ batch: [], pad: '' });
    const body = JSON.stringify({ batch: [], pad: 'x'.repeat(bytes - empty.length) });
    const headers = { 'x-write-key': path === '/v1/import' ? serverKey : 'demo' };
    expect((await post(path, body, headers)).status).toBe(status);
    expect((await post(path, new Uint8Array(gzipSync(body)), headers)).status).toBe(status);
  });
});

describe('write keys', () => {
  test.each([
    ['Basic authentication', '/v1/track', basic('demo:'), {}],
    ['the header X-Write-Key', '/v1/track', key, {}],
    ['the query', '/v1/track?writeKey=demo', {}, {}],
    ['the body', '/v1/track', {}, { writeKey: 'demo' }],
  ])('are taken from %s', async (_, path, headers, more) => {
    const event = track(more);
    expect((await post(path, event, headers as Record<string, string>)).status).toBe(200);
    const [browserKey] = await listKeys(data);
    expect((await eventOf(event.messageId))!.write_key_id).toBe(browserKey!.id);
  });

  test('that are missing or unknown are refused in words', async () => {
    expect(await post('/v1/track', track())).toMatchObject({ status: 401, body: { reason: 'missing_write_key' } });
    expect(await post('/v1/track', track(), basic('wrong:'))).toMatchObject({ status: 401, body: { reason: 'unknown_write_key' } });
  });

  test('work as soon as they are created and loaded, and end when they are revoked', async () => {
    const { record, key: created } = await createKey(data, { kind: 'browser', name: 'new' });
    await edge.reloadKeys();
    expect((await post('/v1/track', track(), { 'x-write-key': created })).status).toBe(200);
    const other = await createKey(data, { kind: 'browser', name: 'short-lived' });
    await edge.reloadKeys();
    expect((await post('/v1/track', track(), { 'x-write-key': other.key })).status).toBe(200);
    await revokeKey(data, other.record.id);
    await edge.reloadKeys();
    expect((await post('/v1/track', track(), { 'x-write-key': other.key })).status).toBe(401);
    await revokeKey(data, record.id);
  });

  test('are forgotten by the edge only where the runtime itself says so', async () => {
    for (const headers of [{}, { authorization: 'Bearer undefined' }]) {
      expect((await post('/internal/keys-changed', '', headers as Record<string, string>)).status).toBe(404);
    }
  });

  test('of browsers import nothing', async () => {
    const { status, body } = await post('/v1/import', { batch: [track()] }, key);
    expect([status, body.reason]).toEqual([403, 'server_key_required']);
    expect(body.message).toContain('server key');
  });

  test('of servers import history at its own time and place', async () => {
    const event = track({
      timestamp: '2025-11-03T08:00:00.000Z',
      sentAt: '2025-11-03T08:00:05.000Z',
      context: { ip: '198.51.100.7', userAgent: CHROME, location: { country: 'FR' } },
    });
    expect((await post('/v1/import', { batch: [event] }, { 'x-write-key': serverKey })).body.results).toMatchObject([{ status: 'ok' }]);
    const stored = await eventOf(event.messageId);
    expect(stored).toMatchObject({
      occurred_at: '2025-11-03T08:00:00.000Z',
      sent_at: null,
      country: 'FR',
      browser: 'Chrome',
      is_bot: false,
    });
    expect(stored!.ip_hash).toMatch(/^[0-9a-f]{64}$/);
    const own = track({ context: { ip: '198.51.100.7' } });
    await post('/v1/track', own, key);
    expect((await eventOf(own.messageId))!.ip_hash).not.toBe(stored!.ip_hash);
  });
});

test('neither an address nor a place is taken from what any client can write', async () => {
  const claimed = { 'cf-connecting-ip': '203.0.113.9', 'mf-cf-blob': '{"country":"FR","city":"Lyon","timezone":"Europe/Paris"}' };
  const events = [track(), track()];
  await post('/v1/track', events[0]!, key);
  await post('/v1/track', events[1]!, { ...key, ...claimed });
  for (const { messageId } of events) {
    expect(await eventOf(messageId)).toMatchObject({ ip_hash: null, ip_key_id: null, country: null, city: null, timezone: null });
  }
});

test('an address in any header is never stored', async () => {
  const address = 'header-leak@victim.example';
  const names = [
    'user-agent',
    'referer',
    'accept-language',
    'sentat',
    'anonymousid',
    'x-forwarded-for',
    'cf-connecting-ip',
    'cf-ipcountry',
  ];
  const others = ['content-type', 'x-retry-count', 'forwarded', 'true-client-ip', 'from', 'cookie', 'x-anything'];
  for (const value of [address, 'at 203.0.113.91 of header-leak%40victim.example']) {
    const headers = Object.fromEntries([...names, ...others].map((name) => [name, value]));
    const event = track();
    expect((await post('/v1/track', event, { ...headers, ...key })).status).toBe(200);
    expect((await post('/v1/batch', '{', { ...headers, ...key })).status).toBe(400);
    expect((await eventOf(event.messageId))!.user_agent).toContain(sha256(address));
  }
  expect(JSON.stringify(await landed())).not.toMatch(/header-leak|203\.0\.113\.91/);
});

test('an address of the machine itself, which everybody has behind a proxy that is not named, is nobody’s', async () => {
  const event = track();
  await post('/v1/track', event, { 'cf-connecting-ip': '203.0.113.9', ...key });
  expect(await eventOf(event.messageId)).toMatchObject({ ip_hash: null, ip_key_id: null, country: null });
  const forged = track();
  await post('/v1/track', forged, { 'x-touchtrail-visitor': 'v1;t=1;ip=203.0.113.9;host=x;s=x', ...key });
  expect(await eventOf(forged.messageId)).toMatchObject({ ip_hash: null, ip_key_id: null });
});

// Miniflare takes the address of a request from the header MF-Original-URL, with no option against it.
test('a client cannot rewrite its own address', async () => {
  for (const path of ['/internal/keys-changed', '/v1/track']) {
    const headers = { ...key, 'mf-original-url': `http://other.example${path}` };
    expect(await post('/health', track(), headers)).toMatchObject({ status: 404, body: { reason: 'not_found' } });
  }
});

describe('other origins', () => {
  test('may ask first, with every header that the known clients send', async () => {
    const response = await fetch(`${edge.url}/v1/batch`, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://www.fernhill.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'anonymousid,authorization,content-type,sentat,x-retry-count,x-write-key',
      },
    });
    expect(response.status).toBe(204);
    expect(response.headers.get('access-control-allow-origin')).toBe('https://www.fernhill.example');
    expect(response.headers.get('access-control-allow-credentials')).toBe('true');
    const allowed = response.headers.get('access-control-allow-headers')!.toLowerCase().split(/, ?/);
    expect(allowed.sort()).toEqual(['anonymousid', 'authorization', 'content-type', 'sentat', 'x-retry-count', 'x-write-key']);
  });

  test.each([
    ['accepted', { writeKey: 'demo' }, 200],
    ['refused', { writeKey: 'wrong' }, 401],
  ])('may read the answer to what is %s', async (_, more, status) => {
    const answer = await post('/v1/track', track(more), { origin: 'https://www.fernhill.example' });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://www.fernhill.example');
    expect(answer.headers.get('vary')).toContain('Origin');
  });
});

/** Status, type and signature of the image that a pixel request gets. */
const pixel = async (path: string) => {
  const response = await fetch(`${edge.url}/v1/pixel/${path}`);
  const image = Buffer.from(await response.arrayBuffer());
  return [response.status, response.headers.get('content-type'), image.subarray(0, 3).toString()];
};
const data64 = (event: object) => encodeURIComponent(Buffer.from(JSON.stringify(event)).toString('base64'));

describe('the pixel', () => {
  test('records an event without an address and answers with an image', async () => {
    const event = track({ event: 'Mail Opened', writeKey: 'demo' });
    expect(await pixel(`track?data=${data64(event)}`)).toEqual([200, 'image/gif', 'GIF']);
    expect(await eventOf(event.messageId)).toMatchObject({ event: 'Mail Opened', ip_hash: null, library: 'pixel' });
    expect(await pixel(`t.gif?writeKey=demo&data=${data64(track())}`)).toEqual([200, 'image/gif', 'GIF']);
  });

  test.each(['track?data=%%%', 'track', 'nope?data=e30', `track?data=${data64({ writeKey: 'wrong' })}`])(
    'answers with an image to %s, too',
    async (path) => {
      expect(await pixel(path)).toEqual([200, 'image/gif', 'GIF']);
    },
  );
});

describe('the script', () => {
  test('is served whole, typed, and from the cache of whoever has it', async () => {
    const response = await fetch(`${edge.url}/t.js`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    expect(response.headers.get('cache-control')).toContain('max-age=');
    expect(await response.text()).toBe(readFileSync(new URL('../../dist/tracker/t.js', import.meta.url), 'utf8'));
    const etag = response.headers.get('etag')!.replace(/^W\//, '');
    for (const tag of [etag, `W/${etag}`, `"other", ${etag}`]) {
      expect((await fetch(`${edge.url}/t.js`, { headers: { 'if-none-match': tag } })).status).toBe(304);
    }
    expect((await fetch(`${edge.url}/t.js`, { headers: { 'if-none-match': '"other"' } })).status).toBe(200);
  });

  test('and its extensions are served beside it', async () => {
    const { scripts } = await edgeAssets();
    const sources = readdirSync(new URL('../../tracker/src/extensions', import.meta.url)).filter((file) => /^[\w-]+\.ts$/.test(file));
    expect([...scripts.keys()].toSorted()).toEqual(['t.js', ...sources.map((file) => `t.${file.replace(/ts$/, 'js')}`)].toSorted());
    for (const [file, text] of scripts) {
      const response = await fetch(`${edge.url}/${file}?v=0.1.0`);
      expect([file, response.status, response.headers.get('access-control-allow-origin')]).toEqual([file, 200, '*']);
      expect(await response.text()).toBe(text);
    }
  });

  test('and the Worker stays below 60 KB of gzip', async () => {
    const { worker } = await edgeAssets();
    expect(gzipSync(worker, { level: 9 }).byteLength).toBeLessThanOrEqual(60 * 1024);
  });
});

test('the health of the edge can be asked', async () => {
  const response = await fetch(`${edge.url}/health`);
  expect([response.status, await response.json()]).toEqual([200, { status: 'ok' }]);
});

describe('the landing folder', () => {
  test('never holds an address, wherever it was sent', async () => {
    const address = 'Very.Secret+tag@Private-Person.example';
    const encoded = encodeURIComponent(address);
    const events = [
      track({ userId: address, properties: { email: address, note: `mail to ${address}!`, [address]: 1 } }),
      track({ type: 'identify', traits: { email: address, address: { contact: [address] } }, context: { ip: '203.0.113.77' } }),
      track({
        context: {
          page: { url: `https://x.example/?e=${encoded}#${address}`, referrer: `https://y.example/${encodeURIComponent(encoded)}` },
        },
      }),
      track({ anonymousId: address, messageId: address, groupId: address, integrations: { a: address }, other: { deep: address } }),
      track({ event: 7, properties: { email: address }, context: { ip: '203.0.113.77' } }),
      address,
    ];
    await post('/v1/batch', { batch: events }, key);
    await post('/v1/batch', `{"batch":[{"email":"${address}","escaped":"${address.replace('@', '\\u0040')}"`, {
      ...key,
      'cf-connecting-ip': '203.0.113.77',
    });
    await fetch(`${edge.url}/v1/pixel/track?writeKey=demo&data=${Buffer.from(JSON.stringify(events[0])).toString('base64url')}`);
    const bytes = (await Promise.all((await pendingSegments(data)).map(async (file) => await readFile(file, 'latin1')))).join('');
    expect(bytes).toContain(sha256(address.toLowerCase()));
    expect(bytes).not.toMatch(/secret|private-person|203\.0\.113\.77/i);
  });

  test('that cannot be written is answered with 503 and never with a refusal, until it can', async () => {
    const openFolder = join(data, 'landing', 'open');
    await edge.seal();
    await rm(openFolder, { recursive: true });
    const event = track();
    const answer = await post('/v1/track', event, { ...key, origin: 'https://www.fernhill.example' });
    expect(answer).toMatchObject({ status: 503, body: { success: false, reason: 'not_stored' } });
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://www.fernhill.example');
    expect((await post('/v1/track', '{"no JSON', key)).status).toBe(503);
    const image = await fetch(
      `${edge.url}/v1/pixel/track?writeKey=demo&data=${Buffer.from(JSON.stringify(track())).toString('base64url')}`,
    );
    expect([image.status, image.headers.get('content-type')]).toEqual([503, 'image/gif']);
    await mkdir(openFolder);
    expect((await post('/v1/track', event, key)).status).toBe(200);
    expect(await eventOf(event.messageId)).toBeDefined();
    const complaints = log.splice(0);
    expect(complaints.filter((line) => line.startsWith('events could not be stored: ENOENT'))).toHaveLength(3);
  });

  test('holds only rows of the contract, in deliveries numbered without gaps that say how much they carry', async () => {
    const deliveries: (DeliveryRow & { rows: number })[] = [];
    for (const line of await landed()) {
      if ('delivery' in line) deliveries.push({ ...DeliveryRow.parse(line.delivery), rows: 0 });
      else {
        const row = 'event' in line ? EventRow.parse(storedEvent(line.event)) : FailedEventRow.parse(line.failed);
        const delivery = deliveries.at(-1)!;
        expect([row.edge_instance, row.edge_sequence]).toEqual([delivery.edge_instance, delivery.edge_sequence]);
        delivery.rows++;
      }
    }
    expect(new Set(deliveries.map((delivery) => delivery.edge_instance)).size).toBe(1);
    const sequences = deliveries.map((delivery) => delivery.edge_sequence).sort((a, b) => a - b);
    expect(sequences).toEqual(deliveries.map((_, index) => index + 1));
    for (const delivery of deliveries) expect(delivery.rows).toBe(delivery.count);
  });

  test('is sealed on request, and goes on with a new segment', async () => {
    await edge.seal();
    expect(await readdir(join(data, 'landing', 'open'))).toEqual([]);
    const event = track();
    await post('/v1/track', event, key);
    expect(await readdir(join(data, 'landing', 'open'))).toHaveLength(1);
    expect(await eventOf(event.messageId)).toBeDefined();
  });
});

describe('starting', () => {
  test('says where it runs', async () => {
    const state = JSON.parse(await readFile(join(data, 'up.json'), 'utf8')) as { pid: number; port: number; url: string };
    expect(state).toMatchObject({ pid: process.pid, url: edge.url, port: Number(new URL(edge.url).port) });
    expect(new URL(edge.url).hostname).toBe('127.0.0.1');
  });

  test('on a data folder in use is refused', async () => {
    await expect(startUp({ dataFolder: data, port: 0, log: () => undefined })).rejects.toThrow('Another process already writes events');
  });

  test('on a port in use is refused with what to do, and leaves nothing behind', async () => {
    const other = await mkdtemp(join(tmpdir(), 'touchtrail-up-'));
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    await expect(startUp({ dataFolder: other, port, log: () => undefined })).rejects.toMatchObject({
      name: 'UserError',
      message: `Port ${port} on 127.0.0.1 is already in use by another program. Stop that program, or choose another port with --port.`,
    });
    expect(existsSync(join(other, 'up.json'))).toBe(false);
    // The right to write, too, was given back.
    await (await SegmentWriter.open(other)).close();
    server.close();
    await rm(other, { recursive: true });
  });

  test('with a path and a name for the script, answers there and at the root', async () => {
    const other = await mkdtemp(join(tmpdir(), 'touchtrail-up-'));
    await createKey(other, { kind: 'browser', name: 'site', key: 'demo' });
    const renamed = await startUp({ dataFolder: other, port: 0, basePath: '/t', scriptName: 'app', log: (line) => log.push(line) });
    try {
      const status = async (path: string) => (await fetch(renamed.url + path)).status;
      for (const path of ['/app.js', '/t/app.js', '/health', '/t/health']) expect([path, await status(path)]).toEqual([path, 200]);
      for (const path of ['/t.js', '/t/t.js', '/x/app.js']) expect([path, await status(path)]).toEqual([path, 404]);
      const body = JSON.stringify({ writeKey: 'demo', batch: [track()] });
      for (const path of ['/v1/batch', '/t/v1/batch']) {
        expect((await fetch(renamed.url + path, { method: 'POST', body, headers: { 'user-agent': CHROME } })).status).toBe(200);
      }
      await renamed.reloadKeys();
    } finally {
      await renamed.stop();
      await rm(other, { recursive: true });
    }
  });

  test('and all the requests above were quiet', () => {
    expect(log).toEqual([]);
  });
});
