/** How long and how often to try again; handed in, so that tests need no time. */
export interface Patience {
  /** Tries in total. */
  readonly attempts: number;
  /** Waits; ends early where the signal is aborted. */
  readonly sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  /** A number of [0, 1), so that clients that failed together do not come back together. */
  readonly random: () => number;
}

const FIRST_DELAY_MILLISECONDS = 1000;
const LONGEST_DELAY_MILLISECONDS = 32_000;

/** The wait before a try: exponential, half of it by chance. @param attempt the tries so far, from 1. */
export function delayAfter(attempt: number, random: () => number): number {
  const delay = Math.min(FIRST_DELAY_MILLISECONDS * 2 ** (attempt - 1), LONGEST_DELAY_MILLISECONDS);
  return delay / 2 + (delay / 2) * random();
}

/** Does what is safe to repeat until it works, fails for good, or patience ends. */
export async function retried<Result>(
  work: (attempt: number) => Promise<Result>,
  patience: Patience,
  signal?: AbortSignal,
): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work(attempt);
    } catch (error) {
      if (attempt >= patience.attempts || signal?.aborted || !isTransient(error)) throw error;
      await patience.sleep(delayAfter(attempt, patience.random), signal);
    }
  }
}

/** HTTP answers after which the same request may succeed. */
const CODES: ReadonlySet<unknown> = new Set([408, 429, 500, 502, 503, 504]);
/** Reasons of cloud.google.com/bigquery/docs/error-messages that pass by themselves. */
const REASONS: ReadonlySet<unknown> = new Set([
  'backendError',
  'internalError',
  'jobBackendError',
  'jobInternalError',
  'jobRateLimitExceeded',
  'rateLimitExceeded',
  'tableUnavailable',
  'userRateLimitExceeded',
]);
/** What Node says where a connection broke. */
const CONNECTION: ReadonlySet<unknown> = new Set(['EAI_AGAIN', 'ECONNABORTED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT']);

/** Whether an error of a request or a job passes by itself. */
export function isTransient(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (CODES.has(code) || CONNECTION.has(code) || REASONS.has(reasonOf(error))) return true;
  return typeof message === 'string' && /socket hang up|network socket disconnected/i.test(message);
}

/** The word by which BigQuery tells its errors apart; undefined where there is none. */
export function reasonOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { reason, errors } = error as { reason?: unknown; errors?: readonly { reason?: unknown }[] };
  const word = reason ?? (Array.isArray(errors) ? (errors as readonly { reason?: unknown }[])[0]?.reason : undefined);
  return typeof word === 'string' ? word : undefined;
}
