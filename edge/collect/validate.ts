import type { EventType } from '../contract/event-row.ts';
import { IncomingMessage } from '../contract/message.ts';
import type { Members } from './members.ts';
import { plainMessage } from './plain-message.ts';
import { type EventRejection, rejectEvent } from './rejections.ts';

/**
 * Checks one event against the contract.
 * @param raw an object whose nesting was checked and which was cleaned.
 * @param type what the route says it is; it wins over the event's own `type`.
 */
export function validateMessage(
  raw: Record<string, unknown>,
  type?: EventType,
): { message: IncomingMessage } | { rejection: EventRejection } {
  let message = plainMessage(raw, type);
  if (!message) {
    const unsafe = ID_PATHS.find((path) => isUnsafeNumber(valueAt(raw, path)));
    if (unsafe) return { rejection: rejectEvent('unsafe_number', unsafe.join('.')) };
    const parsed = IncomingMessage.safeParse(type === undefined ? raw : { ...raw, type });
    if (!parsed.success) {
      const issue = parsed.error.issues[0]!;
      const path = issue.path.join('.');
      const isMissing = raw[String(issue.path[0])] === undefined;
      return { rejection: rejectEvent(isMissing ? 'missing_field' : 'invalid_value', path || null, issue.message) };
    }
    message = parsed.data;
  }
  if (message.type === 'track' && !message.event) {
    return { rejection: rejectEvent('missing_field', 'event', 'A track event needs "event": the name of what happened.') };
  }
  if (message.type === 'group' && message.groupId === null) {
    return { rejection: rejectEvent('missing_field', 'groupId', 'A group event needs "groupId".') };
  }
  if (message.type === 'alias' && message.previousId === null) {
    return { rejection: rejectEvent('missing_field', 'previousId', 'An alias event needs "previousId": the id the user had before.') };
  }
  if (message.anonymousId === null && message.userId === null) return { rejection: rejectEvent('missing_identity') };
  return { message };
}

/** Where ids may stand that are stored as text and compared. */
const ID_PATHS: readonly (readonly string[])[] = [
  ...['messageId', 'anonymousId', 'userId', 'previousId', 'groupId'].map((name) => [name]),
  ...['groupId', 'gaClientId', 'ga_client_id'].map((name) => ['context', name]),
  ['integrations', 'Google Analytics', 'clientId'],
];

function valueAt(value: unknown, path: readonly string[]): unknown {
  let at: unknown = value;
  for (const name of path) at = typeof at === 'object' && at !== null && Object.hasOwn(at, name) ? (at as Members)[name] : undefined;
  return at;
}

/** Whether a number may stand for another one than was sent: beyond 2^53 − 1, and with a fraction, JSON numbers are rounded. */
function isUnsafeNumber(value: unknown): boolean {
  return typeof value === 'number' && !Number.isSafeInteger(value);
}
