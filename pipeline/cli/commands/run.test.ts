import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test, vi } from 'vitest';
import { serveControl } from '../../embedded/control.ts';
import type { ControlRequest } from '../../embedded/control.ts';
import { createProgram } from '../main.ts';
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

test.each([
  [[], {}],
  [['--full'], { full: 'all' }],
  [['--full', 'lead', 'closed_won', '--allow-mass-delete'], { full: ['lead', 'closed_won'], allowMassDelete: true }],
  [['--refit', '2026-01'], { refit: '2026-01' }],
])('run %j asks the up of the data folder for just that', async (args, choices) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'touchtrail-run-command-'));
  let asked: ControlRequest | undefined;
  const control = await serveControl(folder, {
    status: async () => ({ pid: 4321 }),
    run: async (request) => {
      asked = request;
      return { runId: 'r', durationMs: 1, steps: [], changes: {}, warnings: [], publicationId: null, publicationKept: false };
    },
  });
  const outputs = [process.stdout, process.stderr].map((stream) => vi.spyOn(stream, 'write').mockImplementation(() => true));
  try {
    const program = await createProgram('run');
    await program.parseAsync(['--data', folder, 'run', ...args], { from: 'user' });
    expect(asked).toEqual({ command: 'run', ...choices });
  } finally {
    for (const output of outputs) output.mockRestore();
    await control.close();
    await rm(folder, { recursive: true });
  }
});
