import { BodyGone } from './proxy-body.ts';

/** Milliseconds between two lines on the console: while the edge is gone, every request fails. */
const QUIET_MS = 60_000;

/**
 * What tells whoever keeps the site running that requests do not reach the edge.
 * @param edge its address.
 * @param onError default: a line on the console, at most once a minute.
 */
export function createReporter(edge: string, onError: ((error: unknown) => void) | undefined): (error: unknown) => void {
  let quietUntil = 0;
  const toConsole = (error: unknown) => {
    const now = Date.now();
    if (now < quietUntil) return;
    quietUntil = now + QUIET_MS;
    const what = error instanceof BodyGone ? 'a request could not be passed on' : `the edge at ${edge} did not answer`;
    console.error(`touchtrail: ${what}: ${wordsOf(error)}`);
  };
  return (error) => {
    try {
      (onError ?? toConsole)(error);
    } catch (thrown) {
      // The visitor's request must not fail because of the one who is told of it.
      console.error('touchtrail: onError has thrown', thrown);
    }
  };
}

/** What `fetch` says is "fetch failed"; the cause says why. */
function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message, cause } = error;
  return cause instanceof Error ? `${message} (${cause.message || String((cause as { code?: unknown }).code)})` : message;
}
