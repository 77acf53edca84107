import { describe, expect, test } from 'vitest';
import { useEdge } from './embedded-edge.ts';
import {
  ADDRESS,
  ALL_ROUTES,
  BATCH_BYTES,
  bytesOf,
  DEPTH,
  type Event,
  EVENT_BYTES,
  expectClean,
  IMPORT_BYTES,
  LONGEST_ID,
  MEMBERS,
  nextNumber,
  ofBytes,
  padded,
  post,
  reasonOf,
  resultsOf,
  ROUTES,
  single,
  track,
  TYPES,
  WAYS,
} from './edge-limits.ts';

const ground = useEdge('event-limits');

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
  const name = `${nextNumber()}-`;
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
      const stored = await post(ground, route, way, taken.body);
      const wanted = taken.others.toSpliced(taken.position, 0, String(fitting['messageId']));
      expect([name, stored.status, resultsOf(stored).map(({ status }) => status)]).toEqual([name, 200, wanted.map(() => 'ok')]);
      expect([name, stored.events.map((event) => event.message_id), stored.failed]).toEqual([name, wanted, []]);

      const exceeding = limit.exceeds();
      const { body, others, position } = route.body(exceeding);
      const refused = await post(ground, route, way, body);
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

/** An event that has what any type asks for. */
const complete = (type: string | undefined) =>
  track({ type, userId: 'u-1', previousId: 'u-0', groupId: 'g-1', name: 'Home', leak: ADDRESS });

/** Routes of one event say its type, in a batch it does so itself. */
const eventFor = ({ body, type }: (typeof ALL_ROUTES)[number]) => complete(body === single ? undefined : type);

test.each(ALL_ROUTES)('$path has the limits of an event and of a body, packed and not', async (route) => {
  for (const way of [WAYS['plain']!, WAYS['gzip by header']!]) {
    const fitting = ofBytes(EVENT_BYTES, '€', eventFor(route));
    const taken = route.body(fitting);
    const stored = await post(ground, route, way, taken.body);
    const ids = taken.others.toSpliced(taken.position, 0, String(fitting['messageId']));
    expect([stored.status, stored.events.map(({ message_id: id }) => id), stored.failed]).toEqual([200, ids, []]);
    expect(stored.events[taken.position]!.type).toBe(route.type);

    const { body, others, position } = route.body(ofBytes(EVENT_BYTES + 1, '€', eventFor(route)));
    const refused = await post(ground, route, way, body);
    expect([refused.status, refused.events.map(({ message_id: id }) => id)]).toEqual([200, others]);
    expect(refused.failed).toMatchObject([{ position, reason: 'event_too_large' }]);
    expectClean(refused);
  }
  const most = route.importing ? IMPORT_BYTES : BATCH_BYTES;
  const { body } = route.body(eventFor(route));
  expect((await post(ground, route, WAYS['chunked']!, padded(body, most))).events.length).toBeGreaterThan(0);
  const refused = await post(ground, route, WAYS['gzip by magic bytes']!, padded(body, most + 1));
  expect([refused.status, reasonOf(refused), refused.events, refused.failed.length]).toEqual([413, 'body_too_large', [], 1]);
});

const pixel = (event: unknown, path = '/v1/pixel/track') =>
  ground.send({
    method: 'GET',
    path: `${path}?data=${Buffer.from(JSON.stringify(event)).toString('base64url')}`,
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

test.each(
  ['/v1/pixel', '/pixel/v1'].flatMap((root) =>
    TYPES.flatMap((type) => [type, type.charAt(0), `${type}.gif`].map((name) => ({ path: `${root}/${name}`, type }))),
  ),
)('the image $path has the limit of an event', async ({ path, type }) => {
  const fitting = ofBytes(EVENT_BYTES, 'ä', complete(undefined));
  const stored = await pixel(fitting, path);
  expect(stored.events.map(({ message_id: id, type: of }) => [id, of])).toEqual([[fitting['messageId'], type]]);
  const refused = await pixel(ofBytes(EVENT_BYTES + 1, 'ä', complete(undefined)), path);
  expect([stored.status, stored.type, refused.status, refused.type, refused.events]).toEqual([200, 'image/gif', 200, 'image/gif', []]);
  expect(refused.failed).toMatchObject([{ reason: 'event_too_large' }]);
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

test('nothing of all that was an error of the edge', () => {
  expect(ground.log).toEqual([]);
});
