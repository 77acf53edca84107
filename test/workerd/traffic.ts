import type { Random } from '../simulator/random.ts';
import { ADDRESSED, EMAIL, IPV4 } from './addresses.ts';
import { KEYS, type World } from './world.ts';

/** What is special about an event; the names are also those of its `event` member. */
export type Kind = 'clean' | 'row refused' | 'request refused' | 'malformed';

/** One request of a client, which is sent again until it is answered for good. */
interface Pending {
  readonly path: string;
  readonly init: RequestInit<RequestInitCfProperties>;
  /** Name in a part of it that is no event, so that no answer can tell it: in `failed_events` where the request was taken or refused. */
  readonly unnamed: string | undefined;
  /** Message ids of its events. */
  readonly ids: readonly string[];
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
  /** How many requests each event was in. */
  readonly sent = new Map<string, number>();
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

  /** Sends one clean event. */
  async sendClean(): Promise<void> {
    const event = this.#event('clean', true);
    const init = post(JSON.stringify({ batch: [event] }), 'browser');
    await this.#send({ path: '/v1/batch', init, unnamed: undefined, ids: [event.messageId], attempts: 0 });
  }

  /** Whether requests wait to be sent again. */
  get isPending(): boolean {
    return this.#pending.length > 0;
  }

  async #send(one: Pending): Promise<void> {
    one.attempts++;
    for (const id of one.ids) this.sent.set(id, (this.sent.get(id) ?? 0) + 1);
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
    const pending = (path: string, init: Pending['init'], events: readonly { messageId: string }[], unnamed?: string): Pending => ({
      path,
      init,
      unnamed,
      ids: events.map(({ messageId }) => messageId),
      attempts: 0,
    });
    if (random.chance(0.02)) {
      const name = this.#newName();
      return pending('/v1/batch', post(`{"batch": [{"name": "${name}", "of": "${EMAIL}", "ip": "${IPV4}"`, 'browser'), [], name);
    }
    const size = random.weighted([random.integer(1, 10), random.integer(10, 100), random.integer(200, 400)], (most) =>
      most > 100 ? 1 : 6,
    );
    // Without any in it, a body is known to be clean as a whole.
    const hasAddresses = random.chance(0.2);
    if (size === 1) {
      const event = this.#event('clean', hasAddresses);
      return pending('/v1/track', post(JSON.stringify({ ...event, type: undefined }), 'browser'), [event]);
    }
    const events = Array.from({ length: size }, () => this.#event(this.#kind(), hasAddresses && random.chance(0.5)));
    const batch: unknown[] = [...events];
    const double = random.chance(0.1) ? events.find(({ messageId }) => this.#kinds.get(messageId) === 'clean') : undefined;
    if (double) batch.push(double);
    const stray = random.chance(0.1) ? this.#newName() : undefined;
    if (stray !== undefined) batch.push(`${stray} of ${EMAIL} at ${IPV4}`);
    const body = JSON.stringify({ batch, sentAt: new Date().toISOString() });
    if (random.chance(0.05)) return pending('/v1/import', post(body, 'server'), events, stray);
    return pending('/v1/batch', random.chance(0.05) ? post(await gzip(body), 'browser') : post(body, 'browser'), events, stray);
  }

  #kind(): Kind {
    const draw = this.#random.next();
    return draw < 0.0001 ? 'request refused' : draw < 0.001 ? 'row refused' : draw < 0.03 ? 'malformed' : 'clean';
  }

  #newName(): string {
    return `name-${this.#seed}-${++this.events}`;
  }

  #event(kind: Kind, hasAddresses: boolean): Record<string, unknown> & { readonly messageId: string } {
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
      ...(hasAddresses && random.pick(ADDRESSED)),
    };
    return kind === 'malformed' ? { ...event, ...random.pick(MALFORMED) } : event;
  }
}

/** Each costs an event its place in `events`. */
const MALFORMED: readonly object[] = [
  { type: `nonsense of ${EMAIL}` },
  { anonymousId: undefined, userId: undefined },
  { anonymousId: {} },
  { properties: `none of ${EMAIL} at ${IPV4}` },
  { userId: 2 ** 60 },
  { context: { deep: JSON.parse('['.repeat(120) + ']'.repeat(120)) as unknown } },
];

function post(body: string | ArrayBuffer, kind: keyof typeof KEYS): RequestInit<RequestInitCfProperties> {
  const headers = {
    'Content-Type': 'application/json',
    'X-Write-Key': KEYS[kind],
    'User-Agent': `Mozilla/5.0 (for ${EMAIL})`,
    'CF-Connecting-IP': IPV4,
  };
  return { method: 'POST', headers, body, cf: { country: 'DE' } };
}

async function gzip(text: string): Promise<ArrayBuffer> {
  return await new Response(new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'))).arrayBuffer();
}
