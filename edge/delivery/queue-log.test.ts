import { expect, test, vi } from 'vitest';
import { createMetrics } from '../metrics.ts';
import type { PackedDelivery } from '../contract/delivery.ts';
import { type CallFault } from '../testing/call-fault.ts';
import { FakeBucket } from '../testing/fake-bucket.ts';
import { FakeQueue } from '../testing/fake-queue.ts';
import { createQueueLog } from './queue-log.ts';

const header = { edge_instance: 'e', received_at: '2026-03-01T12:00:00.000Z', write_key_id: 'wk_1', count: 3 };
const delivery = (sequence: number, text = `text ${sequence}`): PackedDelivery => ({
  header: { ...header, edge_sequence: sequence },
  text,
});

/** @param faults of the calls of the queue and of the archive, in their order; none after the last. */
function createRig({
  queue: queueFaults = [],
  archive: archiveFaults = [],
}: { queue?: (CallFault | undefined)[]; archive?: CallFault[] } = {}) {
  vi.spyOn(console, 'warn').mockImplementation(() => {});
  const actions: string[] = [];
  const note = (action: string) => void actions.push(action);
  const queue = new FakeQueue({ name: 'touchtrail-events', note, fault: () => queueFaults.shift() });
  const archive = new FakeBucket({ note, fault: () => archiveFaults.shift() });
  const metrics = createMetrics('i');
  const pause = async () => note('paused');
  const ports = { queue, metrics, pause, timeoutMs: 5 };
  return {
    actions,
    queue,
    archive,
    metrics,
    log: createQueueLog({ ...ports, archive }),
    logWithoutArchive: createQueueLog({ ...ports, archive: undefined }),
  };
}

test('deliveries are messages, sent together', async () => {
  const { log, queue, actions } = createRig();
  await log.append([delivery(1), delivery(2)]);
  expect([queue.bodies(), actions]).toEqual([['text 1', 'text 2'], ['sent 2']]);
});

test('a call that the platform would not take is divided', async () => {
  const { log, actions } = createRig();
  await log.append([1, 2, 3].map((sequence) => delivery(sequence, '€'.repeat(40_000))));
  expect(actions).toEqual(['sent 2', 'sent 1']);
});

test.each(['error', 'hang'] as const)('after one %s a second attempt is made', async (fault) => {
  const { log, queue, actions } = createRig({ queue: [fault] });
  await log.append([delivery(1)]);
  expect([queue.bodies(), actions]).toEqual([['text 1'], ['paused', 'sent 1']]);
});

test.each(['error', 'hang'] as const)('after a second %s deliveries go to the archive, and say what they are', async (fault) => {
  const { log, queue, archive, actions, metrics } = createRig({ queue: [fault, fault] });
  await log.append([delivery(1), delivery(2)]);
  expect(queue.depth).toBe(0);
  expect(actions).toEqual(['paused', 'put spill/2026-03-01/e-1.ndjson', 'put spill/2026-03-01/e-2.ndjson']);
  expect([...archive.contents().values()]).toEqual(['text 1', 'text 2']);
  const { objects } = await archive.list({ prefix: 'spill/', include: ['customMetadata'] });
  expect(objects[0]!.customMetadata).toEqual({
    count: '3',
    write_key_id: 'wk_1',
    received_at: '2026-03-01T12:00:00.000Z',
    delivery: 'e-1',
  });
  expect(metrics.text()).toContain('reason="spill"} 6');
});

test('what was queued although nobody said so is archived, too: a copy, not a loss', async () => {
  const { log, queue, archive } = createRig({ queue: ['done and hang', 'done and error'] });
  await log.append([delivery(1)]);
  expect([queue.bodies(), [...archive.contents().values()]]).toEqual([['text 1', 'text 1'], ['text 1']]);
});

test('one message is sent by itself, several of a request together', async () => {
  const { log, queue } = createRig();
  const [send, sendBatch] = [vi.spyOn(queue, 'send'), vi.spyOn(queue, 'sendBatch')];
  await log.append([delivery(1)]);
  expect(send.mock.calls).toEqual([['text 1', { contentType: 'text' }]]);
  sendBatch.mockClear();
  await log.append([delivery(2), delivery(3)]);
  expect([send.mock.calls.length, sendBatch.mock.calls.length]).toEqual([1, 1]);
  expect(queue.bodies()).toEqual(['text 1', 'text 2', 'text 3']);
});

test('the other calls of a request do not try a queue that has failed twice', async () => {
  const { log, queue, actions } = createRig({ queue: Array.from({ length: 12 }, () => 'error' as const) });
  const sendBatch = vi.spyOn(queue, 'sendBatch');
  await log.append(Array.from({ length: 12 }, (_, i) => delivery(i, 'x'.repeat(120_000))));
  // Of the six calls four are begun at once.
  expect(sendBatch).toHaveBeenCalledTimes(8);
  expect(actions.filter((action) => action.startsWith('put'))).toHaveLength(12);
});

test.each(['error', 'hang'] as const)('an archive that fails too (%s) means not stored', async (fault) => {
  vi.useFakeTimers();
  try {
    const { log } = createRig({ queue: ['error', 'error'], archive: [fault] });
    const outcome = expect(log.append([delivery(1)])).rejects.toThrow(
      fault === 'hang' ? 'the archive did not answer within 5000 ms' : 'internal error',
    );
    await vi.advanceTimersByTimeAsync(6_000);
    await outcome;
  } finally {
    vi.useRealTimers();
  }
});

test('without an archive, what cannot be queued is not stored', async () => {
  await expect(createRig({ queue: ['error', 'error'] }).logWithoutArchive.append([delivery(1)])).rejects.toThrow('Internal Server Error');
});

test('a row that no message can hold goes to the archive at once, behind what could not be queued, and without one is not stored', async () => {
  const large = delivery(1, '€'.repeat(40_001));
  const { log, queue, actions, logWithoutArchive } = createRig();
  await log.append([large, delivery(2)]);
  expect([queue.bodies(), actions]).toEqual([['text 2'], ['sent 1', 'put spill/large/2026-03-01/e-1.ndjson']]);
  await expect(logWithoutArchive.append([large])).rejects.toThrow('the binding ARCHIVE is missing');
});
