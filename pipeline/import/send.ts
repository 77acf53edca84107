import { gzipSync } from 'node:zlib';
import { UserError } from '../config/user-error.ts';

/** The edge that takes an import. */
export interface ImportTarget {
  /** Without a slash at the end. */
  readonly url: string;
  /** A server key. */
  readonly key: string;
  /** Whether requests are compressed: worth it over a network. */
  readonly compress: boolean;
}

/** What the edge says of one event, in the order in which they were sent. */
export interface EventResult {
  readonly status: 'ok' | 'duplicate' | 'rejected' | 'sampled';
  readonly reason?: string;
  readonly path?: string;
  readonly detail?: string;
}

/** What a sender needs of the outside world; handed in, so that tests do without waiting. */
export interface SenderPorts {
  readonly fetch: typeof fetch;
  /** Resolves after so many milliseconds. @throws where the import is to end. */
  readonly sleep: (milliseconds: number) => Promise<unknown>;
  /** Told why and how long is waited. */
  readonly onWait: (reason: string, milliseconds: number) => void;
}

/** Longest wait for one answer. */
const TIMEOUT_MS = 120_000;
const LONGEST_WAIT_MS = 60_000;
/** With the waits between them, more than half an hour. */
const ATTEMPTS = 40;

/**
 * Sends batches to the import route. What the edge could not store (429, 5xx, no answer) is sent again, after `Retry-After` where it
 * says so; each event is stored once all the same, because it carries its message id.
 * @returns a function that resolves once the edge has stored the events, with one result each.
 * @throws UserError where the edge refuses, or does not take them for half an hour.
 */
export function createSender(
  target: ImportTarget,
  { fetch, sleep, onWait }: SenderPorts,
): (events: readonly string[]) => Promise<readonly EventResult[]> {
  const url = `${target.url}/v1/import`;
  return async (events) => {
    const text = `{"batch":[${events.join(',')}]}`;
    const body = target.compress ? gzipSync(text) : text;
    const headers = {
      'content-type': 'application/json',
      'x-write-key': target.key,
      ...(target.compress && { 'content-encoding': 'gzip' }),
    };
    let failure = '';
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      let wait = Math.min(500 * 2 ** attempt, LONGEST_WAIT_MS);
      try {
        const response = await fetch(url, { method: 'POST', headers, body, redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) });
        const answer = await response.text();
        if (response.ok) return resultsOf(answer, events.length, url);
        if (response.status !== 429 && response.status < 500) throw refusal(url, response.status, answer);
        failure = `it answers ${response.status}: ${answer.slice(0, 300)}`;
        wait = retryAfter(response.headers.get('retry-after')) ?? wait;
      } catch (error) {
        if (error instanceof UserError) throw error;
        failure = wordsOf(error);
      }
      onWait(failure, wait);
      await sleep(wait);
    }
    throw new UserError(
      `the edge at ${target.url} does not take the events: ${failure}\nOnce it does, go on with the same command and --resume.`,
    );
  };
}

function resultsOf(answer: string, expected: number, url: string): readonly EventResult[] {
  let results: unknown;
  try {
    results = (JSON.parse(answer) as { results?: unknown }).results;
  } catch (cause) {
    throw new UserError(`${url} did not answer in JSON: is it the edge? It said: ${answer.slice(0, 200)}`, { cause });
  }
  if (Array.isArray(results) && results.length === expected) return results as readonly EventResult[];
  throw new UserError(`${url} did not answer with one result for each event: is the edge of another version?`);
}

function refusal(url: string, status: number, answer: string): UserError {
  const hint =
    status === 401 || status === 403
      ? 'expected a server key that is neither paused nor revoked (touchtrail keys list)'
      : 'is it the edge?';
  return new UserError(`${url} answered ${status}: ${answer.slice(0, 500)}\n${hint}`);
}

/** Seconds, or a date (RFC 9110 §10.2.3), in milliseconds from now. */
function retryAfter(header: string | null): number | undefined {
  if (header === null || header.trim() === '') return undefined;
  const seconds = Number(header);
  const wait = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(wait) ? Math.max(0, Math.min(wait, 10 * LONGEST_WAIT_MS)) : undefined;
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}
