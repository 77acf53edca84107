import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createKey, listKeys, revokeKey } from '../embedded/keys.ts';
import { importKey, trackingSince } from './key.ts';

let folder: string;
beforeAll(() => void (folder = mkdtempSync(path.join(tmpdir(), 'touchtrail-import-'))));
afterAll(() => rmSync(folder, { recursive: true }));
let folders = 0;
const newFolder = (): string => path.join(folder, `data-${folders++}`);

describe('the key of a data folder', () => {
  test('is made once, kept for its user alone, and is a server key', async () => {
    const data = newFolder();
    const first = await importKey(data, undefined);
    expect(first.isNew).toBe(true);
    expect(await importKey(data, undefined)).toEqual({ key: first.key, isNew: false });
    expect(await listKeys(data)).toMatchObject([{ kind: 'server', name: 'import', revoked_at: null }]);
    expect(statSync(path.join(data, 'imports', 'keys.json')).mode & 0o777).toBe(0o600);
    await revokeKey(data, 'import');
    await expect(importKey(data, undefined)).rejects.toThrow(/was revoked.*count twice/);
  });

  test('stores as the key of the site where that is asked for, and is another one then', async () => {
    const data = newFolder();
    const { record } = await createKey(data, { kind: 'browser', name: 'website' });
    const own = await importKey(data, undefined);
    const asSite = await importKey(data, 'website');
    expect(asSite.key).not.toBe(own.key);
    expect(await importKey(data, record.id)).toEqual({ key: asSite.key, isNew: false });
    expect((await listKeys(data)).map(({ stores_as }) => stores_as)).toEqual([undefined, undefined, record.id]);
    await expect(importKey(data, 'websit')).rejects.toThrow(`Known: ${record.id} ("website")`);
    expect(await trackingSince(data)).toBe(Date.parse(record.created_at));
    expect(await trackingSince(newFolder())).toBeUndefined();
  });
});
