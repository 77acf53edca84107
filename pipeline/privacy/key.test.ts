import { expect, test } from 'vitest';
import { bucketOf, erasureKey, loadErasureKey } from './key.ts';

const ids = { anonymous_id: ['a'], user_id: ['u7'], email_hash: [] };

test('a tombstone depends on the key, the kind and the identifier, and gives none of them away', () => {
  const key = erasureKey('s'.repeat(32));
  const hashes = [
    key.hash('user_id', 'u7'),
    key.hash('anonymous_id', 'u7'),
    key.hash('user_id', 'u8'),
    erasureKey('t'.repeat(32)).hash('user_id', 'u7'),
  ];
  expect(new Set(hashes).size).toBe(4);
  for (const hash of hashes) expect(hash).toMatch(/^[\da-f]{64}$/);
  expect(key.id).not.toBe(erasureKey('t'.repeat(32)).id);
});

test('a bucket is the beginning of the plain SHA-256, as SQL computes it', () => {
  // printf user_id:u7 | sha256sum
  expect(bucketOf('user_id', 'u7')).toBe('72f2');
});

test('sealed identifiers are read with the same key only, and never twice the same text', () => {
  const key = erasureKey('s'.repeat(32));
  const sealed = key.seal(ids);
  expect(key.open(sealed)).toEqual(ids);
  expect(key.seal(ids)).not.toBe(sealed);
  expect(Buffer.from(sealed, 'base64').toString('latin1')).not.toContain('u7');
  expect(() => erasureKey('t'.repeat(32)).open(sealed)).toThrow('they were sealed with another key, or the row is damaged');
  expect(() => key.open('')).toThrow('they were sealed with another key');
});

test('BigQuery needs a key that all machines share', async () => {
  const bigQuery = { type: 'bigquery', project: 'p', dataset: 'd' } as Parameters<typeof loadErasureKey>[0];
  await expect(loadErasureKey(bigQuery, '/nowhere', {})).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringContaining('TOUCHTRAIL_ERASURE_KEY is not set') as string,
  });
  await expect(loadErasureKey(bigQuery, '/nowhere', { TOUCHTRAIL_ERASURE_KEY: 'short' })).rejects.toThrow(
    'has 5 characters; expected at least 32',
  );
  const key = await loadErasureKey(bigQuery, '/nowhere', { TOUCHTRAIL_ERASURE_KEY: 's'.repeat(32) });
  expect(key.id).toBe(erasureKey('s'.repeat(32)).id);
});
