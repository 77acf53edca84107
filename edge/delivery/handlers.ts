import { log } from '../log.ts';
import { type Environment, servicesOf } from '../services.ts';
import { archiveDead, consume, type QueueMessage } from './consumer.ts';
import { putBack } from './put-back.ts';

/** What is used of a batch: https://developers.cloudflare.com/queues/configuration/javascript-apis/#messagebatch */
export interface QueueBatch {
  /** `touchtrail-events`, or `touchtrail-dead` for what was given up; with `-staging` behind it there. */
  readonly queue: string;
  readonly messages: readonly QueueMessage[];
}

/** Spilled objects that one run puts back: it ends well before the next one begins. */
const SPILLED_AT_ONCE = 500;

/** The Worker's handler of both queues. */
export async function queue({ queue: name, messages }: QueueBatch, environment: Environment): Promise<void> {
  const { delivery, metrics } = servicesOf(environment);
  await (/-dead(-|$)/.test(name) ? archiveDead : consume)(messages, delivery);
  if (environment.METRICS) metrics.flush(environment.METRICS);
}

/** The Worker's handler of its schedule: puts back what could not be queued. */
export async function scheduled(_: unknown, environment: Environment): Promise<void> {
  const { delivery, metrics } = servicesOf(environment);
  if (!delivery.queue || !delivery.archive) return;
  try {
    const { objects, rows, unreadable, waiting } = await putBack('spill', { limit: SPILLED_AT_ONCE }, delivery);
    if (objects > 0) log('info', 'put_back', { objects, rows });
    for (const key of unreadable) log('error', 'unreadable', { key });
    for (const key of waiting) log('warn', 'waiting', { key });
  } catch (error) {
    log('warn', 'not_put_back', {}, error);
  }
  if (environment.METRICS) metrics.flush(environment.METRICS);
}
