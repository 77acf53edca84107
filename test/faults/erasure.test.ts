import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  CANARY,
  DESKTOP,
  type ErasureWorld,
  JANE_HASH,
  landStory,
  landStoryWithoutJane,
  openErasureWorld,
  PHONE,
} from '../../pipeline/privacy/testing/erasure-world.ts';

/** Erases Jane in a process that is killed just before it gives a file its name. */
const ERASER = `
  import fs from 'node:fs/promises';
  import { syncBuiltinESMExports } from 'node:module';
  const [module, folder, pattern, hash] = process.argv.slice(1);
  const rename = fs.rename;
  fs.rename = async (from, to) => {
    if (new RegExp(pattern).test(to)) process.kill(process.pid, 'SIGKILL');
    return rename(from, to);
  };
  syncBuiltinESMExports();
  const { worldIn } = await import(module);
  await worldIn(folder).erase({ kind: 'email_hash', value: hash }, '2026-03-06T03:00:00.000Z');
`;

let story: ErasureWorld;
let expected: Record<string, string[]>;
beforeAll(async () => {
  story = await openErasureWorld();
  await landStory(story);
  await story.night('2026-03-05T03:00:00.000Z');
  const control = await openErasureWorld();
  await landStoryWithoutJane(control);
  await control.night('2026-03-06T03:00:00.000Z');
  expected = await control.tables();
  await control.close();
});
afterAll(() => story.close());

test.each([
  ['the second of two segments', String.raw`loaded/20260304.*\.ndjson$`],
  ['a kept publication', String.raw`publications/20260305T030000Z-000001\.duckdb$`],
  ['the database file', String.raw`data/warehouse\.duckdb$`],
])('killed before it replaces %s, an erasure is finished by the next run', async (_, pattern) => {
  const world = await story.copy();
  try {
    const module = new URL('../../pipeline/privacy/testing/erasure-world.ts', import.meta.url).href;
    const child = spawn(process.execPath, ['--input-type=module', '-e', ERASER, module, world.folder, pattern, JANE_HASH], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
    expect(await world.rows('select verified_at from erasures')).toEqual([{ verified_at: null }]);
    await world.night('2026-03-07T03:00:00.000Z');
    expect(await world.rows('select verified_at from erasures')).toEqual([{ verified_at: '2026-03-07T03:00:00.000000Z' }]);
    expect(world.filesWith(DESKTOP, PHONE, JANE_HASH, CANARY, 'jane@fernhill.example')).toEqual({});
    expect(await world.tables()).toEqual(expected);
  } finally {
    await world.close();
  }
});
