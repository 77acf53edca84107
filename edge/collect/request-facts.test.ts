import { expect, test } from 'vitest';
import { requestFacts } from './request-facts.ts';

test('place and address come from Cloudflare, and from nobody else', () => {
  const headers = new Headers({ 'cf-connecting-ip': '203.0.113.7', 'x-forwarded-for': '198.51.100.1', 'user-agent': 'UA' });
  expect(requestFacts(headers, { country: 'DE', region: 'Berlin', city: 'Berlin', timezone: 'Europe/Berlin', asn: 1 })).toEqual({
    ip: '203.0.113.7',
    userAgent: 'UA',
    country: 'DE',
    region: 'Berlin',
    city: 'Berlin',
    timezone: 'Europe/Berlin',
  });
});

test.each([[undefined], [{}], [{ country: 'XX' }], [{ country: 'T1', city: '' }]])('%j says nothing about the place', (cf) => {
  expect(requestFacts(new Headers(), cf)).toEqual({ ip: null, userAgent: null, country: null, region: null, city: null, timezone: null });
});

test('where no Cloudflare stands before the Worker, the connection says nothing but the user agent', () => {
  const headers = new Headers({ 'cf-connecting-ip': '203.0.113.7', 'user-agent': 'UA' });
  expect(requestFacts(headers, undefined)).toEqual({ ip: null, userAgent: 'UA', country: null, region: null, city: null, timezone: null });
});
