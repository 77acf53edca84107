import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startScheduler } from './scheduler.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: new Date('2026-03-28T23:00:00Z') });
});
afterEach(() => {
  vi.useRealTimers();
});

test('one run starts on every local day, also on the one whose clocks skip the time', async () => {
  const starts: string[] = [];
  const scheduler = startScheduler({
    time: '02:30',
    timeZone: 'Europe/Berlin',
    run: async () => void starts.push(new Date().toISOString()),
  });
  expect(scheduler.next().toISOString()).toBe('2026-03-29T01:00:00.000Z');
  await vi.advanceTimersByTimeAsync(3 * 24 * 3_600_000);
  scheduler.stop();
  expect(starts).toEqual(['2026-03-29T01:00:00.000Z', '2026-03-30T00:30:00.000Z', '2026-03-31T00:30:00.000Z']);
});

test('a run that takes longer than a day delays the next one', async () => {
  let runs = 0;
  const scheduler = startScheduler({
    time: '03:00',
    timeZone: 'UTC',
    run: () => {
      runs++;
      return new Promise((resolve) => setTimeout(resolve, 30 * 3_600_000));
    },
  });
  await vi.advanceTimersByTimeAsync(28 * 3_600_000);
  expect(runs).toBe(1);
  await vi.advanceTimersByTimeAsync(23 * 3_600_000);
  expect(runs).toBe(1);
  expect(scheduler.next().toISOString()).toBe('2026-03-31T03:00:00.000Z');
  scheduler.stop();
});

test('after stop nothing starts any more', async () => {
  const run = vi.fn(async () => {});
  startScheduler({ time: '03:00', timeZone: 'UTC', run }).stop();
  await vi.advanceTimersByTimeAsync(48 * 3_600_000);
  expect(run).not.toHaveBeenCalled();
});
