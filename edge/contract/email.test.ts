import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { emailHash, isEmailHash, normalizeEmail } from './email.ts';

/** The file every implementation (tracker, edge, both warehouses) is tested against. */
const VECTORS = JSON.parse(readFileSync(new URL('email-vectors.json', import.meta.url), 'utf8')) as {
  name: string;
  address: string;
  normalized: string;
  hash: string;
}[];

test.each(VECTORS)('normalises and hashes: $name', ({ address, normalized, hash }) => {
  expect(normalizeEmail(address)).toBe(normalized);
  expect(emailHash(address)).toBe(hash);
});

test('an e-mail hash is 64 hex digits', () => {
  expect(isEmailHash(VECTORS[0]!.hash)).toBe(true);
  expect(isEmailHash(VECTORS[0]!.hash.toUpperCase())).toBe(true);
  expect(isEmailHash(VECTORS[0]!.hash.slice(1))).toBe(false);
  expect(isEmailHash('jane.doe@example.com')).toBe(false);
});
