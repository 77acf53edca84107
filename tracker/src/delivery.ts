import { attempt } from './attempt.ts';
import { saveSession, session } from './session.ts';
import { readLocal, writeLocal } from './storage.ts';
import { uuid } from './uuid.ts';

/**
 * Characters that one request may hold. Browsers let all keepalive requests and beacons of a page carry 64 KB together
 * (Fetch §4.6), and a character is at most three bytes of UTF-8.
 */
const REQUEST_LENGTH = 20_000;

const QUEUE_PREFIX = 'touchtrail_queue_';
/** A queue that another tab has not touched for this long is taken over: its page is gone. */
const ORPHANED_AFTER = 60_000;

/**
 * Milliseconds to wait after the nth failure in a row: as many seconds as the server asks for, at most 5 minutes, else
 * 1, 2, 4 … 60 s. `random` (0 to 1) adds up to a quarter, so that visitors do not come back all at once.
 */
export function retryDelay(failures: number, retryAfter: string | null | undefined, random: number): number {
  return (Math.min(Number(retryAfter), 300) || Math.min(2 ** (failures - 1), 60)) * (1000 + 250 * random);
}

/** Whether a request with this answer may succeed later; other refusals are final. 511 is a café's sign-in page. */
export function mayRetry(status: number): boolean {
  return status >= 500 || status === 408 || status === 429;
}

/**
 * Starts the way to the edge and returns the function that takes one message, as JSON, into the queue. A message stays
 * in the queue, and in localStorage, until the edge has acknowledged it or a beacon has taken it; the edge knows copies
 * by their messageId. One request is under way at a time, and what happens meanwhile makes the next batch.
 */
export function startDelivery(url: string, writeKey: string): (json: string) => void {
  const key = QUEUE_PREFIX + uuid();
  const queue = takeOverQueues();
  session.queue = key;
  saveSession();

  /** How many messages at the head of the queue are under way. */
  let sending = 0;
  let failures = 0;
  let retry: ReturnType<typeof setTimeout> | undefined;

  const persist = () => writeLocal(key, queue.length ? [Date.now(), ...queue].join('\n') : undefined);

  /** As many messages from `start` as one request may carry; at least one, if there is one. */
  const batchFrom = (start: number) => {
    let length = 0;
    let end = start;
    while (end < queue.length && ((length += queue[end]!.length) < REQUEST_LENGTH || end === start)) end++;
    return queue.slice(start, end);
  };

  // Each try says anew when it was sent: the edge corrects the client's clock by it.
  const bodyOf = (batch: string[]) =>
    `{"writeKey":${JSON.stringify(writeKey)},"sentAt":"${new Date().toISOString()}","batch":[${batch.join()}]}`;

  const flush = async () => {
    const batch = batchFrom(0);
    if (sending || retry || !batch.length) return;
    sending = batch.length;
    let retryAfter: string | null | undefined;
    let failed: boolean;
    try {
      const body = bodyOf(batch);
      // A text body goes as text/plain, which needs no preflight.
      const response = await fetch(url, { method: 'POST', body, keepalive: body.length < REQUEST_LENGTH + 500 });
      failed = mayRetry(response.status);
      retryAfter = response.headers.get('Retry-After');
      // Until its answer has been read, a request counts against the quota of the next one.
      await response.text();
    } catch {
      failed = true;
    }
    sending = 0;
    if (failed) retry = setTimeout(resume, retryDelay(++failures, retryAfter, Math.random()));
    else {
      failures = 0;
      queue.splice(0, batch.length);
    }
    persist();
    void flush();
  };

  const resume = () => {
    clearTimeout(retry);
    retry = undefined;
    void flush();
  };

  /** The page may be gone any moment: beacons take what is not under way, unless the edge was just out of reach. */
  const handOver = () => {
    let batch = failures ? [] : batchFrom(sending);
    while (batch.length && attempt(() => navigator.sendBeacon(url, bodyOf(batch)))) {
      queue.splice(sending, batch.length);
      batch = batchFrom(sending);
    }
    persist();
  };

  addEventListener('pagehide', handOver);
  document.addEventListener('visibilitychange', () => document.visibilityState === 'hidden' && handOver());
  addEventListener('online', resume);
  persist();
  void flush();

  return (json) => {
    queue.push(json);
    persist();
    // After the current task, so that calls made together travel together; still before a navigation can happen.
    queueMicrotask(() => void flush());
  };
}

/** Takes the messages that the tab's last page, and pages that died, left in localStorage. */
function takeOverQueues(): string[] {
  return (attempt(() => Object.keys(localStorage)) ?? [])
    .filter((key) => key.startsWith(QUEUE_PREFIX))
    .flatMap((key) => {
      const [written, ...messages] = readLocal(key)?.split('\n') ?? [];
      if (key !== session.queue && Date.now() - Number(written) < ORPHANED_AFTER) return [];
      writeLocal(key, undefined);
      return messages;
    });
}
