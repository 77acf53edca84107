import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { linesOf, useEdge } from './embedded-edge.ts';

const ground = useEdge('broken');
const opened: Socket[] = [];

async function open(): Promise<Socket> {
  const { hostname, port } = new URL(ground.edge.url);
  const socket = connect(Number(port), hostname);
  // A client that breaks off may be told so.
  socket.on('error', () => socket.destroy());
  opened.push(socket);
  await once(socket, 'connect');
  return socket;
}

const head = (path: string, ...headers: string[]) =>
  ['POST ' + path + ' HTTP/1.1', 'Host: edge', 'X-Write-Key: demo', ...headers, '', ''].join('\r\n');
const event = (messageId: string) => ({ type: 'track', event: 'E', anonymousId: 'a', messageId });
const batch = (...ids: string[]) => JSON.stringify({ batch: ids.map(event) });

/** Writes, and resolves once the system has taken it. */
const write = async (socket: Socket, bytes: string | Uint8Array) =>
  await new Promise<void>((resolve) => socket.write(bytes, () => resolve()));

/** The statuses of the answers that come until there are as many as are awaited, or the connection ends. */
async function statuses(socket: Socket, count: number): Promise<number[]> {
  let text = '';
  const found = () => Array.from(text.matchAll(/HTTP\/1\.1 (\d{3}) /g), ([, status]) => Number(status));
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    if (found().length >= count) socket.destroy();
  });
  const limit = setTimeout(() => socket.destroy(), 30_000);
  if (!socket.closed) await once(socket, 'close');
  clearTimeout(limit);
  return found();
}

let healthy = 0;
async function expectHealthy(): Promise<void> {
  const id = `healthy-${++healthy}`;
  const answer = await ground.send({ path: '/v1/batch', body: batch(id), headers: { 'x-write-key': 'demo' } });
  expect(answer.status).toBe(200);
  // Those of others may come at the same time.
  expect(answer.events.map((row) => row.message_id)).toContain(id);
}

test('a body that stalls holds nobody up, and is taken when it goes on', async () => {
  const body = batch('stalled-then-whole');
  const socket = await open();
  await write(socket, head('/v1/batch', `Content-Length: ${body.length}`) + body.slice(0, 30));
  for (let i = 0; i < 10; i++) await expectHealthy();
  await write(socket, body.slice(30));
  expect(await statuses(socket, 1)).toEqual([200]);
});

test('200 bodies that stall at once hold nobody up', async () => {
  const sockets = await Promise.all(Array.from({ length: 200 }, async () => await open()));
  for (const [i, socket] of sockets.entries()) {
    const body = batch(`never-stalled-${i}`);
    await write(socket, head('/v1/batch', `Content-Length: ${body.length}`) + body.slice(0, i % body.length));
  }
  for (let i = 0; i < 10; i++) await expectHealthy();
  for (const socket of sockets) socket.destroy();
  await expectHealthy();
});

/** Bodies of which a part is complete JSON, or a complete member of gzip. */
const BROKEN: Readonly<Record<string, (id: string) => string | Uint8Array>> = {
  plain: (id) => batch(`${id}-1`, `${id}-2`, `${id}-3`),
  'complete, with white space to come': (id) => batch(id) + ' '.repeat(200),
  gzip: (id) => gzipSync(batch(`${id}-1`, `${id}-2`, `${id}-3`)),
  'gzip, complete but for its last byte': (id) => gzipSync(batch(id)),
};

test.each(['with a length', 'in chunks'])('a client that leaves half way leaves nothing that is stored: %s', async (framing) => {
  let number = 0;
  for (const [name, make] of Object.entries(BROKEN)) {
    for (let part = 0; part <= 8; part++) {
      const bytes = Buffer.from(make(`never-${framing === 'in chunks' ? 'c' : 'l'}-${++number}`) as string);
      // All but one byte, at most; of what is complete earlier, all of that.
      const length = name.includes('last byte') ? bytes.byteLength - 1 - part : Math.floor(((bytes.byteLength - 1) * part) / 8);
      const sent = bytes.subarray(0, length);
      const socket = await open();
      if (framing === 'in chunks') {
        await write(socket, head('/v1/batch', 'Transfer-Encoding: chunked'));
        if (length > 0) await write(socket, Buffer.concat([Buffer.from(`${length.toString(16)}\r\n`), sent, Buffer.from('\r\n')]));
      } else {
        await write(socket, head('/v1/batch', `Content-Length: ${bytes.byteLength}`));
        await write(socket, sent);
      }
      if (part % 2 === 0) socket.destroy();
      else socket.resetAndDestroy();
    }
    await expectHealthy();
  }
});

test('a client that ends its side half way is refused', async () => {
  const body = batch('never-ended');
  const socket = await open();
  socket.end(head('/v1/batch', `Content-Length: ${body.length}`) + body.slice(0, -1));
  const answers = await statuses(socket, 1);
  expect(answers.every((status) => status === 400)).toBe(true);
  await expectHealthy();
});

test('a client that leaves before its answer has its events stored as a whole or not at all', async () => {
  const ids = Array.from({ length: 20 }, (_, i) => `unread-${i}`);
  for (const id of ids) {
    const body = batch(`${id}-a`, `${id}-b`);
    const socket = await open();
    await write(socket, head('/v1/batch', `Content-Length: ${body.length}`) + body);
    socket.destroy();
  }
  await expectHealthy();
});

test.each([
  ['a chunk that is longer than it says', '3\r\nabcdef\r\n0\r\n\r\n'],
  ['a chunk of no size', 'zz\r\nabc\r\n0\r\n\r\n'],
  ['a chunk of a size beyond all numbers', 'ffffffffffffffffff\r\nabc'],
])('%s is refused', async (_, chunks) => {
  const socket = await open();
  socket.write(head('/v1/batch', 'Transfer-Encoding: chunked') + chunks);
  expect((await statuses(socket, 1)).filter((status) => status < 400 || status >= 500)).toEqual([]);
  await expectHealthy();
});

test('requests one behind the other on a connection are answered in their order', async () => {
  const socket = await open();
  const bodies = Array.from({ length: 20 }, (_, i) => (i % 5 === 4 ? '{' : batch(`pipelined-${i}`)));
  socket.write(bodies.map((body) => head('/v1/batch', `Content-Length: ${body.length}`) + body).join(''));
  expect(await statuses(socket, 20)).toEqual(bodies.map((body) => (body === '{' ? 400 : 200)));
});

test('of 200 connections at once each is answered, and what is said to be stored is', async () => {
  const answers = await Promise.all(
    Array.from({ length: 200 }, async (_, i) => {
      const body = batch(`parallel-${i}`);
      const socket = await open();
      socket.write(head('/v1/batch', `Content-Length: ${body.length}`) + body);
      return await statuses(socket, 1);
    }),
  );
  expect(answers.flat()).toHaveLength(200);
  expect([...new Set(answers.flat())].filter((status) => ![200, 429, 503].includes(status))).toEqual([]);
  const landed = await ground.landed();
  for (const [i, [status]] of answers.entries()) if (status === 200) expect(landed).toContain(`"message_id":"parallel-${i}"`);
  await expectHealthy();
});

test('after all of them nothing half is stored, and the edge has not complained', async () => {
  for (const socket of opened) socket.destroy();
  // Ends when nothing is in flight any more.
  await ground.stop();
  const lines = linesOf(await ground.landed());
  const ids = lines.flatMap((line) => ('event' in line ? [line.event.message_id] : []));
  expect(ids.filter((id) => id.startsWith('never'))).toEqual([]);
  expect(lines.filter((line) => 'failed' in line && line.failed.payload?.includes('never'))).toEqual([]);
  expect(ids).toContain('stalled-then-whole');
  for (let i = 0; i < 20; i++) expect(ids.includes(`unread-${i}-a`)).toBe(ids.includes(`unread-${i}-b`));
  expect(new Set(ids).size).toBe(ids.length);
  // Each delivery holds what its header counts.
  let left = 0;
  for (const line of lines) {
    if ('delivery' in line) {
      expect(left).toBe(0);
      left = line.delivery.count;
    } else left--;
  }
  expect(left).toBe(0);
  expect(ground.log).toEqual([]);
});
