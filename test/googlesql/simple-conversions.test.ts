import { afterAll, beforeAll, expect, test } from 'vitest';
import { simpleRecords } from '../../pipeline/models/conversions/simple/testing/records.ts';
import { expectedRecords, foundRecords } from '../../pipeline/models/conversions/simple/testing/oracle-rows.ts';
import { CONVERSIONS, NIGHTS, smallWorlds, standingBefore } from '../../pipeline/models/conversions/simple/testing/worlds.ts';
import { customDimension } from '../../pipeline/models/dimensions/custom.ts';
import { filterSql } from '../../pipeline/models/dimensions/filter.ts';
import { FILTER_CASES, FILTER_EVENT } from '../../pipeline/models/dimensions/testing/filter-cases.ts';
import { events } from '../../pipeline/models/events/events.ts';
import { EVENTS_RAW } from '../../pipeline/models/events/tables.ts';
import { sessions } from '../../pipeline/models/sessions/sessions.ts';
import { type EventInput, type World, openWorld } from '../../pipeline/testing/world.ts';
import { join, param, raw, sql, table } from '../../pipeline/warehouse/sql.ts';
import type { Row } from '../../pipeline/warehouse/warehouse.ts';
import { Random } from '../simulator/random.ts';
import { GoogleSql } from './googlesql.ts';
import { GoogleSqlWarehouse } from './warehouse.ts';

const BRAND = { label: 'Brand', rules: [{ value: 'yes', when: { dimension: 'campaign', contains: 'BRAND' } }], otherwise: 'no' };
const TABLES = ['conversion_records', 'dropped_conversions', 'rejected_conversions'] as const;

let engine: GoogleSql;
let opened: World[] = [];
beforeAll(async () => {
  engine = await GoogleSql.start();
});
afterAll(async () => {
  for (const world of opened) await world.close();
  engine?.stop();
});

/** The same world on both engines. */
async function both(config: Parameters<typeof openWorld>[0]): Promise<World[]> {
  const worlds = [await openWorld(config), await openWorld(config, new GoogleSqlWarehouse(engine))];
  opened = [...opened, ...worlds];
  return worlds;
}

/** The rows of a table in the order of their texts. */
async function ordered(world: World, name: string): Promise<Row[]> {
  const rows = await world.warehouse.rows(sql`select * from ${table(name)}`);
  return rows.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

test('after each of several nights of small worlds both engines hold what going through the events gives', async () => {
  const deliveries = smallWorlds(new Random(8), 12);
  const worlds = await both({ conversions: CONVERSIONS });
  for (let night = 0; night < NIGHTS / 2; night++) {
    const contents = [];
    for (const world of worlds) {
      await world.warehouse.load(EVENTS_RAW, standingBefore(deliveries, night), { replace: true });
      await world.run(events, sessions, simpleRecords);
      expect(await foundRecords(world.warehouse), `after night ${night}`).toEqual(await expectedRecords(world.warehouse));
      contents.push(await Promise.all(TABLES.map((name) => ordered(world, name))));
    }
    for (const [i, name] of TABLES.entries()) expect(contents[0]![i], `${name} after night ${night}`).toEqual(contents[1]![i]);
  }
}, 120_000);

test('both engines take the same columns from an event', async () => {
  const order: EventInput = {
    who: 'a',
    at: '10:00',
    type: 'track',
    event: 'Order Completed',
    message_id: 'm1',
    user_id: 'u1',
    ip_hash: 'abc',
    ip_key_id: 'k1',
    utm_campaign: 'our brand',
    utm_source: 'google',
    email_hashes: [
      { hash: 'aa', origin: 'url' },
      { hash: 'CC', origin: 'form' },
      { hash: 'bb', origin: 'server' },
    ],
    properties: JSON.stringify({ order_id: 17, total: '0.3', currency: 'eur', lead_id: ' L1\t', source: 'a friend' }),
  };
  const refund: EventInput = {
    ...order,
    at: '11:00',
    event: 'refund',
    message_id: 'm2',
    email_hashes: [],
    properties: '{"orderId": "17", "value": -0.1}',
  };
  const foreign: EventInput = { ...refund, message_id: 'm3', properties: '{"orderId": "17", "value": 5, "currency": "CHF"}' };
  const worlds = await both({
    conversions: [{ kind: 'purchase', name: 'buy', label: 'Buy', filter: { custom: 'brand', equals: 'YES' } }],
    dimensions: { brand: BRAND },
    selfReported: { property: 'source' },
  });
  for (const world of worlds) {
    await world.events(order, refund, foreign);
    const [, , { warnings }] = (await world.run(events, sessions, simpleRecords)) as [unknown, unknown, { warnings: readonly string[] }];
    const [row] = await ordered(world, 'conversion_records');
    expect({ ...row, row_hash: '' }).toEqual({
      conversion_name: 'buy',
      id: '17',
      row_hash: '',
      conversion_time: '2026-03-02T10:00:00.000000Z',
      attribution_time: '2026-03-02T10:00:00.000000Z',
      client_id: 'a',
      lead_id: 'L1',
      user_id: 'u1',
      email_hash: 'bb',
      ip_key: 'k1:abc',
      original_value: 0.2,
      currency: 'EUR',
      is_qualified: null,
      self_reported_source: 'a friend',
      params: [],
      is_removed: false,
    });
    expect(warnings).toEqual([expect.stringContaining('1 refunds are in another currency than their order (such as 17)')]);
  }
});

test('both engines hold the same of filters', async () => {
  for (const { warehouse } of await both({})) {
    const { dialect } = warehouse;
    const conditions = FILTER_CASES.map(([, filter], i) => {
      const condition = filterSql(dialect, filter, {
        dimension: (name) => sql`${param(FILTER_EVENT.dimensions[name] ?? null, 'STRING')}`,
        properties: raw('event.properties'),
      });
      return sql`${condition} as ${raw(`c${i}`)}`;
    });
    const properties = dialect.parseJson(sql`${JSON.stringify(FILTER_EVENT.properties)}`);
    const [row] = await warehouse.rows(sql`select ${join(conditions)} from (select ${properties} as properties) as event`);
    for (const [i, [says, , holds]] of FILTER_CASES.entries()) expect(row![`c${i}`], `${dialect.name}: ${says}`).toBe(holds);
  }
});

test('both engines give a dimension of the config the same value', async () => {
  for (const { warehouse, config } of await both({ dimensions: { brand: BRAND } })) {
    const of = (campaign: string | null) => customDimension(warehouse.dialect, config, 'brand', () => sql`${param(campaign, 'STRING')}`);
    const rows = await warehouse.rows(sql`select ${of('Own Brand')} as own, ${of('other')} as other, ${of(null)} as none`);
    expect(rows).toEqual([{ own: 'yes', other: 'no', none: 'no' }]);
  }
});
