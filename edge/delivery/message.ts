import type { LandingLine } from '../contract/delivery.ts';
import type { DeliveryRow } from '../contract/event-row.ts';
import type { QueueProducer } from '../platform.ts';
import { within } from '../time-limit.ts';
import { byteLength, divide, inParallel } from './groups.ts';
import type { SinkRow, Table } from './sink.ts';

/** Largest text of one message, bytes of UTF-8: the platform takes 128 KB with its own data (a KB is 1,000 bytes). */
export const MESSAGE_BYTES = 120_000;

/** Of one call the platform takes 100 messages and 256 KB, of which about 100 bytes per message are its own data. */
const CALL_MESSAGES = 100;
const CALL_BYTES = 250_000;
const OWN_BYTES = 100;

/** A queue answers within milliseconds or hangs for a minute. Two attempts and the archive have to fit into a client's patience. */
const TIMEOUT_MS = 2_000;

/** Sends one text as a message. Rejects where it is not known to be queued. */
export async function sendOne(queue: QueueProducer, text: string, delaySeconds: number): Promise<void> {
  await within(TIMEOUT_MS, 'the queue', queue.send(text, { contentType: 'text', delaySeconds }));
}

/** Sends texts with one call of {@link toCalls}. Rejects where they are not known to be queued. */
export async function sendCall(queue: QueueProducer, texts: readonly string[], timeoutMs = TIMEOUT_MS): Promise<void> {
  const [only, ...more] = texts;
  // Nearly all requests are one message, for which a batch would be a detour: the platform encodes those twice.
  if (only !== undefined && more.length === 0)
    return void (await within(timeoutMs, 'the queue', queue.send(only, { contentType: 'text' })));
  const messages = texts.map((body) => ({ body, contentType: 'text' as const }));
  await within(timeoutMs, 'the queue', queue.sendBatch(messages));
}

/** Sends texts, each of at most {@link MESSAGE_BYTES}, in as few calls as they take. */
export async function sendAll(queue: QueueProducer, texts: readonly string[]): Promise<void> {
  await inParallel(
    toCalls(texts, (text) => text),
    async (call) => await sendCall(queue, call),
  );
}

/** Divides what is to be sent into what one call takes. */
export function toCalls<Item>(items: readonly Item[], textOf: (item: Item) => string): Item[][] {
  return divide(items, (item) => byteLength(textOf(item)) + OWN_BYTES, CALL_MESSAGES, CALL_BYTES);
}

/** A row of a message on its way into a table. */
export interface MessageRow extends SinkRow {
  readonly table: Table;
  /** Index of its line: it stays the same when other lines of the message are done. */
  readonly line: number;
  /** Which delivery it belongs to: instance and number. */
  readonly delivery: string;
  readonly receivedAt: string;
  readonly writeKeyId: string;
}

const TABLES = { event: 'events_raw', failed: 'failed_events', delivery: 'deliveries' } as const satisfies Record<string, Table>;

/**
 * Reads the lines of a message; empty ones are those that are done.
 * @returns undefined where a line is not what the packer writes, or none is left.
 */
export function readMessage(text: string): MessageRow[] | undefined {
  try {
    const rows = text.split('\n').flatMap((line, i) => (line === '' ? [] : [readLine(line, i)]));
    return rows.length > 0 ? rows : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
    throw error;
  }
}

function readLine(text: string, line: number): MessageRow {
  const parsed = JSON.parse(text) as LandingLine & { delivery?: DeliveryRow };
  const [entry, ...more] = Object.entries(parsed) as [keyof typeof TABLES, LandingRow][];
  const [kind, row] = entry ?? [];
  const table = kind && Object.hasOwn(TABLES, kind) ? TABLES[kind] : undefined;
  const { edge_instance: instance, edge_sequence: sequence, received_at: receivedAt, write_key_id: writeKeyId } = row ?? {};
  if (!table || more.length > 0 || !instance || !sequence || typeof receivedAt !== 'string') throw new TypeError('not a landing line');
  const delivery = `${instance}-${sequence}`;
  // A number may have two headers, of its rows and of the empty delivery that seemed missing: neither may pass for a copy of the other.
  const id = `${delivery}-${line}${parsed.delivery ? `-${parsed.delivery.count}` : ''}`;
  return { id, text: JSON.stringify(row), table, line, delivery, receivedAt, writeKeyId: writeKeyId ?? '' };
}

type LandingRow = Extract<LandingLine, { event: unknown }>['event'];

/** The message with these rows only; the lines of the others become empty, so that each row keeps its place. */
export function narrow(text: string, rows: readonly MessageRow[]): string {
  const lines = new Set(rows.map(({ line }) => line));
  return text
    .split('\n')
    .map((line, i) => (lines.has(i) ? line : ''))
    .join('\n')
    .trimEnd();
}

/**
 * Divides a text that is too large for a message; each row keeps its place, as {@link narrow} does it. The header goes into the last
 * message: it counts the rows of all.
 * @returns the messages, and the rows of which each alone is too large.
 */
export function divideMessage(text: string, rows: readonly MessageRow[]): { texts: string[]; large: MessageRow[] } {
  const bytes = new Map(text.split('\n').map((line, i) => [i, byteLength(line) + 1]));
  // The empty lines before a row count, too: at most one per line of the text.
  const most = MESSAGE_BYTES - bytes.size;
  const sizeOf = ({ line }: MessageRow) => bytes.get(line)!;
  const isHeader = ({ table }: MessageRow) => table === 'deliveries';
  const groups = divide(
    rows.filter((row) => sizeOf(row) <= most).toSorted((a, b) => Number(isHeader(a)) - Number(isHeader(b))),
    sizeOf,
    Infinity,
    most,
  );
  return { texts: groups.map((group) => narrow(text, group)), large: rows.filter((row) => sizeOf(row) > most) };
}
