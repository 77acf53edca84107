import type { QueueProducer } from '../platform.ts';
import { type CallFault, underFault } from './call-fault.ts';

/** What goes wrong with sending: as with any call, or part of the messages is queued, or it takes nearly a minute to be told no. */
export type SendFault = CallFault | 'part and error' | 'overloaded';

/** How a fake is set up. */
export interface FakeQueueOptions {
  readonly name: string;
  /** Milliseconds since 1970. Default: the clock. */
  readonly now?: () => number;
  /** How often a message is delivered again before it is given up. */
  readonly maxRetries?: number;
  /** Seconds before a message is delivered again where the consumer does not say. */
  readonly retryDelay?: number;
  /** Where messages go that are given up; without one they are deleted, and counted in {@link FakeQueue.lost}. */
  readonly deadLetters?: FakeQueue;
  /** Chooses what goes wrong with a call. Default: nothing. */
  readonly fault?: (messages: number) => SendFault | undefined;
  /** Whether the acknowledgement of a message gets lost, so that it comes again. Default: never. */
  readonly losesAck?: (body: string) => boolean;
  /** Told of each thing that was done, in order: `sent 2`, `acked events-3`, `retried events-3`, `dead events-3`. */
  readonly note?: (action: string) => void;
}

/** https://developers.cloudflare.com/queues/platform/limits/; of each message some 100 bytes of metadata count. */
const LIMITS = { messageBytes: 128_000, batchBytes: 256_000, batchMessages: 100, metadataBytes: 100, delaySeconds: 86_400 };
/** How long the platform was seen to take before it said that the queue is overloaded. */
const OVERLOADED_AFTER_MS = 57_000;

interface Waiting {
  readonly id: string;
  readonly body: string;
  readonly timestamp: Date;
  readonly attempts: number;
  readonly due: number;
}

interface RetryOptions {
  readonly delaySeconds?: number;
}

/** A message as the Worker's queue handler sees it. */
export interface FakeMessage extends Pick<Waiting, 'id' | 'body' | 'timestamp' | 'attempts'> {
  ack(): void;
  retry(options?: RetryOptions): void;
}

/** A batch as the Worker's queue handler sees it. */
export interface FakeBatch {
  readonly queue: string;
  readonly messages: readonly FakeMessage[];
  ackAll(): void;
  retryAll(options?: RetryOptions): void;
}

/** Messages that are being delivered. */
export interface Taken {
  readonly batch: FakeBatch;
  /**
   * Ends the delivery. Where the handler returned, what it said nothing about is acknowledged; where it threw, that comes again;
   * where the isolate died, nothing of what it said is known, and all comes again.
   */
  settle(this: void, handler: 'returned' | 'threw' | 'died'): void;
}

/**
 * A queue of Cloudflare in memory, as documented: at least once, batches of at most 100, explicit acknowledgements, retries with
 * a delay, dead letters, and limits that are enforced where they are met. It delivers nothing by itself: a test takes.
 * https://developers.cloudflare.com/queues/configuration/batching-retries/
 */
export class FakeQueue implements QueueProducer {
  readonly #options: FakeQueueOptions;
  readonly #now: () => number;
  #waiting: Waiting[] = [];
  #inFlight = 0;
  #lastId = 0;
  /** Bodies that were given up without a queue for dead letters. */
  readonly lost: string[] = [];

  constructor(options: FakeQueueOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** Messages that wait or are being delivered. */
  get depth(): number {
    return this.#waiting.length + this.#inFlight;
  }

  /** When the next message may be delivered, milliseconds since 1970. */
  get nextDue(): number | undefined {
    return this.#waiting.length > 0 ? Math.min(...this.#waiting.map(({ due }) => due)) : undefined;
  }

  /** Bodies of the waiting messages, oldest first. */
  bodies(): string[] {
    return this.#waiting.map(({ body }) => body);
  }

  async send(body: string, options?: RetryOptions): Promise<void> {
    await this.sendBatch([{ body }], options);
  }

  async sendBatch(messages: Iterable<{ readonly body: string }>, options?: RetryOptions): Promise<void> {
    const bodies = [...messages].map(({ body }) => body);
    const sizes = bodies.map((body) => new TextEncoder().encode(body).byteLength + LIMITS.metadataBytes);
    if (bodies.length === 0 || bodies.length > LIMITS.batchMessages) throw new Error(`sendBatch: ${bodies.length} messages`);
    if (sizes.some((size) => size > LIMITS.messageBytes)) throw new Error('sendBatch: a message is larger than 128 KB');
    if (sizes.reduce((sum, size) => sum + size) > LIMITS.batchBytes) throw new Error('sendBatch: the messages are larger than 256 KB');
    const fault = this.#options.fault?.(bodies.length);
    if (fault === 'overloaded') {
      await new Promise((resolve) => void setTimeout(resolve, OVERLOADED_AFTER_MS));
      throw new Error('Queue is overloaded. Please back off.');
    }
    const part = fault === 'part and error' ? bodies.slice(0, bodies.length / 2) : bodies;
    await underFault(fault === 'part and error' ? 'done and error' : fault, 'Internal Server Error', () => {
      for (const body of part) this.#enqueue(body, options?.delaySeconds ?? 0);
      this.#options.note?.(`sent ${part.length}`);
    });
  }

  /** A message from elsewhere; faults and limits do not apply. */
  inject(body: string): void {
    this.#enqueue(body, 0);
  }

  /** Takes the messages that are due, oldest first; undefined where there is none. */
  take(most = LIMITS.batchMessages): Taken | undefined {
    const now = this.#now();
    const due = this.#waiting.filter((message) => message.due <= now).slice(0, most);
    if (due.length === 0) return undefined;
    const taken = new Set(due);
    this.#waiting = this.#waiting.filter((message) => !taken.has(message));
    this.#inFlight += due.length;
    return this.#deliver(due);
  }

  #deliver(messages: readonly Waiting[]): Taken {
    // The first word about a message holds.
    const said = new Map<string, 'ack' | RetryOptions>();
    let isOpen = true;
    const say = (id: string, word: 'ack' | RetryOptions) => {
      if (!isOpen || said.has(id)) return;
      if (word !== 'ack') checkDelay(word.delaySeconds ?? 0);
      said.set(id, word);
      this.#options.note?.(`${word === 'ack' ? 'acked' : 'retried'} ${id}`);
    };
    const sayOfAll = (word: 'ack' | RetryOptions) => {
      for (const { id } of messages) say(id, word);
    };
    const batch: FakeBatch = {
      queue: this.#options.name,
      messages: messages.map(({ id, body, timestamp, attempts }) => ({
        id,
        body,
        timestamp,
        attempts,
        ack: () => say(id, 'ack'),
        retry: (options = {}) => say(id, options),
      })),
      ackAll: () => sayOfAll('ack'),
      retryAll: (options = {}) => sayOfAll(options),
    };
    const settle = (handler: 'returned' | 'threw' | 'died') => {
      if (!isOpen) throw new Error('the batch has been settled');
      if (handler === 'returned') sayOfAll('ack');
      isOpen = false;
      this.#inFlight -= messages.length;
      for (const message of messages) {
        const word = handler === 'died' ? {} : (said.get(message.id) ?? {});
        if (word !== 'ack') this.#retry(message, word.delaySeconds);
        else if (this.#options.losesAck?.(message.body)) this.#retry(message, 0);
      }
    };
    return { batch, settle };
  }

  #retry(message: Waiting, delaySeconds = this.#options.retryDelay ?? 0): void {
    const { maxRetries = 3, deadLetters } = this.#options;
    if (message.attempts <= maxRetries) {
      this.#waiting.push({ ...message, attempts: message.attempts + 1, due: this.#now() + delaySeconds * 1_000 });
      return;
    }
    this.#options.note?.(`dead ${message.id}`);
    if (deadLetters) deadLetters.#enqueue(message.body, 0);
    else this.lost.push(message.body);
  }

  #enqueue(body: string, delaySeconds: number): void {
    checkDelay(delaySeconds);
    const now = this.#now();
    this.#waiting.push({
      id: `${this.#options.name}-${++this.#lastId}`,
      body,
      timestamp: new Date(now),
      attempts: 1,
      due: now + delaySeconds * 1_000,
    });
  }
}

function checkDelay(seconds: number): void {
  if (!(seconds >= 0 && seconds <= LIMITS.delaySeconds)) throw new Error(`delaySeconds must lie between 0 and 86400, not ${seconds}`);
}
