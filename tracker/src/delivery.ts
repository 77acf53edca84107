import { visitorCookie } from './anonymous-id.ts';
import { attempt, warn } from './attempt.ts';
import { options } from './options.ts';
import { QUEUE_PREFIX, writeLocal } from './storage.ts';
import { uuid } from './uuid.ts';

/**
 * Characters that one request may hold. Browsers let all keepalive requests and beacons of a page carry 64 KB together
 * (Fetch §4.6), and a character is at most three bytes of UTF-8.
 */
const REQUEST_LENGTH = 20_000;

/**
 * Milliseconds to wait after the nth failure in a row: as many seconds as the server asks for, else 1, 2, 4 …; at most 5
 * minutes. `random` (0 to 1) adds up to a quarter, so that visitors do not come back all at once.
 */
export function retryDelay(failures: number, retryAfter: string | null | undefined, random: number): number {
  return Math.min(+retryAfter! || 2 ** (failures - 1), 300) * (1000 + 250 * random);
}

/** Whether a request with this answer may succeed later; other refusals are final. 511 is a café's sign-in page. */
export function mayRetry(status: number): boolean {
  // The test makes a text of it.
  return /^(408|429|5)/.test(status as unknown as string);
}

/** The localStorage key of this page's queue. */
let key: string | undefined;
/** Messages, as JSON: in here, and in localStorage, until the edge has acknowledged them or a beacon has taken them. The edge knows copies by their messageId. */
const queue: string[] = [];
/** How many messages at the head of the queue are under way. One request is at a time; what happens meanwhile makes the next. */
let sending = 0;
let failures = 0;
let retry: ReturnType<typeof setTimeout> | undefined;

/** Takes a message into the queue. */
export function enqueue(...messages: string[]): void {
  queue.push(...messages);
  // Something has gone wrong and not yet right again: then a tab may well be killed before it does.
  persist();
  // After the current task, so that calls made together travel together; still before a navigation can happen.
  queueMicrotask(() => void flush());
}

/** Drops everything that is not under way. */
export function dropQueue(): void {
  queue.length = sending;
}

/** The page may be gone any moment: beacons take what is not under way. */
export function handOver(): void {
  let start = sending;
  let batch: string[];
  while ((batch = batchFrom(start)).length && attempt(() => navigator.sendBeacon(url(), bodyOf(batch)))) {
    // An edge that was out of reach may be so for the beacon, which does not tell: then the messages stay.
    if (failures) start += batch.length;
    else queue.splice(start, batch.length);
  }
  persist(0);
}

/** Sends again what could not be sent. */
export function resume(): void {
  clearTimeout(retry);
  retry = undefined;
  void flush();
}

/** Keeps the queue for the case that this page ends. With 0 the next page may take it at once. */
function persist(owned = Date.now()): void {
  // Not before it is needed: servers that only import this allow no randomness then.
  key ??= QUEUE_PREFIX + uuid();
  writeLocal(key, queue.length ? [owned, ...queue].join('\n') : '');
}

/** As many messages from `start` as one request may carry; at least one, if there is one. */
function batchFrom(start: number): string[] {
  let length = 0;
  let end = start;
  while (end < queue.length && ((length += queue[end]!.length) < REQUEST_LENGTH || end === start)) end++;
  return queue.slice(start, end);
}

/** Each try says anew when it was sent: the edge corrects the client's clock by it. */
function bodyOf(batch: string[]): string {
  const { writeKey } = options;
  const cookie = visitorCookie();
  return `${JSON.stringify({ writeKey, sentAt: new Date(), cookie }).slice(0, -1)},"batch":[${batch.join()}]}`;
}

function url(): string {
  return new URL((options.apiHost ?? '.').replace(/\/*$/, '/v1/batch'), options.script).href;
}

async function flush(): Promise<void> {
  const batch = batchFrom(0);
  if (sending || retry || !batch.length) return;
  sending = batch.length;
  let retryAfter: string | null | undefined;
  let status = 599;
  try {
    const body = bodyOf(batch);
    // A text body goes as text/plain, which needs no preflight. With credentials, the edge can set the visitor's cookie.
    const response = await fetch(url(), { method: 'POST', body, credentials: 'include', keepalive: body.length < REQUEST_LENGTH + 500 });
    // A page may answer in place of the edge, with something that has no status.
    status = response.status || status;
    retryAfter = response.headers.get('Retry-After');
    // Until its answer has been read, a request counts against the quota of the next one.
    await response.text();
  } catch {
    // Out of reach, or the answer broke off: as with a status that may pass.
  }
  sending = 0;
  if (status > 399) warn(`the edge: ${status}`);
  if (mayRetry(status)) retry = setTimeout(resume, retryDelay(++failures, retryAfter, Math.random()));
  else {
    // The edge refuses single events in its answer; where it refuses a whole request for good, it would refuse it again.
    failures = 0;
    queue.splice(0, batch.length);
  }
  persist();
  void flush();
}
