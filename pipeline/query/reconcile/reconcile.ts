import { existsSync } from 'node:fs';
import path from 'node:path';
import { localDate } from '../../config/calendar.ts';
import type { Config } from '../../config/schema.ts';
import { UserError } from '../../config/user-error.ts';
import {
  type AccountedDays,
  brokenDeliveries,
  type DeliveryState,
  emptyHeaders,
  type Gap,
  instanceEnds,
  ledgerRows,
  type LedgerRow,
  numberText,
  sequenceGaps,
  statesOf,
} from '../../models/accounting/ledger.ts';
import { openWarehouse } from '../../warehouse/open.ts';
import { WarehouseInUseError } from '../../warehouse/warehouse-error.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import type { Held, HeldDelivery } from './held.ts';
import { addHeld, addLanded, gapsWithLanded, type KnownEnd, latest, Ledger, type LedgerEntry, rowsToCome } from './ledger.ts';
import { cutOffDeliveries, type LandedDelivery, landedSegments } from './segments.ts';

export type { DeliveryState } from '../../models/accounting/ledger.ts';
export type { LedgerEntry } from './ledger.ts';

/** Numbers of an instance that no delivery has. */
export interface MissingNumbers {
  readonly edge_instance: string;
  readonly first_missing: number;
  readonly last_missing: number;
  /** Number of deliveries. */
  readonly deliveries: number;
  /** When the delivery behind the gap was received. */
  readonly next_received_at: string;
  /**
   * Whether the instance went on for long enough to store or fill them: then they are lost. At the end of an instance that was killed,
   * deliveries that were never acknowledged leave such a gap, too.
   */
  readonly lost: boolean;
  /** Deployed: the gap is at the end of an instance, and is a loss or what was never acknowledged: nobody can say which. */
  readonly unexplained: boolean;
  /** Deployed: they can still be on their way, and are neither yet. */
  readonly in_flight: boolean;
}

/** The accounts of some days. */
export interface Reconciliation {
  readonly from: string;
  readonly to: string;
  readonly time_zone: string;
  /** Whether they are those of a deployed edge. */
  readonly deployed: boolean;
  readonly rows: readonly LedgerEntry[];
  /** Deliveries that are not whole and should be. */
  readonly broken: readonly DeliveryState[];
  /** Whether there are more of them than are listed. */
  readonly more_broken: boolean;
  readonly gaps: readonly MissingNumbers[];
  /** Objects of the edge's archive of which nobody can say whose rows they are. */
  readonly unreadable: readonly string[];
  /** Deliveries of which rows, or the header, can still be on their way; their rows are pending. */
  readonly in_flight: number;
  /** Rows that were being written when the embedded edge was killed: never acknowledged, so not accepted. */
  readonly cut_off: number;
  /** Rows that the warehouse refused and has all the same: counted once. */
  readonly in_both: number;
  /** Nothing is missing, no delivery is lost, and no gap is unexplained. */
  readonly balanced: boolean;
}

export interface ReconcileOptions extends AccountedDays {
  readonly config: Config['warehouse'];
  readonly dataFolder: string;
  /** The instant of the question. */
  readonly now: Date;
  /** What the deployed edge holds, asked before the warehouse is read; undefined for the embedded edge. */
  readonly held?: Held;
  /** Default: {@link openWarehouse}, for reading. */
  readonly open?: () => Promise<Warehouse>;
}

/** How long a queue and the warehouse's streaming may take before a delivery counts as missing. */
const IN_FLIGHT_MS = 30 * 60_000;
/** A delivery is stored, or its number filled, within this time; after it a gap in the numbers is a loss. */
const SETTLED_MS = 60_000;
/** Deliveries that are looked at one by one. */
const MOST_BROKEN = 10_000;
/** Numbers that are asked for with one query. */
const NUMBERS_AT_ONCE = 20_000;

/**
 * Accounts for every row that the edge has acknowledged. What lies outside of the warehouse is read first: what is loaded in
 * between is then seen in the warehouse, and nothing is seen nowhere.
 * @throws UserError where a run holds the warehouse.
 */
export async function reconcile(options: ReconcileOptions): Promise<Reconciliation> {
  const { held } = options;
  const landed = held ? [] : await landedSegments(options.dataFolder);
  const warehouse = await openForReading(options);
  try {
    return await accounts(options, warehouse, landed);
  } finally {
    await warehouse?.close();
  }
}

/** Undefined where no run has made the warehouse yet. */
async function openForReading({ config, dataFolder, open }: ReconcileOptions): Promise<Warehouse | undefined> {
  if (open) return open();
  if (config.type === 'duckdb' && !existsSync(path.resolve(dataFolder, config.file))) return undefined;
  try {
    return await openWarehouse(config, dataFolder, { readOnly: true });
  } catch (error) {
    if (!(error instanceof WarehouseInUseError)) throw error;
    throw new UserError('a run is writing to the warehouse, and the accounts need all of it: ask again when the run has ended', {
      cause: error,
    });
  }
}

async function accounts(
  options: ReconcileOptions,
  warehouse: Warehouse | undefined,
  segments: Awaited<ReturnType<typeof landedSegments>>,
): Promise<Reconciliation> {
  const { timeZone, from, to, held, now } = options;
  const days: AccountedDays = { timeZone, from, to };
  const ledger = new Ledger();
  const broken = new Map<string, DeliveryState>();
  let gaps: Gap[] = [];
  let [moreBroken, inFlight, cutOff, inBoth] = [false, 0, 0, 0];
  const landed = byNumber(segments);
  const isInDays = ({ next_received_at }: Gap) => {
    const date = localDate(next_received_at, timeZone);
    return date >= from && date <= to;
  };

  if (warehouse) {
    const { dialect } = warehouse;
    const rows = await warehouse.rows<LedgerRow>(ledgerRows(dialect, days), 'ledger');
    ledger.addWarehouse(rows);
    inBoth = rows.reduce((total, { in_both }) => total + in_both, 0);
    const states = await warehouse.rows<DeliveryState>(brokenDeliveries(dialect, days, MOST_BROKEN + 1), 'broken deliveries');
    moreBroken = states.length > MOST_BROKEN;
    for (const state of states.slice(0, MOST_BROKEN)) broken.set(numberText(state.edge_instance, state.edge_sequence), state);
    gaps = await warehouse.rows<Gap>(sequenceGaps(dialect, days), 'gaps');
  }
  if (held) {
    const isHeld = new Map(held.deliveries.map((delivery) => [numberText(delivery.edge_instance, delivery.edge_sequence), delivery]));
    const known = await knownStates(warehouse, timeZone, [...isHeld.keys()]);
    for (const [number, delivery] of isHeld) {
      const state = known.get(number);
      addHeld(ledger, delivery, state, days);
      const remaining = broken.get(number);
      if (!remaining || !state) continue;
      const found = state.found + rowsToCome(delivery, state.found);
      if ((state.counted ?? 0) <= found) broken.delete(number);
      else broken.set(number, { ...remaining, found });
    }
    for (const [number, delivery] of broken) {
      if (Date.parse(delivery.received_at) <= now.getTime() - IN_FLIGHT_MS) continue;
      ledger.missingIsPending(delivery);
      broken.delete(number);
      inFlight++;
    }
    gaps = gapsWithLanded(gaps, byInstance(held.deliveries), await endsOf(warehouse, held.deliveries)).filter(isInDays);
  } else {
    const known = await knownStates(warehouse, timeZone, [...landed.keys()]);
    const headers = [...landed.values()].flat().map(({ header }) => header);
    const landedBy = byInstance(headers);
    const ends = await endsOf(warehouse, [...headers, ...broken.values()]);
    const short = [...landed].filter(([, copies]) => copies.some(({ header, rows }) => rows < header.count));
    const filled = await filledNumbers(warehouse, landed, [...broken.keys(), ...short.map(([number]) => number)]);
    /** A kill cuts off the end of what an instance wrote. A failed write is not acknowledged either: its number is filled. */
    const canBeCut = (number: string, { edge_instance, received_at }: Numbered) => {
      const last = latest(landedBy.get(edge_instance) ?? [], ends.get(edge_instance)?.last_received_at);
      return filled.has(number) || Date.parse(last) - Date.parse(received_at) <= SETTLED_MS;
    };
    for (const [number, copies] of landed) {
      const outcome = addLanded(ledger, copies, canBeCut(number, copies[0]!.header), known.get(number), days);
      cutOff += outcome.cutOff;
      broken.delete(number);
      if (outcome.broken) broken.set(number, outcome.broken);
    }
    for (const { header, rows } of broken.size > 0 ? await cutOffDeliveries(options.dataFolder) : []) {
      const number = numberText(header.edge_instance, header.edge_sequence);
      const delivery = broken.get(number);
      if (delivery?.counted !== header.count || delivery.found !== rows || !canBeCut(number, header)) continue;
      ledger.missingWasNotAccepted(delivery);
      cutOff += header.count - rows;
      broken.delete(number);
    }
    gaps = gapsWithLanded(gaps, landedBy, ends).filter(isInDays);
  }
  const numbers = gaps.map((gap) => missingNumbers(gap, held && now.getTime() - IN_FLIGHT_MS));
  const rows = ledger.entries();
  return {
    from,
    to,
    time_zone: timeZone,
    deployed: held !== undefined,
    rows,
    unreadable: held?.unreadable ?? [],
    broken: [...broken.values()].toSorted((a, b) => (a.received_at < b.received_at ? -1 : a.received_at > b.received_at ? 1 : 0)),
    more_broken: moreBroken,
    gaps: numbers,
    in_flight: inFlight,
    cut_off: cutOff,
    in_both: inBoth,
    balanced:
      broken.size === 0 && rows.every(({ missing }) => missing === 0) && numbers.every(({ lost, unexplained }) => !lost && !unexplained),
  };
}

/** What has landed, by number. What a run has loaded since it was read is known to the warehouse, too, and counts once. */
function byNumber(segments: Awaited<ReturnType<typeof landedSegments>>): Map<string, LandedDelivery[]> {
  const landed = new Map<string, LandedDelivery[]>();
  for (const delivery of segments.flatMap(({ deliveries }) => deliveries)) {
    const number = numberText(delivery.header.edge_instance, delivery.header.edge_sequence);
    const copies = landed.get(number);
    if (copies) copies.push(delivery);
    else landed.set(number, [delivery]);
  }
  return landed;
}

async function knownStates(
  warehouse: Warehouse | undefined,
  timeZone: string,
  numbers: readonly string[],
): Promise<Map<string, DeliveryState>> {
  const known = new Map<string, DeliveryState>();
  if (!warehouse) return known;
  for (let start = 0; start < numbers.length; start += NUMBERS_AT_ONCE) {
    const asked = numbers.slice(start, start + NUMBERS_AT_ONCE);
    const states = await warehouse.rows<DeliveryState>(statesOf(warehouse.dialect, timeZone, asked), 'known deliveries');
    for (const state of states) known.set(numberText(state.edge_instance, state.edge_sequence), state);
  }
  return known;
}

/** Which of these numbers the edge has filled with an empty header, landed or loaded. */
async function filledNumbers(
  warehouse: Warehouse | undefined,
  landed: ReadonlyMap<string, readonly LandedDelivery[]>,
  numbers: readonly string[],
): Promise<Set<string>> {
  const filled = new Set(numbers.filter((number) => landed.get(number)?.some(({ header }) => header.count === 0)));
  if (!warehouse || numbers.length === 0) return filled;
  const empty = await warehouse.rows<Pick<Numbered, 'edge_instance' | 'edge_sequence'>>(
    emptyHeaders(warehouse.dialect, numbers),
    'filled numbers',
  );
  for (const { edge_instance, edge_sequence } of empty) filled.add(numberText(edge_instance, edge_sequence));
  return filled;
}

type Numbered = Pick<HeldDelivery, 'edge_instance' | 'edge_sequence' | 'received_at'>;

function byInstance(deliveries: readonly Numbered[]): Map<string, Numbered[]> {
  const found = new Map<string, Numbered[]>();
  for (const delivery of deliveries) {
    const known = found.get(delivery.edge_instance);
    if (known) known.push(delivery);
    else found.set(delivery.edge_instance, [delivery]);
  }
  return found;
}

async function endsOf(warehouse: Warehouse | undefined, deliveries: readonly Numbered[]): Promise<Map<string, KnownEnd>> {
  const instances = [...byInstance(deliveries).keys()];
  if (!warehouse || instances.length === 0) return new Map();
  const ends = await warehouse.rows<KnownEnd & { edge_instance: string }>(instanceEnds(warehouse.dialect, instances), 'last numbers');
  return new Map(ends.map((end) => [end.edge_instance, end]));
}

/** @param settledBefore deployed: what was received later can still be on its way; in a queue the order is not kept. */
function missingNumbers(gap: Gap, settledBefore: number | undefined): MissingNumbers {
  const { edge_instance, first_missing, last_missing, next_received_at, last_received_at } = gap;
  const deliveries = last_missing - first_missing + 1;
  const in_flight = settledBefore !== undefined && Date.parse(next_received_at) >= settledBefore;
  const wentOn = Date.parse(last_received_at) - Date.parse(next_received_at) > SETTLED_MS;
  const lost = wentOn && !in_flight;
  const unexplained = settledBefore !== undefined && !wentOn && !in_flight;
  return { edge_instance, first_missing, last_missing, deliveries, next_received_at, lost, unexplained, in_flight };
}
