import type { Random } from '../simulator/random.ts';
import { KEYS, type World } from './world.ts';

/** What is special about an event; the names are also those of its `event` member. */
export type Kind = 'clean' | 'row refused' | 'request refused' | 'malformed';

/** One request of a client, which is sent again until it is answered for good. */
interface Pending {
  readonly path: string;
  readonly init: RequestInit<RequestInitCfProperties>;
  /** Name in a part of it that is no event, so that no answer can tell it: in `failed_events` where the request was taken or refused. */
  readonly unnamed: string | undefined;
  attempts: number;
}

interface Result {
  readonly message_id: string | null;
  readonly status: 'ok' | 'duplicate' | 'rejected';
}

const MOST_ATTEMPTS = 6;

/** Events of clients, generated from a seed, and what the edge has answered for each. */
export class Traffic {
  /** Message ids that were taken with 2xx, by kind. */
  readonly accepted = new Map<string, Kind>();
  /** Names of events and bodies that were refused for what they are. */
  readonly rejected = new Set<string>();
  /** Events that were sent, without those that were sent again. */
  events = 0;
  readonly #random: Random;
  readonly #world: World;
  readonly #seed: number;
  readonly #kinds = new Map<string, Kind>();
  #pending: Pending[] = [];

  constructor(world: World, random: Random, seed: number) {
    this.#world = world;
    this.#random = random;
    this.#seed = seed;
  }

  /** Sends some new requests at once, and again what was not answered for good. */
  async send(requests: number): Promise<void> {
    const again = this.#pending.splice(0, 3);
    const fresh = Array.from({ length: requests }, () => this.#newRequest());
    await Promise.all((await this.#world.time.still(Promise.all(fresh))).concat(again).map((one) => this.#send(one)));
  }

  /** Sends one small clean batch, so that whatever else is delivered is not alone. */
  async sendCompany(): Promise<void> {
    const batch = [this.#event('clean')];
    await this.#send({ path: '/v1/batch', init: post(JSON.stringify({ batch }), 'browser'), unnamed: undefined, attempts: 0 });
  }

  /** Whether requests wait to be sent again. */
  get isPending(): boolean {
    return this.#pending.length > 0;
  }

  async #send(one: Pending): Promise<void> {
    one.attempts++;
    const answer = await this.#world.request(one.path, one.init);
    const isFinal = answer?.status === 200 || (answer?.status === 400 && one.unnamed !== undefined);
    if (isFinal && one.unnamed !== undefined) this.rejected.add(one.unnamed);
    if (answer?.status === 200) {
      for (const result of (answer.body as { results: Result[] }).results) this.#note(result);
    } else if (answer && !isFinal && answer.status !== 503 && answer.status !== 429) {
      throw new Error(`${one.path}: ${JSON.stringify(answer)}`);
    }
    // A client does not always hear what it was answered.
    const isHeard = isFinal && !this.#random.chance(0.03);
    if (!isHeard && one.attempts < MOST_ATTEMPTS) this.#pending.push(one);
  }

  #note({ message_id: id, status }: Result): void {
    if (id === null) return;
    if (status === 'rejected') this.rejected.add(id);
    else this.accepted.set(id, this.#kinds.get(id)!);
  }

  async #newRequest(): Promise<Pending> {
    const random = this.#random;
    const pending = (path: string, init: Pending['init'], unnamed?: string): Pending => ({ path, init, unnamed, attempts: 0 });
    if (random.chance(0.02)) {
      const name = this.#newName();
      return pending('/v1/batch', post(`{"batch": [{"name": "${name}"`, 'browser'), name);
    }
    const size = random.weighted([random.integer(1, 10), random.integer(10, 100), random.integer(200, 400)], (most) =>
      most > 100 ? 1 : 6,
    );
    if (size === 1) return pending('/v1/track', post(JSON.stringify({ ...this.#event('clean'), type: undefined }), 'browser'));
    const events = Array.from({ length: size }, () => this.#event(this.#kind()));
    const batch: unknown[] = [...events];
    const double = random.chance(0.1) ? events.find(({ messageId }) => this.#kinds.get(messageId as string) === 'clean') : undefined;
    if (double) batch.push(double);
    const stray = random.chance(0.1) ? this.#newName() : undefined;
    if (stray !== undefined) batch.push(stray);
    const body = JSON.stringify({ batch, sentAt: new Date().toISOString() });
    if (random.chance(0.05)) return pending('/v1/import', post(body, 'server'), stray);
    return pending('/v1/batch', random.chance(0.05) ? post(await gzip(body), 'browser') : post(body, 'browser'), stray);
  }

  #kind(): Kind {
    const draw = this.#random.next();
    return draw < 0.0001 ? 'request refused' : draw < 0.001 ? 'row refused' : draw < 0.03 ? 'malformed' : 'clean';
  }

  #newName(): string {
    return `name-${this.#seed}-${++this.events}`;
  }

  #event(kind: Kind): Record<string, unknown> {
    const random = this.#random;
    // Ids may be long, and need not be ASCII.
    const messageId = this.#newName() + (random.chance(0.02) ? '-' + 'é'.repeat(200) : '');
    this.#kinds.set(messageId, kind);
    const timestamp = new Date(Date.now() - random.integer(0, 60_000)).toISOString();
    const padding = random.chance(0.002) ? 'ü'.repeat(random.integer(1_000, 9_000)) : random.hex(random.integer(0, 40));
    const event = {
      type: 'track',
      event: kind,
      messageId,
      anonymousId: random.uuid(),
      timestamp,
      properties: { name: messageId, padding },
    };
    return kind === 'malformed' ? { ...event, ...random.pick(MALFORMED) } : event;
  }
}

/** Each costs an event its place in `events`. */
const MALFORMED: readonly object[] = [
  { type: 'nonsense' },
  { anonymousId: undefined },
  { anonymousId: {} },
  { properties: 'none' },
  { userId: 2 ** 60 },
  { context: { deep: JSON.parse('['.repeat(120) + ']'.repeat(120)) as unknown } },
];

function post(body: string | ArrayBuffer, kind: keyof typeof KEYS): RequestInit<RequestInitCfProperties> {
  const headers = { 'Content-Type': 'application/json', 'X-Write-Key': KEYS[kind], 'User-Agent': 'Mozilla/5.0 (test)' };
  return { method: 'POST', headers, body };
}

async function gzip(text: string): Promise<ArrayBuffer> {
  return await new Response(new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'))).arrayBuffer();
}
