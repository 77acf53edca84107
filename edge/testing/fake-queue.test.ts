import { expect, test, vi } from 'vitest';
import { FakeQueue, type SendFault } from './fake-queue.ts';

let clock = 0;

function setUp(options: Partial<ConstructorParameters<typeof FakeQueue>[0]> = {}) {
  clock = 1_000_000;
  const notes: string[] = [];
  const queue = new FakeQueue({ name: 'events', now: () => clock, note: (action) => notes.push(action), ...options });
  const send = (...bodies: string[]) => queue.sendBatch(bodies.map((body) => ({ body })));
  return { queue, send, notes };
}

test('messages come in the order they were sent, at most as many as wanted, and once', async () => {
  const { queue, send } = setUp();
  await send('a', 'b', 'c');
  const first = queue.take(2)!;
  expect(first.batch.messages.map(({ body, attempts }) => [body, attempts])).toEqual([
    ['a', 1],
    ['b', 1],
  ]);
  expect(queue.take()!.batch.messages.map(({ body }) => body)).toEqual(['c']);
  expect(queue.take()).toBeUndefined();
  expect(queue.depth).toBe(3);
  first.settle('returned');
  expect(queue.depth).toBe(1);
});

test('what the handler says of a message holds, the first word; what it says nothing of is acknowledged where it returns', async () => {
  const { queue, send } = setUp({ retryDelay: 5 });
  await send('acked', 'retried', 'later', 'silent');
  const { batch, settle } = queue.take()!;
  batch.messages[0]!.ack();
  batch.messages[0]!.retry();
  batch.messages[1]!.retry();
  batch.messages[2]!.retry({ delaySeconds: 60 });
  settle('returned');
  expect(queue.bodies()).toEqual(['retried', 'later']);
  expect(queue.take()).toBeUndefined();
  clock += 5_000;
  expect(queue.take()!.batch.messages.map(({ body, attempts }) => [body, attempts])).toEqual([['retried', 2]]);
  expect(queue.nextDue).toBe(1_060_000);
});

test.each([
  ['threw', ['b']],
  ['died', ['a', 'b']],
] as const)('where the handler %s, this comes again: %j', async (handler, again) => {
  const { queue, send } = setUp();
  await send('a', 'b');
  const { batch, settle } = queue.take()!;
  batch.messages[0]!.ack();
  settle(handler);
  batch.messages[1]!.ack();
  expect(queue.bodies()).toEqual(again);
});

test('the whole batch can be acknowledged or retried', async () => {
  const { queue, send } = setUp();
  await send('a', 'b');
  let taken = queue.take()!;
  taken.batch.messages[0]!.ack();
  taken.batch.retryAll({ delaySeconds: 1 });
  taken.settle('threw');
  clock += 1_000;
  taken = queue.take()!;
  expect(taken.batch.messages.map(({ body }) => body)).toEqual(['b']);
  taken.batch.ackAll();
  taken.settle('threw');
  expect(queue.depth).toBe(0);
});

test('after the last retry a message is a dead letter, or deleted where nobody takes those', async () => {
  const { queue: deadLetters } = setUp();
  for (const [options, dead] of [
    [{ deadLetters }, ['a']],
    [{}, []],
  ] as const) {
    const { queue, send, notes } = setUp({ maxRetries: 2, ...options });
    await send('a');
    for (let delivery = 1; delivery <= 3; delivery++) {
      expect(queue.lost).toEqual([]);
      const taken = queue.take()!;
      expect(taken.batch.messages[0]!.attempts).toBe(delivery);
      taken.batch.retryAll();
      taken.settle('returned');
    }
    expect(notes.at(-1)).toBe('dead events-1');
    expect(queue.depth).toBe(0);
    expect(queue.lost).toEqual(dead.length > 0 ? [] : ['a']);
  }
  expect(deadLetters.take()!.batch.messages.map(({ body, attempts }) => [body, attempts])).toEqual([['a', 1]]);
});

test('an acknowledgement may get lost: the message comes again', async () => {
  const { queue, send } = setUp({ losesAck: () => true });
  await send('a');
  queue.take()!.settle('returned');
  expect(queue.bodies()).toEqual(['a']);
});

test('both sides of each limit', async () => {
  const { queue, send } = setUp();
  const room = 128_000 - 100;
  await send('x'.repeat(room));
  await expect(send('x'.repeat(room + 1))).rejects.toThrow('larger than 128 KB');
  await expect(send('é'.repeat(room / 2 + 1))).rejects.toThrow('larger than 128 KB');
  await send('x'.repeat(room), 'x'.repeat(room));
  await expect(send('x'.repeat(room), 'x'.repeat(room), '')).rejects.toThrow('larger than 256 KB');
  await send(...Array.from({ length: 100 }, () => 'x'));
  await expect(send(...Array.from({ length: 101 }, () => 'x'))).rejects.toThrow('101 messages');
  await expect(send()).rejects.toThrow('0 messages');
  await queue.send('late', { delaySeconds: 86_400 });
  await expect(queue.send('later', { delaySeconds: 86_401 })).rejects.toThrow('delaySeconds');
  expect(queue.depth).toBe(104);
});

test.each<[SendFault, string[]]>([
  ['error', []],
  ['done and error', ['a', 'b']],
  ['part and error', ['a']],
])('%s: the sender is told that it failed', async (fault, queued) => {
  const { queue, send } = setUp({ fault: () => fault });
  await expect(send('a', 'b')).rejects.toThrow('Internal Server Error');
  expect(queue.bodies()).toEqual(queued);
});

test.each<[SendFault, string[]]>([
  ['hang', []],
  ['done and hang', ['a', 'b']],
])('%s: the sender hears nothing', async (fault, queued) => {
  const { queue, send } = setUp({ fault: () => fault });
  const silence = Symbol('silence');
  const later = new Promise((resolve) => void setTimeout(resolve, 20, silence));
  expect(await Promise.race([send('a', 'b'), later])).toBe(silence);
  expect(queue.bodies()).toEqual(queued);
});

test('an overloaded queue says so after 57 seconds', async () => {
  vi.useFakeTimers();
  try {
    const { queue, send } = setUp({ fault: () => 'overloaded' });
    const said = expect(send('a')).rejects.toThrow('Queue is overloaded. Please back off.');
    await vi.advanceTimersByTimeAsync(57_000);
    await said;
    expect(queue.depth).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});
