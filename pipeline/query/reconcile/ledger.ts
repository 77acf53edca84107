import { localDate } from '../../config/calendar.ts';
import type { AccountedDays, DeliveryState, Gap, LedgerRow } from '../../models/accounting/ledger.ts';
import type { HeldDelivery } from './held.ts';
import type { LandedDelivery } from './segments.ts';

/** Rows of one day and write key: accepted = stored + duplicate + failed + erased + quarantined + pending + missing. */
export interface LedgerEntry {
  /** Day of `received_at` in the project time zone. */
  readonly date: string;
  readonly write_key_id: string | null;
  accepted: number;
  stored: number;
  duplicate: number;
  failed: number;
  erased: number;
  quarantined: number;
  /** Acknowledged and on its way: landed, held, in flight, or loaded and waiting for a run. */
  pending: number;
  missing: number;
}

const COUNTS = ['accepted', 'stored', 'duplicate', 'failed', 'erased', 'quarantined', 'pending', 'missing'] as const;
/** The figures of a {@link LedgerEntry}, in their order. */
export const LEDGER_COUNTS: readonly (typeof COUNTS)[number][] = COUNTS;

/** The entries by day and key, filled from several places. */
export class Ledger {
  readonly #entries = new Map<string, LedgerEntry>();

  /** Nothing is quarantined yet. */
  at(date: string, write_key_id: string | null): LedgerEntry {
    const key = JSON.stringify([date, write_key_id]);
    let entry = this.#entries.get(key);
    if (!entry) {
      entry = { date, write_key_id, accepted: 0, stored: 0, duplicate: 0, failed: 0, erased: 0, quarantined: 0, pending: 0, missing: 0 };
      this.#entries.set(key, entry);
    }
    return entry;
  }

  addWarehouse(rows: readonly LedgerRow[]): void {
    for (const { date, write_key_id, accepted, stored, duplicate, failed, erased, waiting, missing } of rows) {
      const entry = this.at(date, write_key_id);
      entry.accepted += accepted;
      entry.stored += stored;
      entry.duplicate += duplicate;
      entry.failed += failed;
      entry.erased += erased;
      entry.pending += waiting;
      entry.missing += missing;
    }
  }

  /** Rows that are missing in the warehouse and were not lost: they are on their way. */
  missingIsPending({ date, write_key_id, counted, found }: DeliveryState): void {
    const entry = this.at(date, write_key_id);
    const rows = Math.max(0, (counted ?? 0) - found);
    entry.missing -= rows;
    entry.pending += rows;
  }

  /** Rows that a header counts but that were never acknowledged. */
  missingWasNotAccepted({ date, write_key_id, counted, found }: DeliveryState): void {
    const entry = this.at(date, write_key_id);
    const rows = Math.max(0, (counted ?? 0) - found);
    entry.missing -= rows;
    entry.accepted -= rows;
  }

  entries(): LedgerEntry[] {
    const order = (a: LedgerEntry, b: LedgerEntry) =>
      a.date < b.date || (a.date === b.date && (a.write_key_id ?? '') < (b.write_key_id ?? '')) ? -1 : 1;
    return [...this.#entries.values()].filter((entry) => COUNTS.some((count) => entry[count] !== 0)).toSorted(order);
  }
}

/** What became of a delivery that has landed, beside what the warehouse may have of it already. */
export interface LandedOutcome {
  readonly broken?: DeliveryState;
  /** Rows that were being written when the writer ended, or still are. */
  readonly cutOff: number;
}

/**
 * Adds a delivery that has landed. One that the warehouse knows, too, was stored twice because nobody heard of the first time:
 * together they are one delivery, of which the greater count holds.
 * @param copies all that has landed under its number.
 * @param canBeCut whether rows that are missing at the end of its segment may have been cut off before they were acknowledged.
 * @param known what the warehouse has of it; counted by {@link Ledger.addWarehouse} where it lies within the days.
 */
export function addLanded(
  ledger: Ledger,
  copies: readonly LandedDelivery[],
  canBeCut: boolean,
  known: DeliveryState | undefined,
  days: AccountedDays,
): LandedOutcome {
  const best = copies.reduce((a, b) => (b.rows > a.rows || (b.rows === a.rows && b.header.count > a.header.count) ? b : a));
  const { edge_instance, edge_sequence, received_at, write_key_id } = best.header;
  const landedDate = localDate(received_at, days.timeZone);
  const isKnown = known !== undefined && known.found > 0;
  const date = isKnown ? known.date : landedDate;
  const key = isKnown ? known.write_key_id : write_key_id;
  const counted = Math.max(known?.counted ?? 0, ...copies.map(({ header }) => header.count));
  const before = known?.found ?? 0;
  // The copies hold the same rows.
  // Erased rows are taken out of a segment before it is loaded, and known to the warehouse.
  const erased = known?.erased ?? 0;
  const found = Math.max(before, ...copies.map(({ rows }) => Math.max(rows, Math.min(rows + erased, counted))));
  const isCut = canBeCut && best.isLast && found < counted;
  const accepted = isCut ? found : Math.max(counted, found);

  if (known && known.date >= days.from && known.date <= days.to) {
    const wrong = ledger.at(known.date, known.write_key_id);
    wrong.accepted -= Math.max(known.counted ?? 0, known.found);
    wrong.missing -= Math.max(0, (known.counted ?? 0) - known.found);
    wrong.accepted += before;
  }
  if (date < days.from || date > days.to) return { cutOff: 0 };
  const entry = ledger.at(date, key);
  entry.accepted += accepted - before;
  entry.pending += found - before;
  entry.missing += accepted - found;
  const cutOff = isCut ? counted - found : 0;
  if (accepted === found) return { cutOff };
  return { cutOff, broken: { edge_instance, edge_sequence, received_at, date, write_key_id: key, counted, found, erased } };
}

/**
 * Adds a delivery that the edge holds. A header goes to the warehouse after all rows of its delivery: what is held beside it is a
 * copy, and what is held without it is missing there.
 * @param known what the warehouse has of it; counted by {@link Ledger.addWarehouse} where it lies within the days.
 */
export function addHeld(ledger: Ledger, held: HeldDelivery, known: DeliveryState | undefined, days: AccountedDays): void {
  const date = known?.date ?? localDate(held.received_at, days.timeZone);
  if (date < days.from || date > days.to) return;
  const entry = ledger.at(date, known ? known.write_key_id : held.write_key_id);
  const coming = rowsToCome(held, known?.found ?? 0);
  if (known && known.counted !== null) {
    const rows = Math.min(coming, Math.max(0, known.counted - known.found));
    entry.missing -= rows;
    entry.pending += rows;
  } else {
    entry.accepted += coming;
    entry.pending += coming;
  }
}

/** What is held of a delivery and is not among the rows that were found: of one that was given up the rest, of a spilled one all. */
export function rowsToCome({ rows, spilled }: HeldDelivery, found: number): number {
  return Math.max(rows, spilled - found);
}

/** How far the numbers of an instance go in the warehouse. */
export interface KnownEnd {
  readonly last_sequence: number;
  readonly last_received_at: string;
}

/**
 * The gaps that remain when numbers that have landed are known, too.
 * @param gaps those of the warehouse.
 * @param landed headers by instance.
 * @param ends of the warehouse, for the instances that have landed.
 */
export function gapsWithLanded(
  gaps: readonly Gap[],
  landed: ReadonlyMap<string, readonly { readonly edge_sequence: number; readonly received_at: string }[]>,
  ends: ReadonlyMap<string, KnownEnd>,
): Gap[] {
  const remaining: Gap[] = [];
  for (const gap of gaps) {
    const headers = landed.get(gap.edge_instance);
    if (headers) remaining.push(...split(gap, headers));
    else remaining.push(gap);
  }
  for (const [edge_instance, headers] of landed) {
    const end = ends.get(edge_instance);
    let before = end?.last_sequence ?? 0;
    const last_received_at = latest(headers, end?.last_received_at);
    for (const { edge_sequence, received_at } of headers.toSorted((a, b) => a.edge_sequence - b.edge_sequence)) {
      if (edge_sequence > before + 1) {
        remaining.push({
          edge_instance,
          first_missing: before + 1,
          last_missing: edge_sequence - 1,
          next_received_at: received_at,
          last_received_at,
        });
      }
      before = Math.max(before, edge_sequence);
    }
  }
  return remaining;
}

function split(gap: Gap, headers: readonly { readonly edge_sequence: number; readonly received_at: string }[]): Gap[] {
  const last_received_at = latest(headers, gap.last_received_at);
  const within = headers
    .filter(({ edge_sequence }) => edge_sequence >= gap.first_missing && edge_sequence <= gap.last_missing)
    .toSorted((a, b) => a.edge_sequence - b.edge_sequence);
  const ends = [...within, { edge_sequence: gap.last_missing + 1, received_at: gap.next_received_at }];
  let first = gap.first_missing;
  const parts: Gap[] = [];
  for (const { edge_sequence, received_at } of ends) {
    if (edge_sequence > first) {
      parts.push({ ...gap, first_missing: first, last_missing: edge_sequence - 1, next_received_at: received_at, last_received_at });
    }
    first = Math.max(first, edge_sequence + 1);
  }
  return parts;
}

/** When the last of an instance's deliveries was received. */
export function latest(headers: readonly { readonly received_at: string }[], known: string | undefined): string {
  const times = headers.map(({ received_at }) => Date.parse(received_at));
  return new Date(Math.max(...times, known === undefined ? 0 : Date.parse(known))).toISOString();
}
