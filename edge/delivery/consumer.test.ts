import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createMetrics } from '../metrics.ts';
import type { CallFault } from '../testing/call-fault.ts';
import { FakeBucket } from '../testing/fake-bucket.ts';
import { archiveDead, consume, type ConsumerPorts, type QueueMessage } from './consumer.ts';
import type { Outcome, SinkRow, Table } from './sink.ts';

const AT = '2026-03-01T12:00:00.000Z';
const packing = (sequence: number) => ({ edge_instance: 'e', edge_sequence: sequence });
const headerLine = (sequence: number, count: number) =>
  JSON.stringify({ delivery: { ...packing(sequence), received_at: AT, write_key_id: 'wk_1', count } });
const eventLine = (sequence: number, id: string, more = {}) =>
  JSON.stringify({ event: { write_key_id: 'wk_1', message_id: id, received_at: AT, ...more, ...packing(sequence) } });
const failedLine = (sequence: number, id: string) =>
  JSON.stringify({
    failed: { write_key_id: 'wk_1', message_id: id, received_at: AT, position: 4, reason: 'invalid_type', ...packing(sequence) },
  });
const messageOf = (sequence: number, ...ids: string[]) =>
  [headerLine(sequence, ids.length), ...ids.map((id) => (id.startsWith('f') ? failedLine(sequence, id) : eventLine(sequence, id)))].join(
    '\n',
  ) + '\n';

/** What the sink says to a row, by the name of {@link nameOf}; without a word it stores it. */
type Verdicts = Record<string, Outcome>;
const LATER: Outcome = { status: 'retry', reason: 'status_503' };
const INVALID: Outcome = { status: 'invalid', detail: 'invalid: properties: not JSON of jo@shop.example' };
const nameOf = (table: Table, { text }: SinkRow) => {
  const { message_id, edge_sequence } = JSON.parse(text) as Record<string, unknown>;
  return `${table} ${table === 'deliveries' ? String(edge_sequence) : String(message_id)}`;
};

let actions: string[];
let written: { table: Table; row: Record<string, unknown>; id: string }[];
beforeEach(() => {
  actions = [];
  written = [];
  for (const level of ['warn', 'error'] as const) vi.spyOn(console, level).mockImplementation(() => {});
});
afterEach(() => void vi.restoreAllMocks());

function createPorts(verdicts: Verdicts = {}, { send, archive }: { send?: CallFault; archive?: CallFault } = {}) {
  const sent: { body: string; delaySeconds: number | undefined }[] = [];
  const bucket = new FakeBucket({ note: (action) => actions.push(action), fault: () => archive });
  const metrics = createMetrics('i');
  const ports: ConsumerPorts = {
    metrics,
    archive: bucket,
    random: () => 0.5,
    queue: {
      sendBatch: async () => await Promise.reject(new Error('not used')),
      send: async (body, options) => {
        if (send) throw new Error('Internal Server Error');
        actions.push('sent');
        sent.push({ body, delaySeconds: options?.delaySeconds });
      },
    },
    sink: {
      write: async (table, rows) => {
        actions.push(`write ${table} ${rows.length}`);
        return rows.map((row) => {
          const outcome = verdicts[nameOf(table, row)] ?? ({ status: 'stored' } as const);
          if (outcome.status === 'stored') written.push({ table, row: JSON.parse(row.text) as Record<string, unknown>, id: row.id });
          return outcome;
        });
      },
    },
  };
  return { ports, sent, bucket, metrics };
}

const message = (name: string, body: unknown, attempts = 1): QueueMessage => ({
  id: name,
  timestamp: new Date('2026-03-02T00:00:00Z'),
  body,
  attempts,
  ack: () => actions.push(`ack ${name}`),
  retry: (options) => actions.push(`retry ${name} ${options?.delaySeconds}`),
});

test('rows come first, by table, then headers, and the acknowledgement is last', async () => {
  const { ports, metrics } = createPorts();
  await consume([message('m1', messageOf(1, 'a', 'f1')), message('m2', messageOf(2, 'b'))], ports);
  expect(actions).toEqual(['write events_raw 2', 'write failed_events 1', 'write deliveries 2', 'ack m1', 'ack m2']);
  expect(written.map(({ table, id }) => `${table} ${id}`)).toEqual([
    'events_raw e-1-1',
    'events_raw e-2-1',
    'failed_events e-1-2',
    'deliveries e-1-0-2',
    'deliveries e-2-0-1',
  ]);
  expect(written[0]!.row).toEqual({ write_key_id: 'wk_1', message_id: 'a', received_at: AT, edge_instance: 'e', edge_sequence: 1 });
  expect(metrics.text()).toContain('touchtrail_rows_delivered_total{edge_instance="i",table="events_raw"} 2');
});

test('requests have at most 500 rows', async () => {
  const { ports } = createPorts();
  const ids = Array.from({ length: 501 }, (_, i) => `m-${i}`);
  await consume([message('m1', messageOf(1, ...ids))], ports);
  expect(actions).toEqual(['write events_raw 500', 'write events_raw 1', 'write deliveries 1', 'ack m1']);
});

test('requests have at most 9 MB', async () => {
  const { ports } = createPorts();
  // Each row takes some 900,300 bytes of a request.
  const lines = Array.from({ length: 10 }, (_, i) => eventLine(1, `m-${i}`, { properties: 'é'.repeat(450_000) }));
  await consume([message('m1', lines.join('\n'))], ports);
  expect(actions).toEqual(['write events_raw 9', 'write events_raw 1', 'ack m1']);
});

test.each([
  [1, 8],
  [2, 15],
  [3, 30],
  [7, 480],
  [8, 675],
  [20, 675],
])('a message of which nothing is done comes again: attempt %i after %i seconds', async (attempts, seconds) => {
  const { ports } = createPorts({ 'events_raw a': LATER });
  await consume([message('m1', messageOf(1, 'a'), attempts)], ports);
  expect(actions).toEqual(['write events_raw 1', `retry m1 ${seconds}`]);
});

test('the warehouse may ask for a longer wait, as long as all attempts lie within the days for which a queue keeps a message', async () => {
  const { ports } = createPorts({
    'events_raw a': { ...LATER, afterSeconds: 120 },
    'events_raw b': { ...LATER, afterSeconds: 1e9 },
  });
  await consume([message('m1', messageOf(1, 'a')), message('m2', messageOf(2, 'b'))], ports);
  expect(actions.slice(1)).toEqual(['retry m1 120', 'retry m2 3000']);
});

test('of a message that is partly done the rest becomes a message of its own, with the header', async () => {
  const { ports, sent } = createPorts({ 'events_raw b': LATER });
  await consume([message('m1', messageOf(1, 'a', 'b', 'f1'))], ports);
  expect(actions).toEqual(['write events_raw 2', 'write failed_events 1', 'sent', 'ack m1']);
  expect(sent).toEqual([{ body: `${headerLine(1, 3)}\n\n${eventLine(1, 'b')}`, delaySeconds: 8 }]);
});

test('the rest of the rest keeps its place', async () => {
  const { ports, sent } = createPorts({ 'deliveries 1': LATER });
  await consume([message('m1', `${headerLine(1, 3)}\n\n${eventLine(1, 'b')}`)], ports);
  expect(written.map(({ id }) => id)).toEqual(['e-1-2']);
  expect(sent.map(({ body }) => body)).toEqual([headerLine(1, 3)]);
});

test('where the rest cannot be sent, the whole message comes again', async () => {
  const { ports } = createPorts({ 'events_raw b': LATER }, { send: 'error' });
  await consume([message('m1', messageOf(1, 'a', 'b'))], ports);
  expect(actions.at(-1)).toBe('retry m1 8');
});

test('a refused event is done when its text is archived and it lies in failed_events, cleaned', async () => {
  const { ports, bucket, metrics } = createPorts({ 'events_raw a': INVALID });
  await consume([message('m1', messageOf(1, 'a', 'b'))], ports);
  expect(actions).toEqual([
    'write events_raw 2',
    'put invalid/2026-03-01/e-1-1.json',
    'write failed_events 1',
    'write deliveries 1',
    'ack m1',
  ]);
  const payload = `{"write_key_id":"wk_1","message_id":"a","received_at":"${AT}","edge_instance":"e","edge_sequence":1}`;
  expect(written.find(({ table }) => table === 'failed_events')).toEqual({
    table: 'failed_events',
    id: 'e-1-1',
    row: {
      write_key_id: 'wk_1',
      message_id: 'a',
      received_at: AT,
      position: null,
      reason: 'warehouse_rejected',
      path: null,
      detail: expect.stringMatching(/^invalid: properties: not JSON of [0-9a-f]{64}$/) as string,
      payload,
      edge_instance: 'e',
      edge_sequence: 1,
    },
  });
  expect([...bucket.contents().values()]).toEqual([payload]);
  expect(metrics.text()).toContain('reason="warehouse_rejected"} 1');
});

test('the log says of each table how many of its rows were refused', async () => {
  const { ports } = createPorts({ 'events_raw a': INVALID, 'events_raw b': INVALID, 'failed_events f1': INVALID });
  await consume([message('m1', messageOf(1, 'a', 'b', 'f1'))], ports);
  expect(
    vi
      .mocked(console.warn)
      .mock.calls.flat()
      .filter((line) => String(line).includes('rows_refused')),
  ).toEqual([
    '{"level":"warn","event":"rows_refused","table":"events_raw","rows":2}',
    '{"level":"warn","event":"rows_refused","table":"failed_events","rows":1}',
  ]);
});

test('a refused event is not done where its failure is not stored', async () => {
  const { ports } = createPorts({ 'events_raw a': INVALID, 'failed_events a': LATER });
  await consume([message('m1', messageOf(1, 'a'))], ports);
  expect(actions).toEqual(['write events_raw 1', 'put invalid/2026-03-01/e-1-1.json', 'write failed_events 1', 'retry m1 8']);
});

test('a refused event is not done where its text is not archived', async () => {
  const { ports } = createPorts({ 'events_raw a': INVALID }, { archive: 'error' });
  await consume([message('m1', messageOf(1, 'a'))], ports);
  expect(actions).toEqual(['write events_raw 1', 'retry m1 8']);
});

test('without an archive failed_events has to do', async () => {
  const { ports } = createPorts({ 'events_raw a': INVALID });
  await consume([message('m1', messageOf(1, 'a'))], { ...ports, archive: undefined });
  expect(actions).toEqual(['write events_raw 1', 'write failed_events 1', 'write deliveries 1', 'ack m1']);
});

test('a failed event that is refused is stored in short, in its place; refused again it is tried again', async () => {
  const { ports } = createPorts();
  const write = vi.spyOn(ports.sink, 'write');
  write.mockResolvedValueOnce([INVALID]);
  await consume([message('m1', messageOf(1, 'f1'))], ports);
  expect(written[0]!.row).toMatchObject({ message_id: 'f1', position: 4, reason: 'warehouse_rejected', edge_sequence: 1 });
  expect(actions.at(-1)).toBe('ack m1');

  write.mockResolvedValueOnce([INVALID]).mockResolvedValueOnce([INVALID]);
  await consume([message('m2', messageOf(2, 'f2'))], ports);
  expect(actions.at(-1)).toBe('retry m2 8');
});

test('a refused header is tried again, and is no failed event', async () => {
  const { ports, sent } = createPorts({ 'deliveries 1': INVALID });
  await consume([message('m1', messageOf(1, 'a'))], ports);
  expect(written.map(({ table }) => table)).toEqual(['events_raw']);
  expect(sent.map(({ body }) => body)).toEqual([headerLine(1, 1)]);
});

test('a row that exceeds 1 MB is not asked for: it becomes a failure with a cut payload', async () => {
  const { ports, bucket } = createPorts();
  const line = eventLine(1, 'a', { properties: 'é'.repeat(500_000) });
  await consume([message('m1', `${headerLine(1, 1)}\n${line}\n`)], ports);
  expect(actions).toEqual(['put invalid/2026-03-01/e-1-1.json', 'write failed_events 1', 'write deliveries 1', 'ack m1']);
  expect(written[0]!.row['detail']).toBe('a row may have at most 1000000 bytes');
  expect(Buffer.byteLength(String(written[0]!.row['payload']))).toBeLessThanOrEqual(32 * 1024);
  expect(bucket.contents().get('invalid/2026-03-01/e-1-1.json')).toBe(line.slice('{"event":'.length, -1));
});

test.each<[string, unknown, string]>([
  ['text', 'hello', 'hello'],
  ['an object', { a: 1 }, '{"a":1}'],
  ['nothing', undefined, ''],
])('a message that cannot be read (%s) goes to the archive and costs the others nothing', async (_, body, kept) => {
  const { ports, bucket } = createPorts();
  await consume([message('bad', body), message('m1', messageOf(1, 'a'))], ports);
  expect(bucket.contents()).toEqual(new Map([['dead/2026-03-02/bad.ndjson', kept]]));
  expect(actions.slice(0, 2)).toEqual(['put dead/2026-03-02/bad.ndjson', 'ack bad']);
  expect(actions.at(-1)).toBe('ack m1');
});

test('an unreadable message that cannot be archived is never dropped', async () => {
  const { ports } = createPorts({}, { archive: 'error' });
  await consume([message('bad', 'hello')], ports);
  expect(actions).toEqual([expect.stringMatching(/^retry bad \d+$/)]);
});

test('dead letters are archived under their day, with what they hold, then acknowledged', async () => {
  const { ports, bucket } = createPorts();
  await archiveDead([message('m1', messageOf(1, 'a', 'f1')), message('m2', 'hello')], ports);
  expect(actions.toSorted()).toEqual(['ack m1', 'ack m2', 'put dead/2026-03-01/e-1-m1.ndjson', 'put dead/2026-03-02/m2.ndjson']);
  const { objects } = await bucket.list({ include: ['customMetadata'] });
  expect(objects.map(({ customMetadata }) => customMetadata)).toEqual([
    { count: '2', write_key_id: 'wk_1', received_at: AT, delivery: 'e-1' },
    { received_at: '2026-03-02T00:00:00.000Z' },
  ]);
  expect(bucket.contents().get('dead/2026-03-01/e-1-m1.ndjson')).toBe(messageOf(1, 'a', 'f1'));
});

test('a dead letter that is not archived, or without an archive, comes again', async () => {
  const { ports } = createPorts({}, { archive: 'error' });
  await archiveDead([message('m1', messageOf(1, 'a'))], ports);
  await archiveDead([message('m2', messageOf(1, 'a'))], { ...ports, archive: undefined });
  expect(actions).toEqual([expect.stringMatching(/^retry m1 \d+$/), expect.stringMatching(/^retry m2 \d+$/)]);
});

const dead = (attempts: number) => message('m1', messageOf(1, 'a'), attempts);

describe('where the archive fails for long', () => {
  test('a message that is about to be deleted is sent anew before it is acknowledged', async () => {
    const { ports, sent } = createPorts({}, { archive: 'error' });
    await archiveDead([dead(49)], ports);
    expect([actions, sent]).toEqual([[expect.stringMatching(/^retry m1 \d+$/)], []]);
    actions = [];
    await archiveDead([dead(50)], ports);
    expect([actions, sent]).toEqual([['sent', 'ack m1'], [{ body: messageOf(1, 'a'), delaySeconds: 900 }]]);
    await consume([message('bad', 'hello', 100)], ports);
    expect([actions.slice(2), sent[1]]).toEqual([['sent', 'ack bad'], { body: 'hello', delaySeconds: 900 }]);
  });

  test('what cannot be sent, either, comes again', async () => {
    const { ports } = createPorts({}, { archive: 'error', send: 'error' });
    await archiveDead([dead(99)], ports);
    await archiveDead([dead(99)], { ...ports, queue: undefined });
    expect(actions).toEqual([expect.stringMatching(/^retry m1 \d+$/), expect.stringMatching(/^retry m1 \d+$/)]);
  });
});
