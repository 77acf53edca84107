import { type Timed, byTime, greedilyKept } from './greedy.ts';

const DAY = 86_400_000_000;

/** An event as the warehouse has it, `at` in microseconds of Unix time, properties as JSON text. */
export interface PlainEvent {
  readonly message_id: string;
  readonly type: string;
  readonly event: string | null;
  readonly at: number;
  readonly sequence: number | null;
  readonly anonymous_id: string | null;
  readonly user_id: string | null;
  readonly is_bot: boolean;
  readonly is_internal: boolean;
  readonly properties: string;
}
export interface PlainSession {
  readonly session_id: string;
  readonly anonymous_id: string;
  readonly started: number;
  readonly ended: number;
  readonly campaign: string | null;
}

/** A conversion as the rules have it. */
export interface PlainConversion {
  readonly name: string;
  readonly id: string;
  readonly at: number;
  readonly client: string | null;
  readonly user: string | null;
  readonly value: number | null;
  readonly currency: string;
}

interface Rules {
  readonly name: string;
  readonly events: readonly string[];
  readonly id: (event: PlainEvent, properties: Properties) => string | null;
  readonly value: (properties: Properties) => number | null;
  readonly passes: (event: PlainEvent, properties: Properties) => boolean;
  readonly refundDays?: number;
  readonly keepZero?: boolean;
  readonly reach?: number;
}

interface Properties {
  readonly order_id?: string | null;
  readonly lead_id?: string;
  readonly value?: number | string;
  readonly currency?: string;
  readonly shop?: string;
}

const always = () => true;
const numberIn = ({ value }: Properties) => (typeof value === 'number' ? value : null);
const orderIn = (_: PlainEvent, { order_id: id }: Properties) => id ?? null;
const ORDERS = ['Order Completed', 'purchase'];

/** What `conversion_records` shall hold for the conversions of `worlds.ts`, by going through the events one by one. */
export function conversionsOf(events: readonly PlainEvent[], sessions: readonly PlainSession[]): PlainConversion[] {
  const campaignOf = ({ anonymous_id: id, at }: PlainEvent) =>
    sessions
      .filter((one) => one.anonymous_id === id && one.started <= at && at <= one.ended)
      .toSorted((a, b) => b.started - a.started || (a.session_id < b.session_id ? -1 : 1))[0]?.campaign;
  const simple = (rules: Rules) => simpleConversions(events, rules);
  const buy = simple({ name: 'buy', events: ORDERS, id: orderIn, value: numberIn, passes: always, refundDays: 3, reach: 2 * DAY });
  const sign = simple({ name: 'sign', events: ['Sign'], id: (event) => event.message_id, value: () => 3, passes: always, reach: DAY });
  return [
    ...buy,
    ...simple({
      name: 'first',
      events: ORDERS,
      id: orderIn,
      value: numberIn,
      passes: (_, { shop }) => shop?.toLowerCase() === 'x',
      refundDays: 1,
      keepZero: true,
      reach: Number.POSITIVE_INFINITY,
    }),
    ...simple({ name: 'lead', events: ['Lead'], id: (_, properties) => properties.lead_id || null, value: numberIn, passes: always }),
    ...sign,
    ...simple({
      name: 'paid',
      events: ['Lead'],
      id: (event) => event.message_id,
      value: () => null,
      passes: (event) => campaignOf(event) === 'two',
      reach: 3 * DAY,
    }),
    ...combined([...buy, ...sign]),
  ];
}

function combined(parts: readonly PlainConversion[]): PlainConversion[] {
  const rows = parts.map((part) => ({ ...part, name: 'both', id: `${part.name}:${part.id}` }));
  const kept = greedilyKept(
    rows.map((row) => ({ ...row, user: null })),
    DAY,
  );
  return rows.filter(({ id }) => kept.has(id));
}

function simpleConversions(events: readonly PlainEvent[], rules: Rules): PlainConversion[] {
  const inOrder = events
    .filter(({ type }) => type === 'track')
    .toSorted((a, b) => a.at - b.at || (a.sequence ?? -1) - (b.sequence ?? -1) || (a.message_id < b.message_id ? -1 : 1));
  const read = inOrder.map((event) => ({ event, properties: JSON.parse(event.properties) as Properties }));
  const firsts = new Map<string, { event: PlainEvent; properties: Properties }>();
  for (const one of read) {
    const { event, properties } = one;
    if (!rules.events.includes(event.event ?? '') || event.is_bot || event.is_internal || !rules.passes(event, properties)) continue;
    const id = rules.id(event, properties);
    if (id !== null && !firsts.has(id)) firsts.set(id, one);
  }
  const rows = [...firsts].flatMap(([id, { event, properties }]): PlainConversion[] => {
    const currency = rules.name === 'sign' ? 'EUR' : (properties.currency ?? 'EUR');
    const left = valueLeft(rules.value(properties), currency, rules.refundDays === undefined ? [] : refundsOf(id, event));
    if (left.isRefunded && !rules.keepZero) return [];
    return [{ name: rules.name, id, at: event.at, client: event.anonymous_id, user: event.user_id, value: left.value, currency }];
  });
  const kept = rules.reach === undefined ? undefined : greedilyKept(rows satisfies Timed[], rules.reach);
  return rows.filter(({ id }) => kept === undefined || kept.has(id)).toSorted(byTime);

  function refundsOf(id: string, order: PlainEvent): Properties[] {
    const isRefund = ({ event, at }: PlainEvent) =>
      ['Order Refunded', 'refund'].includes(event ?? '') && at >= order.at && at <= order.at + (rules.refundDays ?? 0) * DAY;
    return read.filter(({ event, properties }) => isRefund(event) && properties.order_id === id).map(({ properties }) => properties);
  }
}

function valueLeft(value: number | null, currency: string, refunds: readonly Properties[]): { value: number | null; isRefunded: boolean } {
  const own = refunds.filter((one) => numberIn(one) === null || (one.currency ?? currency) === currency);
  if (own.length === 0) return { value, isRefunded: false };
  if (own.some((one) => numberIn(one) === null)) return { value: 0, isRefunded: true };
  if (value === null) return { value, isRefunded: false };
  const left = value - own.reduce((sum, one) => sum + numberIn(one)!, 0);
  return { value: Math.max(left, 0), isRefunded: left <= 0 };
}
