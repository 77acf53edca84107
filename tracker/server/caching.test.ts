import { expect, test } from 'vitest';
import { cacheControlBesideCookie } from './caching.ts';

const NONE = undefined;

test.each<readonly [string, Record<string, string>, string | undefined]>([
  ['nothing said', {}, 'private'],
  ['private', { 'cache-control': 'private, max-age=600' }, 'private, max-age=600'],
  ['not stored', { 'cache-control': 'no-store' }, 'no-store'],
  ['capitals', { 'cache-control': 'Private' }, 'Private'],
  ['to be asked each time', { 'cache-control': 'no-cache' }, 'no-cache, private'],
  ['no lifetime', { 'cache-control': 'max-age=0, must-revalidate' }, 'max-age=0, must-revalidate, private'],
  ['public', { 'cache-control': 'public, max-age=0' }, NONE],
  ['a lifetime', { 'cache-control': 'max-age=600' }, NONE],
  ['a lifetime in quotes', { 'cache-control': 'max-age="600"' }, NONE],
  ['a lifetime for shared caches', { 'cache-control': 's-maxage=31536000, stale-while-revalidate' }, NONE],
  ['a day of expiry', { expires: 'Wed, 21 Oct 2037 07:28:00 GMT' }, NONE],
  ['a day of expiry that does not count', { expires: '0', 'cache-control': 'no-store' }, 'no-store'],
  ['a rule for a CDN', { 'cache-control': 'private', 'cdn-cache-control': 'max-age=60' }, NONE],
  ["Fastly's rule", { 'surrogate-control': 'max-age=60' }, NONE],
  ['a rule for a CDN that forbids', { 'cdn-cache-control': 'no-store' }, 'private'],
  ['private for one header only', { 'cache-control': 'private="x-name", max-age=60' }, NONE],
])('%s', (_, headers, expected) => {
  expect(cacheControlBesideCookie((name) => headers[name])).toBe(expected);
});
