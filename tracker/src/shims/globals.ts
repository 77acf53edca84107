import { attempt } from '../attempt.ts';

type Callable = (...args: never[]) => unknown;

const page = window as unknown as Record<string, unknown>;

/**
 * Puts what `wrap` makes of a global in its place, now and whenever a script sets the global anew: a vendor's library takes
 * the place of the stub that its snippet left there.
 */
export function wrapGlobal(name: string, wrap: (value: unknown) => unknown): void {
  let wrapped = wrap(page[name]);
  const take = (value: unknown) => value !== wrapped && (wrapped = wrap(value));
  const isWatched = attempt(() =>
    Object.defineProperty(page, name, { configurable: true, enumerable: true, get: () => wrapped, set: take }),
  );
  // What the page declared by `var` or `function` cannot be watched, only looked at again.
  if (!isWatched) {
    page[name] = wrapped;
    addEventListener('load', () => take(page[name]) && (page[name] = wrapped));
  }
}

/**
 * Makes functions that tell `note` the arguments of each call, and then do what `original` does. Where one of them lies
 * around another, because a library wrapped what it found, a call is told once.
 */
export function createObserver(note: (args: unknown[]) => void): <Original extends Callable>(original: Original) => Original {
  const underway: unknown[][] = [];
  return (original) =>
    new Proxy(original, {
      apply(target, self: unknown, args: unknown[]) {
        const isTold = underway.some((known) => known.length === args.length && known.every((value, index) => value === args[index]));
        if (!isTold) attempt(() => note(args));
        underway.push(args);
        try {
          return Reflect.apply(target as unknown as (...values: unknown[]) => unknown, self, args);
        } finally {
          underway.pop();
        }
      },
    });
}

/**
 * Calls back where the vendor's library is not on the page, which otherwise would do so. That shows once the page has loaded.
 */
export function unlessThere(isThere: () => unknown, callback: unknown): void {
  if (typeof callback !== 'function') return;
  const decide = () => void (isThere() || (callback as () => void)());
  if (document.readyState === 'complete') queueMicrotask(decide);
  else addEventListener('load', decide);
}
