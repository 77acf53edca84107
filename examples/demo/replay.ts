import { setTimeout as sleep } from 'node:timers/promises';
import type { Progress } from '../../pipeline/cli/progress.ts';

/** An event of the history, as far as sending it is concerned. */
export interface Event {
  readonly messageId: string;
}

export interface ReplayOptions {
  /** Address of the edge. */
  readonly url: string;
  /** A server key: only those may import history. */
  readonly key: string;
  /** Requests in flight at a time. Default: 4. */
  readonly concurrency?: number;
  /** Events there will be, for the display. */
  readonly total: number;
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

/** The edge's answer about one event. */
interface EventResult {
  readonly message_id: string | null;
  readonly status: 'ok' | 'duplicate' | 'rejected';
  readonly reason?: string;
  readonly detail?: string;
}

/** How often one batch is sent at most, and how long is waited in between where the edge does not say. */
const ATTEMPTS = 8;
const PAUSE_MS = 250;

/**
 * Sends a history to the edge, as a server would: batches over HTTP to `/v1/import`, several at a time.
 * A batch that could not be stored (503, 429, a broken connection) is sent again; copies are harmless, because the edge
 * and the warehouse know an event by its message id.
 * @returns the number of events sent.
 * @throws Error where the edge refuses a request or one event of it, with the reason it gave.
 */
export async function replay(batches: Iterable<readonly Event[]>, options: ReplayOptions): Promise<number> {
  const { concurrency = 4, progress, total, signal } = options;
  const task = progress.begin('replaying eight months of traffic', total);
  const source = batches[Symbol.iterator]();
  let sent = 0;
  const sendNext = async (): Promise<void> => {
    for (let next = source.next(); !next.done; next = source.next()) {
      signal?.throwIfAborted();
      await sendBatch(next.value, options);
      sent += next.value.length;
      task.advance(sent, `${sent.toLocaleString('en')} events`);
    }
  };
  try {
    await Promise.all(Array.from({ length: concurrency }, sendNext));
  } catch (error) {
    task.fail();
    throw error;
  }
  task.done(`${sent.toLocaleString('en')} events, some of them twice, as real clients do`);
  return sent;
}

async function sendBatch(batch: readonly Event[], { url, key, signal }: ReplayOptions): Promise<void> {
  const request = {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Basic ${btoa(`${key}:`)}` },
    body: JSON.stringify({ batch }),
    ...(signal && { signal }),
  };
  let problem = '';
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    let wait = PAUSE_MS * attempt;
    try {
      const response = await fetch(`${url}/v1/import`, request);
      if (response.status === 200) return checkResults(batch, (await response.json()) as { results: readonly EventResult[] });
      problem = `the edge answered ${response.status}: ${await response.text()}`;
      if (response.status !== 503 && response.status !== 429) throw new RefusedError(problem);
      wait = Number(response.headers.get('Retry-After') ?? 0) * 1000 || wait;
    } catch (error) {
      if (error instanceof RefusedError || signal?.aborted) throw error;
      problem = `the edge at ${url} cannot be reached: ${wordsOf(error)}`;
    }
    await sleep(wait, undefined, signal && { signal });
  }
  throw new Error(`${problem} (tried ${ATTEMPTS} times)`);
}

/** `fetch` says only that it failed; the reason is its cause. */
function wordsOf(error: unknown): string {
  const reason = error instanceof Error ? (error.cause ?? error) : error;
  return reason instanceof Error ? reason.message : String(reason);
}

/** What can never succeed, and is not tried again. */
class RefusedError extends Error {}

/** Every event must have its own result: 200 says no more than that the answer is complete. */
function checkResults(batch: readonly Event[], { results }: { results: readonly EventResult[] }): void {
  if (results.length !== batch.length) throw new RefusedError(`the edge answered ${results.length} results to ${batch.length} events`);
  for (const [index, { status, message_id, reason, detail }] of results.entries()) {
    if (status === 'rejected') throw new RefusedError(`the edge rejected event ${batch[index]!.messageId}: ${reason}: ${detail}`);
    if (message_id !== batch[index]!.messageId)
      throw new RefusedError(`the edge answered about ${message_id} instead of ${batch[index]!.messageId}`);
  }
}
