import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Environment } from '../services.ts';
import { DELIVERY_COLUMNS, EVENT_COLUMNS, FAILED_EVENT_COLUMNS } from '../contract/event-row.ts';
import { FakeBigQuery } from '../testing/fake-bigquery.ts';
import { FakeBucket } from '../testing/fake-bucket.ts';
import { FakeQueue } from '../testing/fake-queue.ts';
import { createServiceAccount } from '../testing/service-account.ts';

const EVENT =
  '{"event":{"message_id":"a","received_at":"2026-03-01T12:00:00.000Z","write_key_id":"wk_1","edge_instance":"e","edge_sequence":1}}\n';

let logged: string[];
beforeEach(() => {
  logged = [];
  for (const level of ['info', 'warn', 'error'] as const) {
    vi.spyOn(console, level).mockImplementation((line) => void logged.push(String(line)));
  }
});
afterEach(() => void vi.restoreAllMocks());

/** One isolate has one set of services: each test is one of its own. */
async function createIsolate(bindings: Partial<Environment> = {}) {
  vi.resetModules();
  const handlers = await import('./handlers.ts');
  const { eventLogOf } = await import('./from-environment.ts');
  const archive = new FakeBucket();
  const queue = new FakeQueue({ name: 'touchtrail-events', maxRetries: 0 });
  const environment = { KEYS: {}, QUEUE: queue, ARCHIVE: archive, ...bindings } as unknown as Environment;
  return { ...handlers, eventLogOf, archive, producer: queue, environment };
}

async function deliverFrom(name: string, isolate: Awaited<ReturnType<typeof createIsolate>>) {
  const source = new FakeQueue({ name });
  await source.send(EVENT);
  const taken = source.take()!;
  await isolate.queue(taken.batch, isolate.environment);
  taken.settle('returned');
  return source;
}

test.each(['touchtrail-dead', 'touchtrail-dead-staging'])('what comes from %s goes to the archive', async (name) => {
  const isolate = await createIsolate();
  expect((await deliverFrom(name, isolate)).depth).toBe(0);
  expect([...isolate.archive.contents()]).toEqual([[expect.stringMatching(/^dead\/2026-03-01\/e-1-.+\.ndjson$/), EVENT]]);
});

test('queues may have other names: DEAD_QUEUE says which one holds the dead letters', async () => {
  const isolate = await createIsolate({ DEAD_QUEUE: 'shop-dlq' });
  expect((await deliverFrom('shop-dlq', isolate)).depth).toBe(0);
  expect([...isolate.archive.contents().keys()]).toEqual([expect.stringMatching(/^dead\/2026-03-01\/e-1-.+\.ndjson$/)]);
  // Any other is one of events, whatever it is called: these wait for a warehouse.
  for (const name of ['day-of-the-dead-events', 'touchtrail-dead', 'shop-dlq-2']) {
    expect([name, (await deliverFrom(name, isolate)).depth]).toEqual([name, 1]);
  }
  expect(isolate.archive.contents().size).toBe(1);
});

test.each(['touchtrail-events', 'touchtrail-events-staging'])(
  'what comes from %s waits while no warehouse is named, and the log says so',
  async (name) => {
    const isolate = await createIsolate({ BIGQUERY_PROJECT: 'p' });
    expect((await deliverFrom(name, isolate)).depth).toBe(1);
    expect(isolate.archive.contents().size).toBe(0);
    expect(logged.join('')).toContain(
      '"event":"no_warehouse","table":"events_raw","rows":1,"missing":"BIGQUERY_DATASET, GOOGLE_SERVICE_ACCOUNT"',
    );
  },
);

test('a malformed account loses nothing: the message comes again', async () => {
  const isolate = await createIsolate({ BIGQUERY_PROJECT: 'p', BIGQUERY_DATASET: 'd', GOOGLE_SERVICE_ACCOUNT: 'secret-text' });
  expect((await deliverFrom('touchtrail-events', isolate)).depth).toBe(1);
  expect(logged.join('')).toContain('GOOGLE_SERVICE_ACCOUNT is not JSON');
  expect(logged.join('')).not.toContain('secret-text');
});

test('the schedule puts spilled deliveries back, and dead letters stay', async () => {
  const { scheduled, archive, producer, environment } = await createIsolate();
  archive.hold('spill/2026-03-01/e-1.ndjson', EVENT, { count: '1' });
  archive.hold('spill/2026-03-01/x.ndjson', 'hello');
  archive.hold('dead/2026-03-01/e-2.ndjson', EVENT);
  await scheduled({}, environment);
  expect(producer.bodies()).toEqual([EVENT]);
  expect([...archive.contents().keys()]).toEqual(['dead/2026-03-01/e-2.ndjson', 'spill/2026-03-01/x.ndjson']);
  expect(logged).toEqual([
    '{"level":"info","event":"put_back","objects":1,"rows":1}',
    '{"level":"error","event":"unreadable","key":"spill/2026-03-01/x.ndjson"}',
  ]);
});

/** Each page takes a minute: a run has time for the 500 objects of its first call. */
function slowDown(archive: FakeBucket) {
  let now = Date.now();
  const list = archive.list.bind(archive);
  vi.spyOn(Date, 'now').mockImplementation(() => now);
  vi.spyOn(archive, 'list').mockImplementation(async (options) => {
    now += 60_000;
    return await list(options);
  });
}

test('a run goes on until all is put back', async () => {
  const { scheduled, archive, producer, environment } = await createIsolate();
  for (let i = 0; i < 1_200; i++) archive.hold(`spill/2026-03-01/e-${i}.ndjson`, EVENT, { count: '1' });
  await scheduled({}, environment);
  expect([producer.depth, archive.contents().size]).toEqual([1_200, 0]);
});

/** What the log says cannot be read, in order. */
const unreadable = () =>
  logged
    .filter((line) => line.includes('"unreadable"'))
    .map((line) => /e-\d+/.exec(line)![0])
    .toSorted();

test('what no message can hold waits for all else, however much there is of it', async () => {
  const { scheduled, archive, producer, environment } = await createIsolate();
  for (let i = 0; i < 600; i++) archive.hold(`spill/large/2026-02-01/e-${1_000 + i}.ndjson`, 'hello');
  slowDown(archive);
  for (const [day, from, to] of [
    ['2026-03-01', 'e-1000', 'e-1499'],
    ['2026-03-02', 'e-1500', 'e-1599'],
  ] as const) {
    archive.hold(`spill/${day}/e-1.ndjson`, EVENT, { count: '1' });
    logged = [];
    await scheduled({}, environment);
    // The second run goes on with them where the first has ended, too.
    expect([producer.depth, unreadable().at(0), unreadable().at(-1)]).toEqual([Number(day.at(-1)), from, to]);
  }
  expect(archive.contents('cursor/').size).toBe(0);
});

test('a queue that refuses ends the run, and what was not put back stays', async () => {
  const faults = [undefined, 'error'] as const;
  let call = 0;
  const refusing = new FakeQueue({ name: 'q', fault: () => faults[call++] });
  const { scheduled, archive, environment } = await createIsolate({ QUEUE: refusing });
  for (let i = 0; i < 150; i++) archive.hold(`spill/2026-03-01/e-${i}.ndjson`, EVENT);
  archive.hold('spill/large/2026-03-01/e-1.ndjson', EVENT);
  await scheduled({}, environment);
  expect([call, refusing.depth, archive.contents().size]).toEqual([2, 100, 51]);
});

test('objects that cannot be put back do not hold up those behind them: each run goes on where the last has ended', async () => {
  const first = await createIsolate();
  for (let i = 0; i < 1_000; i++) first.archive.hold(`spill/2026-03-01/bad-${1_000 + i}.ndjson`, 'hello');
  first.archive.hold('spill/2026-03-02/e-1.ndjson', EVENT, { count: '1' });
  slowDown(first.archive);
  await first.scheduled({}, first.environment);
  expect(first.archive.contents('cursor/').size).toBe(1);
  // Another isolate.
  const second = await createIsolate({ ARCHIVE: first.archive });
  await second.scheduled({}, second.environment);
  expect(second.producer.depth).toBe(0);
  await second.scheduled({}, second.environment);
  expect(second.producer.bodies()).toEqual([EVENT]);
  // At the end the next run begins at the front.
  expect(first.archive.contents('cursor/').size).toBe(0);
  await second.scheduled({}, second.environment);
  expect(logged.filter((line) => line.includes('bad-1000'))).toHaveLength(2);
});

test('a cursor that the archive does not know any more is forgotten', async () => {
  const cursors: (string | undefined)[] = [];
  const { scheduled, archive, producer, environment } = await createIsolate();
  archive.hold('cursor/spill', 'stale');
  archive.hold('spill/2026-03-01/e-1.ndjson', EVENT, { count: '1' });
  const list = archive.list.bind(archive);
  vi.spyOn(archive, 'list').mockImplementation(async (options) => {
    if (options.prefix === 'spill/2') cursors.push(options.cursor);
    if (options.cursor === 'stale') throw new Error('list: The specified cursor is invalid. (10035)');
    return await list(options);
  });
  await scheduled({}, environment);
  await scheduled({}, environment);
  expect(cursors).toEqual(['stale', undefined]);
  expect(producer.bodies()).toEqual([EVENT]);
});

test('a schedule that fails is logged, and tries again with the next', async () => {
  const isolate = await createIsolate({ QUEUE: new FakeQueue({ name: 'q', fault: () => 'error' }) });
  isolate.archive.hold('spill/2026-03-01/e-1.ndjson', EVENT);
  await isolate.scheduled({}, isolate.environment);
  expect(isolate.archive.contents().size).toBe(1);
  expect(logged.join('')).toContain('"event":"not_put_back"');
});

test('the embedded runtime has no queue, and its schedule nothing to do', async () => {
  const { scheduled, environment } = await createIsolate({ QUEUE: undefined, ARCHIVE: undefined } as unknown as Environment);
  await scheduled({}, environment);
  expect(logged).toEqual([]);
});

test('without queue and landing zone nothing is acknowledged', async () => {
  const { eventLogOf } = await createIsolate();
  const { createMetrics } = await import('../metrics.ts');
  await expect(eventLogOf({} as Environment, createMetrics('i')).append([])).rejects.toThrow('neither the binding QUEUE nor LANDING');
});

test('what a request brings is in the tables of the warehouse once the queue has delivered it', async () => {
  const account = await createServiceAccount();
  const isolate = await createIsolate({
    KEYS: { get: async () => ({ id: 'wk_1', kind: 'browser', name: 'site' }) } as unknown as Environment['KEYS'],
    BIGQUERY_PROJECT: 'p',
    BIGQUERY_DATASET: 'd',
    GOOGLE_SERVICE_ACCOUNT: account.keyFile,
  });
  const bigQuery = new FakeBigQuery({ project: 'p', dataset: 'd', verifyToken: async (token, now) => await account.verify(token, now) });
  bigQuery.createTable('events_raw', EVENT_COLUMNS);
  bigQuery.createTable('failed_events', FAILED_EVENT_COLUMNS);
  bigQuery.createTable('deliveries', DELIVERY_COLUMNS);
  vi.spyOn(globalThis, 'fetch').mockImplementation(bigQuery.fetch);

  const { createApp } = await import('../app.ts');
  const batch = [
    { type: 'track', event: 'Order', anonymousId: 'a', messageId: 'm-1', properties: { total: 'é€' } },
    { type: 'nothing', anonymousId: 'a', messageId: 'm-2' },
  ];
  const init = { method: 'POST', body: JSON.stringify({ writeKey: 'demo', batch }) };
  const response = await createApp().request('https://edge.example/v1/batch', init, isolate.environment);
  expect(response.status).toBe(200);

  const taken = isolate.producer.take()!;
  await isolate.queue(taken.batch, isolate.environment);
  taken.settle('returned');
  expect(isolate.producer.depth).toBe(0);
  expect(bigQuery.rows('events_raw')).toMatchObject([
    { message_id: 'm-1', write_key_id: 'wk_1', properties: '{"total":"é€"}', edge_sequence: 1 },
  ]);
  expect(bigQuery.rows('failed_events')).toMatchObject([{ message_id: 'm-2', position: 1, edge_sequence: 1 }]);
  expect(bigQuery.rows('deliveries')).toMatchObject([{ edge_sequence: 1, count: 2 }]);
});
