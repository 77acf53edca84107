import { canonicalJson } from '../contract/canonical-json.ts';
import { sha256Hex } from '../contract/sha256.ts';
import type { EventType, FailedEventRow } from '../contract/event-row.ts';
import type { IncomingMessage } from '../contract/message.ts';
import { parseInstant } from './clock.ts';
import { isEmail } from './email-shapes.ts';
import {
  type BeforeCleaning,
  enrich,
  type Recent,
  senderOfEvent,
  senderOfRequest,
  type Surroundings,
  type UnpackedEvent,
} from './enrich.ts';
import { LIMITS } from './limits.ts';
import { objectAt, textAt } from './members.ts';
import { asksForPrivacy, withoutTies } from './privacy-control.ts';
import { withoutWriteKeys } from './key-text.ts';
import { isCleanJson, redact, redactPayload } from './redact.ts';
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
  const sender = await senderOfRequest(surroundings);
  const events: UnpackedEvent[] = [];
  const failed: UnpackedFailure[] = [];
  const results: EventResult[] = [];
  const seen = new MessageIds();
  const recent: Recent = {};
  for (const raw of rawEvents) {
    const read = readEvent(raw, surroundings, type, isClean);
    const reject = (rejected: RejectedEvent) => {
      const { reason, path, detail } = rejected.rejection;
      failed.push(toFailure(payloadOf(rejected.kept ?? raw), results.length, rejected, surroundings));
      results.push({ message_id: rejected.messageId, status: 'rejected', reason, ...(path !== null && { path }), detail });
    };
    if ('rejection' in read) {
      reject(read);
      continue;
    }
    const { message, before, kept, mostBytes } = read;
    const messageId = message.messageId ?? newMessageId(message, surroundings);
    if (!seen.add(messageId)) {
      results.push({ message_id: messageId, status: 'duplicate' });
      continue;
    }
    if (isSampledOut(message, surroundings.key.record?.sample)) {
      results.push({ message_id: messageId, status: 'sampled' });
      continue;
    }
    const row = enrich(message, messageId, before, surroundings, sender ?? (await senderOfEvent(message, before, surroundings)), recent);
    // What takes so little as it was sent cannot take so much as a row.
    if (
      mostBytes > LIMITS.eventBytes &&
      exceedsBytes(JSON.stringify({ ...row.sender, ...row.visit, ...row.page, ...row.own }), LIMITS.rowBytes)
    ) {
      const rejection = rejectEvent('event_too_large', null, `An event may take at most ${LIMITS.rowBytes} bytes as it is stored.`);
      // Another event with its id is no copy of a stored one.
      seen.delete(messageId);
      reject({ rejection, messageId: messageIdOf(kept), kept });
      continue;
    }
    events.push(row);
    results.push({ message_id: messageId, status: 'ok' });
  }
  return { events, failed, results };
}

/** As many as are looked through faster than they are put into a set, for which the engine enters each into its table of names. */
const FEW_IDS = 20;

/** The ids of a request's events. */
class MessageIds {
  readonly #few: string[] = [];
  #many: Set<string> | undefined;

  /** @returns false where it is there already. */
  add(id: string): boolean {
    if (this.#few.length < FEW_IDS) return !this.#few.includes(id) && this.#few.push(id) > 0;
    this.#many ??= new Set(this.#few);
    return this.#many.size < this.#many.add(id).size;
  }

  delete(id: string): void {
    if (this.#many) this.#many.delete(id);
    else this.#few.splice(this.#few.indexOf(id), 1);
  }
}

/** The failure row of a whole body that could not be read. */
export function failedBody(
  payload: string | undefined,
  reason: string,
  detail: string,
  surroundings: Pick<Surroundings, 'key' | 'presented' | 'receivedAt'>,
): UnpackedFailure {
  return {
    write_key_id: surroundings.key.id,
    message_id: null,
    received_at: surroundings.receivedAt.iso,
    position: null,
    reason,
    path: null,
    detail: kept(detail, surroundings),
    payload: payload === undefined ? null : kept(payload, surroundings),
  };
}

interface RejectedEvent {
  readonly rejection: EventRejection;
  readonly messageId: string | null;
  /** What may be kept of it, where that is not all. */
  readonly kept?: object;
}

/** An event that is valid. */
interface ValidEvent {
  readonly message: IncomingMessage;
  readonly before: BeforeCleaning;
  /** What may be kept of it as it was sent. */
  readonly kept: object;
  /** Bytes that it takes as JSON at most. */
  readonly mostBytes: number;
}

type ReadEvent = ValidEvent | RejectedEvent;

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
  if (cleaned === undefined) {
    return reject(rejectEvent('event_too_large', null, `An event may hold at most ${LIMITS.emails} e-mail addresses.`));
  }
  const validated = validateMessage(cleaned, type);
  if ('rejection' in validated) return reject(validated.rejection);
  const { message } = validated;
  if (surroundings.channel === 'import' && !isPast(message.timestamp, surroundings)) {
    return { ...reject(rejectEvent('invalid_timestamp', 'timestamp')), messageId: message.messageId };
  }
  const ip = textAt(objectAt(original, 'context'), 'ip');
  const userIdWasEmail = isEmail(textAt(original, 'userId') ?? '');
  const before = surroundings.key.record?.keeps_emails
    ? { ip, userIdWasEmail, withEmails: redact(original, text, true)! }
    : { ip, userIdWasEmail };
  return { message, before, kept: original, mostBytes: shape.mostBytes };
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

/**
 * A rejected event as JSON, cleaned as it would have been where it had been stored. Only the beginning of a large one is kept, and
 * cleaned as text.
 */
function payloadOf(raw: unknown): string {
  const value = cutDepth(raw);
  const text = JSON.stringify(value);
  return text.length > 2 * LIMITS.failedPayloadBytes ? text : JSON.stringify(redact(value, text) ?? value);
}

/** What may be kept of a text of a sender. */
const kept = (text: string, { presented }: Pick<Surroundings, 'presented'>): string => redactPayload(withoutWriteKeys(text, presented));

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
    message_id: messageId === null ? null : withoutWriteKeys(messageId, surroundings.presented),
    received_at: surroundings.receivedAt.iso,
    position,
    reason,
    path: path === null ? null : kept(path, surroundings),
    detail: kept(detail, surroundings),
    payload: kept(payload, surroundings),
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
