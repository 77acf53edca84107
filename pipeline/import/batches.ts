import { type Counts, NOTHING, plus } from './counts.ts';
import { IMPORT_LIMITS } from './limits.ts';
import { type Convert, type Message, problemOf, timeOf } from './message.ts';
import type { BrokenRecord, Part, SourceRecord } from './records.ts';

/** An event that is ready to be sent, with the record it came from. */
export interface ReadyEvent {
  readonly message: Message;
  readonly json: string;
  readonly record: SourceRecord;
  readonly time: number;
}

/** A record that is no event. */
export interface RejectedRecord {
  readonly part: string;
  readonly line: number;
  readonly reason: string;
  readonly path?: string | undefined;
  readonly detail?: string | undefined;
  readonly text: string;
}

/** Where an import stands: all records up to a line of a part are done. */
export interface Position {
  /** Index of the part. */
  readonly part: number;
  /** 0: nothing of it. */
  readonly line: number;
}

/** What is sent and noted at once. */
export interface Batch {
  readonly events: readonly ReadyEvent[];
  readonly rejected: readonly RejectedRecord[];
  /** Of the records that were not sent. */
  readonly counts: Counts;
  /** Behind the last record of the batch. */
  readonly end: Position;
  /** Bytes read of all parts so far. */
  readonly bytes: number;
  /** Parts that could not be read to their end. */
  readonly damaged: readonly string[];
}

export interface BatchOptions {
  readonly parts: readonly Part[];
  readonly convert: Convert;
  /** Records up to here are passed over. */
  readonly from: Position;
  /** Milliseconds since 1970; events at or after `until` or before `since` are left out. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  /** Named in each event as where it comes from (`context.import.source`). */
  readonly source?: string | undefined;
  /** Most events of a batch. */
  readonly events: number;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Told of each record that is read, before anything else. */
  readonly onRecord?: ((record: SourceRecord) => void) | undefined;
}

/** Brackets around the events of a request. */
const ENVELOPE_BYTES = '{"batch":[]}'.length;

/**
 * Reads the parts one after the other and makes batches of what is in them, each within the limits of the edge. Broken records and
 * those that cannot be events are part of the batch in which they stand. Never holds more than one batch.
 */
export async function* batchesOf(options: BatchOptions): AsyncGenerator<Batch> {
  const { parts, from, events: mostEvents } = options;
  let draft = newDraft();
  let bytesBefore = 0;
  let end = from;
  let bytes = 0;
  const finish = (): Batch => {
    const { size: _, ...batch } = draft;
    draft = newDraft();
    return { ...batch, end, bytes };
  };
  for (const [index, part] of parts.entries()) {
    if (index < from.part) {
      bytesBefore += part.bytes ?? 0;
      continue;
    }
    const passed = index === from.part && !part.hasNoOrder ? from.line : 0;
    for await (const found of part.read((read) => (bytes = bytesBefore + read))) {
      if (found.line <= passed) continue;
      const outcome = 'value' in found ? outcomeOf(found, options) : { rejected: brokenAs(found) };
      const size = outcome.event ? Buffer.byteLength(outcome.event.json) + 1 : 0;
      if (draft.events.length >= mostEvents || draft.rejected.length >= mostEvents || draft.size + size > IMPORT_LIMITS.bytes)
        yield finish();
      end = { part: index, line: found.line };
      if (outcome.event) draft.events.push(outcome.event);
      draft.size += size;
      if (outcome.rejected) draft.rejected.push(outcome.rejected);
      if (!('value' in found) && found.endsPart) draft.damaged.push(part.name);
      const leftOut = outcome.leftOut === undefined ? {} : { [outcome.leftOut]: 1 };
      draft.counts = plus(draft.counts, { ...NOTHING, read: 1, rejected: outcome.rejected ? 1 : 0, leftOut });
    }
    bytesBefore += part.bytes ?? 0;
    bytes = bytesBefore;
    end = { part: index + 1, line: 0 };
    if (part.hasNoOrder) yield finish();
  }
  yield finish();
}

interface Draft {
  readonly events: ReadyEvent[];
  readonly rejected: RejectedRecord[];
  readonly damaged: string[];
  counts: Counts;
  size: number;
}

const newDraft = (): Draft => ({ events: [], rejected: [], damaged: [], counts: NOTHING, size: ENVELOPE_BYTES });

const brokenAs = ({ part, line, problem, text }: BrokenRecord): RejectedRecord => ({
  part,
  line,
  reason: 'unreadable',
  detail: problem,
  text,
});

interface Outcome {
  readonly event?: ReadyEvent;
  readonly rejected?: RejectedRecord;
  readonly leftOut?: string;
}

function outcomeOf(record: SourceRecord, { convert, since, until, source, now, onRecord }: BatchOptions): Outcome {
  onRecord?.(record);
  const converted = convert(record);
  if ('leftOut' in converted) return converted;
  const wrong = 'problem' in converted ? converted : problemOf(converted.message, now);
  if (wrong || !('message' in converted)) return { rejected: rejectedAs(record, wrong!.path, wrong!.problem) };
  const time = timeOf(converted.message)!;
  if ((since !== undefined && time < since) || (until !== undefined && time >= until)) return { leftOut: 'outside of --from and --to' };
  const message = source === undefined ? converted.message : withSource(converted.message, source);
  const json = JSON.stringify(message);
  // Larger than any request: the edge could not even say so.
  if (json.length > IMPORT_LIMITS.bytes / 4)
    return { rejected: rejectedAs(record, '', 'the event is far larger than the 32 KB that one may have') };
  return { event: { message, json, record, time } };
}

function rejectedAs(record: SourceRecord, path: string, detail: string): RejectedRecord {
  return { part: record.part, line: record.line, reason: 'no_event', path, detail, text: JSON.stringify(record.value) };
}

function withSource(message: Message, source: string): Message {
  const context = message['context'];
  const members = typeof context === 'object' && context !== null && !Array.isArray(context) ? context : {};
  return { ...message, context: { ...members, import: { source } } };
}
