import { constants, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { useEdge } from './embedded-edge.ts';
import {
  ADDRESS,
  BATCH_BYTES,
  BATCH_EVENTS,
  expectClean,
  HASH,
  IMPORT_BYTES,
  IMPORT_EVENTS,
  keyOf,
  nextNumber,
  padded,
  PAYLOAD_BYTES,
  post,
  reasonOf,
  resultsOf,
  ROUTES,
  track,
  WAYS,
} from './edge-limits.ts';

const ground = useEdge('body-limits');

const BODY_LIMITS = [
  ...Object.values(ROUTES)
    .filter(({ importing }) => !importing)
    .map((route) => ({ ...route, most: BATCH_BYTES })),
  { ...ROUTES['/v1/import']!, most: IMPORT_BYTES },
];

test.each(BODY_LIMITS)(
  'a body of $most bytes is taken at $path, and one of a byte more is refused and kept, however it travels',
  async (route) => {
    for (const [name, way] of Object.entries(WAYS)) {
      const mark = name === 'with a byte order mark' ? 3 : 0;
      const event = track({ properties: { text: 'ä€😀' }, leak: ADDRESS });
      const taken = route.body(event);
      const stored = await post(ground, route, way, padded(taken.body, route.most - mark));
      const wanted = taken.others.toSpliced(taken.position, 0, String(event['messageId']));
      expect([name, stored.status, stored.events.map(({ message_id: id }) => id)]).toEqual([name, 200, wanted]);

      const refused = await post(ground, route, way, padded(route.body(event).body, route.most - mark + 1));
      expect([name, refused.status, reasonOf(refused), refused.events]).toEqual([name, 413, 'body_too_large', []]);
      expect(refused.failed).toMatchObject([{ reason: 'body_too_large', position: null, message_id: null }]);
      expect(refused.failed[0]!.payload).toContain(HASH);
      expectClean(refused);
    }
  },
);

const sendWithoutHeader = (body: string | Uint8Array) => ground.send({ path: '/v1/track', body });

test('a body that is too large and has its key inside is refused without anybody to keep it for', async () => {
  const text = JSON.stringify({ ...track(), writeKey: 'demo' });
  expect((await sendWithoutHeader(padded(text, BATCH_BYTES))).events).toHaveLength(1);
  for (const body of [padded(text, BATCH_BYTES + 1), gzipSync(padded(text, BATCH_BYTES + 1))]) {
    const { status, events, failed } = await sendWithoutHeader(body);
    expect([status, events, failed]).toEqual([413, [], []]);
  }
});

/** Gzip that is as long as is wanted, whatever is in it: its header has a comment (RFC 1952 §2.3). */
function gzipOfBytes(text: string, bytes: number, level: number): Buffer {
  const bare = gzipSync(text, { level });
  const comment = Buffer.alloc(bytes - bare.byteLength - 1, 'c');
  const header = Buffer.from(bare.subarray(0, 10));
  header[3] = 0x10;
  const gzip = Buffer.concat([header, comment, Buffer.alloc(1), bare.subarray(10)]);
  expect(gzip.byteLength).toBe(bytes);
  return gzip;
}

test.each(BODY_LIMITS)(
  '$most bytes on the wire are taken at $path, and a byte more is refused, though little is in them',
  async (route) => {
    for (const isChunked of [false, true]) {
      const send = (body: Uint8Array) => ground.send({ path: route.path, body, isChunked, headers: keyOf(ground, route) });
      const stored = await send(gzipOfBytes(route.body(track()).body, route.most, constants.Z_DEFAULT_COMPRESSION));
      expect([stored.status, stored.events.length > 0, stored.failed]).toEqual([200, true, []]);
      const refused = await send(gzipOfBytes(route.body(track()).body, route.most + 1, constants.Z_DEFAULT_COMPRESSION));
      expect([refused.status, reasonOf(refused), refused.events]).toEqual([413, 'body_too_large', []]);
      expect(refused.failed).toMatchObject([
        { reason: 'body_too_large', payload: expect.stringMatching(/^\(\d+ bytes that are not UTF-8\)$/) },
      ]);
    }
  },
);

test.each([
  { path: '/v1/batch', importing: false, most: BATCH_EVENTS },
  { path: '/v1/import', importing: true, most: IMPORT_EVENTS },
])('$most events are taken at $path, and one more is refused as a whole and kept, however they travel', async (route) => {
  for (const [name, way] of Object.entries(WAYS)) {
    // Copies of one: what is counted is what was sent.
    const [event, last] = [track({ leak: undefined }), track()];
    const batch = (count: number) =>
      JSON.stringify({ leak: ADDRESS, batch: Array.from({ length: count }, (_, i) => (i === count - 1 ? last : event)) });
    const stored = await post(ground, route, way, batch(route.most));
    expect([name, stored.status, stored.failed]).toEqual([name, 200, []]);
    expect(resultsOf(stored).map(({ status }) => status)).toEqual([
      'ok',
      ...Array.from({ length: route.most - 2 }, () => 'duplicate'),
      'ok',
    ]);
    expect(stored.events.map((row) => row.message_id)).toEqual([event['messageId'], last['messageId']]);

    const refused = await post(ground, route, way, batch(route.most + 1));
    expect([name, refused.status, reasonOf(refused), refused.events]).toEqual([name, 413, 'too_many_events', []]);
    expect(refused.failed).toMatchObject([
      { reason: 'too_many_events', position: null, detail: expect.stringContaining(`${route.most + 1} events`) },
    ]);
    expectClean(refused);
  }
});

test('2,000 different events of one batch are all stored', async () => {
  const batch = Array.from({ length: BATCH_EVENTS }, () => ({ type: 'page', anonymousId: 'a', messageId: `m-${nextNumber()}` }));
  const { events } = await ground.send({
    path: '/v1/batch',
    body: JSON.stringify({ batch }),
    headers: keyOf(ground, { importing: false }),
  });
  expect(events.map((event) => event.message_id)).toEqual(batch.map((event) => event.messageId));
});

const keptOf = async (body: string) => {
  const { status, failed } = await ground.send({ path: '/v1/batch', body, headers: { 'x-write-key': 'demo' } });
  expect([status, failed.length]).toEqual([400, 1]);
  return failed[0]!.payload!;
};

describe('what is kept of a refused body', () => {
  test.each(['x', 'ä', '€', '😀'])('is all of it up to 32 KB in %s, and whole characters of more', async (character) => {
    const each = Buffer.byteLength(character);
    const whole = `{${'.'.repeat((PAYLOAD_BYTES - 1) % each)}${character.repeat(Math.floor((PAYLOAD_BYTES - 1) / each))}`;
    expect(Buffer.byteLength(whole)).toBe(PAYLOAD_BYTES);
    expect(await keptOf(whole)).toBe(whole);
    expect(await keptOf(whole + character)).toBe(whole);
    const shifted = `{.${whole.slice(1)}`;
    // A byte later the last character does not fit any more.
    expect(await keptOf(shifted)).toBe(shifted.slice(0, -character.length));
    expect(Buffer.byteLength(await keptOf(whole.repeat(10)))).toBeLessThanOrEqual(PAYLOAD_BYTES);
  });

  test('holds no half of an address, wherever the cut is', async () => {
    for (let at = PAYLOAD_BYTES - ADDRESS.length - 2; at <= PAYLOAD_BYTES + 2; at++) {
      expect(await keptOf(`{${' '.repeat(at)}${ADDRESS} and more`)).not.toContain('limit-leak');
    }
    for (let at = 2 * PAYLOAD_BYTES - ADDRESS.length - 2; at <= 2 * PAYLOAD_BYTES + 2; at++) {
      expect(await keptOf(`{${'e'.repeat(100)} ${ADDRESS} ${'😀'.repeat(7_000)}${' '.repeat(at - 14_150)}${ADDRESS}`)).not.toContain(
        'limit-leak',
      );
    }
  });
});

test('nothing of all that was an error of the edge', () => {
  expect(ground.log).toEqual([]);
});
