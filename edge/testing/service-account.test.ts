import { createPrivateKey, createSign } from 'node:crypto';
import { expect, test } from 'vitest';
import { createServiceAccount } from './service-account.ts';

const NOW_SECONDS = 1_790_000_000;
const account = await createServiceAccount('edge@example.test');
const { client_email: email, private_key: privateKey } = JSON.parse(account.keyFile) as { client_email: string; private_key: string };

const good = { iss: email, sub: email, aud: 'https://bigquery.googleapis.com/', iat: NOW_SECONDS, exp: NOW_SECONDS + 3_600 };

/** Signed by Node's own cryptography rather than by the code that is to use the account. */
function tokenOf(claims: object, header: object = { alg: 'RS256', typ: 'JWT' }): string {
  const signed = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${signed}.${createSign('RSA-SHA256').update(signed).sign(createPrivateKey(privateKey)).toString('base64url')}`;
}
const verify = (token: string, second = NOW_SECONDS) => account.verify(token, second * 1_000);

test('a token of the account is good until it expires', async () => {
  expect(await verify(tokenOf(good))).toBeUndefined();
  expect(await verify(tokenOf(good), NOW_SECONDS + 3_599)).toBeUndefined();
  expect(await verify(tokenOf(good), NOW_SECONDS + 3_600)).toBe('it has expired');
});

test('a scope for inserting does as well as the audience', async () => {
  const scope = 'https://www.googleapis.com/auth/bigquery.insertdata';
  expect(await verify(tokenOf({ ...good, aud: undefined, scope }))).toBeUndefined();
});

test.each([
  ['another account', { ...good, iss: 'other@example.test' }, 'it is of another account'],
  ['another audience', { ...good, aud: 'https://storage.googleapis.com/' }, 'it is not meant for BigQuery'],
  ['another scope', { ...good, scope: 'https://www.googleapis.com/auth/devstorage.read_only' }, 'it is not meant for BigQuery'],
  ['no times', { ...good, exp: undefined }, 'it says no times'],
  ['more than an hour', { ...good, exp: NOW_SECONDS + 3_601 }, 'it lives longer than an hour'],
  ['a beginning far ahead', { ...good, iat: NOW_SECONDS + 301 }, 'it is not valid yet'],
])('a token with %s is refused', async (_, claims, words) => {
  expect(await verify(tokenOf(claims))).toBe(words);
});

test('a token that was changed after signing, or is none, is refused', async () => {
  const [header, , signature] = tokenOf(good).split('.');
  const claims = Buffer.from(JSON.stringify({ ...good, exp: NOW_SECONDS + 1_800 })).toString('base64url');
  for (const token of [`${header}.${claims}.${signature}`, 'a.b.c', 'nonsense', '']) {
    expect(await verify(token), token).toBe('the signature is not that of the account');
  }
  expect(await verify(tokenOf(good, { alg: 'none' }))).toBe('the algorithm is not RS256');
});
