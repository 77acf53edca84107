import type { BigQueryFault, InsertCall } from '../../edge/testing/fake-bigquery.ts';
import type { CallFault } from '../../edge/testing/call-fault.ts';
import type { SendFault } from '../../edge/testing/fake-queue.ts';
import type { Random } from '../simulator/random.ts';

/** The services that can fail. */
type Service = 'bigquery' | 'queue' | 'archive' | 'keys' | 'isolate';

/** How often a call goes wrong, by how a service is doing. */
const SHARES = { calm: 0, flaky: 0.15, down: 0.9 } as const;
type State = keyof typeof SHARES;

/** Share of an isolate's bad moments in which it dies: it makes many calls. */
const DEATHS = 0.015;

const CALL_FAULTS: readonly CallFault[] = ['error', 'hang', 'done and error', 'done and hang'];
const SEND_FAULTS: readonly SendFault[] = [...CALL_FAULTS, 'part and error', 'overloaded'];
const BIGQUERY_FAULTS: readonly BigQueryFault[] = [
  { kind: 'status', status: 403, reason: 'rateLimitExceeded' },
  { kind: 'status', status: 403, reason: 'quotaExceeded' },
  { kind: 'status', status: 404, reason: 'notFound' },
  { kind: 'status', status: 408, reason: 'timeout' },
  { kind: 'status', status: 413, reason: 'requestTooLarge', html: true },
  { kind: 'status', status: 429, reason: 'rateLimitExceeded', retryAfter: '30' },
  { kind: 'status', status: 500, reason: 'internalError' },
  { kind: 'status', status: 502, reason: 'badGateway', html: true },
  { kind: 'status', status: 503, reason: 'backendError', retryAfter: 'soon' },
  { kind: 'rows', reason: 'backendError', every: 7 },
  { kind: 'rows', reason: 'timeout', every: 1 },
  { kind: 'rows', reason: 'invalid', message: 'no such field: region.', every: 3 },
  { kind: 'hang' },
  { kind: 'reset' },
  { kind: 'stored and hang' },
  { kind: 'stored and reset' },
  { kind: 'stored and cut' },
  { kind: 'stored and status', status: 503, reason: 'backendError' },
];

/**
 * A seeded schedule of faults. Each service is calm, flaky or down for a while, independently of the others, until the weather has
 * cleared for good.
 */
export class Weather {
  /** How often each fault has happened. */
  readonly counts = new Map<string, number>();
  readonly #random: Random;
  readonly #states: Record<Service, State> = { bigquery: 'calm', queue: 'calm', archive: 'calm', keys: 'calm', isolate: 'calm' };
  #cleared = false;

  constructor(random: Random) {
    this.#random = random;
    this.change(1);
  }

  /** Each service changes its state with this probability. */
  change(probability: number): void {
    for (const service of Object.keys(this.#states) as Service[]) {
      if (this.#random.chance(probability))
        this.#states[service] = this.#random.weighted(['calm', 'flaky', 'down'], (state) => (state === 'down' ? 1 : 2));
    }
  }

  clear(): void {
    this.#cleared = true;
  }

  bigquery(call: InsertCall): BigQueryFault | undefined {
    const fault = this.#draw('bigquery', BIGQUERY_FAULTS);
    if (fault) this.#note(`${call.table}: ${Object.values(fault).join(' ')}`);
    return fault;
  }

  queue(): SendFault | undefined {
    const fault = this.#draw('queue', SEND_FAULTS);
    if (fault) this.#note(`queue: ${fault}`);
    return fault;
  }

  call(service: 'archive' | 'keys', operation: string): CallFault | undefined {
    const fault = this.#draw(service, CALL_FAULTS);
    if (fault) this.#note(`${service} ${operation}: ${fault}`);
    return fault;
  }

  /** Whether the isolate ends now, and with it all that it has in hand. */
  killsIsolate(where: string): boolean {
    const kills = this.#draw('isolate', [true]) !== undefined && this.#random.chance(DEATHS);
    if (kills) this.#note(`isolate: died ${where}`);
    return kills;
  }

  /** Whether something of its own small probability happens. */
  chance(what: string, probability: number): boolean {
    const happens = !this.#cleared && this.#random.chance(probability);
    if (happens) this.#note(what);
    return happens;
  }

  #draw<Fault>(service: Service, faults: readonly Fault[]): Fault | undefined {
    if (this.#cleared || !this.#random.chance(SHARES[this.#states[service]])) return undefined;
    return this.#random.pick(faults);
  }

  #note(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }
}
