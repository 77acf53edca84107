import * as z from 'zod/mini';
import { EVENT_TYPES } from './event-types.ts';

/** Longest id (anonymous, user, group, message) and name an event may carry, in characters. */
export const LONGEST_ID = 256;

/** What broken integrations send in place of any id; in small letters. */
export const NO_IDS = ['', 'null', 'undefined', 'nan', 'none', 'nil', '[object object]', 'true', 'false'] as const;
/**
 * What stands for "nobody in particular" where the id of a visitor or account belongs; in small letters. Taken at its word, such
 * a value would join all who are not logged in into one person. These ids count as absent, and a real user cannot have them.
 */
export const NOBODYS_IDS = [
  ...NO_IDS,
  '0',
  '-1',
  'anonymous',
  'anon',
  'guest',
  'unknown',
  'n/a',
  '(none)',
  'not set',
  '(not set)',
  '00000000-0000-0000-0000-000000000000',
] as const;

/** An id as text; null where it is one of those that are none. */
export function idOrNull(id: string, notIds: readonly string[] = NOBODYS_IDS): string | null {
  const text = id.trim();
  return notIds.includes(text.toLowerCase()) ? null : text;
}

const identifier = (notIds: readonly string[]) =>
  z.pipe(
    z.nullish(
      z.union([z.string().check(z.maxLength(LONGEST_ID)), z.pipe(z.number(), z.transform(String))], {
        error: `expected text of at most ${LONGEST_ID} characters`,
      }),
    ),
    z.transform((value) => idOrNull(value ?? '', notIds)),
  );
const visitorId = identifier(NOBODYS_IDS);

const text = z.nullish(z.string({ error: 'expected text' }));

const eventName = z.string({ error: 'expected the name of the event' }).check(z.trim(), z.minLength(1), z.maxLength(LONGEST_ID));

/** Any JSON object: its members are the sender's own. Depth and number of keys are checked before. */
const freeObject = z.nullish(
  z.custom<Record<string, unknown>>((value) => typeof value === 'object' && value !== null && !Array.isArray(value), 'expected an object'),
);

/** Times are read leniently where they are used: a client with a broken clock still sends a valid event. */
const time = z.catch(z.nullish(z.union([z.string(), z.number()])), null);

/**
 * One message of the Segment HTTP API as it comes in. Members not named here are kept by {@link IncomingMessage} and stored
 * with the context.
 * Source: https://segment.com/docs/connections/spec/common/
 */
export const IncomingMessage = z.looseObject({
  type: z.enum(EVENT_TYPES, { error: `expected one of ${EVENT_TYPES.join(', ')}` }),
  messageId: identifier(NO_IDS),
  anonymousId: visitorId,
  userId: visitorId,
  previousId: visitorId,
  groupId: visitorId,
  event: z.nullish(eventName),
  name: text,
  category: text,
  properties: freeObject,
  traits: freeObject,
  context: freeObject,
  integrations: freeObject,
  timestamp: time,
  originalTimestamp: time,
  sentAt: time,
  /** Counts the events of one client, so that events of the same millisecond keep their order. */
  sequence: z.catch(z.nullish(z.int().check(z.nonnegative())), null),
});
/** A message that fits the schema, its ids as text. */
export type IncomingMessage = z.infer<typeof IncomingMessage>;
