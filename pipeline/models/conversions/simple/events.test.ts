import { afterEach, describe, expect, test } from 'vitest';
import type { Filter } from '../../../config/conversions.ts';
import type { ConfigInput } from '../../../config/schema.ts';
import { type EventInput, type World, openWorld, page } from '../../../testing/world.ts';
import { events } from '../../events/events.ts';
import { sessions } from '../../sessions/sessions.ts';
import type { DuckDbWarehouse } from '../../../warehouse/duckdb/duckdb.ts';
import type { Step } from '../../step.ts';
import { applyRecords } from '../records.ts';
import { stageSimple } from './index.ts';
import { simpleRecords } from './testing/records.ts';

const opened: World[] = [];
afterEach(async () => {
  for (const world of opened.splice(0)) await world.close();
});

async function open(config: Partial<ConfigInput>): Promise<World> {
  const world = await openWorld(config);
  opened.push(world);
  return world;
}

const EVENT = { kind: 'event', name: 'signup', label: 'Sign-up', event: 'Signed Up' } as const;
const signup = (who: string, at: string, properties: object = {}, more: Partial<EventInput> = {}): EventInput => ({
  who,
  at,
  type: 'track',
  event: 'Signed Up',
  properties: JSON.stringify(properties),
  ...more,
});
const purchase = (who: string, at: string, id: string, more: Partial<EventInput> = {}) =>
  signup(who, at, { order_id: id, value: 100, currency: 'USD' }, { event: 'purchase', ...more });
const landing = (who: string, at: string, url: string, more: Partial<EventInput> = {}): EventInput => ({ who, at, ...page(url), ...more });
const ids = async (world: World, name = 'signup') =>
  (await world.rows(`select id from conversion_records where conversion_name = '${name}' order by id`)).map(({ id }) => id);

describe('an event', () => {
  test('is a conversion each, by its message id, without a value', async () => {
    const world = await open({ conversions: [EVENT] });
    await world.events(
      signup('a', '10:00', { value: 5 }, { message_id: 'm-1' }),
      signup('a', '10:00', {}, { message_id: 'm-2' }),
      signup('a', '10:00', {}, { event: 'signed up' }),
      signup('a', '10:00', {}, { type: 'page' }),
      // The same id, of another write key: the earlier one stands.
      signup('b', '09:00', {}, { message_id: 'm-2', write_key_id: 'wk_2' }),
    );
    await world.run(events, simpleRecords);
    expect(await world.rows('select id, client_id, original_value, currency from conversion_records order by id')).toEqual([
      { id: 'm-1', client_id: 'a', original_value: null, currency: 'EUR' },
      { id: 'm-2', client_id: 'b', original_value: null, currency: 'EUR' },
    ]);
  });

  test('has its id in a property, and its value in one with its currency, or one amount for all', async () => {
    const world = await open({
      conversions: [
        { ...EVENT, id: 'form.lead_id', value: { property: 'deal.size' } },
        { ...EVENT, name: 'amount', id: 'form.lead_id', value: { amount: 12.5 } },
      ],
    });
    await world.events(
      signup('a', '10:00', { form: { lead_id: 'L1' }, lead_id: 'of the CRM', deal: { size: 100 }, currency: ' usd ' }),
      signup('b', '10:01', { form: { lead_id: 'L2' }, deal: { size: 2e12 } }),
      signup('c', '10:02', { form: { lead_id: 'L1' }, deal: { size: 7 } }),
      signup('d', '10:03', { deal: { size: 7 } }),
    );
    await world.run(events, simpleRecords);
    expect(
      await world.rows(
        'select conversion_name as name, id, lead_id, original_value as value, currency from conversion_records order by all',
      ),
    ).toEqual([
      { name: 'amount', id: 'L1', lead_id: 'of the CRM', value: 12.5, currency: 'EUR' },
      { name: 'amount', id: 'L2', lead_id: null, value: 12.5, currency: 'EUR' },
      { name: 'signup', id: 'L1', lead_id: 'of the CRM', value: 100, currency: 'USD' },
      { name: 'signup', id: 'L2', lead_id: null, value: null, currency: 'EUR' },
    ]);
    expect(await world.rows('select conversion_name, reason from rejected_conversions order by all')).toEqual([
      { conversion_name: 'amount', reason: 'missing_id' },
      { conversion_name: 'signup', reason: 'missing_id' },
    ]);
  });
});

describe('a filter', () => {
  const visit = [
    landing('a', '10:00', 'https://www.fernhill.example/prices?utm_source=google&utm_medium=cpc&utm_campaign=Brand'),
    signup('a', '10:10', { plan: 'team' }, { message_id: 'paid', country: 'DE', page_path: '/signup' }),
    signup('a', '12:00', { plan: 'solo' }, { message_id: 'direct', country: 'AT', page_path: '/signup' }),
    signup('b', '10:10', { plan: 'team' }, { message_id: 'server', anonymous_id: null, country: 'DE' }),
  ];
  const cases: [says: string, filter: Filter, expected: string[]][] = [
    ['of the event', { dimension: 'country', equals: 'de' }, ['paid', 'server']],
    ['of the session it lies in', { dimension: 'channel', equals: 'paid search' }, ['paid']],
    ['of the page the session began with', { dimension: 'landing_path', startsWith: '/PRICES' }, ['paid']],
    [
      'of the event within a session',
      {
        all: [
          { dimension: 'campaign', isSet: true },
          { property: 'plan', equals: 'team' },
        ],
      },
      ['paid'],
    ],
    ['of a dimension of the config', { custom: 'brand', equals: 'yes' }, ['paid']],
    ['of its other value', { custom: 'brand', equals: 'no' }, ['direct']],
    ['of no session', { custom: 'brand', isSet: false }, ['server']],
  ];
  test('chooses events by themselves, by their session and by dimensions of the config', async () => {
    const world = await open({
      conversions: cases.map(([, filter], i) => ({ ...EVENT, name: `c${i}`, filter })),
      dimensions: {
        brand: { label: 'Brand', rules: [{ value: 'yes', when: { dimension: 'campaign', equals: 'brand' } }], otherwise: 'no' },
      },
    });
    await world.events(...visit);
    await world.run(events, sessions, simpleRecords);
    for (const [i, [says, , expected]] of cases.entries()) expect(await ids(world, `c${i}`), says).toEqual(expected);
  });

  test('of an event between two sessions that touch counts for the later one', async () => {
    const world = await open({ conversions: [{ ...EVENT, filter: { dimension: 'campaign', equals: 'two' } }] });
    await world.events(
      landing('a', '10:00', 'https://www.fernhill.example/?utm_source=x&utm_campaign=one'),
      signup('a', '10:05', {}, { message_id: 'm', sequence: 1 }),
      landing('a', '10:05', 'https://www.fernhill.example/?utm_source=x&utm_campaign=two', { sequence: 2 }),
    );
    await world.run(events, sessions, simpleRecords);
    expect(await ids(world)).toEqual(['m']);
  });

  test('of sessions that change in a later night', async () => {
    const world = await open({ conversions: [{ ...EVENT, filter: { dimension: 'campaign', equals: 'brand' } }] });
    await world.events(signup('a', '10:10', {}, { message_id: 'm' }), signup('b', '23:00', {}, { message_id: 'later' }));
    await world.run(events, sessions, simpleRecords);
    expect(await ids(world)).toEqual([]);
    // A click that arrives late is the beginning of the session.
    await world.events(landing('a', '09:55', 'https://www.fernhill.example/?utm_source=google&utm_campaign=brand'));
    await world.run(events, sessions, simpleRecords);
    expect(await ids(world)).toEqual(['m']);
  });
});

describe('combined conversions', () => {
  const conversions: ConfigInput['conversions'] = [
    { ...EVENT, value: { amount: 5 } },
    { kind: 'purchase', name: 'purchase', label: 'Purchase' },
    { kind: 'combined', name: 'both', label: 'Both', of: ['signup', 'purchase'], deduplicateDays: 2 },
    { kind: 'combined', name: 'all', label: 'All', of: ['purchase', 'signup'] },
  ];
  test('are those of their parts, one per client id in so many days', async () => {
    const world = await open({ conversions });
    await world.events(
      signup('a', '2026-03-02 10:00', {}, { message_id: 'm1', user_id: 'u' }),
      purchase('a', '2026-03-03 10:00', 'O1'),
      purchase('b', '2026-03-03 10:00', 'O2', { user_id: 'u' }),
      purchase('a', '2026-03-05 10:00', 'm1'),
    );
    await world.run(events, simpleRecords);
    const rows =
      "select id, client_id, original_value as value, currency from conversion_records where conversion_name = 'both' order by id";
    expect(await world.rows(rows)).toEqual([
      { id: 'purchase:O2', client_id: 'b', value: 100, currency: 'USD' },
      { id: 'purchase:m1', client_id: 'a', value: 100, currency: 'USD' },
      { id: 'signup:m1', client_id: 'a', value: 5, currency: 'EUR' },
    ]);
    expect(await ids(world, 'all')).toEqual(['purchase:O1', 'purchase:O2', 'purchase:m1', 'signup:m1']);
    expect(await world.rows('select conversion_name, id, reason from dropped_conversions')).toEqual([
      { conversion_name: 'both', id: 'purchase:O1', reason: 'repeated' },
    ]);
  });

  test('follow their parts in later nights, and their rules', async () => {
    const world = await open({ conversions });
    await world.events(signup('a', '2026-03-02 10:00', {}, { message_id: 'm1' }), purchase('a', '2026-03-06 10:00', 'O1'));
    await world.run(events, simpleRecords);
    expect(await ids(world, 'both')).toEqual(['purchase:O1', 'signup:m1']);
    await world.events(purchase('a', '2026-03-05 10:00', 'O0'));
    await world.run(events, simpleRecords);
    expect(await ids(world, 'both')).toEqual(['purchase:O0', 'signup:m1']);
    await world.events(signup('x', '2026-03-05 11:00', { order_id: 'O0' }, { event: 'refund' }));
    await world.run(events, simpleRecords);
    expect(await ids(world, 'both')).toEqual(['purchase:O1', 'signup:m1']);
    expect(await ids(world, 'all')).toEqual(['purchase:O1', 'signup:m1']);
  });
});

/** A run that ends before it has written what is combined of the parts. */
const partsAlone: Step = async (context) => {
  await applyRecords(context, await stageSimple(context));
  return { changes: {}, warnings: [] };
};

describe('a night', () => {
  const conversions: ConfigInput['conversions'] = [
    EVENT,
    { kind: 'purchase', name: 'purchase', label: 'Purchase', deduplicateDays: 30 },
    { kind: 'combined', name: 'both', label: 'Both', of: ['signup', 'purchase'] },
  ];
  const given = [
    signup('a', '2026-03-02 10:00', {}, { message_id: 'm1' }),
    signup('a', '2026-03-02 11:00', { order_id: 'O1', value: 5 }, { event: 'purchase' }),
  ];

  test('in which no event of a conversion came, changed or went leaves it alone', async () => {
    const world = await open({ conversions });
    await world.events(...given);
    await world.run(events, simpleRecords);
    await world.events(
      landing('a', '2026-03-02 12:00', 'https://www.fernhill.example/'),
      signup('a', '2026-03-02 12:00', {}, { event: 'Other' }),
    );
    const before = world.warehouse.statements.length;
    const [, { changes }] = (await world.run(events, simpleRecords)) as [unknown, { changes: object }];
    expect(changes).toEqual({ combined_records: { inserted: 0, updated: 0, deleted: 0 } });
    const written = world.warehouse.statements.slice(before).filter(({ label }) => /candidates|conversion records|repeated/.test(label));
    expect(written).toEqual([]);
  });

  test('reads again from the first order on that a refund concerns', async () => {
    const world = await open({ conversions: [{ kind: 'purchase', name: 'purchase', label: 'Purchase' }] });
    await world.events(
      signup('a', '2026-03-01 10:00', { order_id: 'O1', value: 5 }, { event: 'purchase' }),
      signup('b', '2026-03-05 10:00', { order_id: 'O2', value: 5 }, { event: 'purchase' }),
      signup('c', '2026-03-06 10:00', { order_id: 'O3', value: 5 }, { event: 'purchase' }),
    );
    await world.run(events, simpleRecords);
    await world.events(signup('x', '2026-03-20 10:00', { order_id: 'O2', value: 2 }, { event: 'refund' }));
    await world.run(events, simpleRecords);
    const appended = world.warehouse.statements.filter(({ label }) => label === 'conversion purchase').map(({ rows }) => rows);
    // All three, then the second and the third.
    expect(appended).toEqual([3, 2]);
    expect(await world.rows("select original_value from conversion_records where id = 'O2'")).toEqual([{ original_value: 3 }]);
  });

  test('after one that ended before it had written what is combined makes up for it', async () => {
    const world = await open({ conversions });
    await world.events(...given);
    await world.run(events, simpleRecords);
    await (world.warehouse as DuckDbWarehouse).session.run("delete from events_raw where event = 'purchase'", 'remove');
    await world.run(events, partsAlone);
    expect(await ids(world, 'purchase')).toEqual([]);
    expect(await ids(world, 'both')).toEqual(['purchase:O1', 'signup:m1']);
    await world.run(events, simpleRecords);
    expect(await ids(world, 'both')).toEqual(['signup:m1']);
  });

  test('under other rules makes all of it anew, and what is combined of it', async () => {
    const world = await open({ conversions });
    await world.events(...given, signup('a', '2026-03-20 11:00', { order_id: 'O2', value: 5 }, { event: 'purchase' }));
    await world.run(events, simpleRecords);
    expect(await ids(world, 'both')).toEqual(['purchase:O1', 'signup:m1']);
    const other = world.config.conversions.map((one) => (one.kind === 'purchase' ? { ...one, deduplicateDays: 7 } : one));
    const context = {
      warehouse: world.warehouse,
      config: { ...world.config, conversions: other },
      configFolder: world.folder,
      now: '2026-07-01T03:00:00.000Z',
    };
    await simpleRecords(context);
    expect(await ids(world, 'both')).toEqual(['purchase:O1', 'purchase:O2', 'signup:m1']);
    expect(await world.rows('select id from dropped_conversions')).toEqual([]);
  });

  test('forgets what was dropped of conversions that are not in the config any more', async () => {
    const world = await open({ conversions });
    await world.events(...given, signup('a', '2026-03-20 11:00', { order_id: 'O2', value: 5 }, { event: 'purchase' }));
    await world.run(events, simpleRecords);
    expect(await world.rows('select id from dropped_conversions')).toEqual([{ id: 'O2' }]);
    const context = {
      warehouse: world.warehouse,
      config: { ...world.config, conversions: [] },
      configFolder: world.folder,
      now: '2026-07-01T03:00:00.000Z',
    };
    await simpleRecords(context);
    expect(await world.rows('select id from dropped_conversions')).toEqual([]);
  });
});
