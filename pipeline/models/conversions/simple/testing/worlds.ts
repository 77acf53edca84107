import type { EventRow } from '../../../../../edge/contract/event-row.ts';
import type { Random } from '../../../../../test/simulator/random.ts';
import type { ConfigInput } from '../../../../config/schema.ts';

const MINUTE = 60e6;
const DAY = 1440 * MINUTE;
/** Before the first event of the first world. */
const START = Date.UTC(2025, 0, 1) * 1000;
/** From the beginning of one world to that of the next. */
const SPACING = 120 * MINUTE;
/** Midnight of the first night: all worlds are over by then. */
const FIRST_NIGHT = Date.UTC(2026, 0, 1) * 1000;

const iso = (micros: number) =>
  `${new Date(Math.floor(micros / 1000)).toISOString().slice(0, -1)}${String(micros % 1000).padStart(3, '0')}Z`;

/** One delivery of an event: the night before which it is loaded, and the one before which it is removed. */
export interface Delivery {
  readonly night: number;
  readonly removed: number;
  readonly row: EventRow;
}

/** Nights that deliveries come in; in each next one some of them go. */
export const NIGHTS = 8;

/** The deliveries that stand before a night: even nights bring some, odd ones take some. */
export const standingBefore = (deliveries: readonly Delivery[], night: number): EventRow[] =>
  deliveries.filter((one) => one.night <= night && one.removed > night).map(({ row }) => row);

/** Conversions that read the events of {@link smallWorlds}, each in another way. */
export const CONVERSIONS: NonNullable<ConfigInput['conversions']> = [
  { kind: 'purchase', name: 'buy', label: 'Buy', deduplicateDays: 2, adjustmentDays: 3 },
  {
    kind: 'purchase',
    name: 'first',
    label: 'First',
    firstPerUser: true,
    keepZero: true,
    adjustmentDays: 1,
    filter: { property: 'shop', equals: 'x' },
  },
  { kind: 'event', name: 'lead', label: 'Lead', event: 'Lead', id: 'lead_id', value: { property: 'value' } },
  { kind: 'event', name: 'sign', label: 'Sign', event: 'Sign', deduplicateDays: 1, value: { amount: 3 } },
  { kind: 'event', name: 'paid', label: 'Paid', event: 'Lead', filter: { dimension: 'campaign', equals: 'two' }, deduplicateDays: 3 },
  { kind: 'combined', name: 'both', label: 'Both', of: ['buy', 'sign'], deduplicateDays: 1 },
];

/**
 * Worlds of a few users, side by side in time. Each night changes only what is later than an instant of its own, which cuts
 * through many of them.
 */
export function smallWorlds(random: Random, count: number): Delivery[] {
  const span = count * SPACING + 3 * DAY;
  const cuts = Array.from({ length: NIGHTS }, (_, night) => (night === 0 ? 0 : START + random.fork(`night ${night}`).next() * span));
  return Array.from({ length: count }, (_, i) => smallWorld(random.fork(`world ${i}`), i, cuts)).flat();
}

function smallWorld(random: Random, number: number, cuts: readonly number[]): Delivery[] {
  const gaps = [0, 0, 1, MINUTE, 25 * MINUTE, 31 * MINUTE, 300 * MINUTE, 700 * MINUTE, DAY, DAY + 1, DAY - 1, 2 * DAY];
  let at = START + number * SPACING;
  return Array.from({ length: random.integer(2, 9) }, (_, i) => {
    at += random.pick(gaps);
    return deliveriesOf(random, `w${number}`, i, at, cuts);
  }).flat();
}

const EVENTS = ['Order Completed', 'purchase', 'Order Completed', 'Order Refunded', 'refund', 'Lead', 'Lead', 'Sign', 'Sign', null];

function deliveriesOf(random: Random, world: string, i: number, at: number, cuts: readonly number[]): Delivery[] {
  const nightsOf = (rest: number, from: number) =>
    cuts.flatMap((cut, night) => (night % 2 === rest && night >= from && cut <= at ? [night] : []));
  const campaign = random.pick([null, null, 'one', 'two']);
  const event = random.pick(EVENTS);
  const properties = {
    order_id: random.pick([`${world}-O1`, `${world}-O1`, `${world}-O2`, `${world}-O3`, null]),
    lead_id: random.pick([`${world}-L1`, `${world}-L2`, '']),
    value: random.pick([10, 10, 20, 5.5, 'free', undefined, 0]),
    currency: random.pick([undefined, undefined, 'EUR', 'EUR', 'USD']),
    shop: random.pick(['x', 'X', 'y']),
  };
  const first: Partial<EventRow> = {
    write_key_id: 'wk_1',
    message_id: `${world}-${i}`,
    type: event === null ? 'page' : 'track',
    event,
    anonymous_id: random.pick([null, `${world}-a`, `${world}-a`, `${world}-b`, `${world}-c`]),
    user_id: random.pick([null, null, `${world}-u`, `${world}-v`]),
    sequence: random.pick([null, 1, 2]),
    utm_source: campaign,
    utm_campaign: campaign,
    is_bot: random.chance(0.03),
    is_internal: random.chance(0.03),
    properties: JSON.stringify(properties),
  };
  const copies = random.pick([1, 1, 1, 2]);
  return Array.from({ length: copies }, (_, copy) => {
    // Copies replace each other; every second night brings new events alone.
    const night = random.pick(nightsOf(0, 0).filter((one) => copies === 1 || one % 4 === 0));
    const removals = nightsOf(1, night);
    const moved = copy > 0 && random.chance(0.4) ? random.pick([1, DAY, 5 * DAY]) : 0;
    const changes =
      copy > 0 && random.chance(0.4)
        ? { properties: JSON.stringify({ ...properties, order_id: `${world}-O2`, shop: 'x' }), event: 'purchase' }
        : {};
    // Some are received long before they are loaded: then they stand in front of copies that were loaded earlier.
    const received = FIRST_NIGHT + (random.chance(0.2) ? random.integer(0, night) : night) * DAY + random.integer(0, 1000);
    return {
      night,
      removed: removals.length > 0 && random.chance(0.2) ? random.pick(removals) : Number.POSITIVE_INFINITY,
      row: { ...PLAIN, ...first, ...changes, occurred_at: iso(at + moved), received_at: iso(received) } as EventRow,
    };
  });
}

const PLAIN: Partial<EventRow> = {
  email_hashes: [],
  click_ids: [],
  library: 'touchtrail.js/0.1.0',
  edge_instance: 'e1',
  edge_sequence: 1,
};
