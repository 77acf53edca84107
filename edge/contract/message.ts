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

const NONE: ReadonlySet<string> = new Set(NO_IDS);
const NOBODYS: ReadonlySet<string> = new Set(NOBODYS_IDS);

/** The id of a visitor or account as text; null where it is one of {@link NOBODYS_IDS}. */
export const idOrNull = (id: string): string | null => unless(id, NOBODYS);

/** The id of a message as text; null where it is one of {@link NO_IDS}. */
export const messageIdOrNull = (id: string): string | null => unless(id, NONE);

/** Of the longest words above. A longer id is none of them, but for the one of zeros. */
const LONGEST_WORD = '[object object]'.length;

function unless(id: string, notIds: ReadonlySet<string>): string | null {
  if (id === '') return null;
  const text = id.trim();
  if (text.length > LONGEST_WORD && !text.startsWith('00000000-')) return text;
  return notIds.has(text.toLowerCase()) ? null : text;
}

const identifier = (orNull: (id: string) => string | null) =>
  z.pipe(
    z.nullish(
      z.union([z.string().check(z.maxLength(LONGEST_ID)), z.pipe(z.number(), z.transform(String))], {
        error: `expected text of at most ${LONGEST_ID} characters`,
      }),
    ),
    z.transform((value) => orNull(value ?? '')),
  );
const visitorId = identifier(idOrNull);

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
  messageId: identifier(messageIdOrNull),
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
