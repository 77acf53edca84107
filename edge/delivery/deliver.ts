import { log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { Bucket } from '../platform.ts';
import { hold } from './archive.ts';
import { byteLength, divide, inParallel } from './groups.ts';
import type { MessageRow } from './message.ts';
import { asFailure, type Refused } from './refused.ts';
import type { Outcome, Sink } from './sink.ts';

/** What {@link deliver} works with. */
export interface DeliveryPorts {
  readonly sink: Sink;
  /** Keeps the original text of refused rows. */
  readonly archive: Bucket | undefined;
  readonly metrics: Metrics;
}

/** What is left of a message. */
export interface Left {
  /** Those that are not done. */
  readonly rows: readonly MessageRow[];
  /** How long the warehouse asked to wait. */
  readonly afterSeconds: number;
}

/** BigQuery recommends 500 rows per request and takes 10 MB; a row may have 1 MB: https://cloud.google.com/bigquery/quotas#streaming_inserts */
const REQUEST_ROWS = 500;
const REQUEST_BYTES = 9_000_000;
const ROW_BYTES = 1_000_000;
/** What stands around a row in a request, with its id. */
const ENVELOPE_BYTES = 200;

const isHeader = ({ table }: MessageRow) => table === 'deliveries';
const sizeOf = ({ text }: MessageRow) => byteLength(text) + ENVELOPE_BYTES;

/** Rows that are not done, with the seconds the warehouse asked to wait. */
type Undone = Map<MessageRow, number>;

/**
 * Brings the rows of messages into the warehouse. A row is done when it is stored, or when it was refused and lies in
 * `failed_events`. Headers come last, and only of messages whose other rows are done: a header that is there long before its rows
 * would look like a loss.
 * @returns what is left of each message, in their order.
 */
export async function deliver(messages: readonly (readonly MessageRow[])[], ports: DeliveryPorts): Promise<Left[]> {
  const undone: Undone = new Map();
  const isComplete = (rows: readonly MessageRow[]) => rows.every((row) => isHeader(row) || !undone.has(row));
  const rows = messages.flat().filter((row) => !isHeader(row));
  await write(rows, undone, ports);
  await write(messages.filter(isComplete).flat().filter(isHeader), undone, ports);
  return messages.map((rows) => {
    const hasRows = !isComplete(rows);
    const left = rows.filter((row) => undone.has(row) || (hasRows && isHeader(row)));
    return { rows: left, afterSeconds: Math.max(0, ...left.map((row) => undone.get(row) ?? 0)) };
  });
}

async function write(rows: readonly MessageRow[], undone: Undone, ports: DeliveryPorts): Promise<void> {
  const { metrics } = ports;
  const refused: Refused[] = [];
  const note = (row: MessageRow, outcome: Outcome) => {
    if (outcome.status === 'stored') {
      metrics.count('delivered', row.table);
      if (row.table === 'events_raw') metrics.lag((Date.now() - Date.parse(row.receivedAt)) / 1000);
    } else if (outcome.status === 'invalid') refused.push({ row, detail: outcome.detail });
    else leave(row, outcome.reason, outcome.afterSeconds);
  };
  const leave = (row: MessageRow, reason: string, afterSeconds = 0) => {
    undone.set(row, afterSeconds);
    metrics.count('retried', reason);
  };
  const tooLarge = `a row may have at most ${ROW_BYTES} bytes`;
  for (const row of rows) if (sizeOf(row) > ROW_BYTES) refused.push({ row, detail: tooLarge });
  const fitting = rows.filter((row) => sizeOf(row) <= ROW_BYTES);
  await writeTables(fitting, ports.sink, note);
  if (refused.length === 0) return;

  // What the warehouse says of a row may quote it: that is for `failed_events`, not for the log.
  for (const table of new Set(refused.map(({ row }) => row.table))) {
    log('warn', 'rows_refused', { table, rows: refused.filter(({ row }) => row.table === table).length });
  }
  const failures = new Map<MessageRow, MessageRow>();
  await inParallel(refused, async ({ row, detail }) => {
    // A header is no event: it is tried again until it is given up, and counted as held then.
    if (isHeader(row)) return leave(row, 'header_refused');
    try {
      if (ports.archive) await hold(ports, 'invalid', `${row.id}.json`, row.text, { ...row, count: 1 });
      failures.set(asFailure(row, detail), row);
    } catch (error) {
      log('error', 'not_archived', { prefix: 'invalid' }, error);
      leave(row, 'not_archived');
    }
  });
  await writeTables([...failures.keys()], ports.sink, (failure, { status }) => {
    if (status === 'stored') metrics.count('failed', 'warehouse_rejected');
    else leave(failures.get(failure)!, 'failure_not_stored');
  });
}

/** Hands rows to the sink in requests of one table each, and the outcome of each row to `note`. */
async function writeTables(rows: readonly MessageRow[], sink: Sink, note: (row: MessageRow, outcome: Outcome) => void): Promise<void> {
  const tables = [...new Set(rows.map(({ table }) => table))];
  const requests = tables.flatMap((table) =>
    divide(
      rows.filter((row) => row.table === table),
      sizeOf,
      REQUEST_ROWS,
      REQUEST_BYTES,
    ),
  );
  await inParallel(requests, async (request) => {
    const outcomes = await sink.write(request[0]!.table, request);
    request.forEach((row, i) => note(row, outcomes[i]!));
  });
}
