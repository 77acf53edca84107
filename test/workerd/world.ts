import { vi } from 'vitest';
import { DELIVERY_COLUMNS, EVENT_COLUMNS, FAILED_EVENT_COLUMNS } from '../../edge/contract/event-row.ts';
import { hashWriteKey, type WriteKeyKind, writeKeyId } from '../../edge/contract/write-key.ts';
import { underFault } from '../../edge/testing/call-fault.ts';
import { FakeBigQuery, type FakeBigQueryOptions } from '../../edge/testing/fake-bigquery.ts';
import { FakeBucket, type FakeBucketOptions } from '../../edge/testing/fake-bucket.ts';
import { type FakeMessage, FakeQueue, type FakeQueueOptions } from '../../edge/testing/fake-queue.ts';
import { createServiceAccount } from '../../edge/testing/service-account.ts';
import type { Random } from '../simulator/random.ts';
import { VirtualTime } from './virtual-time.ts';
import type { Weather } from './weather.ts';
import { Witness } from './witness.ts';

/** The write keys of the world. */
export const KEYS = { browser: 'browser-key', server: 'server-key-0123456789' } as const;
export const ADMIN_TOKEN = 'the-token-of-the-operator';

const PROJECT = 'project';
const DATASET = 'dataset';
/** 09:30 UTC. */
const START = Date.parse('2026-11-23T09:30:00Z');

interface Handlers {
  fetch(request: Request, env: unknown, ctx: unknown): Promise<Response>;
  queue(batch: unknown, env: unknown, ctx: unknown): Promise<void>;
  scheduled(controller: unknown, env: unknown, ctx: unknown): Promise<void>;
}

/** One isolate of the Worker: its modules are its own, and so are its services. */
interface Isolate {
  readonly worker: Handlers;
  readonly env: object;
  readonly died: Promise<'died'>;
  readonly end: () => void;
  isAlive: boolean;
}

/** What can be set of a world. */
export interface WorldOptions {
  readonly weather?: Weather;
  /** What the Worker draws from in place of `Math.random` and `crypto.randomUUID`. */
  readonly random?: Random;
  readonly bigquery?: Partial<FakeBigQueryOptions>;
  readonly queue?: Partial<FakeQueueOptions>;
  readonly archive?: FakeBucketOptions;
  /** Deliveries of a message before it is a dead letter, less one. */
  readonly maxRetries?: number;
}

const never = new Promise<never>(() => {});

/** To make its key takes longer than most tests. */
let account: ReturnType<typeof createServiceAccount> | undefined;

/**
 * The Worker with all that it works with, the network included, in memory and in virtual time. One isolate lives at a time; where
 * it dies, all that it has in hand stops where it is.
 */
export class World {
  /** What happened, in order. */
  readonly actions: string[] = [];
  readonly bigquery: FakeBigQuery;
  readonly queue: FakeQueue;
  readonly deadLetters: FakeQueue;
  readonly archive: FakeBucket;
  readonly witness = new Witness();
  readonly time: VirtualTime;
  readonly #weather: Weather | undefined;
  readonly #keyFile: string;
  readonly #realFetch = globalThis.fetch;
  readonly #real = { random: Math.random, randomUUID: crypto.randomUUID.bind(crypto) };
  #isolate: Isolate | undefined;
  #starting: Promise<Isolate> | undefined;
  /** Tokens that were issued before this are refused. */
  #revokedBefore = 0;

  static async create(options: WorldOptions = {}): Promise<World> {
    return new World(options, await (account ??= createServiceAccount()));
  }

  private constructor(options: WorldOptions, account: Awaited<ReturnType<typeof createServiceAccount>>) {
    const { weather } = options;
    const note = (action: string) => void this.actions.push(action);
    this.time = new VirtualTime(START);
    const { random } = options;
    if (random) {
      Math.random = () => random.next();
      setRandomUuid(() => random.uuid());
    }
    this.#weather = weather;
    this.#keyFile = account.keyFile;
    this.bigquery = new FakeBigQuery({
      project: PROJECT,
      dataset: DATASET,
      verifyToken: async (token, now) => {
        const wrong = await account.verify(token, now);
        return wrong ?? (issuedAt(token) < this.#revokedBefore ? 'it was revoked' : undefined);
      },
      note,
      onStoredUnheard: (rows) => this.witness.causes.storeUnheard(rows),
      ...(weather && { fault: (call) => weather.bigquery(call) }),
      ...options.bigquery,
    });
    this.bigquery.createTable('events_raw', EVENT_COLUMNS);
    this.bigquery.createTable('failed_events', FAILED_EVENT_COLUMNS);
    this.bigquery.createTable('deliveries', DELIVERY_COLUMNS);
    this.deadLetters = new FakeQueue({ name: 'touchtrail-dead', maxRetries: 100, retryDelay: 60, note });
    this.queue = new FakeQueue({
      name: 'touchtrail-events',
      maxRetries: options.maxRetries ?? 3,
      deadLetters: this.deadLetters,
      note,
      ...(weather && {
        fault: () => weather.queue(),
        losesAck: (body) => {
          const isLost = weather.chance('queue: ack lost', 0.01);
          if (isLost) this.witness.causes.open([body]);
          return isLost;
        },
      }),
      ...options.queue,
    });
    this.archive = new FakeBucket({
      note,
      ...(weather && { fault: (operation) => weather.call('archive', operation) }),
      ...options.archive,
    });
    globalThis.fetch = async (input: RequestInfo | URL, init?: RequestInit) => {
      const isolate = this.#isolate;
      if (typeof init?.body === 'string') this.witness.look('BigQuery', init.body);
      return isolate ? await this.#guarded(isolate, 'bigquery', async () => await this.bigquery.fetch(input, init)) : await never;
    };
  }

  /** Puts clock and network back. */
  end(): void {
    this.killIsolate();
    globalThis.fetch = this.#realFetch;
    Math.random = this.#real.random;
    setRandomUuid(this.#real.randomUUID);
    this.time.end();
  }

  revokeTokens(): void {
    this.#revokedBefore = Math.ceil(Date.now() / 1_000);
  }

  /** Ends the isolate; the next call starts another one. */
  killIsolate(): void {
    if (!this.#isolate) return;
    this.#isolate.isAlive = false;
    this.time.forgetTimers();
    this.#isolate.end();
    this.#isolate = undefined;
  }

  /**
   * Asks the Worker.
   * @param patienceMs how long the client waits.
   * @returns undefined where no answer came.
   */
  async request(
    path: string,
    init: RequestInit<RequestInitCfProperties>,
    patienceMs = 30_000,
  ): Promise<{ status: number; body: unknown } | undefined> {
    const isolate = await this.#living();
    const { promise: patience, resolve } = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => resolve(undefined), patienceMs);
    const answer = this.#run(isolate, async (ctx) => {
      const response = await isolate.worker.fetch(new Request(`https://edge.example.com${path}`, init), isolate.env, ctx);
      return { status: response.status, body: await response.json<unknown>() };
    });
    const outcome = await Promise.race([answer, patience]);
    clearTimeout(timer);
    const known = typeof outcome === 'object' ? outcome : undefined;
    this.actions.push(`answered ${known?.status ?? 'nothing'}`);
    return known;
  }

  /** Delivers the messages of a queue that are due, as one batch; false where there are none. */
  async consume(queue: FakeQueue): Promise<boolean> {
    const isolate = await this.#living();
    const taken = queue.take();
    if (!taken) return false;
    const { messages } = taken.batch;
    const heard = this.witness.causes.open(messages.map(({ body }) => body));
    const retry = (message: FakeMessage) => (retryOptions?: Parameters<FakeMessage['retry']>[0]) => {
      message.retry(retryOptions);
      this.witness.causes.retry(message.body);
    };
    const batch = { ...taken.batch, messages: messages.map((message) => ({ ...message, retry: retry(message) })) };
    let outcome: 'returned' | 'threw' | 'died';
    try {
      const result = await this.#run(isolate, async (ctx) => await isolate.worker.queue(batch, isolate.env, ctx));
      outcome = result === 'died' ? 'died' : 'returned';
    } catch {
      outcome = 'threw';
    }
    taken.settle(outcome);
    if (outcome === 'returned') heard();
    return true;
  }

  /** The cron trigger. */
  async scheduled(): Promise<void> {
    const isolate = await this.#living();
    const controller = { cron: '*/5 * * * *', scheduledTime: Date.now(), noRetry: () => {} };
    try {
      await this.#run(isolate, async (ctx) => await isolate.worker.scheduled(controller, isolate.env, ctx));
    } catch {
      this.actions.push('scheduled threw');
    }
  }

  async #run<Result>(isolate: Isolate, handler: (ctx: unknown) => Promise<Result>): Promise<Result | 'died'> {
    const background: Promise<unknown>[] = [];
    const ctx = { waitUntil: (work: Promise<unknown>) => void background.push(work), passThroughOnException: () => {}, props: {} };
    const inFull = async () => {
      const result = await handler(ctx);
      await Promise.allSettled(background);
      return result;
    };
    const all = inFull();
    // What the dead isolate does not end, nobody waits for.
    all.catch(() => {});
    return await Promise.race([all, isolate.died]);
  }

  async #living(): Promise<Isolate> {
    if (this.#isolate) return this.#isolate;
    this.#starting ??= this.time.still(this.#start()).finally(() => (this.#starting = undefined));
    return (this.#isolate = await this.#starting);
  }

  async #start(): Promise<Isolate> {
    vi.resetModules();
    const { default: worker } = (await import('../../edge/worker.ts')) as unknown as { default: Handlers };
    const { promise, resolve: end } = Promise.withResolvers<void>();
    const isolate: Isolate = { worker, env: {}, died: promise.then(() => 'died'), end, isAlive: true };
    return Object.assign(isolate, { env: this.#environment(isolate) });
  }

  #environment(isolate: Isolate): object {
    const guarded = async <Result>(service: string, call: () => Promise<Result>) => await this.#guarded(isolate, service, call);
    return {
      KEYS: { get: async (name: string) => await guarded('keys', async () => await this.#keyRecord(name)) },
      QUEUE: this.witness.queue(this.queue, guarded),
      ARCHIVE: this.witness.archive(this.archive, guarded),
      RATE_LIMITER: { limit: async () => ({ success: this.#weather?.chance('rate limited', 0.005) !== true }) },
      METRICS: { writeDataPoint: () => {} },
      BIGQUERY_PROJECT: PROJECT,
      BIGQUERY_DATASET: DATASET,
      GOOGLE_SERVICE_ACCOUNT: this.#keyFile,
      IP_HASH_KEY: 'a long random text',
      IP_HASH_KEY_ID: '2026-11',
      ADMIN_TOKEN,
    };
  }

  async #keyRecord(hash: string): Promise<object | null> {
    return await underFault(this.#weather?.call('keys', 'get'), 'KV GET failed: 500 Internal Server Error', () => {
      const kind = (Object.keys(KEYS) as WriteKeyKind[]).find((one) => hashWriteKey(KEYS[one]) === hash);
      return kind === undefined
        ? null
        : { id: writeKeyId(hash), kind, name: kind, key_hash: hash, created_at: '2026-01-01T00:00:00.000Z', revoked_at: null };
    });
  }

  /** A call of the platform by an isolate: the isolate may die before it or after it, and then hears nothing more. */
  async #guarded<Result>(isolate: Isolate, service: string, call: () => Promise<Result>): Promise<Result> {
    const dies = (when: string) => {
      if (isolate.isAlive && this.#weather?.killsIsolate(`${when} ${service}`)) this.killIsolate();
      return !isolate.isAlive;
    };
    if (dies('before')) return await never;
    try {
      const result = await call();
      return dies('after') ? await never : result;
    } catch (error) {
      if (!isolate.isAlive) return await never;
      throw error;
    }
  }
}

function setRandomUuid(value: () => string): void {
  Object.defineProperty(crypto, 'randomUUID', { value, configurable: true });
}

function issuedAt(token: string): number {
  return (JSON.parse(atob(token.split('.')[1]!.replaceAll('-', '+').replaceAll('_', '/'))) as { iat: number }).iat;
}
