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

/** Does it in a process that is killed just before it gives a file its name. */
const killed = (work: string): string => `
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
  await worldIn(folder).${work};
`;
const ERASER = killed(`erase({ kind: 'email_hash', value: hash }, '2026-03-06T03:00:00.000Z')`);
const NIGHT = killed(`night('2026-03-06T04:00:00.000Z')`);

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

/** Where it is killed: each run goes on with what the one before has left, and comes one step further. */
const KILLS: readonly (readonly [what: string, pattern: string])[] = [
  ['the second of two segments', String.raw`loaded/20260304.*\.ndjson$`],
  ['a kept publication', String.raw`publications/20260305T030000Z-000001\.duckdb$`],
  ['the database file', String.raw`data/warehouse\.duckdb$`],
];

test('killed before it replaces a segment, then a kept publication, then the database file, an erasure is finished by the next run', async () => {
  const world = await story.copy();
  try {
    const module = new URL('../../pipeline/privacy/testing/erasure-world.ts', import.meta.url).href;
    for (const [i, [what, pattern]] of KILLS.entries()) {
      const program = ['--input-type=module', '-e', i === 0 ? ERASER : NIGHT, module, world.folder, pattern, JANE_HASH];
      const child = spawn(process.execPath, program, { stdio: ['ignore', 'ignore', 'inherit'] });
      expect([what, ...(await once(child, 'exit'))]).toEqual([what, null, 'SIGKILL']);
      expect(await world.rows('select verified_at from erasures')).toEqual([{ verified_at: null }]);
    }
    await world.night('2026-03-07T03:00:00.000Z');
    expect(await world.rows('select verified_at from erasures')).toEqual([{ verified_at: '2026-03-07T03:00:00.000000Z' }]);
    expect(world.filesWith(DESKTOP, PHONE, JANE_HASH, CANARY, 'jane@fernhill.example')).toEqual({});
    expect(await world.tables()).toEqual(expected);
  } finally {
    await world.close();
  }
});
