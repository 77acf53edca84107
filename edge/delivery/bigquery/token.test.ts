import { expect, test, vi } from 'vitest';
import { createServiceAccount } from '../../testing/service-account.ts';
import { createTokenSource } from './token.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const account = await createServiceAccount();
const MINUTE = 60_000;

function createClock(now = NOW) {
  return { now: () => now, pass: (ms: number) => void (now += ms) };
}

test('a token is one that Google takes', async () => {
  const token = await createTokenSource(account.keyFile, () => NOW).get();
  expect(await account.verify(token, NOW)).toBeUndefined();
  expect(await account.verify(token, NOW + 59 * MINUTE)).toBeUndefined();
  const [header, claims] = token.split('.').map((part) => Buffer.from(part, 'base64url').toString());
  expect(header).toBe('{"alg":"RS256","typ":"JWT","kid":"key-1"}');
  expect(JSON.parse(claims!)).toEqual({
    iss: 'edge@example.iam.gserviceaccount.com',
    sub: 'edge@example.iam.gserviceaccount.com',
    aud: 'https://bigquery.googleapis.com/',
    iat: 1_772_366_370,
    exp: 1_772_369_970,
  });
});

test('it is kept for 55 minutes', async () => {
  const { now, pass } = createClock();
  const tokens = createTokenSource(account.keyFile, now);
  const first = await tokens.get();
  pass(55 * MINUTE - 1);
  expect(await tokens.get()).toBe(first);
  pass(1);
  expect(await tokens.get()).not.toBe(first);
});

test('one that was refused is not used again; a newer one stays', async () => {
  const { now, pass } = createClock();
  const tokens = createTokenSource(account.keyFile, now);
  const first = await tokens.get();
  pass(1_000);
  tokens.forget(first);
  const second = await tokens.get();
  expect(second).not.toBe(first);
  pass(1_000);
  tokens.forget(first);
  expect(await tokens.get()).toBe(second);
});

test('nobody waits for a signature that was asked for elsewhere: it may never come', async () => {
  const sign = vi.spyOn(crypto.subtle, 'sign').mockImplementationOnce(async () => await new Promise(() => {}));
  const tokens = createTokenSource(account.keyFile, () => NOW);
  void tokens.get();
  await vi.waitFor(() => expect(sign).toHaveBeenCalled());
  expect(await account.verify(await tokens.get(), NOW)).toBeUndefined();
  expect(sign).toHaveBeenCalledTimes(2);
  sign.mockRestore();
});

test.each<[string, string, string]>([
  ['no JSON', 'secret-text', 'GOOGLE_SERVICE_ACCOUNT is not JSON'],
  ['null', 'null', 'has no client_email or no private_key'],
  ['another JSON', '{"type":"secret-text"}', 'has no client_email or no private_key'],
  ['no key in PEM', '{"client_email":"a","private_key":"secret-text!"}', 'is not an RSA key in PEM'],
  [
    'another key in PEM',
    '{"client_email":"a","private_key":"-----BEGIN PRIVATE KEY-----\\nc2VjcmV0LXRleHQ=\\n-----END PRIVATE KEY-----"}',
    'is not an RSA key in PEM',
  ],
])('an account that is %s is said to be so, without a word of it, each time', async (_, text, words) => {
  const tokens = createTokenSource(text, () => NOW);
  for (let i = 0; i < 2; i++) {
    const error = await tokens.get().then(
      () => undefined,
      (reason: unknown) => reason as Error,
    );
    expect(error?.message).toContain(words);
    expect(`${error?.message} ${String(error?.cause)}`).not.toContain('secret-text');
  }
});
