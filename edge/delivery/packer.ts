import { type EventParts, LINE_END, type PackedDelivery, toOpenLines } from '../contract/delivery.ts';
import type { DeliveryRow, FailedEventRow } from '../contract/event-row.ts';
import type { EventLog } from './event-log.ts';
import { byteLength, divide } from './groups.ts';

/** The rows of one request. */
export interface Rows {
  readonly writeKeyId: string;
  readonly receivedAt: string;
  readonly events: readonly EventParts[];
  readonly failed: readonly Omit<FailedEventRow, 'edge_instance' | 'edge_sequence'>[];
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
 * Numbers the deliveries of one edge isolate 1, 2, 3 … so that a lost one shows as a gap. The rows of a request are one delivery,
 * or several where the log takes no larger ones. The number of a delivery that could not be stored would be such a gap although
 * nothing was acknowledged: it is filled with an empty delivery as soon as the log works again. (It may have been stored although
 * nobody said so, as where another delivery of the same request failed; then its number has two headers, of which the greater
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
    await this.#append(this.#pack(rows));
    // Only now, because a log that refuses events must not be asked for every gap by every request.
    const gaps = this.#takeUnfilled(GAPS_AT_ONCE);
    // Those that cannot be filled yet are noted again.
    if (gaps.length > 0) await this.#append(gaps.map((gap) => this.#deliver(gap, []))).catch(() => {});
  }

  /** Renders each row once. Its packing comes last in its line, and is added when it is known which rows go together. */
  #pack({ writeKeyId, receivedAt, events, failed }: Rows): PackedDelivery[] {
    const lines = toOpenLines(events, failed);
    const numbered = (sequence: number) => ({ sequence, receivedAt, writeKeyId });
    const { maximumBytes } = this.#log;
    const all = this.#deliver(numbered(this.#last + 1), lines);
    // A character takes at most three bytes.
    if (all.text.length * 3 <= maximumBytes) {
      this.#last++;
      return [all];
    }
    // The last number that these rows can take is the longest, as is the count of all.
    const last = numbered(this.#last + lines.length);
    const header = byteLength(headerLine(this.#header(last, lines.length)));
    const packing = byteLength(this.#packing(last));
    const groups = divide(lines, (line) => byteLength(line) + packing, Infinity, maximumBytes - header);
    return groups.map((group) => this.#deliver(numbered(++this.#last), group));
  }

  /** @param lines those of {@link toOpenLines}. */
  #deliver(number: Numbered, lines: readonly string[]): PackedDelivery {
    const header = this.#header(number, lines.length);
    const packing = this.#packing(number);
    // Not joined: the whole text is then copied once, where it is sent.
    let text = headerLine(header);
    for (const line of lines) text += line + packing;
    return { header, text };
  }

  #header({ sequence, receivedAt, writeKeyId }: Numbered, count: number): DeliveryRow {
    return { edge_instance: this.#instance, edge_sequence: sequence, received_at: receivedAt, write_key_id: writeKeyId, count };
  }

  /** What ends each line of a delivery. */
  #packing({ sequence }: Numbered): string {
    return `,"edge_instance":${JSON.stringify(this.#instance)},"edge_sequence":${sequence}${LINE_END}`;
  }

  #noteUnfilled({ header }: PackedDelivery): void {
    const { edge_sequence: sequence, received_at: receivedAt, write_key_id: writeKeyId } = header;
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

  async #append(deliveries: readonly PackedDelivery[]): Promise<void> {
    try {
      await this.#log.append(deliveries);
    } catch (error) {
      for (const delivery of deliveries) this.#noteUnfilled(delivery);
      throw error;
    }
  }
}

const headerLine = (delivery: DeliveryRow) => JSON.stringify({ delivery }) + '\n';
