import { log } from '../log.ts';
import type { Bucket } from '../platform.ts';
import { type Environment, servicesOf } from '../services.ts';
import { patiently, SPILL_PARTS } from './archive.ts';
import { archiveDead, consume, type QueueMessage } from './consumer.ts';
import { putBack, type PutBackPorts } from './put-back.ts';

/** What is used of a batch: https://developers.cloudflare.com/queues/configuration/javascript-apis/#messagebatch */
export interface QueueBatch {
  /** `touchtrail-events`, or `touchtrail-dead` for what was given up; with `-staging` behind it there. See `DEAD_QUEUE`. */
  readonly queue: string;
  readonly messages: readonly QueueMessage[];
}

/** Spilled objects after which a run looks at the clock, and says where the next one would go on. */
const SPILLED_AT_ONCE = 500;
/** How long a run begins on more of them: the schedule starts the next one after five minutes. */
const SCHEDULE_MS = 4 * 60_000;
/** Hold where the next run goes on, which may be in another isolate. Without them, objects that wait would hold up all behind them. */
const CURSOR_KEYS = { 'spill/2': 'cursor/spill', 'spill/large/': 'cursor/large' } as const;

/** The Worker's handler of both queues. */
export async function queue({ queue: name, messages }: QueueBatch, environment: Environment): Promise<void> {
  const { delivery, metrics } = servicesOf(environment);
  await (isDead(name, environment) ? archiveDead : consume)(messages, delivery);
  if (environment.METRICS) metrics.flush(environment.METRICS);
}

/** What is not plainly a queue of dead letters is one of events: nothing is lost where it is delivered once more. */
function isDead(name: string, { DEAD_QUEUE: dead }: Environment): boolean {
  return dead ? name === dead : /-dead(-|$)/.test(name);
}

/** The Worker's handler of its schedule: puts back what could not be queued, until all of it is, the queue refuses, or time is up. */
export async function scheduled(_: unknown, environment: Environment): Promise<void> {
  const { delivery, metrics } = servicesOf(environment);
  const { queue, archive } = delivery;
  if (!queue || !archive) return;
  const end = Date.now() + SCHEDULE_MS;
  for (const part of SPILL_PARTS) {
    if (!(await putPartBack(part, archive, delivery, end))) break;
  }
  if (environment.METRICS) metrics.flush(environment.METRICS);
}

/** @returns whether its end was reached. */
async function putPartBack(part: (typeof SPILL_PARTS)[number], archive: Bucket, ports: PutBackPorts, end: number): Promise<boolean> {
  const key = CURSOR_KEYS[part];
  /** Where a call begins, and whether a run may begin there: the cursor itself may be why a call fails. */
  let from: string | undefined;
  let isProven = false;
  try {
    from = await (await patiently(archive.get(key)))?.text();
    do {
      const { objects, rows, unreadable, waiting, cursor } = await putBack(part, { limit: SPILLED_AT_ONCE, cursor: from }, ports);
      isProven = true;
      if (objects > 0) log('info', 'put_back', { objects, rows });
      for (const object of unreadable) log('error', 'unreadable', { key: object });
      for (const object of waiting) log('warn', 'waiting', { key: object });
      // After each call: a run that is killed goes on there, too.
      if (cursor !== undefined) await patiently(archive.put(key, cursor));
      else if (from !== undefined) await patiently(archive.delete(key));
      from = cursor;
    } while (from !== undefined && Date.now() < end);
    return from === undefined;
  } catch (error) {
    log('warn', 'not_put_back', {}, error);
    if (from !== undefined && !isProven) {
      await patiently(archive.delete(key)).catch((failure: unknown) => log('warn', 'not_put_back', {}, failure));
    }
    return false;
  }
}
