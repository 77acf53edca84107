import { expect, test } from 'vitest';
import type { AuthenticatedKey } from './auth.ts';
import { mayUse } from './key-policy.ts';

const keyOf = (origins: readonly string[] | undefined, kind: 'browser' | 'server' = 'browser'): AuthenticatedKey => ({
  id: 'wk_1',
  kind,
  verified: true,
  record: { id: 'wk_1', kind, name: 'site', ...(origins && { origins: [...origins] }) },
});
const listed = keyOf(['https://www.example.com', 'https://*.shop.example', 'http://*.dev.example:8080']);

test.each([
  [null, true],
  ['https://www.example.com', true],
  ['http://www.example.com', false],
  ['https://www.example.com:8443', false],
  ['https://example.com', false],
  ['https://www.example.com.evil.example', false],
  ['https://a.shop.example', true],
  ['https://b.a.shop.example', true],
  ['https://shop.example', false],
  ['https://.shop.example', false],
  ['https://evilshop.example', false],
  ['https://a.shop.example:8443', false],
  ['https://evil.example/.shop.example', false],
  ['https://evil.example?.shop.example', false],
  ['http://a.shop.example', false],
  ['http://a.dev.example:8080', true],
  ['http://a.dev.example', false],
  ['null', false],
  ['', false],
])('of a key with a list, a request from %j is allowed: %s', (origin, isAllowed) => {
  expect(mayUse(listed, origin)).toBe(isAllowed);
});

test.each([
  ['without a list', keyOf(undefined)],
  ['with an empty list', keyOf([])],
  ['of a server', keyOf(['https://www.example.com'], 'server')],
  ['that nobody could look up', { id: 'wk_1', kind: 'browser', verified: false } satisfies AuthenticatedKey],
])('a key %s is for any origin', (_, key) => {
  for (const origin of [null, 'null', 'https://evil.example']) expect(mayUse(key, origin)).toBe(true);
});
