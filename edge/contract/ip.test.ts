import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createIpHasher, normalizeIp } from './ip.ts';

describe('the form of an address that is hashed', () => {
  test.each([
    ['203.0.113.7', '203.0.113.7'],
    [' 203.0.113.7 ', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['::FFFF:cb00:7107', '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002:ffff:ffff:ffff:ffff', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['[2001:db8::1]', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
  ])('%s becomes %s', (address, expected) => {
    expect(normalizeIp(address)).toBe(expected);
  });

  test.each([
    '',
    'localhost',
    '1.2.3',
    '1.2.3.256',
    '1.2.3.4.5',
    '1.2.3.4.',
    '2001:db8',
    '1:2:3:4:5:6:7:8:9',
    '1::2::3',
    'g::1',
    ':::',
    '12345::',
    '1:2:3:4:5:6:7::8:9',
  ])('%j is none', (text) => {
    expect(normalizeIp(text)).toBeUndefined();
  });
});

test('the hash is HMAC-SHA256 with the key, and tells no address from another of its /64', async () => {
  const hasher = createIpHasher('k1', 'a secret of some length');
  const expected = createHmac('sha256', 'a secret of some length').update('203.0.113.7').digest('hex');
  expect(await hasher.hash('203.0.113.7')).toBe(expected);
  expect(await hasher.hash('::ffff:203.0.113.7')).toBe(expected);
  expect(await hasher.hash('2001:db8::1')).toBe(await hasher.hash('2001:db8::2'));
  expect(await createIpHasher('k2', 'another secret').hash('203.0.113.7')).not.toBe(expected);
  expect(await hasher.hash('nonsense')).toBeNull();
});

describe('an address that strangers share has no hash', () => {
  const hasher = createIpHasher('k1', 'a secret of some length');

  test.each([
    '0.0.0.0',
    '10.0.0.1',
    '100.64.0.1',
    '100.127.255.255',
    '127.0.0.1',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.20',
    '::ffff:192.168.1.20',
    '::1',
    '::',
    'fd12:3456:789a::1',
    'fc00::1',
    'fe80::1%eth0',
    'febf::1',
  ])('%s', async (address) => {
    expect(await hasher.hash(address)).toBeNull();
  });

  test.each(['100.63.255.255', '100.128.0.1', '172.15.0.1', '172.32.0.1', '192.167.0.1', '169.253.0.1', '11.0.0.1', 'fec0::1', '2a00::1'])(
    'but %s has one',
    async (address) => {
      expect(await hasher.hash(address)).toMatch(/^[0-9a-f]{64}$/);
    },
  );
});
