import { expect, test } from 'vitest';
import { isInRanges, parseCidr } from './cidr.ts';

test.each([
  ['203.0.113.0/24', '203.0.113.255', true],
  ['203.0.113.0/24', '203.0.114.0', false],
  ['203.0.113.77/24', '203.0.113.1', true],
  ['203.0.113.128/25', '203.0.113.127', false],
  ['203.0.113.128/25', '203.0.113.128', true],
  ['203.0.113.9', '203.0.113.9', true],
  ['203.0.113.9', '203.0.113.8', false],
  ['0.0.0.0/0', '198.51.100.1', true],
  ['0.0.0.0/0', '2001:db8::1', false],
  ['203.0.113.0/24', '::ffff:203.0.113.4', true],
  ['2001:db8::/32', '2001:db8:ffff::1', true],
  ['2001:db8::/32', '2001:db9::', false],
  ['2001:db8::/33', '2001:db8:8000::', false],
  ['2001:db8:7fff:ffff::/33', '2001:db8:7000::', true],
  ['::/0', '203.0.113.4', true],
  ['203.0.113.0/24', 'no address', false],
])('%s holds %s: %s', (range, address, isIn) => {
  expect(isInRanges(address, [parseCidr(range)!])).toBe(isIn);
});

test.each([
  '',
  '203.0.113.0/33',
  '203.0.113/24',
  '2001:db8::/129',
  '203.0.113.0/-1',
  '203.0.113.0/24/1',
  'example.com',
  '300.1.1.1/8',
  '/8',
])('%j is no range', (text) => {
  expect(parseCidr(text)).toBeUndefined();
});

test('no ranges hold nothing', () => {
  expect(isInRanges('203.0.113.4', [])).toBe(false);
});
