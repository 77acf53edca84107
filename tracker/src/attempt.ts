import { options } from './options.ts';

let said: unknown;

/** Complains to a developer who wants to know, once. */
export function warn(text: unknown): void {
  if (options.debug && said !== text) console.warn('touchtrail:', (said = text));
}

/**
 * Runs what a browser may forbid: cookies and storage in sandboxed frames and private windows, a full quota, a page that
 * replaced a global. The result is undefined then, and the caller goes on with what it has in memory: a tracker must
 * never throw into the page that embeds it.
 */
export function attempt<Result>(action: () => Result): Result | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}

/** The function, but it does not throw. */
export function guarded<Args extends readonly unknown[]>(action: (...args: Args) => unknown): (...args: Args) => void {
  return (...args) => void attempt(() => action(...args));
}
