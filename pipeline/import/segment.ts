import { timeReader } from './mapping/time-format.ts';
import { contentId } from './message-id.ts';
import type { Convert } from './message.ts';

/** Members that belong to the system that collected the event, or to one copy of it. */
const NOT_CONTENT: ReadonlySet<string> = new Set([
  'messageId',
  'sentAt',
  'receivedAt',
  'projectId',
  'writeKey',
  'version',
  '_metadata',
  'channel',
]);
/** Members that mean nothing here: when the event happened is its `timestamp`. */
const IGNORED: ReadonlySet<string> = new Set([...NOT_CONTENT].filter((name) => name !== 'messageId' && name !== 'channel'));

/** Seconds with a fraction, as text: the edge reads them only as a number. */
const FRACTION = /^\s*\d{9,13}\.\d+\s*$/;
const readTime = timeReader('iso', 'UTC');

/**
 * Events in the wire format of Segment, as its archives hold them: they are sent as they are, but for the times and ids of the system
 * that collected them.
 * Source: https://segment.com/docs/connections/storage/catalog/aws-s3/
 */
export const segmentEvent: Convert = ({ value }) => {
  const members = Object.entries(value);
  const message = Object.fromEntries(members.filter(([name]) => !IGNORED.has(name)));
  const { timestamp } = message;
  if (typeof timestamp === 'string' && FRACTION.test(timestamp)) message['timestamp'] = readTime(timestamp) ?? timestamp;
  const id = message['messageId'];
  const hasId = typeof id === 'number' || (typeof id === 'string' && id.trim() !== '');
  if (hasId) return { message };
  const content = Object.fromEntries(members.filter(([name]) => !NOT_CONTENT.has(name)));
  return { message: { ...message, messageId: contentId(content) } };
};
