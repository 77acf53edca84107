import type { EventRow, FailedEventRow } from '../contract/event-row.ts';
import type { EventLog } from './event-log.ts';

type Unpacked<Row> = Omit<Row, 'edge_instance' | 'edge_sequence'>;

/** The rows of one request. */
export interface Rows {
  readonly writeKeyId: string;
  readonly receivedAt: string;
  readonly events: readonly Unpacked<EventRow>[];
  readonly failed: readonly Unpacked<FailedEventRow>[];
}

/** The number of a delivery, and what its header says beside it. */
interface Numbered {
  readonly sequence: number;
  readonly receivedAt: string;
  readonly writeKeyId: string;
}

/** A run of numbers that were not stored, as far as is known; the time and key are those of the first. */
interface Gap {
  first: number;
  last: number;
  readonly receivedAt: string;
  readonly writeKeyId: string;
}

/** Gaps filled with one request, so that the first one after a long outage does not pay for all. */
const GAPS_AT_ONCE = 10;

/**
 * Numbers the deliveries of one edge isolate 1, 2, 3 … so that a lost one shows as a gap. The number of a delivery that could
 * not be stored would be such a gap although nothing was acknowledged: it is filled with an empty delivery as soon as the
 * log works again. (It may have been stored although nobody said so; then its number has two headers, of which the greater
 * count holds: see {@link DeliveryRow}.)
 */
export class Packer {
  readonly #instance: string;
  readonly #log: EventLog;
  #last = 0;
  /** Runs rather than numbers: an outage fails all requests in a row, however many there are. */
  #unfilled: Gap[] = [];

  /** @param instance random id of the isolate. */
  constructor(instance: string, log: EventLog) {
    this.#instance = instance;
    this.#log = log;
  }

  /** Resolves when the rows are durable, rejects where they are not. */
  async store(rows: Rows): Promise<void> {
    const number = { sequence: ++this.#last, receivedAt: rows.receivedAt, writeKeyId: rows.writeKeyId };
    await this.#append(number, rows.events, rows.failed);
    // Only now, because a log that refuses events must not be asked for every gap by every request.
    await Promise.allSettled(this.#takeUnfilled(GAPS_AT_ONCE).map((gap) => this.#append(gap, [], [])));
  }

  #noteUnfilled({ sequence, receivedAt, writeKeyId }: Numbered): void {
    const before = this.#unfilled.find(({ last }) => last + 1 === sequence);
    const after = this.#unfilled.find(({ first }) => first - 1 === sequence);
    if (before && after) {
      before.last = after.last;
      this.#unfilled.splice(this.#unfilled.indexOf(after), 1);
    } else if (before) before.last = sequence;
    else if (after) after.first = sequence;
    else this.#unfilled.push({ first: sequence, last: sequence, receivedAt, writeKeyId });
  }

  #takeUnfilled(count: number): Numbered[] {
    const taken: Numbered[] = [];
    for (let gap = this.#unfilled[0]; gap && taken.length < count; gap = this.#unfilled[0]) {
      taken.push({ sequence: gap.first++, receivedAt: gap.receivedAt, writeKeyId: gap.writeKeyId });
      if (gap.first > gap.last) this.#unfilled.shift();
    }
    return taken;
  }

  async #append(number: Numbered, events: Rows['events'], failed: Rows['failed']): Promise<void> {
    const packing = { edge_instance: this.#instance, edge_sequence: number.sequence };
    try {
      await this.#log.append({
        header: { ...packing, received_at: number.receivedAt, write_key_id: number.writeKeyId, count: events.length + failed.length },
        events: events.map((event) => ({ ...event, ...packing })),
        failed: failed.map((failure) => ({ ...failure, ...packing })),
      });
    } catch (error) {
      this.#noteUnfilled(number);
      throw error;
    }
  }
}
