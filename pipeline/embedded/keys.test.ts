import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createKey, listKeys, revokeKey } from './keys.ts';
import { loadSecrets } from './secrets.ts';

let data: string;

beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'touchtrail-keys-'));
});

afterEach(async () => {
  await rm(data, { recursive: true });
});

const file = async () => await readFile(join(data, 'keys.json'), 'utf8');
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

describe('write keys', () => {
  test('of browsers are stored as they are, beside their hash', async () => {
    const { record, key } = await createKey(data, { kind: 'browser', name: 'site', key: 'demo' });
    expect(key).toBe('demo');
    expect(record).toMatchObject({ kind: 'browser', key: 'demo', key_hash: sha256('demo'), name: 'site', revoked_at: null });
    expect(record.id).toMatch(/^wk_/);
    expect(await listKeys(data)).toEqual([record]);
  });

  test('of servers are shown once and stored only as their hash', async () => {
    const { record, key } = await createKey(data, { kind: 'server', name: 'shop' });
    expect(key.length).toBeGreaterThan(30);
    expect(record.key_hash).toBe(sha256(key));
    expect(await file()).not.toContain(key);
  });

  test('lie in a file that nobody else can read', async () => {
    await createKey(data, { kind: 'browser', name: 'site' });
    expect(((await stat(join(data, 'keys.json'))).mode & 0o777).toString(8)).toBe('600');
  });

  test.each([
    ['browser' as const, 'a:b', 'cannot be a write key'],
    ['browser' as const, 'abc', 'cannot be a write key'],
    ['server' as const, 'too-short-a-secret', 'at least 20 characters'],
  ])('of kind %s cannot be %j', async (kind, key, words) => {
    await expect(createKey(data, { kind, name: 'x', key })).rejects.toThrow(words);
  });

  test('are created once', async () => {
    const { record } = await createKey(data, { kind: 'browser', name: 'site', key: 'demo' });
    await expect(createKey(data, { kind: 'browser', name: 'again', key: 'demo' })).rejects.toThrow(`exists as ${record.id} ("site")`);
  });

  test('created and revoked at the same time are all kept', async () => {
    const { record } = await createKey(data, { kind: 'browser', name: 'old', key: 'demo' });
    const names = Array.from({ length: 8 }, (_, i) => `key ${i}`);
    const [revoked] = await Promise.all([revokeKey(data, record.id), ...names.map((name) => createKey(data, { kind: 'server', name }))]);
    const keys = await listKeys(data);
    expect(keys.map(({ name }) => name).sort()).toEqual([...names, 'old']);
    expect(keys.find(({ id }) => id === record.id)).toEqual(revoked);
  });

  test('are revoked by id, once and for all', async () => {
    const { record } = await createKey(data, { kind: 'browser', name: 'site', key: 'demo' });
    const revoked = await revokeKey(data, record.id);
    expect(revoked.revoked_at).not.toBeNull();
    expect(await revokeKey(data, record.id)).toEqual(revoked);
    await expect(createKey(data, { kind: 'browser', name: 'again', key: 'demo' })).rejects.toThrow('was revoked');
    await expect(revokeKey(data, 'wk_nope')).rejects.toThrow(`There is no write key "wk_nope". Known: ${record.id}.`);
  });

  test('in a damaged file give a clear message', async () => {
    await writeFile(join(data, 'keys.json'), '{"keys":[{"id":1}]}');
    await expect(listKeys(data)).rejects.toMatchObject({ name: 'UserError', message: expect.stringContaining('keys.json') as string });
  });

  test('of a new data folder are none', async () => {
    expect(await listKeys(join(data, 'new'))).toEqual([]);
  });
});

describe('secrets', () => {
  test('are made once, also by several at the same time, and stay', async () => {
    const made = await Promise.all([loadSecrets(data), loadSecrets(data), loadSecrets(data)]);
    expect(new Set(made.map((secrets) => JSON.stringify(secrets))).size).toBe(1);
    expect(await loadSecrets(data)).toEqual(made[0]);
    expect(((await stat(join(data, 'secrets.json'))).mode & 0o777).toString(8)).toBe('600');
  });

  test('that are damaged are not replaced silently', async () => {
    await writeFile(join(data, 'secrets.json'), '{');
    await expect(loadSecrets(data)).rejects.toMatchObject({ name: 'UserError' });
  });
});
