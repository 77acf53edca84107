import { EventEmitter, once } from 'node:events';
import { expect, test } from 'vitest';
import type { RunSummary } from '../../night/run.ts';
import { oneAtATime } from './one-at-a-time.ts';

const summary: RunSummary = {
  runId: 'r',
  durationMs: 1,
  steps: [],
  changes: {},
  warnings: [],
  publicationId: null,
  publicationKept: false,
};

test('a run is refused while another is in progress, and let through after it, though that one failed', async () => {
  const failure = new EventEmitter();
  const fails = once(failure, 'now').then(() => Promise.reject(new Error('no')));
  const runs = oneAtATime((configFile) => (configFile === 'good' ? Promise.resolve(summary) : fails));
  const first = runs.start('bad', () => {});
  expect(runs.since()).toMatch(/^\d{4}-/);
  await expect(runs.start('good', () => {})).rejects.toThrow(
    `a run is in progress: held by touchtrail up, process ${process.pid}, since ${runs.since()}`,
  );
  failure.emit('now');
  await expect(first).rejects.toThrow('no');
  expect(runs.since()).toBeNull();
  await expect(runs.start('good', () => {})).resolves.toBe(summary);
});

test('stopping asks the run in progress to end and waits for it', async () => {
  const runs = oneAtATime((_, __, signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve(summary))));
  const running = runs.start('config', () => {});
  await runs.stop();
  await expect(running).resolves.toBe(summary);
});

test('a run is what it was asked to be, and nothing more where nothing was asked', async () => {
  const asked: unknown[] = [];
  const runs = oneAtATime((_, __, ___, choices) => {
    asked.push(choices);
    return Promise.resolve(summary);
  });
  await runs.start('config', () => {}, { full: ['deal'], allowMassDelete: true });
  await runs.start('config', () => {});
  expect(asked).toEqual([{ full: ['deal'], allowMassDelete: true }, {}]);
});
