import { afterEach, describe, expect, test } from 'vitest';
import type { ConfigInput } from '../../../config/schema.ts';
import { type EventInput, type World, openWorld } from '../../../testing/world.ts';
import { events } from '../../events/events.ts';
import { simpleRecords } from './testing/records.ts';

const opened: World[] = [];
afterEach(async () => {
  for (const world of opened.splice(0)) await world.close();
});

type Conversions = NonNullable<ConfigInput['conversions']>;

/** A world with one purchase conversion and these events. */
async function worldOf(rules: Partial<Extract<Conversions[number], { kind: 'purchase' }>>, ...inputs: EventInput[]): Promise<World> {
  const world = await openWorld({ conversions: [{ kind: 'purchase', name: 'purchase', label: 'Purchase', ...rules }] });
  opened.push(world);
  await world.events(...inputs);
  return world;
}

const order = (who: string, at: string, properties: object, more: Partial<EventInput> = {}): EventInput => ({
  who,
  at,
  type: 'track',
  event: 'Order Completed',
  properties: JSON.stringify(properties),
  ...more,
});
const refund = (at: string, properties: object, more: Partial<EventInput> = {}): EventInput =>
  order('back office', at, properties, { event: 'Order Refunded', ...more });

const values = (world: World) => world.rows('select id, original_value as value, currency from conversion_records order by id');
const ids = async (world: World) => (await world.rows('select id from conversion_records order by id')).map(({ id }) => id);
const dropped = (world: World) => world.rows('select id, reason from dropped_conversions order by id');

describe('a purchase', () => {
  test('is an event of either name; its id and value are the first that there are', async () => {
    const world = await worldOf(
      {},
      order('a', '10:00', { order_id: 'O1', orderId: 'x', value: 10.5, total: 99, currency: 'usd' }),
      order('b', '10:01', { orderId: 17, transaction_id: 'x', total: '12.5', revenue: 1 }, { event: 'purchase' }),
      order('c', '10:02', { order_id: ' ', transaction_id: 'T3', value: 'free', revenue: 7 }),
      order('d', '10:03', { order_id: 'O4' }),
      order('e', '10:04', { order_id: 'O5', value: 'free' }),
      order('f', '10:05', { order_id: 'O6', value: 1 }, { event: 'order completed' }),
      order('g', '10:06', { order_id: 'O7', value: 1 }, { type: 'page' }),
    );
    const [, { warnings }] = (await world.run(events, simpleRecords)) as [unknown, { warnings: readonly string[] }];
    expect(await values(world)).toEqual([
      { id: '17', value: 12.5, currency: 'EUR' },
      { id: 'O1', value: 10.5, currency: 'USD' },
      { id: 'O4', value: null, currency: 'EUR' },
      { id: 'O5', value: null, currency: 'EUR' },
      { id: 'T3', value: 7, currency: 'EUR' },
    ]);
    expect(warnings).toEqual(['conversion purchase: 1 values are no finite amounts and left out']);
  });

  test('without an id is refused; bots and the company itself are left out; a server needs no anonymous_id', async () => {
    const world = await worldOf(
      {},
      order('a', '10:00', { value: 1 }),
      order('a', '10:01', { order_id: null, value: 1 }),
      order('b', '10:02', { order_id: 'bot' }, { is_bot: true }),
      order('b', '10:03', { order_id: 'internal' }, { is_internal: true }),
      order('b', '10:04', { order_id: 'server' }, { anonymous_id: null, user_id: 'u1' }),
    );
    await world.run(events, simpleRecords);
    expect(await world.rows('select id, client_id, user_id from conversion_records')).toEqual([
      { id: 'server', client_id: null, user_id: 'u1' },
    ]);
    expect(await world.rows('select reason, conversion_time from rejected_conversions order by conversion_time')).toEqual([
      { reason: 'missing_id', conversion_time: '2026-03-02T10:00:00.000000Z' },
      { reason: 'missing_id', conversion_time: '2026-03-02T10:01:00.000000Z' },
    ]);
  });

  test('is one per order id, the earliest event of it; of equal times the first by sequence, then message id', async () => {
    const world = await worldOf(
      {},
      order('later', '11:00', { order_id: 'O1', value: 2 }),
      order('earlier', '10:00', { order_id: 'O1', value: 1 }),
      order('second', '10:00', { order_id: 'O2' }, { sequence: 7 }),
      order('first', '10:00', { order_id: 'O2' }, { sequence: 6 }),
      order('m2', '10:00', { order_id: 'O3' }, { message_id: 'y' }),
      order('m1', '10:00', { order_id: 'O3' }, { message_id: 'x' }),
    );
    await world.run(events, simpleRecords);
    expect(await world.rows('select id, client_id from conversion_records order by id')).toEqual([
      { id: 'O1', client_id: 'earlier' },
      { id: 'O2', client_id: 'first' },
      { id: 'O3', client_id: 'm1' },
    ]);
    expect(await world.rows('select * from rejected_conversions')).toEqual([]);
  });

  test('has the identifiers of its event', async () => {
    const world = await worldOf(
      {},
      order(
        'a',
        '10:00',
        { order_id: 'O1', lead_id: 'L1', self_reported_source: ' a friend ' },
        {
          user_id: 'u1',
          ga_client_id: '1.2',
          ip_hash: 'abc',
          ip_key_id: 'k1',
          email_hashes: [
            { hash: 'aa', origin: 'url' },
            { hash: 'CC', origin: 'form' },
            { hash: 'bb', origin: 'server' },
          ],
        },
      ),
      order('b', '10:01', { order_id: 'O2' }, { anonymous_id: null, ga_client_id: '3.4', email_hashes: [{ hash: 'aa', origin: 'url' }] }),
    );
    await world.run(events, simpleRecords);
    expect(
      await world.rows(
        'select id, client_id, user_id, email_hash, ip_key, lead_id, self_reported_source, is_qualified, params, conversion_time = attribution_time as same from conversion_records order by id',
      ),
    ).toEqual([
      {
        id: 'O1',
        client_id: 'a',
        user_id: 'u1',
        email_hash: 'bb',
        ip_key: 'k1:abc',
        lead_id: 'L1',
        self_reported_source: 'a friend',
        is_qualified: null,
        params: [],
        same: true,
      },
      {
        id: 'O2',
        client_id: '3.4',
        user_id: null,
        email_hash: 'aa',
        ip_key: null,
        lead_id: null,
        self_reported_source: null,
        is_qualified: null,
        params: [],
        same: true,
      },
    ]);
  });
});

describe('refunds', () => {
  const orders = [
    order('a', '2026-03-02 10:00', { order_id: 'part', value: 100 }),
    order('b', '2026-03-02 10:00', { order_id: 'whole', value: 100 }),
    order('c', '2026-03-02 10:00', { order_id: 'more', value: 100 }),
    order('d', '2026-03-02 10:00', { order_id: 'unsaid', value: 100 }),
    order('e', '2026-03-02 10:00', { order_id: 'late', value: 100 }),
    order('f', '2026-03-02 10:00', { order_id: 'before', value: 100 }),
    order('g', '2026-03-02 10:00', { order_id: 'dollars', value: 100 }),
    order('h', '2026-03-02 10:00', { order_id: 'worthless', value: 0 }),
    order('i', '2026-03-02 10:00', { order_id: 'unknown' }),
    order('j', '2026-03-02 10:00', { order_id: 'minus', value: 0.3 }),
    order('k', '2026-03-02 10:00', { order_id: 'endless', value: 100 }),
  ];
  const refunds = [
    refund('2026-03-03 10:00', { order_id: 'part', value: 30.25 }),
    refund('2026-04-01 10:00', { orderId: 'part', total: '19.75', currency: 'eur' }, { event: 'refund', is_internal: true }),
    refund('2026-03-03 10:00', { order_id: 'whole', value: 60 }),
    refund('2026-03-04 10:00', { order_id: 'whole', value: 40 }),
    refund('2026-03-03 10:00', { order_id: 'more', value: 150 }),
    refund('2026-03-03 10:00', { order_id: 'unsaid' }),
    refund('2026-04-01T10:00:00.000001Z', { order_id: 'late', value: 50 }),
    refund('2026-03-02 09:59', { order_id: 'before', value: 50 }),
    refund('2026-03-03 10:00', { order_id: 'dollars', value: 50, currency: 'USD' }),
    refund('2026-03-03 10:00', { order_id: 'unknown', value: 5 }),
    refund('2026-03-03 10:00', { order_id: 'minus', value: -0.1 }),
    ...Array.from({ length: 12 }, () => refund('2026-03-03 10:00', { order_id: 'endless', value: 1e12 })),
    refund('2026-03-03 10:00', { value: 5 }),
  ];
  const remaining = [
    { id: 'before', value: 100, currency: 'EUR' },
    { id: 'dollars', value: 100, currency: 'EUR' },
    { id: 'late', value: 100, currency: 'EUR' },
    { id: 'minus', value: 0.2, currency: 'EUR' },
    { id: 'part', value: 50, currency: 'EUR' },
    { id: 'unknown', value: null, currency: 'EUR' },
    { id: 'worthless', value: 0, currency: 'EUR' },
  ];
  const gone = ['endless', 'more', 'unsaid', 'whole'];

  test('within the window are taken off; an order of which nothing is left is none', async () => {
    const world = await worldOf({}, ...orders, ...refunds);
    const [, { warnings }] = (await world.run(events, simpleRecords)) as [unknown, { warnings: readonly string[] }];
    expect(await values(world)).toEqual(remaining);
    expect(await dropped(world)).toEqual(gone.map((id) => ({ id, reason: 'refunded' })));
    expect(warnings).toEqual([
      'conversion purchase: 1 refunds are in another currency than their order (such as dollars) and not taken off; send refunds in the currency of the order',
    ]);
  });

  test('with keepZero leave an order of nothing', async () => {
    const world = await worldOf({ keepZero: true }, ...orders, ...refunds);
    await world.run(events, simpleRecords);
    const kept = [...remaining, ...gone.map((id) => ({ id, value: 0, currency: 'EUR' }))];
    expect(await values(world)).toEqual(kept.toSorted((x, y) => (x.id < y.id ? -1 : 1)));
    expect(await dropped(world)).toEqual([]);
  });

  test('that arrive in later nights change the order; a copy of its event does not bring it back', async () => {
    const world = await worldOf({}, ...orders);
    await world.run(events, simpleRecords);
    expect(await ids(world)).toHaveLength(orders.length);
    await world.events(refund('2026-03-20 10:00', { order_id: 'whole', value: 100 }));
    await world.run(events, simpleRecords);
    expect(await ids(world)).not.toContain('whole');
    await world.events(order('b', '2026-06-01 10:00', { order_id: 'whole', value: 100 }));
    await world.run(events, simpleRecords);
    expect(await ids(world)).not.toContain('whole');
  });
});

describe('the same user', () => {
  test('within the days after a kept purchase has no other one, by client id or user id', async () => {
    const world = await worldOf(
      { deduplicateDays: 7 },
      order('a', '2026-03-02 10:00', { order_id: '1' }, { user_id: 'u' }),
      order('a', '2026-03-09 10:00', { order_id: '2 same client, to the instant' }),
      order('b', '2026-03-05 10:00', { order_id: '3 same user' }, { user_id: 'u' }),
      // Of a user who has only a dropped one before.
      order('b', '2026-03-08 10:00', { order_id: '4 client of a dropped one' }),
      order('a', '2026-03-09T10:00:00.000001Z', { order_id: '5 later' }),
      order('c', '2026-03-05 10:00', { order_id: '6 somebody else' }),
      order('d', '2026-03-05 10:00', { order_id: '7 nobody' }, { anonymous_id: null }),
      order('d', '2026-03-05 10:00', { order_id: '8 nobody' }, { anonymous_id: null }),
    );
    await world.run(events, simpleRecords);
    expect(await ids(world)).toEqual(['1', '4 client of a dropped one', '5 later', '6 somebody else', '7 nobody', '8 nobody']);
    expect(await dropped(world)).toEqual([
      { id: '2 same client, to the instant', reason: 'repeated' },
      { id: '3 same user', reason: 'repeated' },
    ]);
  });

  test('has with firstPerUser one purchase for ever; one that is refunded does not count', async () => {
    const world = await worldOf(
      { firstPerUser: true, deduplicateDays: 1 },
      order('a', '2020-01-01 10:00', { order_id: '1' }),
      order('a', '2026-01-01 10:00', { order_id: '2' }),
      order('b', '2026-01-01 10:00', { order_id: '3', value: 5 }),
      order('b', '2026-01-03 10:00', { order_id: '4' }),
    );
    await world.run(events, simpleRecords);
    expect(await ids(world)).toEqual(['1', '3']);
    await world.events(refund('2026-01-20 10:00', { order_id: '3', value: 5 }));
    await world.run(events, simpleRecords);
    expect(await ids(world)).toEqual(['1', '4']);
  });
});
