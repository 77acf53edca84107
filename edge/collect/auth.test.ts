import { createHash } from 'node:crypto';
import { describe, expect, test, vi } from 'vitest';
import type { WriteKeyRecord } from '../contract/write-key.ts';
import { createAuthenticator, keyInBody, presentedKey } from './auth.ts';

const none = new URLSearchParams();
const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` });

describe('the key of a request', () => {
  test.each([
    ['the user name of Basic authentication', new Headers(basic('demo:')), none],
    ['the header X-Write-Key', new Headers({ 'x-write-key': ' demo ' }), none],
    ['the query', new Headers(), new URLSearchParams('writeKey=demo')],
  ])('may stand in %s', (_, headers, query) => {
    expect(presentedKey(headers, query)).toBe('demo');
  });

  test('may stand in the body', () => {
    expect(keyInBody({ writeKey: ' demo ' })).toBe('demo');
    expect([{}, { writeKey: 7 }, { writeKey: ' ' }].map(keyInBody)).toEqual([undefined, undefined, undefined]);
  });

  test.each([[{}], [{ authorization: 'Bearer abc' }], [{ authorization: 'Basic %%%' }], [basic(':password only')]])(
    'is missing from %j',
    (headers) => {
      expect(presentedKey(new Headers(headers as Record<string, string>), none)).toBeUndefined();
    },
  );
});

describe('authentication', () => {
  const hash = createHash('sha256').update('demo').digest('hex');
  const record: WriteKeyRecord = { id: 'wk_1', kind: 'server', name: 'shop' };

  test('looks the key up by its hash and never by itself', async () => {
    const lookup = vi.fn(async () => record);
    expect(await createAuthenticator(lookup).authenticate('demo')).toEqual({ id: 'wk_1', kind: 'server', verified: true, record });
    expect(lookup.mock.calls).toEqual([[hash]]);
  });

  test('names the key under whose id the events are stored, where that is another', async () => {
    const copies: WriteKeyRecord = { ...record, stores_as: 'wk_0123456789abcdef' };
    const key = await createAuthenticator(async () => copies).authenticate('demo');
    expect(key).toEqual({ id: 'wk_0123456789abcdef', kind: 'server', verified: true, record: copies });
  });

  test('does not know a revoked key', async () => {
    const { authenticate } = createAuthenticator(async () => ({ ...record, revoked_at: '2026-03-01T12:00:00.000Z' }));
    await expect(authenticate('demo')).rejects.toMatchObject({ reason: 'unknown_write_key' });
    const kept = createAuthenticator(async () => ({ ...record, revoked_at: null }));
    expect((await kept.authenticate('demo')).id).toBe('wk_1');
  });

  test('refuses no key and an unknown key with different reasons', async () => {
    const { authenticate } = createAuthenticator(async () => undefined);
    await expect(authenticate(undefined)).rejects.toMatchObject({ reason: 'missing_write_key' });
    await expect(authenticate('demo')).rejects.toMatchObject({ reason: 'unknown_write_key' });
  });

  test('asks the store again after a minute for a known key, after five seconds for an unknown one', async () => {
    let now = 0;
    let stored: WriteKeyRecord | undefined;
    const lookup = vi.fn(async () => stored);
    const { authenticate } = createAuthenticator(lookup, () => now);
    await expect(authenticate('demo')).rejects.toMatchObject({ reason: 'unknown_write_key' });
    stored = record;
    now = 4_999;
    await expect(authenticate('demo')).rejects.toMatchObject({ reason: 'unknown_write_key' });
    now = 5_000;
    expect((await authenticate('demo')).id).toBe('wk_1');
    stored = undefined;
    now = 64_999;
    expect((await authenticate('demo')).id).toBe('wk_1');
    now = 65_000;
    await expect(authenticate('demo')).rejects.toMatchObject({ reason: 'unknown_write_key' });
    expect(lookup).toHaveBeenCalledTimes(3);
  });

  test('says at once whose key it is as long as the answer of the store is believed, and never that there is none', async () => {
    let now = 0;
    let stored: WriteKeyRecord | undefined;
    const keys = createAuthenticator(
      async () => stored,
      () => now,
    );
    await expect(keys.authenticate('demo')).rejects.toMatchObject({ reason: 'unknown_write_key' });
    expect([keys.remembered('demo'), keys.remembered(undefined)]).toEqual([undefined, undefined]);
    stored = record;
    now = 5_000;
    await keys.authenticate('demo');
    now = 64_999;
    expect(keys.remembered('demo')).toEqual({ id: 'wk_1', kind: 'server', verified: true, record });
    now = 65_000;
    expect(keys.remembered('demo')).toBeUndefined();
    await keys.authenticate('demo');
    keys.forget();
    expect(keys.remembered('demo')).toBeUndefined();
  });

  test('asks anew about every key once it was told to forget, also about one that was just being asked for', async () => {
    let stored: WriteKeyRecord | undefined = record;
    const answer = Promise.withResolvers<void>();
    const keys = createAuthenticator(async () => {
      const found = stored;
      await answer.promise;
      return found;
    });
    const before = keys.authenticate('demo');
    stored = undefined;
    keys.forget();
    answer.resolve();
    expect((await before).id).toBe('wk_1');
    await expect(keys.authenticate('demo')).rejects.toMatchObject({ reason: 'unknown_write_key' });
    stored = record;
    keys.forget();
    expect((await keys.authenticate('demo')).id).toBe('wk_1');
  });

  test('accepts events unverified, as of a browser key, while the store fails', async () => {
    const logged = vi.spyOn(console, 'error').mockReturnValue();
    const { authenticate } = createAuthenticator(async () => {
      throw new Error('store down');
    });
    expect(await authenticate('demo')).toEqual({ id: `wk_${hash.slice(0, 16)}`, kind: 'browser', verified: false });
    expect(logged).toHaveBeenCalledOnce();
    logged.mockRestore();
  });

  test('keeps believing what it knows of a key while the store fails', async () => {
    const logged = vi.spyOn(console, 'error').mockReturnValue();
    let now = 0;
    let down = false;
    const { authenticate } = createAuthenticator(
      async () => {
        if (down) throw new Error('store down');
        return record;
      },
      () => now,
    );
    await authenticate('demo');
    down = true;
    now = 120_000;
    expect(await authenticate('demo')).toEqual({ id: 'wk_1', kind: 'server', verified: true, record });
    logged.mockRestore();
  });
});
