import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { expect } from 'vitest';
import type { Ground, Received, Result, Sent } from './embedded-edge.ts';

// Every limit is written down here once more: who changes one has to change both.
export const EVENT_BYTES = 32_768;
export const BATCH_BYTES = 512_000;
export const IMPORT_BYTES = 5_242_880;
export const BATCH_EVENTS = 2_000;
export const IMPORT_EVENTS = 20_000;
export const DEPTH = 100;
export const MEMBERS = 4_000;
export const PAYLOAD_BYTES = 32_768;
export const LONGEST_ID = 256;

/** Bytes of UTF-8 of a text, or of a value as JSON. */
export const bytesOf = (value: unknown) => Buffer.byteLength(typeof value === 'string' ? value : JSON.stringify(value));
/** What may be kept nowhere. */
export const ADDRESS = 'limit-leak@victim.example';
export const HASH = createHash('sha256').update(ADDRESS).digest('hex');

let made = 0;
/** A number that no other event or text of the file has. */
export const nextNumber = () => ++made;

export type Event = Record<string, unknown>;
/** A good event. */
export const track = (more: Event = {}): Event => ({
  type: 'track',
  event: 'Clicked',
  anonymousId: 'a-1',
  messageId: `m-${nextNumber()}`,
  // Imports need it; live ones may have it.
  timestamp: '2026-01-31T09:30:00Z',
  ...more,
});

/** The event with a text in it that makes it as long as is wanted, in bytes of UTF-8; what one character cannot fill is ASCII. */
export function ofBytes(bytes: number, character: string, event: Event = track({ leak: ADDRESS })): Event {
  const left = bytes - bytesOf({ ...event, properties: { pad: '' } });
  const each = bytesOf(character) + (character === '"' ? 1 : 0);
  const whole = { ...event, properties: { pad: character.repeat(Math.floor(left / each)) + '.'.repeat(left % each) } };
  expect(bytesOf(whole)).toBe(bytes);
  return whole;
}

/** How a body may travel. */
export type Way = (body: string) => Pick<Sent, 'headers' | 'body' | 'isChunked'>;
const JSON_TYPE = { 'content-type': 'application/json' };
/** All ways that are taken. */
export const WAYS: Readonly<Record<string, Way>> = {
  plain: (body) => ({ body, headers: JSON_TYPE }),
  'no content type': (body) => ({ body }),
  'text/plain': (body) => ({ body, headers: { 'content-type': 'text/plain;charset=UTF-8' } }),
  'a form that is none': (body) => ({ body, headers: { 'content-type': 'application/x-www-form-urlencoded' } }),
  chunked: (body) => ({ body, headers: JSON_TYPE, isChunked: true }),
  'with a byte order mark': (body) => ({ body: `\uFEFF${body}`, headers: JSON_TYPE }),
  'labelled as gzip, but plain': (body) => ({ body, headers: { ...JSON_TYPE, 'content-encoding': 'gzip' } }),
  'gzip by header': (body) => ({ body: gzipSync(body), headers: { ...JSON_TYPE, 'content-encoding': 'gzip' } }),
  'gzip by magic bytes': (body) => ({ body: gzipSync(body), headers: JSON_TYPE }),
  'gzip labelled as a form': (body) => ({
    body: gzipSync(body),
    headers: { 'content-type': 'application/x-www-form-urlencoded', 'content-encoding': 'gzip' },
  }),
  'gzip, chunked': (body) => ({ body: gzipSync(body), headers: { 'content-encoding': 'x-gzip' }, isChunked: true }),
};

/** A route that takes events, and a body for it. */
export interface Route {
  readonly path: string;
  readonly importing: boolean;
  /** The body with the event in it, beside others where the route takes them. */
  readonly body: (event: unknown) => { body: string; others: readonly string[]; position: number };
}

/** The event is the body. */
export const single = (event: unknown) => ({ body: JSON.stringify(event), others: [], position: 0 });
/** The event is the second of a batch of three. */
export const amongOthers = (event: unknown) => {
  const [before, after] = [track(), track()];
  return {
    body: JSON.stringify({ batch: [before, event, after] }),
    others: [before['messageId'], after['messageId']] as string[],
    position: 1,
  };
};
/** One route of each kind. */
export const ROUTES: Readonly<Record<string, Route>> = {
  '/v1/track': { path: '/v1/track', importing: false, body: single },
  '/v1/batch': { path: '/v1/batch', importing: false, body: amongOthers },
  '/v1/import': { path: '/v1/import', importing: true, body: amongOthers },
};

/** The calls of one event each, and the letters that stand for them. */
export const TYPES = ['identify', 'track', 'page', 'screen', 'group', 'alias'] as const;
/** Where clients send their calls: ours and Segment's, RudderStack's beacon, Jitsu's. */
const ROOTS = ['/v1', '/beacon/v1', '/api/s'] as const;

/** All routes under all their names; `type` is what an event becomes there that says none. */
export const ALL_ROUTES: readonly (Route & { readonly type: string })[] = ROOTS.flatMap((root) => [
  ...TYPES.flatMap((type) => [type, type.charAt(0)].map((name) => ({ path: `${root}/${name}`, importing: false, body: single, type }))),
  ...['batch', 'b'].map((name) => ({ path: `${root}/${name}`, importing: false, body: amongOthers, type: 'track' })),
  { path: `${root}/import`, importing: true, body: amongOthers, type: 'track' },
]);

/** The key that a route asks for. */
export const keyOf = (ground: Ground, { importing }: Pick<Route, 'importing'>) => ({
  'x-write-key': importing ? ground.serverKey : 'demo',
});

/** Sends a body in a way of travelling. */
export async function post(ground: Ground, route: Pick<Route, 'path' | 'importing'>, way: Way, body: string): Promise<Received> {
  const { headers, ...sent } = way(body);
  return await ground.send({ path: route.path, ...sent, headers: { ...keyOf(ground, route), ...headers } });
}

/** What an answer says of each event. */
export const resultsOf = ({ text }: Received) => (JSON.parse(text) as { results: Result[] }).results;

/** What is kept of a refused event or body is within its own limit and holds no address. */
export function expectClean({ failed }: Received): void {
  const { payload } = failed[0]!;
  expect(Buffer.byteLength(payload!)).toBeLessThanOrEqual(PAYLOAD_BYTES);
  expect(payload).not.toContain('limit-leak');
}

/** A body that is as long as is wanted because of the white space behind it. */
export const padded = (text: string, bytes: number) => text + ' '.repeat(bytes - bytesOf(text));
/** Why a request was refused. */
export const reasonOf = ({ text }: Pick<Received, 'text'>) => (JSON.parse(text) as { reason?: string }).reason;
