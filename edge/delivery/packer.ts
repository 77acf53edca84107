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

/** Gaps filled with one request, so that the first one after a long outage does not pay for all. */
const GAPS_AT_ONCE = 10;

/**
 * Numbers the deliveries of one edge isolate 1, 2, 3 … so that a lost one shows as a gap. The number of a delivery that could
 * not be stored would be such a gap although nothing was acknowledged: it is filled with an empty delivery as soon as the
 * log works again.
 */
export class Packer {
  readonly #instance: string;
  readonly #log: EventLog;
  #last = 0;
  #unfilled: { sequence: number; receivedAt: string; writeKeyId: string }[] = [];

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
    const gaps = this.#unfilled.splice(0, GAPS_AT_ONCE);
    await Promise.allSettled(gaps.map((gap) => this.#append(gap, [], [])));
  }

  async #append(
    number: { sequence: number; receivedAt: string; writeKeyId: string },
    events: Rows['events'],
    failed: Rows['failed'],
  ): Promise<void> {
    const packing = { edge_instance: this.#instance, edge_sequence: number.sequence };
    try {
      await this.#log.append({
        header: { ...packing, received_at: number.receivedAt, write_key_id: number.writeKeyId, count: events.length + failed.length },
        events: events.map((event) => ({ ...event, ...packing })),
        failed: failed.map((failure) => ({ ...failure, ...packing })),
      });
    } catch (error) {
      this.#unfilled.push(number);
      throw error;
    }
  }
}
