import { expect, test } from 'vitest';
import { parseCidr } from './cidr.ts';
import { addressBehindProxies, addressBehindRanges } from './forwarded-for.ts';

const RANGES = ['10.0.0.0/8', '2001:db8:1::/48'].map((range) => parseCidr(range)!);
const peer = (address: string | undefined, forwardedFor?: string, isForwarded = false) => ({ address, forwardedFor, isForwarded });

test.each<readonly [string, ReturnType<typeof peer>, string | undefined]>([
  ['a visitor', peer('203.0.113.7'), '203.0.113.7'],
  ['a visitor by IPv6', peer('2001:db8:2::7'), '2001:db8:2::7'],
  ['an unknown proxy', peer('203.0.113.7', '198.51.100.1'), undefined],
  ['an unknown proxy that says it otherwise', peer('203.0.113.7', undefined, true), undefined],
  ['the machine itself', peer('127.0.0.1'), undefined],
  ['the machine itself by IPv6', peer('::1'), undefined],
  ['the machine itself on a socket for both', peer('::ffff:127.0.0.1'), undefined],
  ['a closed connection', peer(undefined), undefined],
  ['a trusted proxy', peer('10.0.0.1', '203.0.113.7'), '203.0.113.7'],
  ['a trusted proxy on a socket for both', peer('::ffff:10.0.0.1', '203.0.113.7', true), '203.0.113.7'],
  ['two trusted proxies', peer('10.0.0.1', '203.0.113.7, 10.0.0.2'), '203.0.113.7'],
  ['what the visitor claimed before', peer('10.0.0.1', '192.0.2.1, 203.0.113.7'), '203.0.113.7'],
  ['a claimed proxy', peer('10.0.0.1', '192.0.2.1, 10.9.9.9, 203.0.113.7, 2001:db8:1::5'), '203.0.113.7'],
  ['a trusted proxy that says nothing', peer('10.0.0.1'), undefined],
  ['a trusted proxy itself', peer('10.0.0.1', '10.0.0.2'), undefined],
  ['a trusted proxy that does not know', peer('10.0.0.1', '198.51.100.1, unknown'), undefined],
  ['ports', peer('10.0.0.1', '203.0.113.7:51234'), '203.0.113.7'],
  ['brackets', peer('10.0.0.1', '[2001:db8:2::7]'), '2001:db8:2::7'],
  ['brackets and a port', peer('10.0.0.1', '[2001:db8:2::7]:443'), '2001:db8:2::7'],
])('behind trusted ranges: %s', (_, from, expected) => {
  expect(addressBehindRanges(from, RANGES)).toBe(expected);
});

test.each<readonly [ReturnType<typeof peer>, number, string | undefined]>([
  [peer('203.0.113.7'), 0, '203.0.113.7'],
  [peer('203.0.113.7', '198.51.100.1'), 0, undefined],
  [peer('127.0.0.1'), 0, undefined],
  [peer('127.0.0.1', '203.0.113.7'), 1, '203.0.113.7'],
  [peer(undefined, '192.0.2.1, 203.0.113.7'), 1, '203.0.113.7'],
  [peer('10.0.0.1', '192.0.2.1, 203.0.113.7, 10.0.0.2'), 2, '203.0.113.7'],
  [peer('10.0.0.1', '203.0.113.7'), 2, undefined],
  [peer('10.0.0.1', 'secret, unknown'), 1, undefined],
  [peer('10.0.0.1'), 1, undefined],
])('%j behind %i proxies is %s', (from, proxies, expected) => {
  expect(addressBehindProxies(from, proxies)).toBe(expected);
});
