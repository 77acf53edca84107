import { connect } from 'node:net';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { constants, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { type Received, type Result, type Sent, useEdge } from './embedded-edge.ts';

// Every limit is written down here once more: who changes one has to change both.
const EVENT_BYTES = 32_768;
const BATCH_BYTES = 512_000;
const IMPORT_BYTES = 5_242_880;
const BATCH_EVENTS = 2_000;
const IMPORT_EVENTS = 20_000;
const DEPTH = 100;
const MEMBERS = 4_000;
const PAYLOAD_BYTES = 32_768;
const LONGEST_ID = 256;

const ground = useEdge('limits');
const bytesOf = (value: unknown) => Buffer.byteLength(typeof value === 'string' ? value : JSON.stringify(value));
const ADDRESS = 'limit-leak@victim.example';
const HASH = createHash('sha256').update(ADDRESS).digest('hex');
let made = 0;

type Event = Record<string, unknown>;
const track = (more: Event = {}): Event => ({
  type: 'track',
  event: 'Clicked',
  anonymousId: 'a-1',
  messageId: `m-${++made}`,
  // Imports need it; live ones may have it.
  timestamp: '2026-01-31T09:30:00Z',
  ...more,
});

/** The event with a text in it that makes it as long as is wanted, in bytes of UTF-8; what one character cannot fill is ASCII. */
function ofBytes(bytes: number, character: string, event: Event = track({ leak: ADDRESS })): Event {
  const left = bytes - bytesOf({ ...event, properties: { pad: '' } });
  const each = bytesOf(character) + (character === '"' ? 1 : 0);
  const whole = { ...event, properties: { pad: character.repeat(Math.floor(left / each)) + '.'.repeat(left % each) } };
  expect(bytesOf(whole)).toBe(bytes);
  return whole;
}

/** Containers in containers; one of one level is `{}` itself. */
function nested(levels: number, isArray = false): unknown {
  let value: unknown = isArray ? [] : {};
  for (let level = 1; level < levels; level++) value = isArray ? [value] : { a: value };
  return value;
}

/** An event with so many members and items through all its levels. */
function ofMembers(count: number): Event {
  const event = track({ properties: { list: [] as number[], leak: ADDRESS } });
  const own = Object.keys(event).length + 2;
  return { ...event, properties: { list: Array.from({ length: count - own }, () => 0), leak: ADDRESS } };
}

/** How a body may travel. */
type Way = (body: string) => Pick<Sent, 'headers' | 'body' | 'isChunked'>;
const JSON_TYPE = { 'content-type': 'application/json' };
const WAYS: Readonly<Record<string, Way>> = {
  plain: (body) => ({ body, headers: JSON_TYPE }),
  'no content type': (body) => ({ body }),
  'text/plain': (body) => ({ body, headers: { 'content-type': 'text/plain;charset=UTF-8' } }),
  'a form that is none': (body) => ({ body, headers: { 'content-type': 'application/x-www-form-urlencoded' } }),
  chunked: (body) => ({ body, headers: JSON_TYPE, isChunked: true }),
  'with a byte order mark': (body) => ({ body: `\uFEFF${body}`, headers: JSON_TYPE }),
  'labelled as gzip, but plain': (body) => ({ body, headers: { ...JSON_TYPE, 'content-encoding': 'gzip' } }),
  'gzip by header': (body) => ({ body: gzipSync(body), headers: { ...JSON_TYPE, 'content-encoding': 'gzip' } }),
  'gzip by magic bytes': (body) => ({ body: gzipSync(body), headers: JSON_TYPE }),
  'gzip labelled as a form': (body) => ({
    body: gzipSync(body),
    headers: { 'content-type': 'application/x-www-form-urlencoded', 'content-encoding': 'gzip' },
  }),
  'gzip, chunked': (body) => ({ body: gzipSync(body), headers: { 'content-encoding': 'x-gzip' }, isChunked: true }),
};

interface Route {
  readonly path: string;
  readonly importing: boolean;
  /** The body with the event in it, beside others where the route takes them. */
  readonly body: (event: unknown) => { body: string; others: readonly string[]; position: number };
}

const single = (event: unknown) => ({ body: JSON.stringify(event), others: [], position: 0 });
const amongOthers = (event: unknown) => {
  const [before, after] = [track(), track()];
  return {
    body: JSON.stringify({ batch: [before, event, after] }),
    others: [before['messageId'], after['messageId']] as string[],
    position: 1,
  };
};
const ROUTES: Readonly<Record<string, Route>> = {
  '/v1/track': { path: '/v1/track', importing: false, body: single },
  '/v1/batch': { path: '/v1/batch', importing: false, body: amongOthers },
  '/v1/import': { path: '/v1/import', importing: true, body: amongOthers },
};
const keyOf = ({ importing }: Pick<Route, 'importing'>) => ({ 'x-write-key': importing ? ground.serverKey : 'demo' });

async function post(route: Pick<Route, 'path' | 'importing'>, way: Way, body: string): Promise<Received> {
  const { headers, ...sent } = way(body);
  return await ground.send({ path: route.path, ...sent, headers: { ...keyOf(route), ...headers } });
}

const resultsOf = ({ text }: Received) => (JSON.parse(text) as { results: Result[] }).results;

interface EventLimit {
  readonly name: string;
  readonly fits: () => Event;
  readonly exceeds: () => Event;
  readonly reason: string;
  readonly path?: string;
}

const ids = [
  ['messageId', 'x'],
  ['messageId', 'ä'],
  ['messageId', '😀'],
  ['anonymousId', '€'],
  ['userId', 'ä'],
  ['previousId', 'x'],
  ['groupId', '😀'],
].map(([path, character]): EventLimit => ({
  name: `${LONGEST_ID} characters of ${path!} in ${character!}`,
  fits: () => track({ [path!]: unique(character!, LONGEST_ID) }),
  exceeds: () => track({ [path!]: unique(character!, LONGEST_ID + 1) }),
  reason: 'invalid_value',
  path: path!,
}));

/** A text of so many characters (not UTF-16 units) that no other event has. */
function unique(character: string, characters: number): string {
  const name = `${++made}-`;
  return name + character.repeat(characters - name.length);
}

const EVENT_LIMITS: readonly EventLimit[] = [
  ...['x', 'ä', '€', '😀', '"', '\u2028'].map((character) => ({
    name: `${EVENT_BYTES} bytes in ${JSON.stringify(character)}`,
    fits: () => ofBytes(EVENT_BYTES, character),
    exceeds: () => ofBytes(EVENT_BYTES + 1, character),
    reason: 'event_too_large',
  })),
  ...[false, true].map((isArray) => ({
    name: `${DEPTH} levels of ${isArray ? 'arrays' : 'objects'}`,
    // The event itself and its properties are the first two levels.
    fits: () => track({ properties: { a: nested(DEPTH - 2, isArray) }, leak: ADDRESS }),
    exceeds: () => track({ properties: { a: nested(DEPTH - 1, isArray) }, leak: ADDRESS }),
    reason: 'too_deep',
  })),
  {
    name: `${MEMBERS} members and items`,
    fits: () => ofMembers(MEMBERS),
    exceeds: () => ofMembers(MEMBERS + 1),
    reason: 'too_many_members',
  },
  ...ids,
  {
    name: `${LONGEST_ID} characters of an event's name, white space around it left out`,
    fits: () => track({ event: `  ${'ä'.repeat(LONGEST_ID)}\n` }),
    exceeds: () => track({ event: `  ${'ä'.repeat(LONGEST_ID + 1)}\n` }),
    reason: 'invalid_value',
    path: 'event',
  },
  {
    name: 'the largest number that JSON numbers keep, as an id',
    fits: () => track({ userId: 9_007_199_254_740_991 }),
    exceeds: () => track({ userId: 9_007_199_254_740_992 }),
    reason: 'unsafe_number',
    path: 'userId',
  },
];

describe.each(Object.entries(ROUTES))('an event at %s', (_, route) => {
  test.each(EVENT_LIMITS)('of at most $name is stored, and one of more is refused and kept, however it travels', async (limit) => {
    for (const [name, way] of Object.entries(WAYS)) {
      const fitting = limit.fits();
      const taken = route.body(fitting);
      const stored = await post(route, way, taken.body);
      const wanted = taken.others.toSpliced(taken.position, 0, String(fitting['messageId']));
      expect([name, stored.status, resultsOf(stored).map(({ status }) => status)]).toEqual([name, 200, wanted.map(() => 'ok')]);
      expect([name, stored.events.map((event) => event.message_id), stored.failed]).toEqual([name, wanted, []]);

      const exceeding = limit.exceeds();
      const { body, others, position } = route.body(exceeding);
      const refused = await post(route, way, body);
      expect([name, refused.status]).toEqual([name, 200]);
      const { reason, path } = limit;
      expect(resultsOf(refused)[position]).toMatchObject({ status: 'rejected', reason, ...(path !== undefined && { path }) });
      expect([name, refused.events.map((event) => event.message_id)]).toEqual([name, others]);
      expect(refused.failed).toMatchObject([{ position, reason, path: path ?? null }]);
      // Of an id that is too long the beginning.
      expect(refused.failed[0]!.message_id!.slice(0, 200)).toBe(String(exceeding['messageId']).slice(0, 200));
      expectClean(refused);
    }
  });
});

/** What is kept of a refused event or body is within its own limit and holds no address. */
function expectClean({ failed }: Received): void {
  const { payload } = failed[0]!;
  expect(Buffer.byteLength(payload!)).toBeLessThanOrEqual(PAYLOAD_BYTES);
  expect(payload).not.toContain('limit-leak');
}

const pixel = (event: unknown) =>
  ground.send({
    method: 'GET',
    path: `/v1/pixel/track?data=${Buffer.from(JSON.stringify(event)).toString('base64url')}`,
    headers: { 'x-write-key': 'demo' },
  });

test.each(EVENT_LIMITS)('a pixel of at most $name is stored, and one of more is refused and kept behind the image', async (limit) => {
  const fitting = limit.fits();
  const stored = await pixel(fitting);
  expect([stored.status, stored.type, stored.failed]).toEqual([200, 'image/gif', []]);
  expect(stored.events.map((event) => event.message_id)).toEqual([String(fitting['messageId'])]);
  const refused = await pixel(limit.exceeds());
  expect([refused.status, refused.type, refused.events]).toEqual([200, 'image/gif', []]);
  expect(refused.failed).toMatchObject([{ position: 0, reason: limit.reason, path: limit.path ?? null }]);
  expectClean(refused);
});

const sendMembers = async (query: string) =>
  await ground.send({ method: 'GET', path: `/pixel/v1/track?writeKey=demo&anonymousId=a&event=E&${query}` });

const deepMember = (levels: number) => `${Array.from({ length: levels }, () => 'a').join('.')}=1`;

const longMember = (bytes: number) => `pad=${'x'.repeat(bytes - bytesOf({ anonymousId: 'a', event: 'E', pad: '' }))}`;

test('a pixel that is written member by member has the same limits', async () => {
  for (const [fits, exceeds, reason] of [
    [deepMember(DEPTH), deepMember(DEPTH + 1), 'too_deep'],
    // Which 4,000 members have before they are as many.
    [longMember(EVENT_BYTES), longMember(EVENT_BYTES + 1), 'event_too_large'],
  ] as const) {
    const stored = await sendMembers(fits);
    expect([reason, stored.events.length, stored.failed]).toEqual([reason, 1, []]);
    const refused = await sendMembers(exceeds);
    expect(refused.events).toEqual([]);
    expect(refused.failed).toMatchObject([{ reason, position: 0 }]);
  }
});

/** Bodies that are as long as is wanted because of the white space around the event. */
const padded = (text: string, bytes: number) => text + ' '.repeat(bytes - bytesOf(text));
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
      const stored = await post(route, way, padded(taken.body, route.most - mark));
      const wanted = taken.others.toSpliced(taken.position, 0, String(event['messageId']));
      expect([name, stored.status, stored.events.map(({ message_id: id }) => id)]).toEqual([name, 200, wanted]);

      const refused = await post(route, way, padded(route.body(event).body, route.most - mark + 1));
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

const reasonOf = ({ text }: Pick<Received, 'text'>) => (JSON.parse(text) as { reason?: string }).reason;

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
      const send = (body: Uint8Array) => ground.send({ path: route.path, body, isChunked, headers: keyOf(route) });
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
    const stored = await post(route, way, batch(route.most));
    expect([name, stored.status, stored.failed]).toEqual([name, 200, []]);
    expect(resultsOf(stored).map(({ status }) => status)).toEqual([
      'ok',
      ...Array.from({ length: route.most - 2 }, () => 'duplicate'),
      'ok',
    ]);
    expect(stored.events.map((row) => row.message_id)).toEqual([event['messageId'], last['messageId']]);

    const refused = await post(route, way, batch(route.most + 1));
    expect([name, refused.status, reasonOf(refused), refused.events]).toEqual([name, 413, 'too_many_events', []]);
    expect(refused.failed).toMatchObject([
      { reason: 'too_many_events', position: null, detail: expect.stringContaining(`${route.most + 1} events`) },
    ]);
    expectClean(refused);
  }
});

test('2,000 different events of one batch are all stored', async () => {
  const batch = Array.from({ length: BATCH_EVENTS }, () => ({ type: 'page', anonymousId: 'a', messageId: `m-${++made}` }));
  const { events } = await ground.send({ path: '/v1/batch', body: JSON.stringify({ batch }), headers: keyOf({ importing: false }) });
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

const storedOf = async (event: Event, headers: Record<string, string> = keyOf({ importing: false })) => {
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
  const received = await ground.send({ path: '/v1/import', body, headers: keyOf({ importing: true }) });
  return received.events[0]?.occurred_at ?? received.failed[0]!.reason;
};
const inHours = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString();

describe('values', () => {
  test('a user agent is kept up to 1,024 characters, and its beginning of a longer one', async () => {
    const [fits, exceeds] = ['Agent/1.0 '.padEnd(1_024, 'x'), 'Agent/1.0 '.padEnd(1_025, 'x')];
    for (const sent of [fits, exceeds]) {
      expect((await storedOf(track(), { ...keyOf({ importing: false }), 'user-agent': sent })).user_agent).toBe(fits);
      expect((await storedOf(track({ context: { userAgent: sent } }), keyOf({ importing: true }))).user_agent).toBe(fits);
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

  test('an event may have waited for 366 days', async () => {
    const sentAt = Date.parse('2026-06-01T00:00:00.000Z');
    const waitOf = async (wait: number) => {
      const times = { sentAt: new Date(sentAt).toISOString(), originalTimestamp: new Date(sentAt - wait).toISOString() };
      const { received_at: received, occurred_at: occurred } = await storedOf(track(times));
      return Date.parse(received) - Date.parse(occurred);
    };
    const longest = 366 * 86_400_000;
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
    headers: { ...keyOf({ importing: false }), 'x-anything': 'x'.repeat(length) },
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
    const id = `hidden-${++made}`;
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
    const id = `smuggled-${++made}`;
    const answer = await write(head(...headers.split('\r\n')), `5\r\n{"a":\r\n0\r\n\r\n${head()}${batchOf(track({ messageId: id }))}`);
    expect(statusesOf(answer)[0]).toBe('400');
    expect(await ground.landed()).not.toContain(id);
  });
});

test('nothing of all that was an error of the edge', () => {
  expect(ground.log).toEqual([]);
});
