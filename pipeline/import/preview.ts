import { batchesOf, type BatchOptions, type RejectedRecord } from './batches.ts';
import { type Counts, NOTHING, plus } from './counts.ts';
import type { Message } from './message.ts';

/** What an import would do. */
export interface Preview {
  /** The first events, as they would be sent. */
  readonly events: readonly Message[];
  /** As far as it shows before anything is sent: `stored` are the events that would be. */
  readonly counts: Counts;
  /** Names of columns or top-level members, with how many records have a value there. */
  readonly columns: ReadonlyMap<string, number>;
  /** The first records that would be rejected. */
  readonly problems: readonly RejectedRecord[];
  readonly damaged: readonly string[];
}

const SHOWN_EVENTS = 10;
const SHOWN_PROBLEMS = 10;
/** An object whose names are data has more. */
const MOST_COLUMNS = 1000;

/** Reads everything, and sends nothing. @param onBytes told how far it is. */
export async function previewImport(options: Omit<BatchOptions, 'from' | 'onRecord'>, onBytes: (bytes: number) => void): Promise<Preview> {
  const events: Message[] = [];
  const problems: RejectedRecord[] = [];
  const damaged: string[] = [];
  const columns = new Map<string, number>();
  const onRecord: BatchOptions['onRecord'] = ({ value }) => {
    for (const name of Object.keys(value))
      if (columns.size < MOST_COLUMNS || columns.has(name)) columns.set(name, (columns.get(name) ?? 0) + 1);
  };
  let counts = NOTHING;
  for await (const batch of batchesOf({ ...options, from: { part: 0, line: 0 }, onRecord })) {
    const types: Record<string, number> = {};
    let [first, last] = [Infinity, -Infinity];
    for (const { message, time } of batch.events) {
      if (events.length < SHOWN_EVENTS) events.push(message);
      types[String(message['type'])] = (types[String(message['type'])] ?? 0) + 1;
      [first, last] = [Math.min(first, time), Math.max(last, time)];
    }
    const stored = batch.events.length;
    counts = plus(plus(counts, batch.counts), { ...NOTHING, stored, types, ...(stored > 0 && { first, last }) });
    problems.push(...batch.rejected.slice(0, SHOWN_PROBLEMS - problems.length));
    damaged.push(...batch.damaged);
    onBytes(batch.bytes);
  }
  return { events, counts, columns, problems, damaged };
}
