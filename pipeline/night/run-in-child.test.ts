import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runInChild } from './run-in-child.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'touchtrail-child-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const REQUEST = { configFile: 'none', dataFolder: 'none' };

async function child(text: string): Promise<string> {
  const file = path.join(folder, 'child.mjs');
  await writeFile(file, text);
  return file;
}

test('the last words of a process that has ended are heard, however many were before them', async () => {
  const module = await child(`
    process.once('message', () => {
      for (let i = 0; i < 1500; i++) process.send({ event: { type: 'warning', message: 'x'.repeat(60) } });
      process.send({ result: { runId: 'r' } }, () => process.exit(0));
    });`);
  let heard = 0;
  const summary = await runInChild(REQUEST, () => void heard++, new AbortController().signal, module);
  expect(summary).toEqual({ runId: 'r' });
  expect(heard).toBe(1500);
});

test('a process that ends without a word is an error that says how', async () => {
  const ended = runInChild(REQUEST, () => {}, new AbortController().signal, await child('process.exit(7);'));
  await expect(ended).rejects.toThrow('the run ended unexpectedly (exit code 7); start it again to finish');
});
