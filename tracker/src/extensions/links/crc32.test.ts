import { crc32 as zlibCrc32 } from 'node:zlib';
import { expect, it } from 'vitest';
import { crc32 } from './crc32.ts';

it.each([
  ['', 0x00000000],
  // The check value of the catalogue of parametrised CRC algorithms.
  ['123456789', 0xcbf43926],
  ['a', 0xe8b7be43],
  ['The quick brown fox jumps over the lazy dog', 0x414fa339],
])('has the published value of %j', (text, value) => {
  expect(crc32(text)).toBe(value);
});

it('agrees with zlib about every character of one byte, and about text in UTF-8', () => {
  const ascii = String.fromCodePoint(...Array.from({ length: 128 }, (_, code) => code));
  for (const text of [ascii, '中文 π ü', '🙂'.repeat(50)]) expect(crc32(text)).toBe(zlibCrc32(text));
});
