import { expect, test } from 'vitest';
import { Random } from '../../test/simulator/random.ts';
import { pageAddress, parsedAddress, plainAddress } from './page-address.ts';

test.each([
  ['https://www.x.example', '/', []],
  ['https://www.x.example/a/b?', '/a/b', []],
  [
    'http://x.example:8080/%C3%BC?a=1&b&=c&&d=%C3%BC+%2B=e#f?g=h',
    '/%C3%BC',
    [
      ['a', '1'],
      ['b', ''],
      ['', 'c'],
      ['d', 'ü +=e'],
    ],
  ],
  ['/relative?a=1', '/relative', [['a', '1']]],
])('%s is read', (text, pathname, parameters) => {
  expect(pageAddress(text)).toEqual({ pathname, parameters });
  // And once more, from memory.
  expect(pageAddress(text)).toEqual({ pathname, parameters });
});

test.each([null, 'https://', 'http://a b/', 'https://x.example:99999/'])('%j is none', (text) => {
  expect(pageAddress(text)).toBeUndefined();
  expect(pageAddress(text)).toBeUndefined();
});

test.each([
  'https://x.example/a/../b',
  'https://x.example/%2e%2E/b',
  'https://x.example/a b',
  'https://xn--a.example/',
  'https://X.example/',
  'https://1.2.3.4/',
  'https://x.example/ü',
  'https://x.example/?a=%ff',
  ' https://x.example/',
  'https://x.example\\a',
  'https://jane@x.example/',
])('%s is left to the parser', (text) => {
  expect(plainAddress(text)).toBeUndefined();
});

const PARTS: readonly string[] = [
  ['https://', 'http://', 'www.', 'shop.example', 'xn--bcher-kva.example', '1.2.3.4', ':443', ':80', ':99999', '//', '\\', '@'],
  ['/', '/a', '/.', '/..', '/.a', '/%2e', '/%2E%2e', '/%', '/%zz', '/ü', '/~a!$&()*+,;=:@-', "/'", '/^', '/|', '/`', '/"'],
  [
    '?',
    '&',
    '=',
    '+',
    '%20',
    '%2B',
    '%C3%BC',
    '%c3',
    '%ff',
    '%00',
    '%EF%BB%BF',
    '%ED%A0%80',
    '%25',
    'a',
    'utm_source=',
    'ü',
    '\ud83d\ude00',
  ],
  ['#', '#a', '#?a=b', ' ', '\t', '\n', '<', '>', '{', '}', '[', ']', '\u00a0', "'", '.', '..', 'A', '0x7f'],
].flat();

test('an address that needs no parser is read as the parser reads it', () => {
  const random = new Random(4);
  let plain = 0;
  for (let i = 0; i < 60_000; i++) {
    const begin = random.chance(0.8) ? `https://shop.example${random.pick(['', '/', '/a', ':81/'])}` : '';
    const text = begin + Array.from({ length: random.integer(0, 7) }, () => random.pick(PARTS)).join('');
    const address = plainAddress(text);
    if (!address) continue;
    plain++;
    expect([text, address]).toEqual([text, parsedAddress(text)]);
  }
  // Else the test would show nothing.
  expect(plain).toBeGreaterThan(5_000);
});
