import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { requestFacts } from './request-facts.ts';

const JANE = createHash('sha256').update('jane@example.com').digest('hex');

test('place and address come from Cloudflare, and from nobody else', () => {
  const headers = new Headers({ 'cf-connecting-ip': '203.0.113.7', 'x-forwarded-for': '198.51.100.1', 'user-agent': 'UA' });
  expect(requestFacts(headers, { country: 'DE', region: 'Berlin', city: 'Berlin', timezone: 'Europe/Berlin', asn: 1 })).toEqual({
    ip: '203.0.113.7',
    isHosting: false,
    userAgent: 'UA',
    country: 'DE',
    region: 'Berlin',
    city: 'Berlin',
    timezone: 'Europe/Berlin',
  });
});

const NOTHING = { ip: null, isHosting: false, userAgent: null, country: null, region: null, city: null, timezone: null };

test.each([[undefined], [{}], [{ country: 'XX' }]])('%j says nothing about the place', (cf) => {
  expect(requestFacts(new Headers(), cf)).toEqual(NOTHING);
});

test('Tor is no place, and its address is that of many', () => {
  expect(requestFacts(new Headers(), { country: 'T1', city: '' })).toEqual({ ...NOTHING, isHosting: true });
});

test.each([
  ['Amazon', 16509, true],
  ['a relay of Cloudflare', 13335, true],
  ['Deutsche Telekom', 3320, false],
  ['a number as a text, which Cloudflare does not send', '16509', false],
])('%s: whether the address is one that strangers share', (_, asn, expected) => {
  expect(requestFacts(new Headers(), { asn })).toEqual({ ...NOTHING, isHosting: expected });
});

test('where no Cloudflare stands before the Worker, the connection says nothing but the user agent', () => {
  const headers = new Headers({ 'cf-connecting-ip': '203.0.113.7', 'user-agent': 'UA' });
  expect(requestFacts(headers, undefined)).toEqual({ ...NOTHING, userAgent: 'UA' });
});

test.each([
  ['Mozilla/5.0 (mailto:jane@example.com)', `Mozilla/5.0 (mailto:${JANE})`],
  ['bot jane%40example.com', `bot ${JANE}`],
  ['proxy for 203.0.113.7', 'proxy for (address)'],
  ['X (ip=203.0.113.7; 2001:db8::1)', 'X (ip=(address); (address))'],
  ['Mozilla/5.0 (X11) Chrome/141.0.0.0 Safari/537.36', 'Mozilla/5.0 (X11) Chrome/141.0.0.0 Safari/537.36'],
])('the user agent %s is kept as %s', (sent, kept) => {
  expect(requestFacts(new Headers({ 'user-agent': sent }), undefined).userAgent).toBe(kept);
});
