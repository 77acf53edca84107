import { crc32 as zlibCrc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { crc32 } from './crc32.ts';
import { createToken, readToken, withoutTokens } from './token.ts';

const ID = '5d7c2c43-8a6b-4d77-9c4a-0d1f6d3f7a10';
/** `printf %s "$ID" | base64` */
const ENCODED_ID = 'NWQ3YzJjNDMtOGE2Yi00ZDc3LTljNGEtMGQxZjZkM2Y3YTEw';
const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/67.0.3396.99 Safari/537.36*420*en-US';
/** 2018-08-03T20:51:23.292Z: 36 seconds before the minute ends. */
const NOW = 1_533_329_483_292;
const MINUTE = 60_000;

/** A token made by the description of the format, with zlib's checksum. */
function tokenOf(value: string, minute: number, browser = BROWSER): string {
  const pairs = `aid*${Buffer.from(value).toString('base64url')}`;
  return `1*${zlibCrc32(`${browser}*${minute}*${pairs}`).toString(36)}*${pairs}`;
}

describe('token', () => {
  // From amphtml's test-linker.js, for the same browser and time.
  it.each([
    ['foo*MTIz', '14cn7x'],
    ['key1*dmFsdWUx', '1f66u1p'],
    ['key1*dmFsdWUx*name*Ym9i*color*Z3JlZW4.*car*dGVzbGE.', '6orwo8'],
    ['key*5Lit5paH*key2*z4A.', 'bgtsvu'],
  ])("has the checksum that AMP's linker gives to %s", (pairs, checksum) => {
    expect(crc32(`${BROWSER}*25555491*${pairs}`).toString(36)).toBe(checksum);
    expect(Math.floor(NOW / MINUTE)).toBe(25_555_491);
  });

  it('is a version, a checksum in base 36, and the visitor id in base64', () => {
    expect(createToken(ID, BROWSER, NOW)).toBe(tokenOf(ID, 25_555_491));
    expect(createToken(ID, BROWSER, NOW)).toMatch(RegExp(`^1\\*[\\da-z]{1,7}\\*aid\\*${ENCODED_ID}$`));
  });

  it('needs no character that an address would have to escape, whatever the id', () => {
    for (const digit of '0123456789abcdefABCDEF') {
      const id = ID.replace(/[\da-f]/g, digit);
      const token = createToken(id, BROWSER, NOW);
      expect(token).toMatch(/^[\w*-]+$/);
      expect(readToken(token, BROWSER, NOW)).toBe(id);
    }
  });

  it.each([
    ['in the same minute', NOW, ID],
    ['two minutes later', NOW + 2 * MINUTE, ID],
    ['in the last millisecond of the second minute after its own', 25_555_494 * MINUTE - 1, ID],
    ['in the first millisecond of the third', 25_555_494 * MINUTE, undefined],
    ['before it was made', 25_555_491 * MINUTE - 1, undefined],
  ])('read %s', (_, now, id) => {
    expect(readToken(createToken(ID, BROWSER, NOW), BROWSER, now)).toBe(id);
  });

  it('is nothing in a browser with another user agent, time zone or language', () => {
    const token = createToken(ID, BROWSER, NOW);
    for (const [from, to] of [
      ['Chrome/67', 'Chrome/68'],
      ['*420*', '*360*'],
      ['en-US', 'en-GB'],
    ] as const) {
      expect(readToken(token, BROWSER.replace(from, to), NOW)).toBeUndefined();
    }
  });

  it('is nothing when it was changed, or holds anything but a visitor id', () => {
    const token = createToken(ID, BROWSER, NOW);
    expect(readToken(token, BROWSER, NOW)).toBe(ID);
    const changed = [
      token.replace('NWQ3', 'NWQ4'),
      token.replace(/^1/, '2'),
      token.replace('aid', 'uid'),
      token.slice(0, -1),
      `${token}*more*Zm9v`,
      `${token}=`,
      '',
      '1',
      '1*1*aid*',
      '***%%%',
      'x'.repeat(100_000),
    ];
    for (const text of changed) expect(readToken(text, BROWSER, NOW)).toBeUndefined();
    // Checksum and time are right in these.
    for (const value of ['', 'Ada', 'ada@engine.example', `${ID}${ID}`, `x${ID.slice(1)}`, 'a'.repeat(100_000)]) {
      expect(readToken(tokenOf(value, 25_555_491), BROWSER, NOW)).toBeUndefined();
    }
    expect(readToken(tokenOf(ID, 25_555_491), BROWSER, NOW)).toBe(ID);
  });
});

it.each([
  ['/a?_tt=1*x*aid*y', '/a'],
  ['/a?_tt=1*x*aid*y&b=%2f#c', '/a?b=%2f#c'],
  ['/a?b=%2f&_tt=1*x*aid*y#c', '/a?b=%2f#c'],
  ['/a?b&_tt=1&c&_tt=', '/a?b&c'],
  ['/a?b_tt=1&_ttx=2#_tt=3', '/a?b_tt=1&_ttx=2#_tt=3'],
  ['{"url":"/a?_tt=1*x*aid*y","form":"/b?c&_tt=1"}', '{"url":"/a","form":"/b?c"}'],
])('is taken out of %s', (text, rest) => {
  expect(withoutTokens(text)).toBe(rest);
});
