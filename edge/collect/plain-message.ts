import type { EventType } from '../contract/event-row.ts';
import { EVENT_TYPES } from '../contract/event-types.ts';
import { idOrNull, IncomingMessage, LONGEST_ID, messageIdOrNull } from '../contract/message.ts';
import type { Members } from './members.ts';

const isAbsent = (value: unknown): value is null | undefined => value === null || value === undefined;
const isText = (value: unknown): value is string | null | undefined => typeof value === 'string' || isAbsent(value);
const isFreeObject = (value: unknown): boolean => isAbsent(value) || (typeof value === 'object' && !Array.isArray(value));
const isTime = (value: unknown): boolean => isText(value) || Number.isFinite(value);
const isId = (value: unknown): value is string | null | undefined =>
  isAbsent(value) || (typeof value === 'string' && value.length <= LONGEST_ID);

/** Whether no id lies there as a number, which may have been rounded. */
const hasTextIds = (context: Members | null | undefined, integrations: Members | null | undefined): boolean =>
  typeof context?.['groupId'] !== 'number' &&
  typeof context?.['gaClientId'] !== 'number' &&
  typeof context?.['ga_client_id'] !== 'number' &&
  integrations?.['Google Analytics'] === undefined;

/**
 * The message that the schema {@link IncomingMessage} makes of an event, at a tenth of the time, for events as nearly all clients
 * send them; undefined where one is different in anything: then the schema decides. A test holds the two against each other.
 * @param type what the route says it is.
 */
export function plainMessage(raw: Members, type: unknown = raw['type']): IncomingMessage | undefined {
  const { messageId, anonymousId, userId, previousId, groupId, event, sequence, context, integrations } = raw;
  const isPlain =
    EVENT_TYPES.includes(type as EventType) &&
    isId(messageId) &&
    isId(anonymousId) &&
    isId(userId) &&
    isId(previousId) &&
    isId(groupId) &&
    isText(event) &&
    isText(raw['name']) &&
    isText(raw['category']) &&
    isFreeObject(raw['properties']) &&
    isFreeObject(raw['traits']) &&
    isFreeObject(context) &&
    isFreeObject(integrations) &&
    hasTextIds(context as Members, integrations as Members) &&
    isTime(raw['timestamp']) &&
    isTime(raw['originalTimestamp']) &&
    isTime(raw['sentAt']) &&
    (isAbsent(sequence) || (Number.isSafeInteger(sequence) && (sequence as number) >= 0)) &&
    !Object.hasOwn(raw, '__proto__');
  if (!isPlain) return undefined;
  const name = event?.trim();
  if (name !== undefined && (name === '' || name.length > LONGEST_ID)) return undefined;
  // An object of one shape is made and read much faster than a copy of one of any shape.
  const message = {
    type: type as EventType,
    messageId: messageIdOrNull(messageId ?? ''),
    anonymousId: idOrNull(anonymousId ?? ''),
    userId: idOrNull(userId ?? ''),
    previousId: idOrNull(previousId ?? ''),
    groupId: idOrNull(groupId ?? ''),
    event: name ?? event,
    name: raw['name'],
    category: raw['category'],
    properties: raw['properties'],
    traits: raw['traits'],
    context,
    integrations,
    timestamp: raw['timestamp'],
    originalTimestamp: raw['originalTimestamp'],
    sentAt: raw['sentAt'],
    sequence,
  };
  return (hasOnlyKnown(raw) ? message : { ...raw, ...message }) as IncomingMessage;
}

const KNOWN: ReadonlySet<string> = new Set(Object.keys(IncomingMessage.shape));

function hasOnlyKnown(raw: Members): boolean {
  for (const name in raw) if (!KNOWN.has(name)) return false;
  return true;
}
