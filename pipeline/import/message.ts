import { EVENT_TYPES } from '../../edge/contract/event-types.ts';
import { timeReader } from './mapping/time-format.ts';
import { IMPORT_LIMITS } from './limits.ts';
import type { JsonObject, SourceRecord } from './records.ts';

/** An event as it is sent to the edge (the wire format of Segment). */
export type Message = Readonly<Record<string, unknown>>;

/** What becomes of a record: an event, nothing (with the reason), or nothing because something is wrong with it. */
export type Converted = { readonly message: Message } | { readonly leftOut: string } | { readonly problem: string; readonly path: string };

/** Turns a record of a source into an event. */
export type Convert = (record: SourceRecord) => Converted;

const readTime = timeReader('iso', 'UTC');

/** When an event happened, in milliseconds since 1970; undefined where its time cannot be read. */
export function timeOf(message: Message): number | undefined {
  const iso = readTime(message['timestamp']);
  return iso === undefined ? undefined : Date.parse(iso);
}

/**
 * What the edge would refuse an event for, as far as that shows before it is sent: so that a dry run tells it.
 * @param now milliseconds since 1970.
 */
export function problemOf(message: Message, now: number): { readonly problem: string; readonly path: string } | undefined {
  const { type, event, anonymousId, userId, timestamp } = message;
  const time = timeOf(message);
  if (timestamp === undefined || timestamp === null)
    return { path: 'timestamp', problem: 'there is no time; expected when the event happened' };
  if (time === undefined) {
    return { path: 'timestamp', problem: `${shown(timestamp)}: expected a time such as "2024-05-06T07:08:09Z"` };
  }
  if (time > now + IMPORT_LIMITS.aheadMs)
    return { path: 'timestamp', problem: `${shown(timestamp)} lies in the future; expected a time of the past` };
  if (!EVENT_TYPES.some((known) => known === type))
    return { path: 'type', problem: `${shown(type)}: expected one of ${EVENT_TYPES.join(', ')}` };
  if (type === 'track' && !isText(event)) return { path: 'event', problem: 'a track event has no name; expected "event"' };
  if (!isText(anonymousId) && !isText(userId)) {
    return { path: 'anonymousId', problem: 'there is neither "anonymousId" nor "userId"; expected one of them' };
  }
  return undefined;
}

const isText = (value: unknown): boolean => typeof value === 'number' || (typeof value === 'string' && value.trim() !== '');

/** A value as it stands in the source, cut where it is long. */
export function shown(value: unknown): string {
  const text = (JSON.stringify(value) as string | undefined) ?? 'nothing';
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/** The value at a path of members, such as `user.id`; a member whose own name holds dots comes first. */
export function valueAt(value: JsonObject, path: string): unknown {
  if (Object.hasOwn(value, path)) return value[path];
  let at: unknown = value;
  for (const name of path.split('.')) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined;
    at = (at as JsonObject)[name];
  }
  return at;
}
