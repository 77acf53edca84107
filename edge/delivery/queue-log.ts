import type { PackedDelivery } from '../contract/delivery.ts';
import { log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { Bucket, QueueProducer } from '../platform.ts';
import { hold } from './archive.ts';
import type { EventLog } from './event-log.ts';
import { exceeds, inParallel } from './groups.ts';
import { MESSAGE_BYTES, sendCall, toCalls } from './message.ts';

/** What {@link createQueueLog} works with. */
export interface QueueLogPorts {
  readonly queue: QueueProducer;
  /** Takes what the queue does not. */
  readonly archive: Bucket | undefined;
  readonly metrics: Metrics;
  /** Waits before the second attempt. */
  readonly pause?: () => Promise<void>;
  /** Longest wait for one call of the queue, in ms. */
  readonly timeoutMs?: number;
}

/**
 * The event log of production: deliveries are sent to a queue. What is not known to be queued after two attempts is put into the
 * archive, from where it goes back into the queue; it may be in both, and the copy is dropped with the others of its message id.
 * A row that no message can hold goes to the archive at once, where it stands behind what may be queued.
 */
export function createQueueLog({ queue, archive, metrics, pause = briefly, timeoutMs }: QueueLogPorts): EventLog {
  const spill = async ({ header, text }: PackedDelivery) => {
    const { edge_instance, edge_sequence, count, received_at: receivedAt, write_key_id: writeKeyId } = header;
    const delivery = `${edge_instance}-${edge_sequence}`;
    const part = exceeds(text, MESSAGE_BYTES) ? 'spill/large' : 'spill';
    await hold({ archive, metrics }, part, `${delivery}.ndjson`, text, { count, receivedAt, writeKeyId, delivery });
  };
  return {
    maximumBytes: MESSAGE_BYTES,
    async append(deliveries) {
      const large = deliveries.filter(({ text }) => exceeds(text, MESSAGE_BYTES));
      const small = large.length === 0 ? deliveries : deliveries.filter((delivery) => !large.includes(delivery));
      const calls = toCalls(small, ({ text }) => text);
      const unsent = [...large];
      let failure: unknown;
      await inParallel(calls, async (call) => {
        const texts = call.map(({ text }) => text);
        // The other calls of a request do not wait for a queue that has just failed twice.
        if (failure === undefined) {
          try {
            return await sendCall(queue, texts, timeoutMs).catch(async () => {
              await pause();
              await sendCall(queue, texts, timeoutMs);
            });
          } catch (error) {
            failure = error;
            log('warn', 'queue_failed', { messages: call.length }, error);
          }
        }
        unsent.push(...call);
      });
      if (failure !== undefined && !archive) throw failure;
      await inParallel(unsent, spill);
    },
  };
}

async function briefly(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 50 + Math.random() * 150));
}
