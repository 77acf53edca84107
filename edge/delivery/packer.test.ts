import { expect, test } from 'vitest';
import type { LandingLine, PackedDelivery } from '../contract/delivery.ts';
import type { EventLog } from './event-log.ts';
import { Packer, type Rows } from './packer.ts';

/** The same object for all events, as of one visit. */
const VISIT = { consent: 'granted' };
const rows = (count: number): Rows => ({
  writeKeyId: 'wk_1',
  receivedAt: '2026-03-01T12:00:00.000Z',
  events: Array.from({ length: count }, (_, i) => ({ sender: { country: 'DE' }, visit: VISIT, page: {}, own: { message_id: `m-${i}` } })),
  failed: [{ message_id: 'bad' } as Rows['failed'][number]],
});

function createLog(maximumBytes = Infinity) {
  const deliveries: PackedDelivery[] = [];
  let failing = false;
  const log: EventLog = {
    maximumBytes,
    append: async (several) => {
      if (failing) throw new Error('disk full');
      deliveries.push(...several);
    },
  };
  return { log, deliveries, fail: (now: boolean) => (failing = now) };
}

/** The lines of a delivery without its header. */
const rowsOf = ({ text }: PackedDelivery): LandingLine[] =>
  text
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => JSON.parse(line) as LandingLine);

test('deliveries are numbered from 1, counted, and each row says where it belongs', async () => {
  const { log, deliveries } = createLog();
  const packer = new Packer('edge-1', log);
  await packer.store(rows(2));
  await packer.store(rows(0));
  expect(deliveries.map(({ header }) => header)).toEqual([
    { edge_instance: 'edge-1', edge_sequence: 1, received_at: '2026-03-01T12:00:00.000Z', write_key_id: 'wk_1', count: 3 },
    { edge_instance: 'edge-1', edge_sequence: 2, received_at: '2026-03-01T12:00:00.000Z', write_key_id: 'wk_1', count: 1 },
  ]);
  expect(deliveries[0]!.text).toBe(
    '{"delivery":{"edge_instance":"edge-1","edge_sequence":1,"received_at":"2026-03-01T12:00:00.000Z","write_key_id":"wk_1","count":3}}\n' +
      '{"event":{"country":"DE","consent":"granted","message_id":"m-0","edge_instance":"edge-1","edge_sequence":1}}\n' +
      '{"event":{"country":"DE","consent":"granted","message_id":"m-1","edge_instance":"edge-1","edge_sequence":1}}\n' +
      '{"failed":{"message_id":"bad","edge_instance":"edge-1","edge_sequence":1}}\n',
  );
});

test('what is not stored is reported, and its number is filled with an empty delivery later', async () => {
  const { log, deliveries, fail } = createLog();
  const packer = new Packer('edge-1', log);
  await packer.store(rows(0));
  fail(true);
  await expect(packer.store(rows(5))).rejects.toThrow('disk full');
  await expect(packer.store(rows(5))).rejects.toThrow('disk full');
  fail(false);
  await packer.store(rows(0));
  const numbers = deliveries
    .map((delivery) => [delivery.header.edge_sequence, delivery.header.count, rowsOf(delivery).length] as const)
    .sort(([a], [b]) => a - b);
  expect(numbers).toEqual([
    [1, 1, 1],
    [2, 0, 0],
    [3, 0, 0],
    [4, 1, 1],
  ]);
});

test('after a long outage the gaps are filled little by little', async () => {
  const { log, deliveries, fail } = createLog();
  const packer = new Packer('edge-1', log);
  fail(true);
  for (let i = 0; i < 25; i++) await expect(packer.store(rows(0))).rejects.toThrow('disk full');
  fail(false);
  const filled = [];
  for (let i = 0; i < 4; i++) {
    await packer.store(rows(0));
    filled.push(deliveries.length);
  }
  expect(filled).toEqual([11, 22, 28, 29]);
  expect(new Set(deliveries.map(({ header }) => header.edge_sequence)).size).toBe(29);
});

test('a number that cannot be filled yet does not hold up the events after it', async () => {
  const stored: number[] = [];
  const packer = new Packer('edge-1', {
    maximumBytes: Infinity,
    append: async ([delivery]) => {
      if (delivery!.header.edge_sequence === 1) throw new Error('stuck');
      stored.push(delivery!.header.edge_sequence);
    },
  });
  await expect(packer.store(rows(0))).rejects.toThrow('stuck');
  await packer.store(rows(0));
  expect(stored).toEqual([2]);
});

test('of a delivery that was stored although its answer was lost, the header with the greatest count holds', async () => {
  const { log, deliveries } = createLog();
  let answerLost = true;
  const packer = new Packer('edge-1', {
    maximumBytes: Infinity,
    append: async (several) => {
      await log.append(several);
      if (answerLost) throw new Error('no answer in time');
    },
  });
  await expect(packer.store(rows(2))).rejects.toThrow('no answer in time');
  answerLost = false;
  await packer.store(rows(0));
  expect(deliveries.map((delivery) => [delivery.header.edge_sequence, delivery.header.count, rowsOf(delivery).length])).toEqual([
    [1, 3, 3],
    [2, 1, 1],
    [1, 0, 0],
  ]);
  const count = (sequence: number) =>
    Math.max(...deliveries.flatMap(({ header }) => (header.edge_sequence === sequence ? [header.count] : [])));
  const landed = deliveries.reduce((total, delivery) => total + rowsOf(delivery).length, 0);
  expect(count(1) + count(2)).toBe(landed);
});

test('numbers that failed in any order are each filled once', async () => {
  const stored: number[] = [];
  const pending = new Map<number, (error: Error) => void>();
  let failing = true;
  const packer = new Packer('edge-1', {
    maximumBytes: Infinity,
    append: async (several) => {
      for (const { header } of several) {
        if (!failing) stored.push(header.edge_sequence);
        else await new Promise<void>((_, reject) => pending.set(header.edge_sequence, reject));
      }
    },
  });
  const outcomes = Promise.allSettled(Array.from({ length: 7 }, () => packer.store(rows(0))));
  for (const sequence of [4, 2, 6, 3, 7, 1, 5]) pending.get(sequence)!(new Error('disk full'));
  await outcomes;
  failing = false;
  await packer.store(rows(0));
  await packer.store(rows(0));
  expect(stored).toEqual([8, 1, 2, 3, 4, 5, 6, 7, 9]);
});

test('what a log does not take as one delivery becomes several, each with its own number and count', async () => {
  // The header takes 131 bytes, each row 77 with its packing: three rows fit into 362 bytes and not into 361.
  for (const [maximumBytes, counts] of [
    [362, [3, 3, 1]],
    [361, [2, 2, 2, 1]],
    [1, [1, 1, 1, 1, 1, 1, 1]],
    [670, [7]],
  ] as const) {
    const { log, deliveries } = createLog(maximumBytes);
    await new Packer('edge-1', log).store({
      ...rows(0),
      failed: Array.from({ length: 7 }, () => ({ detail: 'é€😀' }) as Rows['failed'][number]),
    });
    expect([maximumBytes, deliveries.map(({ header }) => header.count)]).toEqual([maximumBytes, counts]);
    expect(deliveries.map(({ header }) => header.edge_sequence)).toEqual(counts.map((_, i) => i + 1));
    expect(deliveries.map((delivery) => rowsOf(delivery).length)).toEqual(counts);
    for (const { header, text } of deliveries) {
      expect(text).toContain(`"edge_sequence":${header.edge_sequence}}}`);
      if (maximumBytes > 1) expect(Buffer.byteLength(text)).toBeLessThanOrEqual(maximumBytes);
    }
  }
});

test('where one of several deliveries is not stored, all their numbers are filled later', async () => {
  const { log, deliveries, fail } = createLog(1);
  const packer = new Packer('edge-1', log);
  fail(true);
  await expect(packer.store(rows(2))).rejects.toThrow('disk full');
  fail(false);
  await packer.store(rows(0));
  expect(deliveries.map(({ header }) => [header.edge_sequence, header.count])).toEqual([
    [4, 1],
    [1, 0],
    [2, 0],
    [3, 0],
  ]);
});
