import { describe, expect, test, vi } from 'vitest';
import type { AuthenticatedKey } from './auth.ts';
import { EventRates, platformWait } from './rate-limit.ts';

const keyOf = (events_per_second?: number, id = 'wk_1'): AuthenticatedKey => ({
  id: 'wk_shared',
  kind: 'browser',
  verified: true,
  record: { id, kind: 'browser', name: 'site', ...(events_per_second !== undefined && { events_per_second }) },
});

function setUp() {
  const clock = { seconds: 1_000 };
  return { clock, rates: new EventRates(() => clock.seconds * 1_000) };
}

describe('the events of a key', () => {
  test('may come ten seconds’ worth at once, then at the rate, and are told how long to wait', () => {
    const { clock, rates } = setUp();
    const key = keyOf(5);
    expect(rates.take(key, 30)).toBe(0);
    expect(rates.take(key, 20)).toBe(0);
    expect(rates.take(key, 1)).toBe(0.2);
    expect(rates.take(key, 10)).toBe(2);
    clock.seconds += 2;
    expect(rates.take(key, 11)).toBe(0.2);
    expect(rates.take(key, 10)).toBe(0);
    clock.seconds += 3_600;
    expect(rates.take(key, 50)).toBe(0);
    expect(rates.take(key, 1)).toBe(0.2);
  });

  test('are counted only where they are taken', () => {
    const { rates } = setUp();
    const key = keyOf(1);
    for (let i = 0; i < 100; i++) expect(rates.wait(key, 10)).toBe(0);
    expect(rates.take(key, 10)).toBe(0);
    for (let i = 0; i < 100; i++) expect(rates.take(key, 4)).toBe(4);
  });

  test('of a batch that no bucket holds are taken by a full one, and paid for by the next', () => {
    const { clock, rates } = setUp();
    const key = keyOf(1);
    expect(rates.take(key, 2_000)).toBe(0);
    expect(rates.wait(key, 1)).toBe(1_991);
    clock.seconds += 1_991;
    expect(rates.take(key, 2_000)).toBe(9);
    expect(rates.take(key, 1)).toBe(0);
  });

  test('of a rate below one in ten seconds come one by one', () => {
    const { clock, rates } = setUp();
    const key = keyOf(0.01);
    expect(rates.take(key, 1)).toBe(0);
    expect(rates.take(key, 1)).toBe(100);
    clock.seconds += 100;
    expect(rates.take(key, 1)).toBe(0);
  });

  test('are counted for each key by itself, also where two store under one id', () => {
    const { rates } = setUp();
    expect(rates.take(keyOf(1, 'wk_1'), 10)).toBe(0);
    expect(rates.take(keyOf(1, 'wk_2'), 10)).toBe(0);
    expect(rates.take(keyOf(1, 'wk_1'), 10)).toBe(10);
  });

  test('are not lost by a clock that is set back', () => {
    const { clock, rates } = setUp();
    expect(rates.take(keyOf(1), 5)).toBe(0);
    clock.seconds -= 500;
    expect(rates.take(keyOf(1), 5)).toBe(0);
  });

  test.each([
    ['without a rate', keyOf()],
    ['that nobody could look up', { id: 'wk_1', kind: 'browser', verified: false } satisfies AuthenticatedKey],
  ])('of a key %s are never too many', (_, key) => {
    const { rates } = setUp();
    for (let i = 0; i < 10; i++) expect(rates.take(key, 1_000_000)).toBe(0);
  });

  test('of more keys than are remembered are counted all the same', () => {
    const { rates } = setUp();
    for (let i = 0; i < 2_500; i++) expect(rates.take(keyOf(1, `wk_${i}`), 10)).toBe(0);
    expect(rates.take(keyOf(1, 'wk_2499'), 10)).toBe(10);
  });
});

describe("the platform's limiter", () => {
  test('is asked by the id of the key, and refuses for ten seconds', async () => {
    const limit = vi.fn(async ({ key }: { key: string }) => ({ success: key !== 'wk_2' }));
    expect(await platformWait({ limit }, keyOf(undefined, 'wk_1'))).toBe(0);
    expect(await platformWait({ limit }, keyOf(undefined, 'wk_2'))).toBe(10);
    expect(await platformWait({ limit }, { id: 'wk_3', kind: 'browser', verified: false })).toBe(0);
    expect(limit.mock.calls).toEqual([[{ key: 'wk_1' }], [{ key: 'wk_2' }], [{ key: 'wk_3' }]]);
  });

  test('that is not there, fails or hangs refuses nobody', async () => {
    const logged = vi.spyOn(console, 'warn').mockReturnValue();
    expect(await platformWait(undefined, keyOf())).toBe(0);
    expect(await platformWait({ limit: () => Promise.reject(new Error('limiter down')) }, keyOf())).toBe(0);
    vi.useFakeTimers();
    try {
      const hanging = platformWait({ limit: () => new Promise(() => {}) }, keyOf());
      await vi.advanceTimersByTimeAsync(250);
      expect(await hanging).toBe(0);
    } finally {
      vi.useRealTimers();
    }
    expect(logged).toHaveBeenCalledTimes(2);
    logged.mockRestore();
  });
});
