import type { EventRow } from '../../../../edge/contract/event-row.ts';
import type { Random } from '../../../../test/simulator/random.ts';
import type { Rules } from './brute-force.ts';

const MINUTE = 60e6;
const DAY = 1440 * MINUTE;
/** Midnight before the first night. */
const START = Date.UTC(2026, 2, 2) * 1000;
const iso = (micros: number) =>
  `${new Date(Math.floor(micros / 1000)).toISOString().slice(0, -1)}${String(micros % 1000).padStart(3, '0')}Z`;

/** One delivery of an event and the night before which it is loaded. */
export interface Delivery {
  readonly night: number;
  readonly row: EventRow;
  /** The night after which it is removed, as an erasure or retention does. */
  readonly removedAfter?: number;
}

/** How many nights the deliveries of a small world are spread over. */
export const NIGHTS = 5;

/** The deliveries of small worlds, each with visitors and events of its own. */
export function smallWorlds(random: Random, count: number, rules: Rules): Delivery[] {
  return Array.from({ length: count }, (_, i) => smallWorld(random.fork(`world ${i}`), i, rules)).flat();
}

/** The deliveries that stand after so many nights: those that have been loaded and were not removed since. */
export function standingAfter(deliveries: readonly Delivery[], night: number): EventRow[] {
  return deliveries
    .filter((delivery) => delivery.night <= night && (delivery.removedAfter ?? Number.POSITIVE_INFINITY) >= night)
    .map(({ row }) => row);
}

/** The deliveries of a small world of two visitors: anything that a session's end depends on, in any order of arrival. */
function smallWorld(random: Random, number: number, { timeoutMinutes }: Rules): Delivery[] {
  const timeout = timeoutMinutes * MINUTE;
  const pauses = [0, 0, 1, MINUTE, 7 * MINUTE, timeout, timeout, timeout + 1, timeout - 1, 5 * 60 * MINUTE, DAY];
  let at = START + random.integer(0, 3) * DAY - random.integer(0, 3) * 20 * MINUTE;
  return Array.from({ length: random.integer(2, 14) }, (_, i) => {
    at += random.pick(pauses);
    return deliveriesOf(random, `w${number}`, i, at);
  }).flat();
}

function deliveriesOf(random: Random, world: string, i: number, at: number): Delivery[] {
  const campaign = random.pick([null, null, null, null, 'x', 'x', 'y', ' ']);
  const click = random.pick([null, null, null, null, 'A', 'A', 'B']);
  const first: Partial<EventRow> = {
    write_key_id: 'wk_1',
    message_id: `${world}-${i}`,
    type: random.pick(['page', 'page', 'track']),
    anonymous_id: random.chance(0.02) ? null : `${world}-${random.pick(['a', 'a', 'a', 'b'])}`,
    sequence: random.pick([null, 1, 2, i]),
    page_url: random.pick([null, 'https://www.fernhill.example/', `https://www.fernhill.example/${i}`]),
    utm_source: campaign,
    utm_campaign: campaign === 'x' ? 'one' : null,
    click_ids: click === null ? [] : [{ name: random.pick(['gclid', 'GCLID']), value: click }],
    country: random.pick([null, 'DE', 'AT']),
    device_type: random.pick([null, 'mobile']),
    engaged_seconds: random.pick([null, 0.1, 2.5]),
    is_bot: random.chance(0.03),
    library: random.chance(0.03) ? 'pixel/0.1.0' : 'touchtrail.js/0.1.0',
  };
  const copies = random.pick([1, 1, 1, 2, 3]);
  return Array.from({ length: copies }, (_, copy) => {
    // Most are loaded in the night of the day they were received on; some later, some are history.
    const received = Math.max(at, START) + random.pick([0, 1e6, 60e6, DAY]) * copy + random.integer(0, 3);
    const dayReceived = Math.floor((received - START) / DAY);
    const night = Math.min(NIGHTS - 1, Math.max(0, dayReceived + random.pick([0, 0, 0, 0, 1, 2])));
    const moved = copy > 0 && random.chance(0.3) ? random.pick([1, 30 * MINUTE, -DAY]) : 0;
    const changes = copy > 0 && random.chance(0.2) ? { anonymous_id: `${world}-b`, utm_source: 'z' } : {};
    return {
      night,
      row: {
        ...EMPTY,
        ...first,
        ...changes,
        occurred_at: iso(at + moved),
        received_at: iso(received),
        edge_instance: random.pick(['e1', 'e2']),
        edge_sequence: random.integer(1, 2),
      } as EventRow,
      ...removal(random, dayReceived, night),
    };
  });
}

/** In the last night only what was received on one day goes, so that the copies on all other days are those of days that stayed as they were. */
function removal(random: Random, dayReceived: number, night: number): Pick<Delivery, 'removedAfter'> {
  if (dayReceived === 1 && random.chance(0.3)) return { removedAfter: NIGHTS - 1 };
  return night < NIGHTS - 1 && random.chance(0.06) ? { removedAfter: random.integer(night, NIGHTS - 2) } : {};
}

const EMPTY: Partial<EventRow> = { email_hashes: [], is_internal: false };
