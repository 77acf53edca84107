import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test, vi } from 'vitest';
import { serveControl } from '../../embedded/control.ts';
import { askUp } from './run.ts';

test('whoever leaves a run that up carries out is told where it goes on', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'touchtrail-run-command-'));
  const control = await serveControl(folder, {
    status: async () => ({ pid: 4321 }),
    run: async (_, report) => {
      report({ type: 'waiting' });
      await new Promise(() => {});
    },
  });
  const stderr = vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
  try {
    const stop = new AbortController();
    // Ctrl-C once the run has begun.
    const answered = await askUp(folder, { command: 'run' }, { onProgress: () => stop.abort(), signal: stop.signal });
    expect(answered).toBeNull();
    expect(stderr.mock.calls).toEqual([['the run goes on in touchtrail up (process 4321)\n']]);
  } finally {
    stderr.mockRestore();
    await control.close();
    await rm(folder, { recursive: true });
  }
});

test('without an up there is nobody to ask', async () => {
  const nowhere = path.join(tmpdir(), 'touchtrail-nowhere-of-this-test');
  expect(await askUp(nowhere, { command: 'run' }, { onProgress: () => {}, signal: new AbortController().signal })).toBeUndefined();
});
