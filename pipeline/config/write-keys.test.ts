import { describe, expect, test } from 'vitest';
import type { StoredKey } from '../../edge/contract/write-key.ts';
import { changeKey, makeKey, type PolicyChanges, revokedKey } from './write-keys.ts';

const site = makeKey([], { kind: 'browser', name: 'site', key: 'demo' }).record;
const server = makeKey([site], { kind: 'server', name: 'shop' }).record;
const keys = [site, server];

const changed = (changes: PolicyChanges, key: StoredKey = site) => changeKey(keys, key.id, changes);

describe('allowed origins', () => {
  test.each([
    ['https://www.example.com', 'https://www.example.com'],
    ['https://WWW.Example.com/', 'https://www.example.com'],
    ['https://www.example.com:443', 'https://www.example.com'],
    ['http://localhost:3000', 'http://localhost:3000'],
    ['http://127.0.0.1:3000', 'http://127.0.0.1:3000'],
    ['http://[::1]:3000', 'http://[::1]:3000'],
    ['https://*.example.com', 'https://*.example.com'],
    ['https://*.Example.com:8443/', 'https://*.example.com:8443'],
    ['https://bücher.example', 'https://xn--bcher-kva.example'],
  ])('%s is kept as browsers send it: %s', (given, kept) => {
    expect(changed({ origins: [given] }).origins).toEqual([kept]);
  });

  test.each([
    ['www.example.com', '"https://www.example.com"'],
    ['https://www.example.com/shop', '"https://www.example.com"'],
    ['https://www.example.com?x=1', '"https://www.example.com"'],
    ['https://user@www.example.com', '"https://www.example.com"'],
    ['ftp://www.example.com', '"https://www.example.com"'],
    ['https://*', '"https://www.example.com"'],
    ['https://*.com', '"https://www.example.com"'],
    ['https://www.*.example.com', '"https://www.example.com"'],
    ['https://*.*.example.com', '"https://www.example.com"'],
    ['null', '"https://null"'],
    ['', '"https://www.example.com"'],
  ])('%j is none; said with what was meant: %s', (given, meant) => {
    expect(() => changed({ origins: [given] })).toThrow(`--origin ${given}: expected scheme and host, such as ${meant}`);
  });

  test('that are the same are one', () => {
    expect(changed({ origins: ['https://a.example', 'https://A.example/'] }).origins).toEqual(['https://a.example']);
  });
});

describe('rules', () => {
  test('are taken over one by one, and taken away by null or false', () => {
    const all: PolicyChanges = { origins: ['https://a.example'], events_per_second: 50, sample: 0.1, paused: true, keeps_emails: true };
    const full = changed(all);
    expect(full).toEqual({ ...site, ...all });
    const without = (changes: PolicyChanges) => changeKey([full], site.id, changes);
    expect(without({})).toEqual(full);
    expect(without({ paused: false })).toEqual({ ...site, ...all, paused: undefined });
    expect(without({ origins: null, events_per_second: null, sample: null, paused: false, keeps_emails: false })).toEqual(site);
    expect(Object.keys(without({ paused: false }))).not.toContain('paused');
  });

  test.each<[PolicyChanges, string]>([
    [{ events_per_second: 0 }, '--events-per-second 0: expected a number above 0'],
    [{ events_per_second: -1 }, 'expected a number above 0'],
    [{ events_per_second: 1_000_001 }, 'at most 1000000'],
    [{ sample: 0 }, '--sample 0: expected the share'],
    [{ sample: 1.5 }, '--sample 1.5'],
    [{ sample: 10 }, '--sample 10'],
    [{ stores_as: 'wk_0123456789abcdef' }, '--source is for server keys'],
  ])('%j does not fit a browser key: %s', (changes, words) => {
    expect(() => changed(changes)).toThrow(words);
  });

  test.each([0.000_1, 1_000_000])('a rate of %d events per second is one', (rate) => {
    expect(changed({ events_per_second: rate }).events_per_second).toBe(rate);
  });

  test('of a server key name a source that stores as itself and lives', () => {
    expect(changed({ stores_as: site.id }, server).stores_as).toBe(site.id);
    expect(() => changed({ stores_as: 'wk_nope' }, server)).toThrow(
      `There is no write key "wk_nope". Known: ${site.id} ("site"), ${server.id} ("shop").`,
    );
    expect(() => changed({ stores_as: server.id }, server)).toThrow('expected another key');
    const revoked = revokedKey(keys, site.id);
    expect(() => changeKey([revoked, server], server.id, { stores_as: site.id })).toThrow(`this key was revoked on ${revoked.revoked_at}`);
    const copies = { ...server, stores_as: site.id };
    const other = makeKey(keys, { kind: 'server', name: 'app' }).record;
    expect(() => changeKey([site, copies, other], other.id, { stores_as: server.id })).toThrow(`stores its events as ${site.id} itself`);
    expect(() => changed({ origins: ['https://a.example'] }, server)).toThrow('--origin is for browser keys');
  });

  test('of a revoked key cannot be changed', () => {
    expect(() => changeKey([revokedKey(keys, site.id)], site.id, { paused: true })).toThrow('was revoked on');
  });

  test('may be given with a new key', () => {
    const { record } = makeKey(keys, { kind: 'server', name: 'app', policy: { stores_as: site.id, sample: 0.5 } });
    expect(record).toMatchObject({ kind: 'server', stores_as: site.id, sample: 0.5 });
    expect(record).not.toHaveProperty('key');
  });
});

test('what is wrong is wrong usage', () => {
  expect(() => changed({ sample: 2 })).toThrow(expect.objectContaining({ name: 'UserError', exitCode: 2 }));
});

describe('a key is found', () => {
  const older = { ...server, id: 'wk_old', revoked_at: '2026-01-01T00:00:00.000Z' };
  const twin = { ...server, id: 'wk_twin' };

  test('by its name where that is unique; a revoked one does not count beside a living one', () => {
    expect(revokedKey(keys, 'site').id).toBe(site.id);
    expect(changeKey([older, server], 'shop', { paused: true }).id).toBe(server.id);
    expect(revokedKey([older], 'shop')).toEqual(older);
  });

  test('by its id alone where two have the name', () => {
    expect(() => revokedKey([server, twin], 'shop')).toThrow(
      `2 write keys are called "shop": name one by its id, ${server.id} ("shop"), wk_twin ("shop").`,
    );
    expect(revokedKey([server, twin], 'wk_twin').id).toBe('wk_twin');
  });

  test('a server key is no source', () => {
    expect(() => changeKey([server, twin], twin.id, { stores_as: server.id })).toThrow(
      `--source ${server.id}: this is a server key ("shop"); expected the browser key of the same site`,
    );
  });
});
