import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createKey, listKeys, revokeKey, updateKey } from './keys.ts';
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
    await expect(revokeKey(data, 'wk_nope')).rejects.toThrow(`There is no write key "wk_nope". Known: ${record.id} ("site").`);
  });

  test('keep their rules, and those of others are left alone', async () => {
    const { record } = await createKey(data, { kind: 'browser', name: 'site', policy: { origins: ['https://www.example.com'] } });
    const other = (await createKey(data, { kind: 'server', name: 'shop', policy: { stores_as: record.id } })).record;
    const [paused] = await Promise.all([
      updateKey(data, record.id, { paused: true }),
      updateKey(data, other.id, { events_per_second: 5 }),
      createKey(data, { kind: 'server', name: 'third' }),
    ]);
    expect(paused).toEqual({ ...record, paused: true });
    expect((await listKeys(data)).slice(0, 2)).toEqual([paused, { ...other, events_per_second: 5 }]);
    await expect(updateKey(data, 'wk_nope', { paused: true })).rejects.toThrow('There is no write key "wk_nope"');
  });

  test('from before there were rules are read as they are', async () => {
    const old = { ...(await createKey(data, { kind: 'browser', name: 'site', key: 'demo' })).record };
    await writeFile(join(data, 'keys.json'), JSON.stringify({ keys: [old] }));
    expect(await listKeys(data)).toEqual([old]);
  });

  test.each([
    ['{"keys":[{"id":1}]}', 'keys[0].id is missing or wrong'],
    ['{"keys":["demo"]}', 'keys[0] is no object'],
    ['{}', 'it has no list "keys"'],
    ['null', 'it has no list "keys"'],
    ['{', 'JSON'],
  ])('in a damaged file give a clear message: %s', async (text, words) => {
    await writeFile(join(data, 'keys.json'), text);
    const error = await listKeys(data).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'UserError' });
    expect((error as Error).message).toContain('keys.json does not hold write keys as expected: ');
    expect((error as Error).message).toContain(words);
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

  test('that an older file lacks are added, by several at the same time, too; what it holds stays', async () => {
    const old = { ip_hash_key: { id: 'ip_0a1b2c3d', key: 'k'.repeat(64) }, other: 1 };
    await writeFile(join(data, 'secrets.json'), JSON.stringify(old), { mode: 0o600 });
    const loaded = await Promise.all([loadSecrets(data), loadSecrets(data), loadSecrets(data)]);
    const [first] = loaded;
    expect(first).toEqual({ ip_hash_key: old.ip_hash_key, proxy_secret: expect.stringMatching(/^[0-9a-f]{64}$/) as string });
    expect([...loaded, await loadSecrets(data)]).toEqual([first, first, first, first]);
    expect(JSON.parse(await readFile(join(data, 'secrets.json'), 'utf8'))).toEqual({ ...old, ...first });
    expect(((await stat(join(data, 'secrets.json'))).mode & 0o777).toString(8)).toBe('600');
  });

  test('that are damaged are not replaced silently', async () => {
    await writeFile(join(data, 'secrets.json'), '{');
    await expect(loadSecrets(data)).rejects.toMatchObject({ name: 'UserError' });
  });
});
