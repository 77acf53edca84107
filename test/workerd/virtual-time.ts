import { vi } from 'vitest';

/** Turns of the real event loop in which whatever is not waiting for a clock gets on. */
const TURNS = 5;

/**
 * Lets hours pass in milliseconds: clock and timers stand still until all work waits for them, then go to the next timer. What the
 * runtime does by itself (cryptography, streams) is waited for in real time.
 */
export class VirtualTime {
  readonly #realTimeout = globalThis.setTimeout.bind(globalThis);
  readonly #abortTimeout = AbortSignal.timeout.bind(AbortSignal);
  readonly #subtle = crypto.subtle;
  #native = 0;
  #onQuiet: (() => void)[] = [];

  /** @param start milliseconds since 1970. */
  constructor(start: number) {
    vi.useFakeTimers({ now: start, toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] });
    // The runtime's own would wait for the real clock.
    AbortSignal.timeout = (milliseconds) => {
      const controller = new AbortController();
      setTimeout(() => controller.abort(new DOMException('The operation timed out.', 'TimeoutError')), milliseconds);
      return controller.signal;
    };
    for (const operation of ['sign', 'importKey', 'digest', 'verify'] as const) this.#count(operation);
  }

  /** Work of the runtime or of the test itself, during which the clock stands still. */
  async still<Result>(work: Promise<Result>): Promise<Result> {
    this.#native++;
    try {
      return await work;
    } finally {
      if (--this.#native === 0) for (const resolve of this.#onQuiet.splice(0)) resolve();
    }
  }

  /** Puts the real clock back. */
  end(): void {
    for (const operation of ['sign', 'importKey', 'digest', 'verify'] as const) delete (this.#subtle as Partial<SubtleCrypto>)[operation];
    AbortSignal.timeout = this.#abortTimeout;
    vi.useRealTimers();
  }

  /** Timers of an isolate that is gone do not fire. */
  forgetTimers(): void {
    vi.clearAllTimers();
  }

  async pass(milliseconds: number): Promise<void> {
    await vi.advanceTimersByTimeAsync(milliseconds);
  }

  /**
   * Lets time pass until the work has ended, one way or the other.
   * @throws Error where it waits for something that will never come.
   */
  async until(work: readonly Promise<unknown>[]): Promise<void> {
    const state = { isOpen: true };
    const ended = Promise.allSettled(work).then(() => (state.isOpen = false));
    while (state.isOpen) {
      for (let turn = 0; turn < TURNS && state.isOpen; turn++) await Promise.race([ended, this.#turn()]);
      if (!state.isOpen) return;
      if (this.#native > 0) {
        await Promise.race([ended, new Promise<void>((resolve) => void this.#onQuiet.push(resolve))]);
        continue;
      }
      if (vi.getTimerCount() === 0) throw new Error('the work waits for something without a time limit');
      await vi.advanceTimersToNextTimerAsync();
    }
  }

  async #turn(): Promise<void> {
    await new Promise<void>((resolve) => void this.#realTimeout(resolve, 0));
  }

  #count(operation: 'sign' | 'importKey' | 'digest' | 'verify'): void {
    const original = this.#subtle[operation].bind(this.#subtle) as (...input: unknown[]) => Promise<unknown>;
    const counted = async (...input: unknown[]) => await this.still(original(...input));
    Object.defineProperty(this.#subtle, operation, { value: counted, configurable: true });
  }
}
