import { expect, test } from 'vitest';
import { batches } from '../../test/bench/edge/events.ts';
import { Random } from '../../test/simulator/random.ts';
import { LINE_END, toOpenLines } from '../contract/delivery.ts';
import { EventRow, storedEvent, type Written } from '../contract/event-row.ts';
import { parseInstant } from './clock.ts';
import { collect } from './collect.ts';
import type { Surroundings } from './enrich.ts';
import { rowOf } from './testing/row-of.ts';

const browser: Surroundings = {
  key: { id: 'wk_"1"', kind: 'browser', verified: true },
  channel: 'live',
  receivedAt: parseInstant('2026-11-24T12:00:00.000Z')!,
  sentAt: parseInstant('2026-11-24T11:59:59.000Z'),
  request: { ip: null, userAgent: 'UA "\\" 😀', country: 'DE', region: null, city: 'Köln', timezone: null },
  ipHasher: undefined,
};
const PACKING = { edge_instance: 'i-1', edge_sequence: 7 };

/** Shared by all events of a browser's request; of a server's each event has its own. */
test.each(['browser', 'server'] as const)("the line of each event of a %s's request is its row, each column once", async (kind) => {
  const surroundings = { ...browser, key: { ...browser.key, kind } };
  for (const body of batches(40, 10, 'bench')) {
    const { batch } = JSON.parse(body) as { batch: { context: object }[] };
    const sent = batch.map((event, i) => ({
      ...event,
      context: { ...event.context, userAgent: `UA ${i % 3}`, location: { city: `"${i}"` } },
    }));
    const { events } = await collect(sent, surroundings);
    const lines = toOpenLines(events, []).map((line) => `${line},"edge_instance":"i-1","edge_sequence":7${LINE_END}`);
    expect(lines).toHaveLength(events.length);
    for (const [i, line] of lines.entries()) {
      const row = { ...rowOf(events[i]!), ...PACKING };
      const { event } = JSON.parse(line) as { event: Written<EventRow> };
      // JSON.parse keeps the last of equal names: written again the line would be shorter.
      expect(line).toBe(`{"event":${JSON.stringify(event)}}\n`);
      expect(storedEvent(event)).toEqual(row);
      expect(EventRow.parse(row)).toEqual(row);
      expect(Object.keys(row).toSorted()).toEqual(Object.keys(EventRow.shape).toSorted());
    }
  }
});

/** Members that a client may send with the context, and those of the message that go there. */
const CONTEXTS: readonly object[] = [
  {},
  { landing: { url: 'https://www.shop.example/?gclid=G-1', referrer: '' } },
  { landing: { url: 'https://www.shop.example/?gclid=G-2', referrer: '' } },
  { landing: { referrer: '', url: 'https://www.shop.example/?gclid=G-2' } },
  { consent: 'denied', clickIds: { gclid: 'G-3' } },
  { clickIds: [{ name: 'gclid', value: 'G-3' }] },
  { campaign: { source: 'x', more: [1, { a: -0 }] } },
  { campaign: { source: 'x', more: [1, { a: '0' }] } },
  { list: [] },
  { list: {} },
  { list: null },
  JSON.parse('{"__proto__":{"a":1}}') as object,
  JSON.parse('{"__proto__":{"a":2}}') as object,
  { toString: 1 },
  { internal: true },
  { timezone: 'Asia/Tokyo', gaClientId: '1.2', library: { name: 'a' } },
];
const PAGES: readonly object[] = [
  {},
  { page: { url: 'https://www.shop.example/a?utm_source=s' } },
  { page: { url: 'https://www.shop.example/b', title: 'B' } },
  { page: { url: 'https://www.shop.example/b', title: 'B', referrer: 'https://r.example/' } },
  { page: { url: 'https://www.shop.example/b', title: 'B', tab: 3 } },
];
const MESSAGES: readonly object[] = [
  {},
  { colour: 'red' },
  { integrations: { All: true } },
  { integrations: { 'Google Analytics': { clientId: '3.4' } } },
];

/** Much is the same in events of one visit, and is then made once: an event must not be given what is another's. */
test.each(['browser', 'server'] as const)('the row of an event of a %s is the same whatever comes before it', async (kind) => {
  const surroundings = { ...browser, key: { ...browser.key, kind } };
  const random = new Random(7);
  let [page, more, members] = [PAGES[0]!, CONTEXTS[0]!, MESSAGES[0]!];
  const sent = Array.from({ length: 1_500 }, (_, i) => {
    if (random.chance(0.3)) page = random.pick(PAGES);
    if (random.chance(0.3)) more = random.pick(CONTEXTS);
    if (random.chance(0.3)) members = random.pick(MESSAGES);
    const context = JSON.parse(JSON.stringify(page)) as object;
    // Defined, because assigned "__proto__" would be no member.
    for (const [name, value] of Object.entries(JSON.parse(JSON.stringify(more)) as object)) {
      Object.defineProperty(context, name, { value: value as unknown, enumerable: true, writable: true, configurable: true });
    }
    return { type: 'page', anonymousId: 'a', messageId: `m-${i}`, context, ...members };
  });
  const { events } = await collect(sent, surroundings);
  expect(events).toHaveLength(sent.length);
  const lines = toOpenLines(events, []);
  let reused = 0;
  for (const [i, event] of sent.entries()) {
    const alone = await collect([event], surroundings);
    const [line] = toOpenLines(alone.events, []);
    const parsed = (text: string) => withParsedContext(JSON.parse(`${text}${LINE_END}`) as { event: { context?: string } });
    expect(parsed(lines[i]!)).toEqual(parsed(line!));
    if (i > 0 && events[i]!.visit === events[i - 1]!.visit) reused++;
  }
  // Else the test would show nothing.
  expect(reused).toBeGreaterThan(20);
});

/** Equal contexts may be written in another order. */
const withParsedContext = ({ event }: { event: { context?: string } }) => ({
  ...event,
  context: event.context === undefined ? undefined : JSON.stringify(sorted(JSON.parse(event.context))),
});
const sorted = (value: unknown): unknown =>
  typeof value !== 'object' || value === null || Array.isArray(value)
    ? value
    : Object.entries(value)
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, member]) => [name, sorted(member)]);

test('a failure stands whole in its line', () => {
  expect(toOpenLines([], [{ reason: 'too_deep', path: null }])).toEqual(['{"failed":{"reason":"too_deep","path":null']);
});
