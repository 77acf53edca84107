import { expect, test, vi } from 'vitest';
import { batches } from '../../test/bench/edge/events.ts';
import { Random } from '../../test/simulator/random.ts';
import { parseInstant } from './clock.ts';
import { collect } from './collect.ts';
import type { Surroundings } from './enrich.ts';

const surroundings: Surroundings = {
  key: { id: 'wk_1', kind: 'browser', verified: true },
  channel: 'live',
  receivedAt: parseInstant('2026-11-24T12:00:00.000Z')!,
  sentAt: parseInstant('2026-11-24T11:59:59.000Z'),
  request: { ip: null, userAgent: 'UA', country: null, region: null, city: null, timezone: null },
  ipHasher: undefined,
};

/** What is put into some of the events: what must be cleaned, what must not, what is refused, what is large. */
const ODD: readonly Record<string, unknown>[] = [
  { userId: 'jane@example.com' },
  { properties: { note: 'of jane%40example.com', ip: '203.0.113.7' } },
  { traits: { seen: ['2001:db8::1', 'office'], title: '"Best of" \\ a/b\n' } },
  { context: { gpc: true, page: { url: 'https://shop.example/?gclid=abc&a=1' } }, properties: { gclid: 'abc' } },
  { properties: { large: 'ü'.repeat(17_000) } },
  { properties: { small: 'x'.repeat(6_000) } },
  { properties: { a: '\ud800', b: '\u0000', c: '😀' } },
  { event: 7 },
  { anonymousId: null, userId: 12_345 },
  { context: [] },
  { timestamp: '2026-02-30T00:00:00.000Z', sequence: -1 },
];

test('the text of the request changes nothing but the time it takes', async () => {
  // Events without an id get a random one.
  const uuid = vi.spyOn(crypto, 'randomUUID').mockReturnValue('00000000-0000-4000-8000-000000000001');
  const random = new Random(8);
  let rejected = 0;
  for (const body of batches(150, 10, 'bench')) {
    const { batch } = JSON.parse(body) as { batch: Record<string, unknown>[] };
    const events = batch.map((event) => (random.chance(0.08) ? { ...event, ...random.pick(ODD) } : event));
    const json = JSON.stringify({ batch: events }, null, random.pick([0, 2]));
    const read = () => (JSON.parse(json) as { batch: unknown[] }).batch;
    const known = await collect(read(), surroundings, undefined, json);
    expect(known).toEqual(await collect(read(), surroundings));
    rejected += known.failed.length;
    expect(JSON.stringify(known)).not.toMatch(/jane@|203\.0\.113|2001:db8/);
  }
  expect(rejected).toBeGreaterThan(20);
  uuid.mockRestore();
});
