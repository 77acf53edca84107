import { log } from '../log.ts';
import type { QueueProducer } from '../platform.ts';
import { aboutRows, hold, type Prefix } from './archive.ts';
import { deliver, type DeliveryPorts, type Left } from './deliver.ts';
import { inParallel } from './groups.ts';
import { type MessageRow, narrow, readMessage, sendOne } from './message.ts';

/** What is used of a message: https://developers.cloudflare.com/queues/configuration/javascript-apis/#message */
export interface QueueMessage {
  readonly id: string;
  readonly timestamp: Date;
  readonly body: unknown;
  /** 1 for the first. */
  readonly attempts: number;
  ack(): void;
  retry(options?: { delaySeconds?: number }): void;
}

/** What {@link consume} works with. */
export interface ConsumerPorts extends DeliveryPorts {
  /** Takes what is left of a message of which a part is done. */
  readonly queue: QueueProducer | undefined;
  /** From 0 to below 1. */
  readonly random?: () => number;
}

const FIRST_DELAY_SECONDS = 10;
const LONGEST_DELAY_SECONDS = 900;
/** Whatever the warehouse asks for: 100 attempts with it lie within the 4 days for which a queue keeps a message. */
const LONGEST_ASKED_SECONDS = 50 * 60;
/** From this attempt on a message that cannot be archived is sent anew: after 100 the queue deletes it, which has no dead letters of its own. */
const RENEWED_FROM = 50;

/**
 * Brings messages of the queue into the warehouse. A message is acknowledged when each of its rows is done, last of all. Of one that
 * is partly done the rest becomes a message of its own; of one that is not done at all another attempt is made later. One that cannot
 * be read goes to the archive.
 */
export async function consume(messages: readonly QueueMessage[], ports: ConsumerPorts): Promise<void> {
  const readable: { message: QueueMessage; text: string; rows: readonly MessageRow[] }[] = [];
  await inParallel(messages, async (message) => {
    const text = textOf(message);
    const rows = readMessage(text);
    if (rows) readable.push({ message, text, rows });
    else await putAside(message, text, ports);
  });
  const left = await deliver(
    readable.map(({ rows }) => rows),
    ports,
  );
  await inParallel([...readable.entries()], async ([i, { message, text, rows }]) => {
    await settle(message, text, rows.length, left[i]!, ports);
  });
}

async function settle(
  message: QueueMessage,
  text: string,
  count: number,
  left: Left,
  { queue, random = Math.random }: ConsumerPorts,
): Promise<void> {
  if (left.rows.length === 0) return message.ack();
  const delaySeconds = delayOf(message.attempts, left.afterSeconds, random());
  if (left.rows.length < count && queue) {
    try {
      await sendOne(queue, narrow(text, left.rows), delaySeconds);
      return message.ack();
    } catch (error) {
      log('warn', 'queue_failed', { messages: 1 }, error);
    }
  }
  message.retry({ delaySeconds });
}

/** Twice as long after each attempt, up to a quarter of an hour, and not all at once: half of it by chance. */
function delayOf(attempts: number, afterSeconds: number, random: number): number {
  const longest = Math.min(LONGEST_DELAY_SECONDS, FIRST_DELAY_SECONDS * 2 ** (attempts - 1));
  return Math.ceil(Math.max((longest * (1 + random)) / 2, Math.min(afterSeconds, LONGEST_ASKED_SECONDS)));
}

type AsidePorts = Pick<ConsumerPorts, 'archive' | 'metrics' | 'queue'>;

/** Puts messages that were given up into the archive, from where `touchtrail replay` puts them back. */
export async function archiveDead(messages: readonly QueueMessage[], ports: AsidePorts): Promise<void> {
  await inParallel(messages, async (message) => {
    const text = textOf(message);
    await putAside(message, text, ports, readMessage(text));
  });
}

/**
 * Acknowledged only when it is in the archive, or, where that fails for long, in the queue of events: no other can be sent to. From
 * there it comes again, as often as it takes.
 */
async function putAside(message: QueueMessage, text: string, ports: AsidePorts, rows?: readonly MessageRow[]): Promise<void> {
  const prefix: Prefix = 'dead';
  const about = rows ? aboutRows(rows) : { receivedAt: message.timestamp.toISOString() };
  log('error', rows ? 'given_up' : 'unreadable', { message: message.id, rows: rows?.length });
  try {
    // With the id of the message: two rests of one delivery are two objects, the same message twice is one.
    const name = 'delivery' in about ? `${about.delivery}-${message.id}` : message.id;
    await hold(ports, prefix, `${name}.ndjson`, text, about);
    message.ack();
  } catch (error) {
    log('error', 'not_archived', { prefix }, error);
    if (message.attempts >= RENEWED_FROM && ports.queue) {
      try {
        await sendOne(ports.queue, text, LONGEST_DELAY_SECONDS);
        return message.ack();
      } catch (failure) {
        log('warn', 'queue_failed', { messages: 1 }, failure);
      }
    }
    message.retry({ delaySeconds: delayOf(message.attempts, 0, Math.random()) });
  }
}

function textOf({ body }: QueueMessage): string {
  return typeof body === 'string' ? body : (JSON.stringify(body) ?? '');
}
