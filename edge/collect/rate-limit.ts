import type { AuthenticatedKey } from './auth.ts';
import { within } from '../time-limit.ts';
import { log } from '../log.ts';
import type { RateLimiter } from '../platform.ts';

/** A bucket holds what may come at once: this many seconds of the rate, and at least one event. */
const CAPACITY_SECONDS = 10;
/** What a client is told that the platform's limiter refuses: that one counts over 10 or 60 seconds, and says nothing of the rest. */
const PLATFORM_SECONDS = 10;
/** A limiter that does not answer is not waited for. */
const PLATFORM_TIMEOUT_MS = 250;
/** A bucket that is dropped is a full one again. */
const REMEMBERED_KEYS = 1_000;

/** Counts the events of each key against its rate: a token bucket, in this isolate alone. */
export class EventRates {
  readonly #buckets = new Map<string, { level: number; at: number }>();
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /**
   * How long to wait until that many events fit. A batch above the capacity could never fit: a full bucket takes it, and the next
   * ones wait until the debt is paid.
   * @param key one without a rate waits for nothing.
   * @returns seconds; 0: now.
   */
  wait({ record }: AuthenticatedKey, events: number): number {
    const perSecond = record?.events_per_second;
    if (!record || perSecond === undefined) return 0;
    const capacity = Math.max(1, perSecond * CAPACITY_SECONDS);
    return Math.max(0, (Math.min(events, capacity) - this.#level(record.id, perSecond, capacity)) / perSecond);
  }

  /** {@link wait}, and takes the events out of the bucket where they fit. */
  take(key: AuthenticatedKey, events: number): number {
    const seconds = this.wait(key, events);
    const bucket = seconds === 0 && key.record?.events_per_second !== undefined && this.#buckets.get(key.record.id);
    if (bucket) bucket.level -= events;
    return seconds;
  }

  #level(id: string, perSecond: number, capacity: number): number {
    const now = this.#now();
    let bucket = this.#buckets.get(id);
    if (!bucket) {
      if (this.#buckets.size >= REMEMBERED_KEYS) this.#buckets.clear();
      this.#buckets.set(id, (bucket = { level: capacity, at: now }));
    }
    // Never back in time: a clock that was set back would empty the bucket.
    bucket.level = Math.min(capacity, bucket.level + (Math.max(0, now - bucket.at) / 1000) * perSecond);
    bucket.at = now;
    return bucket.level;
  }
}

/**
 * Asks the platform's limiter, which counts the requests of a key over all isolates of one location. One that fails or hangs
 * refuses nobody.
 * @returns seconds to wait; 0: now.
 */
export async function platformWait(limiter: RateLimiter | undefined, { id, record }: AuthenticatedKey): Promise<number> {
  if (!limiter) return 0;
  try {
    const { success } = await within(PLATFORM_TIMEOUT_MS, 'the rate limiter', limiter.limit({ key: record?.id ?? id }));
    return success ? 0 : PLATFORM_SECONDS;
  } catch (error) {
    log('warn', 'rate_limiter_failed', {}, error);
    return 0;
  }
}
