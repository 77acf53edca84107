import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { LIMITS } from './limits.ts';
import { redact, redactPayload } from './redact.ts';

const JANE = createHash('sha256').update('jane@example.com').digest('hex');
const withAddresses = (count: number) => ({ a: Array.from({ length: count }, (_, i) => `${i}@example.com`) });
const redacted = (value: unknown) => redact(value, JSON.stringify(value));

describe('cleaning an event', () => {
  test('leaves an event without anything to clean untouched', () => {
    const event = { event: 'Signed Up', properties: { plan: 'pro', tip: 'clip' } };
    expect(redacted(event)).toBe(event);
  });

  test('replaces addresses at any depth, in lists and in member names', () => {
    const event = {
      traits: { email: 'Jane@Example.com', list: [{ note: 'of jane@example.com' }], 'jane@example.com': 1 },
      userId: 'jane@example.com',
    };
    expect(redacted(event)).toEqual({ traits: { email: JANE, list: [{ note: `of ${JANE}` }], [JANE]: 1 }, userId: JANE });
  });

  test('drops addresses of visitors by the name of the member', () => {
    const event = {
      context: { ip: '203.0.113.7', locale: 'de' },
      properties: {
        ip_address: '2001:db8::1',
        clientIp: '203.0.113.7',
        'X-Forwarded-For': '203.0.113.7, 10.0.0.1',
        version: '1.2.3.4',
        zip: '10115',
      },
    };
    expect(redacted(event)).toEqual({ context: { locale: 'de' }, properties: { version: '1.2.3.4', zip: '10115' } });
  });

  test('drops addresses of visitors whatever they are called and wherever they stand, and keeps versions', () => {
    const event = {
      anonymousId: '203.0.113.7',
      context: { page: { url: 'https://x.example/?ip=203.0.113.7&v=1.2.3.4' }, app: { version: '1.2.3.4' } },
      properties: { userIp: '203.0.113.7', lastLoginIp: '2001:db8::1', seen: ['10.0.0.1', 'office'], '203.0.113.7': 3, a: 1 },
    };
    expect(redacted(event)).toEqual({
      context: { page: { url: 'https://x.example/?ip=(address)&v=1.2.3.4' }, app: { version: '1.2.3.4' } },
      properties: { seen: ['office'], a: 1 },
    });
    for (const property of [{ from: '2001:db8::1' }, { url: '/?ip=2001%3Adb8%3A%3A1' }, { '2001:db8::1': 1 }]) {
      expect(JSON.stringify(redacted(property))).not.toContain('db8');
    }
  });

  test('walks no event that holds nothing but a user agent', () => {
    const event = { context: { userAgent: 'Mozilla/5.0 (X11) Chrome/141.0.0.0 Safari/537.36' }, timestamp: '2026-03-01T12:00:00.000Z' };
    expect(redacted(event)).toBe(event);
  });

  test('drops addresses in lists and objects under any name', () => {
    const cleaned = redacted({ context: { ip: ['203.0.113.58', { v4: '203.0.113.58', v6: '2001:db8::1' }], at: '\n203.0.113.58' } });
    expect(cleaned).toEqual({ context: { ip: [{}] } });
  });

  test.each([
    'jane@\u200bexample.com',
    'jane%u0040example.com',
    'jane\\u0040example.com',
    'jane&#x0040;example.com',
    'jane%25%34%30example.com',
    'jane&amp;#64;example.com',
    'jane&amp;commat;example.com',
    'jane%26%2364%3Bexample.com',
    'jane%5Cu0040example.com',
    'jane%5Cx40example.com',
    'jane%\u200b40example.com',
    'jane%2%3540example.com',
    'jane％40example%2ecom',
  ])('replaces %j, which is an address only after decoding', (text) => {
    expect(redacted({ properties: { note: `of ${text}` } })).toEqual({ properties: { note: `of ${JANE}` } });
  });

  test.each([
    { client_ip: '/203.0.113.7' },
    { remoteAddr: '(203.0.113.7)' },
    { ip: '<2001:db8::1>' },
    { ip: `${' '.repeat(1_100)}203.0.113.7` },
    { visitor: '\u3000203.0.113.7' },
    { visitor: '\u000b203.0.113.7' },
    { visitor: '\n2001:db8::1' },
    { ip: '\t/203.0.113.7' },
  ])('drops the address of %j, whatever stands before it', (properties) => {
    expect(redacted({ properties })).toEqual({ properties: {} });
  });

  test('drops an encoded address in encoded brackets', () => {
    expect(redacted({ url: '/?ip=%5B2001%3Adb8%3A%3A1%5D&a=1' })).toEqual({ url: '/?ip=(address)&a=1' });
  });

  test('knows no result for more addresses than an event may hold', () => {
    const hashes = withAddresses(200).a.map((address) => createHash('sha256').update(address).digest('hex'));
    expect(redacted(withAddresses(200))).toEqual({ a: hashes });
    expect(redacted(withAddresses(201))).toBeUndefined();
    expect(redacted({ a: 'a@b.co '.repeat(200) })).toBeDefined();
    expect(redacted({ a: 'a@b.co '.repeat(201) })).toBeUndefined();
    expect(redacted({ a: String.raw`a\x40b.co `.repeat(201) })).toBeUndefined();
    expect(redact(withAddresses(201), '@', true)).toEqual(withAddresses(201));
  });

  test('keeps members that are called like an address and hold something else', () => {
    expect(redacted({ properties: { ip: 'intellectual property', remoteIp: 7 } })).toEqual({
      properties: { ip: 'intellectual property', remoteIp: 7 },
    });
  });

  test('replaces lone surrogates and NUL, which no store takes', () => {
    expect(redacted({ a: 'x\ud800y', b: 'x\0y', c: '😀' })).toEqual({ a: 'x\ufffdy', b: 'x\ufffdy', c: '😀' });
  });

  test('treats "__proto__" as a member like any other', () => {
    const event = JSON.parse('{"properties":{"__proto__":{"polluted":true},"email":"jane@example.com"}}') as { properties: object };
    const cleaned = redacted(event) as { properties: Record<string, unknown> };
    expect(Object.getPrototypeOf(cleaned.properties)).toBe(Object.prototype);
    expect(JSON.stringify(cleaned.properties)).toBe(`{"__proto__":{"polluted":true},"email":"${JANE}"}`);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});

describe('cleaning a payload that could not be read', () => {
  test('replaces addresses of both kinds', () => {
    expect(redactPayload('{"email":"jane@example.com","ip":"203.0.113.7","six":"2001:db8::1"')).toBe(
      `{"email":"${JANE}","ip":"(address)","six":"(address)"`,
    );
  });

  test.each([
    ['at 203.0.113.58.', 'at (address).'],
    ['"203.0.113.58:80"', '"(address):80"'],
    ['ip:["203.0.113.58"]', 'ip:["(address)"]'],
    ['ip:{v4:"203.0.113.58"', 'ip:{v4:"(address)"'],
    ['::ffff:203.0.113.58', '(address)'],
    [String.raw`{"a":"\n203.0.113.7","b":"\t2001:db8::1"`, String.raw`{"a":"\n(address)","b":"\t(address)"`],
    [String.raw`"\u000b203.0.113.7","\r/203.0.113.7`, String.raw`"\u000b(address)","\r/(address)`],
    ['at 12:30:45, release 1.2.3.4.5', 'at 12:30:45, release 1.2.3.4.5'],
  ])('of %s keeps %s', (payload, kept) => {
    expect(redactPayload(payload)).toBe(kept);
  });

  test.each([
    'jane\\u0040victim\\u002ecorp',
    'jane@victim\\u002dcorp\\u002eexample',
    'jane\\x40victim.example',
    'jane\ufffd@victim.example',
  ])('of %j keeps nothing', (address) => {
    expect(redactPayload(`{"email":"${address}",`)).toMatch(/^\{"email":"[\da-f]{64}",$/);
  });

  test('keeps at most 32 KB of it, and whole characters', () => {
    const kept = redactPayload('ü'.repeat(40_000));
    expect(Buffer.byteLength(kept)).toBe(LIMITS.failedPayloadBytes);
    expect(kept).toBe('ü'.repeat(16 * 1024));
    expect(redactPayload('x'.repeat(32 * 1024))).toHaveLength(32 * 1024);
  });

  test.each([
    // 32,768 bytes are 16,384 escaped quotes, and 5,461 control characters with two bytes left.
    ['quotes', '"', 16_384],
    ['line feeds', '\n', 16_384],
    ['backslashes', '\\', 16_384],
    ['control characters', '\u0001', 5_461],
    ['escapes in the text', '\\u0001', 4_681],
  ])('keeps of %s what takes 32 KB as JSON', (_, filler, count) => {
    const kept = redactPayload(filler.repeat(60_000));
    expect(filler.repeat(count).startsWith(kept)).toBe(true);
    expect(kept.length).toBeGreaterThan(filler.length * (count - 1));
    expect(Buffer.byteLength(JSON.stringify(kept)) - 2).toBeLessThanOrEqual(32_768);
    // Where the cut runs through an escape.
    for (const before of ['x', 'xx', 'xxx', 'xxxx', 'xxxxx', 'xxxxxx']) {
      expect(Buffer.byteLength(JSON.stringify(redactPayload(before + filler.repeat(60_000))))).toBeLessThanOrEqual(32_770);
    }
  });

  test.each(['@', '%40', '%2540', '&commat;'])('never keeps an address with %s that a cut ran through', (at) => {
    for (let shift = 0; shift < 20; shift++) {
      const text = `${'x '.repeat(32 * 1024 - 10).slice(shift)}jane${at}example.com and more`;
      expect(redactPayload(text)).not.toMatch(/jane|example/);
    }
    expect(redactPayload(`{"a":1,"email":"jane${at}exa`)).toBe('{"a":1,"email":"');
    expect(redactPayload(`{"a":"https://x.example/${'y'.repeat(200)}?e=jane${at}exa`)).not.toContain('jane');
  });

  test('keeps of one word of any length what is not near the cut', () => {
    const kept = redactPayload('x'.repeat(1_000_000));
    expect(kept).toBe('x'.repeat(32 * 1024));
    expect(redactPayload('@'.repeat(1_000_000))).toHaveLength(32 * 1024);
  });

  test('is cut behind as many addresses as an event may hold', () => {
    const hash = createHash('sha256').update('a@b.co').digest('hex');
    expect(redactPayload(`{${'a@b.co '.repeat(300)}`)).toBe(`{${`${hash} `.repeat(200)}`);
    expect(redactPayload(`{${String.raw`a\x40b.co `.repeat(300)}`)).toBe(`{${`${hash} `.repeat(200)}`);
  });
});
