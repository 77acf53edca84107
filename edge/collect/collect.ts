import { sha256Hex } from '../contract/sha256.ts';
import type { EventType, FailedEventRow } from '../contract/event-row.ts';
import type { IncomingMessage } from '../contract/message.ts';
import { parseInstant } from './clock.ts';
import { isEmail } from './email-shapes.ts';
import { type BeforeCleaning, enrich, type Surroundings, type UnpackedEvent } from './enrich.ts';
import { LIMITS } from './limits.ts';
import { objectAt, textAt } from './members.ts';
import { asksForPrivacy, withoutTies } from './privacy-control.ts';
import { isCleanJson, redact, redactPayload, withoutUnstorable } from './redact.ts';
import { type EventRejection, rejectEvent } from './rejections.ts';
import { isSampledOut } from './sampling.ts';
import { checkShape, cutDepth } from './shape.ts';
import { validateMessage } from './validate.ts';

/** A rejected event before it is packed into a delivery. */
export type UnpackedFailure = Omit<FailedEventRow, 'edge_instance' | 'edge_sequence'>;

/** What the client is told about one event, in the order it sent them. */
export interface EventResult {
  readonly message_id: string | null;
  /** `sampled`: not stored, because the key keeps only a share of the visitors. */
  readonly status: 'ok' | 'duplicate' | 'rejected' | 'sampled';
  readonly reason?: string;
  readonly path?: string;
  readonly detail?: string;
}

/** What became of the events of one request. */
export interface Collected {
  readonly events: readonly UnpackedEvent[];
  readonly failed: readonly UnpackedFailure[];
  readonly results: readonly EventResult[];
}

/**
 * Turns the events of one request into rows. Each event stands alone: a bad one becomes a failure row and a result, and costs
 * the others nothing. A message id that occurs twice in the request is stored once.
 * @param type what a single-type route says its event is.
 * @param json the text that the events were read from, by which one can tell of most requests that no event needs cleaning.
 */
export async function collect(
  rawEvents: readonly unknown[],
  surroundings: Surroundings,
  type?: EventType,
  json?: string,
): Promise<Collected> {
  const isClean = json !== undefined && isCleanJson(json);
  const events: UnpackedEvent[] = [];
  const failed: UnpackedFailure[] = [];
  const results: EventResult[] = [];
  const seen = new Set<string>();
  for (const raw of rawEvents) {
    const read = readEvent(raw, surroundings, type, isClean);
    if ('rejection' in read) {
      const { reason, path, detail } = read.rejection;
      const payload = JSON.stringify(reason === 'too_deep' ? cutDepth(raw) : (read.kept ?? raw));
      failed.push(toFailure(payload, results.length, read, surroundings));
      results.push({ message_id: read.messageId, status: 'rejected', reason, ...(path !== null && { path }), detail });
      continue;
    }
    const { message, before } = read;
    const messageId = message.messageId ?? newMessageId(message, surroundings);
    if (seen.has(messageId)) {
      results.push({ message_id: messageId, status: 'duplicate' });
      continue;
    }
    seen.add(messageId);
    if (isSampledOut(message, surroundings.key.record?.sample)) {
      results.push({ message_id: messageId, status: 'sampled' });
      continue;
    }
    events.push(await enrich(message, messageId, before, surroundings));
    results.push({ message_id: messageId, status: 'ok' });
  }
  return { events, failed, results };
}

/** The failure row of a whole body that could not be read. */
export function failedBody(
  payload: string | undefined,
  reason: string,
  detail: string,
  surroundings: Pick<Surroundings, 'key' | 'receivedAt'>,
): UnpackedFailure {
  return {
    write_key_id: surroundings.key.id,
    message_id: null,
    received_at: surroundings.receivedAt.iso,
    position: null,
    reason,
    path: null,
    detail: redactPayload(detail),
    payload: payload === undefined ? null : redactPayload(payload),
  };
}

interface RejectedEvent {
  readonly rejection: EventRejection;
  readonly messageId: string | null;
  /** What may be kept of it, where that is not all. */
  readonly kept?: object;
}

type ReadEvent = { message: IncomingMessage; before: BeforeCleaning } | RejectedEvent;

function readEvent(raw: unknown, surroundings: Surroundings, type: EventType | undefined, isClean: boolean): ReadEvent {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return { rejection: rejectEvent('not_an_object'), messageId: null };
  const shape = checkShape(raw);
  if (shape.rejection) return { rejection: shape.rejection, messageId: messageIdOf(raw) };
  const sent = raw as Record<string, unknown>;
  const original = asksForPrivacy(sent) ? withoutTies(sent) : sent;
  const reject = (rejection: EventRejection): RejectedEvent => ({ rejection, messageId: messageIdOf(original), kept: original });
  if (surroundings.refused) return reject(surroundings.refused);
  // Most events are known to be small and clean, and are not written as JSON to find out.
  const text = isClean && original === sent && shape.mostBytes <= LIMITS.eventBytes ? '' : JSON.stringify(original);
  if (exceedsBytes(text, LIMITS.eventBytes)) return reject(rejectEvent('event_too_large'));

  const cleaned = redact(original, text);
  const validated = validateMessage(cleaned, type);
  if ('rejection' in validated) return reject(validated.rejection);
  const { message } = validated;
  if (surroundings.channel === 'import' && !isPast(message.timestamp, surroundings)) {
    return { ...reject(rejectEvent('invalid_timestamp', 'timestamp')), messageId: message.messageId };
  }
  const before = {
    ip: textAt(objectAt(original, 'context'), 'ip'),
    userIdWasEmail: isEmail(textAt(original, 'userId') ?? ''),
    ...(surroundings.key.record?.keeps_emails && { withEmails: redact(original, text, withoutUnstorable) }),
  };
  return { message, before };
}

function exceedsBytes(text: string, bytes: number): boolean {
  if (text.length > bytes) return true;
  return text.length * 3 > bytes && new TextEncoder().encode(text).byteLength > bytes;
}

/** The clock of an exporting system may run ahead by a little; what lies beyond that did not happen yet. */
const AHEAD_MS = 24 * 3_600_000;

function isPast(timestamp: unknown, { receivedAt }: Surroundings): boolean {
  const instant = parseInstant(timestamp);
  return instant !== undefined && instant.ms >= 0 && instant.ms <= receivedAt.ms + AHEAD_MS;
}

function messageIdOf(raw: object): string | null {
  const id = 'messageId' in raw && typeof raw.messageId === 'string' ? raw.messageId.slice(0, 256) : '';
  return id === '' ? null : redactPayload(id);
}

function toFailure(
  payload: string,
  position: number,
  { rejection, messageId }: RejectedEvent,
  surroundings: Surroundings,
): UnpackedFailure {
  const { reason, path, detail } = rejection;
  return {
    write_key_id: surroundings.key.id,
    message_id: messageId,
    received_at: surroundings.receivedAt.iso,
    position,
    reason,
    path: path === null ? null : redactPayload(path),
    detail: redactPayload(detail),
    payload: redactPayload(payload),
  };
}

/** Members that differ between two exports of the same event. */
const NOT_CONTENT: ReadonlySet<string> = new Set(['messageId', 'sentAt', 'receivedAt', 'projectId', 'writeKey', 'version', '_metadata']);

/**
 * An id for an event that came without: of an imported one the hash of its content, so that importing an archive again adds
 * nothing; of a live one a new one, because two equal clicks are two clicks.
 */
function newMessageId(message: IncomingMessage, { channel }: Surroundings): string {
  if (channel !== 'import') return crypto.randomUUID();
  const content = Object.fromEntries(
    Object.entries(message).filter(([key, value]) => !NOT_CONTENT.has(key) && value !== null && value !== undefined),
  );
  return `content-${sha256Hex(canonicalJson(content))}`;
}

/** JSON with sorted members: equal content gives equal text. */
function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`).join(',')}}`;
}
