import { type Batch, batchesOf, type BatchOptions, type RejectedRecord } from './batches.ts';
import { type Counts, NOTHING, plus } from './counts.ts';
import type { ImportJournal } from './journal.ts';
import type { EventResult } from './send.ts';

/** How an import goes, for the display. */
export interface ImportProgress {
  readonly counts: Counts;
  /** Bytes read of all files, counted from their beginning. */
  readonly bytes: number;
}

/** What is imported, and how. */
export interface ImportOptions extends Omit<BatchOptions, 'from'> {
  readonly journal: ImportJournal;
  readonly send: (events: readonly string[]) => Promise<readonly EventResult[]>;
  /** Events before it happened before tracking began; milliseconds since 1970. */
  readonly trackingSince: number | undefined;
  readonly onProgress: (progress: ImportProgress) => void;
  /** Ends the import after the batch that is on its way. */
  readonly signal: AbortSignal;
}

/** How an import ended. */
export interface Imported {
  /** Of the whole import, also of what was done before it was resumed. */
  readonly counts: Counts;
  /** Files that could not be read to their end. */
  readonly damaged: readonly string[];
  /** Whether everything is done. */
  readonly complete: boolean;
}

/**
 * Imports all parts: reads the next batch while the last one is on its way, and notes a batch once the edge has acknowledged it. At
 * most two batches are in memory.
 * @throws UserError where the edge refuses them, or cannot be reached.
 */
export async function runImport({ journal, send, trackingSince, onProgress, signal, ...options }: ImportOptions): Promise<Imported> {
  let { counts } = journal.start;
  let damaged = journal.start.damaged;
  const settle = async (batch: Batch): Promise<void> => {
    const results = batch.events.length > 0 ? await send(batch.events.map(({ json }) => json)) : [];
    const outcome = outcomeOf(batch, results, trackingSince);
    counts = plus(counts, outcome.counts);
    damaged = [...damaged, ...batch.damaged];
    await journal.note(batch.end, counts, [...batch.rejected, ...outcome.rejected], damaged);
    onProgress({ counts, bytes: batch.bytes });
  };
  let underWay: Promise<void> = Promise.resolve();
  for await (const batch of batchesOf({ ...options, from: journal.start.end })) {
    await underWay;
    if (signal.aborted) return { counts, damaged, complete: false };
    underWay = settle(batch);
    // Awaited before the next one; until then it is no unhandled rejection.
    underWay.catch(() => {});
  }
  await underWay;
  await journal.finish();
  return { counts, damaged, complete: true };
}

function outcomeOf(
  batch: Batch,
  results: readonly EventResult[],
  trackingSince: number | undefined,
): { counts: Counts; rejected: RejectedRecord[] } {
  const rejected: RejectedRecord[] = [];
  const tally = { stored: 0, copies: 0, sampled: 0, beforeTracking: 0 };
  const types: Record<string, number> = {};
  let [first, last] = [Infinity, -Infinity];
  for (const [i, { status, reason, path, detail }] of results.entries()) {
    const { message, record, time } = batch.events[i]!;
    if (status === 'rejected') {
      rejected.push({
        part: record.part,
        line: record.line,
        reason: reason ?? 'rejected',
        path,
        detail,
        text: JSON.stringify(record.value),
      });
    } else if (status === 'duplicate') tally.copies++;
    else if (status === 'sampled') tally.sampled++;
    else {
      tally.stored++;
      const type = String(message['type']);
      types[type] = (types[type] ?? 0) + 1;
      [first, last] = [Math.min(first, time), Math.max(last, time)];
      if (trackingSince !== undefined && time < trackingSince) tally.beforeTracking++;
    }
  }
  const span = tally.stored > 0 ? { first, last } : {};
  const counts = plus(batch.counts, { ...NOTHING, ...tally, types, rejected: rejected.length, ...span });
  return { counts, rejected };
}
