import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { FailedEventRow } from '../contract/event-row.ts';
import { parseInstant } from './clock.ts';
import { collect } from './collect.ts';
import type { Surroundings } from './enrich.ts';
import { LIMITS } from './limits.ts';
import { MESSAGE_BYTES } from '../delivery/message.ts';
import { rowOf } from './testing/row-of.ts';

const live: Surroundings = {
  key: { id: 'wk_1', kind: 'browser', verified: true },
  channel: 'live',
  receivedAt: parseInstant('2026-03-01T12:00:00.000Z')!,
  sentAt: undefined,
  request: { ip: null, userAgent: 'UA', country: null, region: null, city: null, timezone: null },
  ipHasher: undefined,
};
const imported: Surroundings = { ...live, key: { id: 'wk_2', kind: 'server', verified: true }, channel: 'import' };
const track = (messageId: string, more: Record<string, unknown> = {}) => ({
  type: 'track',
  event: 'E',
  anonymousId: 'a',
  messageId,
  ...more,
});
const JANE = createHash('sha256').update('jane@example.com').digest('hex');

/** An event whose JSON has exactly this many bytes. */
function ofBytes(bytes: number, filler = 'x'): Record<string, unknown> {
  const empty = track('m', { properties: { pad: '' } });
  const left = bytes - Buffer.byteLength(JSON.stringify(empty));
  return track('m', { properties: { pad: filler.repeat(left / Buffer.byteLength(filler)) } });
}

describe('the events of a request', () => {
  test('each have a result, in their order, and a bad one costs the others nothing', async () => {
    const { events, failed, results } = await collect([track('m-1'), 'nonsense', track('m-2', { event: 7 }), null, track('m-3')], live);
    expect(results.map(({ message_id, status, reason, path }) => [message_id, status, reason, path])).toEqual([
      ['m-1', 'ok', undefined, undefined],
      [null, 'rejected', 'not_an_object', undefined],
      ['m-2', 'rejected', 'invalid_value', 'event'],
      [null, 'rejected', 'not_an_object', undefined],
      ['m-3', 'ok', undefined, undefined],
    ]);
    expect(events.map(({ own }) => own.message_id)).toEqual(['m-1', 'm-3']);
    expect(failed.map((failure) => [failure.position, failure.reason, failure.payload])).toEqual([
      [1, 'not_an_object', '"nonsense"'],
      [2, 'invalid_value', JSON.stringify(track('m-2', { event: 7 }))],
      [3, 'not_an_object', 'null'],
    ]);
    for (const failure of failed) expect(FailedEventRow.parse({ ...failure, edge_instance: 'i', edge_sequence: 1 })).toBeDefined();
  });

  test.each([2, 19, 20, 21, 50])('that come twice are stored once, however many lie between: %d', async (different) => {
    const sent = Array.from({ length: different }, (_, i) => track(`m-${i}`));
    const { events, results } = await collect([...sent, sent[0], sent[different - 1]], live);
    expect(events).toHaveLength(different);
    expect(results.map(({ status }) => status)).toEqual([...sent.map(() => 'ok'), 'duplicate', 'duplicate']);
  });

  test('that come twice are stored once and called duplicates', async () => {
    const { events, results } = await collect([track('m-1'), track('m-1'), track('m-2')], live);
    expect(results.map(({ status }) => status)).toEqual(['ok', 'duplicate', 'ok']);
    expect(events).toHaveLength(2);
  });

  test('without an id get one each, even if they are equal', async () => {
    const { events } = await collect([track('', {}), track('', {})], live);
    expect(new Set(events.map(({ own }) => own.message_id)).size).toBe(2);
  });

  test('hold no address where they are stored, neither good nor bad ones', async () => {
    const { events, failed } = await collect(
      [
        track('m-1', { userId: 'Jane@Example.com', properties: { email: 'jane@example.com' }, context: { ip: '203.0.113.7' } }),
        track('jane@example.com', { event: 7, context: { ip: '203.0.113.7' } }),
      ],
      live,
    );
    expect(rowOf(events[0]!)).toMatchObject({ user_id: JANE, email_hashes: [{ hash: JANE, origin: 'identify' }] });
    expect(failed[0]).toMatchObject({ message_id: JANE });
    expect(JSON.stringify([events, failed])).not.toMatch(/jane|203\.0\.113/i);
  });
});

describe('a rejected event', () => {
  const SECRET = 'sk_0123456789.abc-DEF_ghij';
  const payloads = async (events: unknown[], presented = SECRET) =>
    (await collect(events, { ...live, presented })).failed.map(({ payload }) => payload);

  test('leaves no write key behind, however it is written', async () => {
    const stored = await payloads([
      track('m', { event: 7, writeKey: SECRET }),
      track('m', { event: 7, writeKey: 'demo', properties: { url: `/?key=${SECRET.replace('.', '%2E').replace('_', '%255f')}` } }),
      track(SECRET, { event: 7, properties: { [SECRET]: 1, body: JSON.stringify({ writeKey: 'other' }) } }),
      SECRET,
    ]);
    expect(stored).toEqual([
      JSON.stringify(track('m', { event: 7, writeKey: '(write key)' })),
      JSON.stringify(track('m', { event: 7, writeKey: '(write key)', properties: { url: '/?key=(write key)' } })),
      JSON.stringify(
        track('(write key)', { event: 7, properties: { '(write key)': 1, body: JSON.stringify({ writeKey: '(write key)' }) } }),
      ),
      '"(write key)"',
    ]);
    const { failed } = await collect([track(SECRET, { event: 7 })], { ...live, presented: SECRET });
    expect(failed[0]!.message_id).toBe('(write key)');
  });

  test('keeps the words that a public key happens to be', async () => {
    expect(await payloads([track('m', { event: 7, properties: { page: 'demo' } })], 'demo')).toEqual([
      JSON.stringify(track('m', { event: 7, properties: { page: 'demo' } })),
    ]);
  });

  test('is cleaned before it is written as JSON, whose escapes hide where an address begins', async () => {
    const event = track('m', { event: 7, properties: { a: 'at\n203.0.113.7', b: 'x\njane@example.com', ip: '\t/203.0.113.7' } });
    expect(await payloads([event])).toEqual([
      JSON.stringify(track('m', { event: 7, properties: { a: 'at\n(address)', b: `x\n${JANE}` } })),
    ]);
    const large = await payloads([
      { ...event, properties: { pad: 'x '.repeat(16_000), lines: '\n203.0.113.7\t2001:db8::1\n'.repeat(2_000) } },
    ]);
    expect(large[0]).not.toMatch(/203\.0|db8/);
  });

  test('that is a list of lists without end is none the less kept', async () => {
    const deep = JSON.parse(`${'['.repeat(20_000)}${']'.repeat(20_000)}`) as unknown;
    const { failed, results } = await collect([deep], live);
    expect(results).toMatchObject([{ status: 'rejected', reason: 'not_an_object' }]);
    expect(failed[0]!.payload).toMatch(/^\[{100}"\(cut\)"\]{100}$/);
  });

  test('may be one that holds more addresses than are looked at', async () => {
    const { events, failed, results } = await collect(
      [track('m-1', { properties: { text: 'a@b.co '.repeat(200) } }), track('m-2', { properties: { text: 'a@b.co '.repeat(201) } })],
      live,
    );
    expect(events.map(({ own }) => own.message_id)).toEqual(['m-1']);
    expect(results[1]).toEqual({
      message_id: 'm-2',
      status: 'rejected',
      reason: 'event_too_large',
      detail: 'An event may hold at most 200 e-mail addresses.',
    });
    expect(failed[0]!.payload).toMatch(/"messageId":"m-2","properties":\{"text":"(?:[\da-f]{64} ){200}$/);
  });
});

describe('an event of a browser with Global Privacy Control', () => {
  const url = `https://x.example/?utm_source=google&gclid=G-1&ehash=${JANE}`;
  const event = (more: Record<string, unknown>) =>
    track('m', {
      type: 'identify',
      userId: 'jane@example.com',
      traits: { email: 'jane@example.com', plan: 'pro' },
      properties: { url, search: `?ehash=${JANE}` },
      context: {
        gpc: true,
        page: { url, referrer: 'https://l.example/?fbclid=F-1' },
        clickIds: { gclid: 'G-1' },
        emailHashes: [{ hash: JANE, origin: 'form' }],
        fbc: 'fb.1.1.F-1',
      },
      ...more,
    });

  test('is stored without hashes of addresses and click ids, with everything else', async () => {
    const { events, results } = await collect([event({})], live);
    expect(results).toEqual([{ message_id: 'm', status: 'ok' }]);
    expect(rowOf(events[0]!)).toMatchObject({
      anonymous_id: 'a',
      email_hashes: [],
      click_ids: [],
      page_url: 'https://x.example/?utm_source=google',
      referrer: 'https://l.example/',
      utm_source: 'google',
      properties: '{"url":"https://x.example/?utm_source=google","search":""}',
      traits: '{"plan":"pro"}',
      context: '{"gpc":true}',
    });
  });

  test('leaves none of them behind where it is rejected', async () => {
    const { failed } = await collect([event({ type: 'nope', userId: 'u' })], live);
    expect(failed[0]).toMatchObject({ message_id: 'm', reason: 'invalid_value' });
    expect(failed[0]!.payload).toContain('utm_source=google');
    expect(failed[0]!.payload).not.toMatch(new RegExp(`G-1|F-1|${JANE}`));
  });

  test('is one only where it says so', async () => {
    const { events } = await collect([event({ context: { gpc: false, page: { url } } })], live);
    expect(rowOf(events[0]!)).toMatchObject({ page_url: url, click_ids: [{ name: 'gclid', value: 'G-1' }] });
    expect(events[0]!.own.email_hashes).toEqual([{ hash: JANE, origin: 'identify' }]);
  });
});

/** Of each quote the row has six bytes: four in the properties, two in the click id. Of each address it has two hashes there. */
const swelling = (quotes: number) =>
  track('m', { properties: { url: `https://x.example/?gclid=${'a@b.co+'.repeat(200)}${'"'.repeat(quotes)}` } });

describe('the size of an event', () => {
  test.each([
    ['at the limit', ofBytes(LIMITS.eventBytes), 'ok'],
    ['a byte above', ofBytes(LIMITS.eventBytes + 1), 'rejected'],
    ['above in bytes, below in characters', ofBytes(LIMITS.eventBytes * 2, 'ü'), 'rejected'],
  ])('%s', async (_, event, status) => {
    const { results, failed } = await collect([event], live);
    expect(results[0]!.status).toBe(status);
    if (status === 'rejected') {
      expect(failed[0]!.reason).toBe('event_too_large');
      expect(Buffer.byteLength(failed[0]!.payload!)).toBeLessThanOrEqual(LIMITS.failedPayloadBytes);
    }
  });

  test('as it is stored is one that a message can hold', async () => {
    // 2 · 200 · 64 + 6 · 15,500 = 118,600
    const { results, events, failed } = await collect([swelling(15_500), track('m'), swelling(14_000)], live);
    expect(results).toMatchObject([
      { message_id: 'm', status: 'rejected', reason: 'event_too_large', detail: 'An event may take at most 118000 bytes as it is stored.' },
      { message_id: 'm', status: 'ok' },
      { message_id: 'm', status: 'duplicate' },
    ]);
    expect([events.length, failed.length]).toEqual([1, 1]);
    expect(Buffer.byteLength(JSON.stringify(failed[0]!.payload))).toBeLessThanOrEqual(LIMITS.failedPayloadBytes + 2);
    expect(failed[0]!.payload).not.toContain('a@b.co');
    expect((await collect([swelling(14_000)], live)).results[0]!.status).toBe('ok');
    // Header and packing have some 500 bytes.
    expect(LIMITS.rowBytes + 1_000).toBeLessThan(MESSAGE_BYTES);
  });

  test('nesting beyond the limit is refused, whatever the depth', async () => {
    const deep = JSON.parse(`{"messageId":"m","a":${'['.repeat(20_000)}${']'.repeat(20_000)}}`) as unknown;
    const { results, failed } = await collect([deep], live);
    expect(results).toMatchObject([{ message_id: 'm', status: 'rejected', reason: 'too_deep' }]);
    expect(failed[0]!.payload).toMatch(/^\{"messageId":"m","a":\[\[/);
  });
});

describe('imported events', () => {
  test('keep their time, however long ago', async () => {
    const { events } = await collect([track('m', { timestamp: '1999-12-31T23:00:00Z' })], imported);
    expect(events[0]!.own.occurred_at).toBe('1999-12-31T23:00:00.000Z');
  });

  test.each([
    ['no time', undefined, 'rejected'],
    ['an unreadable time', 'last week', 'rejected'],
    ['the year 9999', '9999-01-01T00:00:00Z', 'rejected'],
    ['a time before 1970', '1969-12-31T23:59:59Z', 'rejected'],
    ['a clock 23 hours ahead', '2026-03-02T11:00:00Z', 'ok'],
    ['a clock 25 hours ahead', '2026-03-02T13:00:00Z', 'rejected'],
  ])('with %s are %3$s', async (_, timestamp, status) => {
    const { results } = await collect([track('m', { timestamp })], imported);
    expect(results[0]).toMatchObject(status === 'ok' ? { status } : { status, reason: 'invalid_timestamp', path: 'timestamp' });
  });

  test('without an id get the same one whenever the archive is read again', async () => {
    const event = { type: 'track', event: 'E', userId: 'u', timestamp: '2025-11-01T00:00:00Z', properties: { a: 1, b: { c: [1, 2] } } };
    const exportedAgain = {
      ...event,
      properties: { b: { c: [1, 2] }, a: 1 },
      receivedAt: '2026-01-01',
      sentAt: '2026-01-01',
      projectId: 'p',
    };
    const other = { ...event, properties: { a: 1, b: { c: [2, 1] } } };
    const ids = (await collect([event, exportedAgain, other], imported)).results.map(({ message_id, status }) => [message_id, status]);
    expect(ids[0]![0]).toMatch(/^content-[0-9a-f]{64}$/);
    expect(ids[1]).toEqual([ids[0]![0], 'duplicate']);
    expect(ids[2]![0]).not.toBe(ids[0]![0]);
  });
});
