import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { createApp } from '../app.ts';
import type { StoredKey } from '../contract/write-key.ts';
import { FakeKeyStore } from '../testing/fake-key-store.ts';

const app = createApp();
const store = new FakeKeyStore();
const bindings = { KEYS: store, ADMIN_TOKEN: 'a-token', LANDING: { fetch: async () => new Response(null, { status: 204 }) } };
beforeEach(() => store.entries.clear());

const keyOf = (key: string, more: Partial<StoredKey> = {}): StoredKey => {
  const hash = createHash('sha256').update(key).digest('hex');
  return {
    id: `wk_${hash.slice(0, 16)}`,
    kind: 'browser',
    name: key,
    key,
    key_hash: hash,
    created_at: '2026-03-01T12:00:00.000Z',
    revoked_at: null,
    ...more,
  };
};
const ask = async (method: string, path: string, body?: unknown, token = 'a-token') => {
  const init = { method, headers: { authorization: `Bearer ${token}` }, ...(body !== undefined && { body: JSON.stringify(body) }) };
  const response = await app.request(`https://edge.shop.example/internal/keys${path}`, init, bindings);
  return { status: response.status, body: await response.json() };
};
const send = async (key: string) => {
  const body = JSON.stringify({ batch: [{ type: 'page', anonymousId: 'a', messageId: 'm' }] });
  const init = { method: 'POST', body, headers: { 'x-write-key': key } };
  return (await app.request('https://edge.shop.example/v1/batch', init, bindings)).status;
};

test.each([
  ['GET', ''],
  ['PUT', ''],
  ['DELETE', '/wk_0123456789abcdef'],
])('%s %s is there only for who has the token', async (method, path) => {
  for (const token of ['', 'another', 'a-token-and-more']) {
    const { status } = await ask(method, path, method === 'PUT' ? keyOf('demo') : undefined, token);
    expect(status).toBe(404);
  }
  expect(store.entries.size).toBe(0);
});

describe('a key', () => {
  test('is stored under its hash, works at once, and is listed with its rules', async () => {
    const key = keyOf('demo', { origins: ['https://www.shop.example'], events_per_second: 50, sample: 0.5, keeps_emails: true });
    expect(await send('demo')).toBe(401);
    expect(await ask('PUT', '', key)).toEqual({ status: 200, body: key });
    expect([...store.entries.keys()]).toEqual([key.key_hash]);
    expect(await send('demo')).toBe(200);
    expect(await ask('GET', '')).toEqual({ status: 200, body: { keys: [key] } });
  });

  test('that is changed counts as changed at once', async () => {
    await ask('PUT', '', keyOf('changing'));
    expect(await send('changing')).toBe(200);
    await ask('PUT', '', keyOf('changing', { paused: true }));
    expect(await send('changing')).toBe(403);
  });

  test('of a server is stored as its hash, even if the caller says more', async () => {
    const { key, ...hashed } = keyOf('a-server-key-that-is-a-secret', { kind: 'server', name: 'shop' });
    expect(await ask('PUT', '', { ...hashed, key })).toEqual({ status: 200, body: hashed });
    expect([...store.entries.values()].join()).not.toContain(key);
  });

  test('is revoked by its id, stays in the list, and its events are refused', async () => {
    const key = keyOf('short-lived');
    await ask('PUT', '', key);
    expect(await send('short-lived')).toBe(200);
    vi.useFakeTimers({ now: Date.parse('2026-03-02T00:00:00Z'), toFake: ['Date'] });
    const revoked = { ...key, revoked_at: '2026-03-02T00:00:00.000Z' };
    expect(await ask('DELETE', `/${key.id}`)).toEqual({ status: 200, body: revoked });
    vi.setSystemTime(Date.parse('2026-03-03T00:00:00Z'));
    expect(await ask('DELETE', `/${key.id}`)).toEqual({ status: 200, body: revoked });
    vi.useRealTimers();
    expect(await send('short-lived')).toBe(401);
    expect(await ask('GET', '')).toEqual({ status: 200, body: { keys: [revoked] } });
  });

  test.each(['wk_0123456789abcdef', 'wk_', 'generation'])('%s that is not there cannot be revoked', async (id) => {
    await ask('PUT', '', keyOf('demo'));
    await store.put('generation', '1');
    expect(await ask('DELETE', `/${id}`)).toEqual({
      status: 409,
      body: { success: false, reason: 'invalid_key', message: `There is no write key "${id}".` },
    });
  });

  test.each<[string, unknown, string]>([
    ['nothing', undefined, 'This is no write key'],
    ['no kind', { ...keyOf('x'), kind: 'root' }, 'kind'],
    ['no hash', { ...keyOf('x'), key_hash: 'x' }, 'key_hash'],
    ['an id of another key', { ...keyOf('x'), id: 'wk_0123456789abcdef' }, 'id'],
    ['a rate of nothing', { ...keyOf('x'), events_per_second: 0 }, 'events_per_second'],
    ['a share above all', { ...keyOf('x'), sample: 1.1 }, 'sample'],
    ['an address for an origin', { ...keyOf('x'), origins: ['https://www.shop.example/path'] }, 'origins'],
  ])('with %s is refused in words', async (_, body, words) => {
    const answer = await ask('PUT', '', body);
    expect(answer.status).toBe(400);
    expect((answer.body as { message: string }).message).toContain(words);
    expect(store.entries.size).toBe(0);
  });
});

test('the list has all pages, the oldest first, and nothing but keys', async () => {
  const keys = Array.from({ length: 7 }, (_, i) => keyOf(`key-${i}`, { created_at: `2026-03-0${i + 1}T00:00:00.000Z` }));
  for (const key of keys.toReversed()) await ask('PUT', '', key);
  await store.put('generation', 'no JSON');
  expect((await ask('GET', '')).body).toEqual({ keys });
});
