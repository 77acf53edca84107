import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Environment } from './services.ts';

beforeEach(() => {
  vi.resetModules();
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

test('a key store that hangs counts as silent after two seconds: the events are accepted and marked', async () => {
  const logged = vi.spyOn(console, 'error').mockImplementation(() => {});
  const { servicesOf } = await import('./services.ts');
  const { keys } = servicesOf({ KEYS: { get: async () => await new Promise(() => {}) } } as unknown as Environment);
  let said: unknown = 'nothing';
  void keys.authenticate('some-key').then((key) => (said = key));
  await vi.advanceTimersByTimeAsync(1_999);
  expect(said).toBe('nothing');
  await vi.advanceTimersByTimeAsync(1);
  expect(said).toMatchObject({ kind: 'browser', verified: false });
  expect(logged.mock.calls.flat()).toEqual([expect.stringContaining('the key store did not answer within 2000 ms')]);
});
