import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { LIMITS } from './limits.ts';
import { redact, redactPayload } from './redact.ts';

const JANE = createHash('sha256').update('jane@example.com').digest('hex');
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
  ])('replaces %j, which is an address only after decoding', (text) => {
    expect(redacted({ properties: { note: `of ${text}` } })).toEqual({ properties: { note: `of ${JANE}` } });
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

  test('never keeps an address that the cut ran through', () => {
    for (let shift = 0; shift < 20; shift++) {
      const text = `${'x '.repeat(32 * 1024 - 10).slice(shift)}jane@example.com and more`;
      expect(redactPayload(text)).not.toMatch(/jane|example/);
    }
  });
});
