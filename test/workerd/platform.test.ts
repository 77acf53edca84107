import { createExecutionContext, createMessageBatch, getQueueResult, reset } from 'cloudflare:test';
import { env, exports } from 'cloudflare:workers';
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { DELIVERY_COLUMNS, EVENT_COLUMNS, FAILED_EVENT_COLUMNS } from '../../edge/contract/event-row.ts';
import { hashWriteKey, writeKeyId } from '../../edge/contract/write-key.ts';
import { Packer } from '../../edge/delivery/packer.ts';
import type { Environment } from '../../edge/services.ts';
import type { Bucket, QueueProducer } from '../../edge/platform.ts';
import { FakeBigQuery } from '../../edge/testing/fake-bigquery.ts';
import { FakeBucket } from '../../edge/testing/fake-bucket.ts';
import { FakeQueue } from '../../edge/testing/fake-queue.ts';
import { createServiceAccount, type TestServiceAccount } from '../../edge/testing/service-account.ts';
import worker from '../../edge/worker.ts';

/** The bindings of wrangler.toml, as workerd has them. */
const bindings = env as unknown as {
  readonly KEYS: { put(name: string, value: string): Promise<void> };
  readonly QUEUE: QueueProducer;
  readonly ARCHIVE: Bucket;
  readonly BIGQUERY_PROJECT: string;
  readonly BIGQUERY_DATASET: string;
};
const KEY = 'browser-key';

let account: TestServiceAccount;
let environment: Environment;
let bigquery: FakeBigQuery;

beforeAll(async () => {
  account = await createServiceAccount();
  // The queue of the platform delivers what the tests leave in it.
  for (const level of ['info', 'warn', 'error'] as const) console[level] = () => {};
  environment = { ...bindings, GOOGLE_SERVICE_ACCOUNT: account.keyFile } as unknown as Environment;
});

beforeEach(async () => {
  bigquery = new FakeBigQuery({
    project: bindings.BIGQUERY_PROJECT,
    dataset: bindings.BIGQUERY_DATASET,
    verifyToken: async (token, now) => await account.verify(token, now),
    refusesRow: ({ event: name }) => name === 'bad',
  });
  bigquery.createTable('events_raw', EVENT_COLUMNS);
  bigquery.createTable('failed_events', FAILED_EVENT_COLUMNS);
  bigquery.createTable('deliveries', DELIVERY_COLUMNS);
  vi.spyOn(globalThis, 'fetch').mockImplementation(bigquery.fetch);
  const hash = hashWriteKey(KEY);
  const created = { key_hash: hash, created_at: '2026-01-01T00:00:00.000Z', revoked_at: null };
  await bindings.KEYS.put(hash, JSON.stringify({ id: writeKeyId(hash), kind: 'browser', name: 'Site', ...created }));
});

afterEach(async () => {
  vi.restoreAllMocks();
  await reset();
});

const event = (messageId: string, name = 'clean') => ({ type: 'track', event: name, messageId, anonymousId: 'visitor', properties: {} });

async function send(...batch: object[]): Promise<number> {
  const init = { method: 'POST', headers: { 'X-Write-Key': KEY }, body: JSON.stringify({ batch }) };
  const response = await worker.fetch(new Request('https://edge.example.com/v1/batch', init), environment, createExecutionContext());
  await response.text();
  return response.status;
}

test('from the request through the queue of the platform into the warehouse', async () => {
  // A hundred messages fill a batch, so that it is delivered at once.
  const ids = Array.from({ length: 100 }, (_, index) => `event-${index}`);
  const statuses = await Promise.all(ids.map((id) => send(event(id))));
  expect(new Set(statuses)).toEqual(new Set([200]));
  // What one invocation does, another cannot wait for: workerd lets no promise pass between them.
  await vi.waitFor(() => expect(bigquery.rows('deliveries')).toHaveLength(100), { timeout: 10_000, interval: 20 });
  expect(new Set(bigquery.rows('events_raw').map(({ message_id }) => message_id))).toEqual(new Set(ids));
});

/** The text of the message that a request becomes. */
async function messageOf(...batch: object[]): Promise<string> {
  const sent: string[] = [];
  const spy = vi.spyOn(bindings.QUEUE, 'send').mockImplementation(async (body) => void sent.push(body));
  expect(await send(...batch)).toBe(200);
  spy.mockRestore();
  return sent[0]!;
}

async function deliver(bodies: readonly string[], queue = 'touchtrail-events-staging') {
  const timestamp = new Date('2026-11-23T10:00:00Z');
  const batch = createMessageBatch(
    queue,
    bodies.map((body, index) => ({ id: `m${index}`, timestamp, attempts: 1, body })),
  );
  const ctx = createExecutionContext();
  await worker.queue(batch, environment);
  return await getQueueResult(batch, ctx);
}

test('a request whose client has left is stored to its end: stopped halfway, its number would be missing', async () => {
  const said: string[] = [];
  vi.spyOn(Packer.prototype, 'store').mockImplementation(async () => {
    said.push('begun');
    // What one invocation does, another cannot wait for: it looks at this from time to time.
    while (!said.includes('left')) await new Promise((resolve) => setTimeout(resolve, 10));
    // Time for the platform to stop it.
    await new Promise((resolve) => setTimeout(resolve, 50));
    said.push('stored');
  });
  const client = new AbortController();
  const init = { method: 'POST', headers: { 'X-Write-Key': KEY }, body: JSON.stringify({ batch: [event('a')] }), signal: client.signal };
  const { default: deployed } = exports as unknown as { default: { fetch(url: string, init: object): Promise<Response> } };
  const answer = deployed.fetch('https://edge.example.com/v1/batch', init);
  await vi.waitFor(() => expect(said).toEqual(['begun']));
  client.abort();
  await expect(answer).rejects.toThrow('aborted');
  said.push('left');
  await vi.waitFor(() => expect(said).toEqual(['begun', 'left', 'stored']), { timeout: 5_000 });
});

test('the platform is told what became of each message', async () => {
  const good = await messageOf(event('a'));
  const bad = await messageOf(event('b', 'bad'));
  const { outcome, explicitAcks, retryMessages } = await deliver([good, bad, 'no delivery']);
  expect({ outcome, explicitAcks: explicitAcks.toSorted(), retryMessages }).toEqual({
    outcome: 'ok',
    explicitAcks: ['m0', 'm1', 'm2'],
    retryMessages: [],
  });
  expect(bigquery.rows('events_raw')).toMatchObject([{ message_id: 'a' }]);
  expect(bigquery.rows('failed_events')).toMatchObject([{ message_id: 'b', reason: 'warehouse_rejected' }]);
  const { objects } = await bindings.ARCHIVE.list({});
  expect(objects.map(({ key }) => key.split('/')[0])).toEqual(['dead', 'invalid']);
});

test('what the warehouse does not take now is retried later; a dead letter is archived', async () => {
  const text = await messageOf(event('a'));
  bigquery.dropTable('events_raw');
  const { explicitAcks, retryMessages } = await deliver([text]);
  expect(explicitAcks).toEqual([]);
  expect(retryMessages).toMatchObject([{ msgId: 'm0' }]);

  expect((await deliver([text], 'touchtrail-dead-staging')).explicitAcks).toEqual(['m0']);
  const { objects } = await bindings.ARCHIVE.list({ prefix: 'dead/' });
  expect(await (await bindings.ARCHIVE.get(objects[0]!.key))!.text()).toBe(text);
});

const QUEUES: readonly [string, () => QueueProducer][] = [
  ['the queue of the platform', () => bindings.QUEUE],
  ['the fake', () => new FakeQueue({ name: 'fake' })],
];

// The local queue is a little more generous than the documented one: these sizes are beyond both.
test.each(QUEUES)('%s takes messages up to its limits and refuses what is larger', async (_, create) => {
  const queue = create();
  const sendAll = async (...sizes: number[]) =>
    await queue.sendBatch(sizes.map((size) => ({ body: 'x'.repeat(size), contentType: 'text' })));
  await sendAll(120_000);
  await sendAll(120_000, 120_000);
  await sendAll(...Array.from({ length: 100 }, () => 1));
  await expect(sendAll(132_000)).rejects.toThrow();
  await expect(sendAll(120_000, 120_000, 120_000)).rejects.toThrow();
  await expect(sendAll(...Array.from({ length: 101 }, () => 1))).rejects.toThrow();
});

const BUCKETS: readonly [string, () => Bucket][] = [
  ['the bucket of the platform', () => bindings.ARCHIVE],
  ['the fake', () => new FakeBucket()],
];

test.each(BUCKETS)('%s lists by prefix, in the order of the keys, page by page, with metadata where it is asked for', async (_, create) => {
  const bucket = create();
  for (const key of ['b/2', 'a/1', 'b/3', 'b/1']) await bucket.put(key, `é${key}`, { customMetadata: { count: '3' } });
  const first = await bucket.list({ prefix: 'b/', limit: 2, include: ['customMetadata'] });
  expect(first.objects.map(({ key, size, customMetadata }) => [key, size, customMetadata])).toEqual([
    ['b/1', 5, { count: '3' }],
    ['b/2', 5, { count: '3' }],
  ]);
  expect(first.truncated).toBe(true);
  const last = await bucket.list({ prefix: 'b/', limit: 2, ...(first.cursor !== undefined && { cursor: first.cursor }) });
  expect(last.objects.map(({ key }) => key)).toEqual(['b/3']);
  expect(last.objects[0]!.customMetadata ?? {}).toEqual({});
  expect(last.truncated).toBe(false);
  await bucket.delete(['b/1', 'b/2', 'missing']);
  expect((await bucket.list({})).objects.map(({ key }) => key)).toEqual(['a/1', 'b/3']);
  expect(await bucket.get('b/1')).toBeNull();
  expect(await (await bucket.get('a/1'))!.text()).toBe('éa/1');
});
