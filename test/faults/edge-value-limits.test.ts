import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { useEdge } from './embedded-edge.ts';
import { BATCH_BYTES, bytesOf, type Event, keyOf, nextNumber, padded, reasonOf, track } from './edge-limits.ts';

const ground = useEdge('value-limits');

const storedOf = async (event: Event, headers: Record<string, string> = keyOf(ground, { importing: false })) => {
  const { events } = await ground.send({ path: '/v1/track', body: JSON.stringify(event), headers });
  expect(events).toHaveLength(1);
  return events[0]!;
};
const clickIdsOf = async (length: number) =>
  (await storedOf(track({ context: { clickIds: { gclid: 'x'.repeat(length) } } }))).click_ids.length;

const engagedSecondsOf = async (value: number) => (await storedOf(track({ properties: { engaged_seconds: value } }))).engaged_seconds;

const sequenceOf = async (value: number) => (await storedOf(track({ sequence: value }))).sequence;

const importedAt = async (timestamp: unknown) => {
  const body = JSON.stringify({ batch: [track({ timestamp })] });
  const received = await ground.send({ path: '/v1/import', body, headers: keyOf(ground, { importing: true }) });
  return received.events[0]?.occurred_at ?? received.failed[0]!.reason;
};
const inHours = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString();

describe('values', () => {
  test('a user agent is kept up to 1,024 characters, and its beginning of a longer one', async () => {
    const [fits, exceeds] = ['Agent/1.0 '.padEnd(1_024, 'x'), 'Agent/1.0 '.padEnd(1_025, 'x')];
    for (const sent of [fits, exceeds]) {
      expect((await storedOf(track(), { ...keyOf(ground, { importing: false }), 'user-agent': sent })).user_agent).toBe(fits);
      expect((await storedOf(track({ context: { userAgent: sent } }), keyOf(ground, { importing: true }))).user_agent).toBe(fits);
    }
  });

  test('a click id is kept up to 1,024 characters, and a longer one is none', async () => {
    expect([await clickIdsOf(1_024), await clickIdsOf(1_025)]).toEqual([1, 0]);
  });

  test('a page is looked at for a day at most', async () => {
    expect([await engagedSecondsOf(86_400), await engagedSecondsOf(86_401), await engagedSecondsOf(0), await engagedSecondsOf(-1)]).toEqual(
      [86_400, null, 0, null],
    );
  });

  test('an order number is a whole one that JSON numbers keep', async () => {
    expect([
      await sequenceOf(9_007_199_254_740_991),
      await sequenceOf(9_007_199_254_740_992),
      await sequenceOf(-1),
      await sequenceOf(0.5),
    ]).toEqual([9_007_199_254_740_991, null, null, null]);
  });

  test.each([
    ['browser', 30],
    ['server', 366],
  ])('an event of a %s may have waited for %d days', async (kind, days) => {
    const sentAt = Date.parse('2026-06-01T00:00:00.000Z');
    const waitOf = async (wait: number) => {
      const times = { sentAt: new Date(sentAt).toISOString(), originalTimestamp: new Date(sentAt - wait).toISOString() };
      const { received_at: received, occurred_at: occurred } = await storedOf(
        track(times),
        keyOf(ground, { importing: kind === 'server' }),
      );
      return Date.parse(received) - Date.parse(occurred);
    };
    const longest = days * 86_400_000;
    expect([await waitOf(1), await waitOf(longest), await waitOf(longest + 1), await waitOf(-1)]).toEqual([1, longest, 0, 0]);
  });

  test('history lies between 1970 and tomorrow', async () => {
    const tomorrow = inHours(23.9);
    expect(await importedAt('1970-01-01T00:00:00Z')).toBe('1970-01-01T00:00:00.000Z');
    expect(await importedAt(tomorrow)).toBe(tomorrow);
    for (const refused of [
      '1969-12-31T23:59:59.999Z',
      inHours(24.1),
      '9999-12-31T23:59:59Z',
      '+275760-09-13T00:00:00Z',
      '2026-02-30',
      -1,
      null,
    ]) {
      expect([refused, await importedAt(refused)]).toEqual([refused, 'invalid_timestamp']);
    }
  });
});

test('a key of any length is looked up, and only the right one is known', async () => {
  for (const key of ['x', 'demo ', 'demo\u00e4', 'x'.repeat(128), 'x'.repeat(30_000)]) {
    const { status, text, failed } = await ground.send({
      path: '/v1/track',
      body: JSON.stringify(track()),
      headers: { 'x-write-key': key },
    });
    // White space around a header's value is not part of it (RFC 9110 §5.5).
    expect([key.slice(0, 9), status, failed]).toEqual([key.slice(0, 9), key === 'demo ' ? 200 : 401, []]);
    if (status === 401) expect(reasonOf({ text })).toBe('unknown_write_key');
  }
});

const sendHeaderOf = async (length: number) =>
  await ground.send({
    path: '/v1/track',
    body: JSON.stringify(track()),
    headers: { ...keyOf(ground, { importing: false }), 'x-anything': 'x'.repeat(length) },
  });

test('headers of up to 48 KB are taken, and longer ones are refused', async () => {
  expect(await sendHeaderOf(48_000)).toMatchObject({ status: 200, failed: [] });
  expect(await sendHeaderOf(49_152)).toMatchObject({ status: 431, events: [], failed: [] });
});

/** Writes bytes as they are, ends its side and returns all that comes back. */
async function write(...bytes: (string | Uint8Array)[]): Promise<string> {
  const { hostname, port } = new URL(ground.edge.url);
  const socket = connect(Number(port), hostname);
  let answer = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => void (answer += chunk));
  socket.on('error', () => socket.destroy());
  for (const part of bytes) socket.write(part);
  const limit = setTimeout(() => socket.destroy(new Error('no end of the connection')), 20_000);
  await once(socket, 'close');
  clearTimeout(limit);
  return answer;
}

const head = (...headers: string[]) =>
  ['POST /v1/batch HTTP/1.1', 'Host: edge', 'X-Write-Key: demo', 'Connection: close', ...headers, '', ''].join('\r\n');

const statusesOf = (answer: string) => Array.from(answer.matchAll(/HTTP\/1\.1 (\d{3}) /g), ([, status]) => status);

const batchOf = (event: Event) => JSON.stringify({ batch: [event] });

describe('a length that is not true', () => {
  test('and is too small leaves nothing that could be stored', async () => {
    const body = batchOf(track({ messageId: 'cut-body' }));
    const answer = await write(head(`Content-Length: ${bytesOf(body) - 1}`), body);
    expect(statusesOf(answer)[0]).toBe('400');
    expect(await ground.landed()).not.toContain('"message_id":"cut-body"');
  });

  test('and is within the limit lets nothing through that is not', async () => {
    const id = `hidden-${nextNumber()}`;
    const body = padded('', BATCH_BYTES) + batchOf(track({ messageId: id }));
    const answer = await write(head(`Content-Length: ${BATCH_BYTES}`), body);
    expect(statusesOf(answer)[0]).toBe('400');
    expect(await ground.landed()).not.toContain(id);
  });

  test('and is above the limit is believed only when so much has come', async () => {
    const answer = await write(head(`Content-Length: ${BATCH_BYTES + 1}`), padded(batchOf(track()), BATCH_BYTES + 1));
    expect([statusesOf(answer), answer.includes('body_too_large')]).toEqual([['413'], true]);
  });

  test.each([
    ['two lengths', 'Content-Length: 10\r\nContent-Length: 11'],
    ['a length beside a transfer encoding', 'Content-Length: 10\r\nTransfer-Encoding: chunked'],
    ['a negative one', 'Content-Length: -1'],
    ['one that is no number', 'Content-Length: 1e3'],
    ['one beyond all numbers', 'Content-Length: 99999999999999999999999'],
    ['an unknown transfer encoding', 'Transfer-Encoding: gzip'],
  ])('by %s is refused before anything is read', async (_, headers) => {
    const id = `smuggled-${nextNumber()}`;
    const answer = await write(head(...headers.split('\r\n')), `5\r\n{"a":\r\n0\r\n\r\n${head()}${batchOf(track({ messageId: id }))}`);
    expect(statusesOf(answer)[0]).toBe('400');
    expect(await ground.landed()).not.toContain(id);
  });
});

test('nothing of all that was an error of the edge', () => {
  expect(ground.log).toEqual([]);
});
