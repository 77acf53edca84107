import { Random } from '../../simulator/random.ts';

/** How a case must end. */
export type Ending =
  /** 200, and every event of it is stored. */
  | 'stored'
  /** 200, and the event in question is a failed row of this reason (and path). */
  | { readonly rejected: string; readonly path?: string }
  /** The request is refused with this status and reason; what could be read of it is a failed row. */
  | { readonly refused: number; readonly reason: string; readonly isKept?: boolean }
  /** An image, and behind it the row of a pixel's event, or a failed one. */
  | { readonly image: 'stored' | 'failed' | 'nothing' }
  /** Refused before the Worker sees it, or by the runtime: any 4xx. */
  | 'platform'
  /** Any of the above; what was done must be what is said. */
  | 'accounted';

/** One request that no well-behaved client sends. */
export interface AbuseCase {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  readonly ending: Ending;
}

/** What no stored byte may hold: any part of an address of the corpus that names somebody, and its IP addresses. */
export const SECRETS = /abuse-leak.{0,5}@|private-host|203\.0\.113\.\d|2001:db8:bad/i;
export const EMAIL = 'abuse-leak@private-host.example';
export const IP = '203.0.113.66';
export const IP6 = '2001:db8:bad::66';

/** An event, right or wrong. */
export type Event = Record<string, unknown>;

/** The request as a whole is refused. */
export const refused = (status: number, reason: string, isKept = true): Ending => ({ refused: status, reason, isKept });
export const BAD_JSON = refused(400, 'invalid_json');
export const BAD_BODY = refused(400, 'invalid_body');

/** What the parts of the corpus add their cases with. */
export interface CorpusBuilder {
  readonly random: Random;
  readonly cases: readonly AbuseCase[];
  /** Adds a request with the browser key `demo`. */
  add(
    this: void,
    name: string,
    path: string,
    body: Uint8Array | string | undefined,
    ending: Ending,
    headers?: Record<string, string>,
    method?: string,
  ): void;
  /** Adds one event, a value or its JSON, for a route that takes one. */
  single(this: void, name: string, event: unknown, ending: Ending, headers?: Record<string, string>): void;
  /** Adds a pixel. */
  image(this: void, name: string, path: string, ending: 'stored' | 'failed' | 'nothing', headers?: Record<string, string>): void;
  /** An event that is right but for what is said. */
  track(this: void, more?: Event): Event;
}

/** A corpus without cases. */
export function createCorpus(seed: number): CorpusBuilder {
  const random = new Random(seed);
  const cases: AbuseCase[] = [];
  const add: CorpusBuilder['add'] = (name, path, body, ending, headers = {}, method = 'POST') => {
    cases.push({ name, method, path, headers: { 'x-write-key': 'demo', ...headers }, ...(body !== undefined && { body }), ending });
  };
  return {
    random,
    cases,
    add,
    single: (name, event, ending, headers) =>
      add(name, '/v1/track', typeof event === 'string' ? event : JSON.stringify(event), ending, headers),
    image: (name, path, ending, headers) => add(`a pixel with ${name}`, path, undefined, { image: ending }, headers, 'GET'),
    track: (more = {}) => ({ type: 'track', event: 'Clicked', anonymousId: 'a-1', messageId: `m-${random.uuid()}`, ...more }),
  };
}
