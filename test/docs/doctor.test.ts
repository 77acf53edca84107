import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningUp, startUp, touchtrail, touchtrailJson } from '../cli.ts';
import { blockOf, codeBlocks } from './markdown.ts';

const blocks = await codeBlocks('doctor.md');

let folder: string;
let key: string;
let up: RunningUp | undefined;
beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'touchtrail-doctor-')));
  const args = ['init', '--name', 'Fernhill', '--time-zone', 'Europe/Berlin', '--currency', 'EUR'];
  ({ write_key: key } = await touchtrailJson<{ write_key: string }>(args, { cwd: folder }));
});
afterAll(async () => {
  await up?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** What the command of the page prints, with the folder, port and version of the page. */
async function doctor(): Promise<{ code: number | null; text: string }> {
  const { code, stdout } = await touchtrail(blockOf(blocks, 'sh').trim().split(' ').slice(2), { cwd: folder });
  const text = stdout
    .replaceAll(folder, '/home/ada/fernhill')
    .replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:8787')
    .replaceAll(/\b\d+ minutes? ago/g, '0 minutes ago')
    .replace(/version \S+/, 'version 24.21.0');
  return { code, text };
}

test('where nothing runs yet, the doctor says what the page says', async () => {
  expect(await doctor()).toEqual({ code: 1, text: blockOf(blocks, 'text stopped') });
});

test('where all is right, the doctor says what the page says', async () => {
  up = await startUp([], { cwd: folder });
  const answer = await fetch(`${up.url}/v1/page`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ writeKey: key, anonymousId: 'visitor' }),
  });
  expect(answer.status).toBe(200);
  expect((await touchtrail(['run', '--quiet'], { cwd: folder })).code).toBe(0);
  expect(await doctor()).toEqual({ code: 0, text: blockOf(blocks, 'text') });
});
