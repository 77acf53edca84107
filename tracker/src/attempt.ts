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
