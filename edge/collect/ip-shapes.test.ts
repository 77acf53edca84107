import { expect, test } from 'vitest';
import { isAddressMember, withoutAddressParameters } from './ip-shapes.ts';

test.each([
  ['ip', '203.0.113.7'],
  ['userIp', '203.0.113.7'],
  ['lastLoginIp', '2001:db8::1'],
  ['client_ip_address', '203.0.113.7:443'],
  ['remote-addr', '[2001:db8::1]:443'],
  ['X-Forwarded-For', 'unknown, 203.0.113.7'],
  ['ips', '203.0.113.7, 10.0.0.1'],
  ['visitor', '203.0.113.7'],
  ['visitor', '203.0.113.7.'],
  ['visitor', '203.0.113.7:80'],
  ['ip', 'at 203.0.113.7.'],
  ['v4', '203.0.113.7'],
  ['origin', '::ffff:203.0.113.7'],
  ['ip', '/203.0.113.7'],
])('%s: %s is an address of a visitor', (name, value) => {
  expect(isAddressMember(name, value)).toBe(true);
});

test.each([
  ['version', '1.2.3.4'],
  ['app_build', '1.2.3.4'],
  ['uaFullVersion', '141.0.0.0'],
  ['v', '1.2.3.4'],
  ['chrome', '141.0.7390.54'],
  ['zip', '10115'],
  ['ip', 'intellectual property'],
  ['ip', 7],
  ['time', '12:30:45'],
  ['mac', '00:1b:44:11:3a:b7'],
  ['separator', '::'],
  ['note', 'from 203.0.113.7'],
  ['empty', ''],
])('%s: %s is none', (name, value) => {
  expect(isAddressMember(name, value)).toBe(false);
});

test('a long text of a name that may be that of an address is one only where one is in it', () => {
  expect(isAddressMember('ip', `${' '.repeat(2_000)}203.0.113.7`)).toBe(true);
  expect(isAddressMember('relationship', `${'x '.repeat(2_000)}203.0.113.7`)).toBe(true);
  expect(isAddressMember('relationship', 'x '.repeat(2_000))).toBe(false);
});

test.each([
  ['https://x.example/?ip=203.0.113.7', 'https://x.example/?ip=(address)'],
  ['https://x.example/?a=1&userIp=203.0.113.7&b=2#top', 'https://x.example/?a=1&userIp=(address)&b=2#top'],
  ['/?next=%2Fa%3Fip%3D203.0.113.7%26b%3D2', '/?next=%2Fa%3Fip%3D(address)%26b%3D2'],
  ['/?visitor=2001%3Adb8%3A%3A1&a=1', '/?visitor=(address)&a=1'],
  ['/?ip=[2001:db8::1]:443', '/?ip=(address)'],
  ['for=203.0.113.7;proto=https', 'for=(address);proto=https'],
  ['/?v=1.2.3.4&app_version=1.2.3.4&ip=1.2.3.4', '/?v=1.2.3.4&app_version=1.2.3.4&ip=(address)'],
  ['http://203.0.113.7/?price=1.50&at=12:30', 'http://203.0.113.7/?price=1.50&at=12:30'],
  ['/?chrome=141.0.7390.54&path=1.2.3.4/x', '/?chrome=141.0.7390.54&path=1.2.3.4/x'],
])('%s becomes %s', (text, expected) => {
  expect(withoutAddressParameters(text)).toBe(expected);
});

test.each(['=', '=1', '=1.', '%3D', '%253a', '=::', '=%3a'])('400 KB of %s keep nobody waiting', (part) => {
  // The time limit of the test is the assertion: anything worse than linear would take minutes.
  const text = part.repeat(400_000 / part.length);
  expect(withoutAddressParameters(text)).toBe(text);
});
