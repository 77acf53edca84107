import { expect, test } from 'vitest';
import { createMetrics } from '../metrics.ts';
import type { CallFault } from '../testing/call-fault.ts';
import { FakeBucket } from '../testing/fake-bucket.ts';
import { FakeQueue } from '../testing/fake-queue.ts';
import { readMessage } from './message.ts';
import { putBack, type PutBackPorts } from './put-back.ts';
import type { Outcome } from './sink.ts';

const AT = '2026-03-01T12:00:00.000Z';
const event = (sequence: number, id: string) =>
  `{"event":{"message_id":"${id}","received_at":"${AT}","write_key_id":"wk_1","edge_instance":"e","edge_sequence":${sequence}}}\n`;

interface Faults {
  readonly send?: (CallFault | undefined)[];
  readonly delete?: CallFault;
  readonly outcome?: Outcome;
}

function createRig(faults: Faults = {}) {
  const actions: string[] = [];
  const note = (action: string) => void actions.push(action);
  const archive = new FakeBucket({ note, fault: (operation) => (operation === 'delete' ? faults.delete : undefined) });
  const send = [...(faults.send ?? [])];
  const queue = new FakeQueue({ name: 'touchtrail-events', note, fault: () => send.shift() });
  const ports: PutBackPorts = {
    archive,
    queue,
    metrics: createMetrics('i'),
    sink: {
      write: async (table, rows) => {
        note(`wrote ${table} ${rows.map(({ id }) => id).join(' ')}`);
        return rows.map(() => faults.outcome ?? { status: 'stored' });
      },
    },
  };
  const hold = (key: string, text: string, count = 1) => archive.hold(key, text, { count: String(count) });
  return { actions, archive, queue, ports, hold };
}

test('objects go back oldest day first, and are deleted only after they were sent', async () => {
  const { ports, hold, queue, archive, actions } = createRig();
  hold('spill/2026-03-02/e-2.ndjson', event(2, 'b'), 2);
  hold('spill/2026-03-01/e-1.ndjson', event(1, 'a'));
  hold('dead/2026-03-01/e-3.ndjson', event(3, 'c'));
  expect(await putBack('spill', { limit: 500 }, ports)).toEqual({
    objects: 2,
    rows: 3,
    bytes: event(1, 'a').length * 2,
    unreadable: [],
    waiting: [],
  });
  expect(queue.bodies()).toEqual([event(1, 'a'), event(2, 'b')]);
  expect(actions).toEqual(['sent 2', 'deleted spill/2026-03-01/e-1.ndjson', 'deleted spill/2026-03-02/e-2.ndjson']);
  expect([...archive.contents().keys()]).toEqual(['dead/2026-03-01/e-3.ndjson']);
});

test('what was not sent stays', async () => {
  const { ports, hold, archive } = createRig({ send: ['error'] });
  hold('spill/2026-03-01/e-1.ndjson', event(1, 'a'));
  await expect(putBack('spill', { limit: 500 }, ports)).rejects.toThrow('Internal Server Error');
  expect(archive.contents().size).toBe(1);
});

test('what was sent but not deleted goes back once more: a copy, not a loss', async () => {
  const { ports, hold, queue, archive } = createRig({ delete: 'error' });
  hold('spill/2026-03-01/e-1.ndjson', event(1, 'a'));
  for (let i = 0; i < 2; i++) await expect(putBack('spill', { limit: 500 }, ports)).rejects.toThrow('internal error');
  expect([queue.bodies().length, archive.contents().size]).toEqual([2, 1]);
});

test('two at once make copies at worst', async () => {
  const { ports, hold, queue, archive } = createRig();
  for (let i = 0; i < 150; i++) hold(`spill/2026-03-01/e-${i}.ndjson`, event(i + 1, `m-${i}`));
  await Promise.all([putBack('spill', { limit: 500 }, ports), putBack('spill', { limit: 500 }, ports)]);
  expect(archive.contents().size).toBe(0);
  expect(new Set(queue.bodies()).size).toBe(150);
});

test('more than the limit waits for the next call, which goes on where the first has ended', async () => {
  const { ports, hold, queue } = createRig();
  for (let i = 0; i < 5; i++) hold(`dead/2026-03-01/e-${i}.ndjson`, event(i + 1, `m-${i}`));
  hold('dead/2026-03-01/a.ndjson', 'hello');
  const first = await putBack('dead', { limit: 2 }, ports);
  expect([first.objects, first.unreadable]).toEqual([1, ['dead/2026-03-01/a.ndjson']]);
  const second = await putBack('dead', { limit: 100, cursor: first.cursor }, ports);
  expect([second.objects, second.unreadable, second.cursor]).toEqual([4, [], undefined]);
  expect(queue.depth).toBe(5);
});

test('a dry run counts and changes nothing', async () => {
  const { ports, hold, queue, archive } = createRig();
  hold('dead/2026-03-01/e-1.ndjson', event(1, 'a'), 7);
  expect(await putBack('dead', { limit: 500, dryRun: true }, ports)).toMatchObject({ objects: 1, rows: 7 });
  expect([queue.depth, archive.contents().size]).toEqual([0, 1]);
});

const LARGE = event(1, 'a'.repeat(130_000));

test('an object that is larger than a message becomes several; a row that is goes straight into the warehouse', async () => {
  const { ports, hold, queue, archive, actions } = createRig();
  hold('spill/2026-03-01/e-1.ndjson', event(1, 'b'.repeat(100_000)) + LARGE + event(1, 'c'.repeat(100_000)), 3);
  expect(await putBack('spill', { limit: 500 }, ports)).toMatchObject({ objects: 1, rows: 3, waiting: [] });
  expect(queue.bodies().flatMap((body) => readMessage(body)!.map(({ id }) => id))).toEqual(['e-1-0', 'e-1-2']);
  expect(actions).toEqual(['wrote events_raw e-1-1', 'sent 2', 'deleted spill/2026-03-01/e-1.ndjson']);
  expect(archive.contents().size).toBe(0);
});

test('where the warehouse does not take the large row now, the object waits', async () => {
  const { ports, hold, queue, archive } = createRig({ outcome: { status: 'retry', reason: 'status_503' } });
  hold('spill/2026-03-01/e-1.ndjson', event(1, 'b') + LARGE, 2);
  expect(await putBack('spill', { limit: 500 }, ports)).toMatchObject({ objects: 0, waiting: ['spill/2026-03-01/e-1.ndjson'] });
  expect([queue.depth, archive.contents().size]).toEqual([0, 1]);
});

test.each(['queue', 'archive'] as const)('without the binding for the %s that is said', async (name) => {
  const { ports } = createRig();
  await expect(putBack('dead', { limit: 1 }, { ...ports, [name]: undefined })).rejects.toThrow('the bindings QUEUE and ARCHIVE are needed');
});
