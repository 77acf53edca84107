import { expect, test } from 'vitest';
import type { ConfigInput } from '../../config/schema.ts';
import { randomNumbers } from '../../testing/random.ts';
import { openWorld } from '../../testing/world.ts';
import type { Row } from '../../warehouse/warehouse.ts';
import { forgetDefinitions } from '../definitions.ts';
import { forgetChanges } from '../events/changes.ts';
import { events } from '../events/events.ts';
import { EVENTS_RAW } from '../events/tables.ts';
import { forgetPersons } from '../identity/changes.ts';
import { identity } from '../identity/identity.ts';
import { sessions } from '../sessions/sessions.ts';
import { deriveConversions } from './derive.ts';
import { type RecordInput, addRecords, forgetTouched } from './testing/records.ts';

const WORLDS = 50;
const NIGHTS = 3;
const HOUR = 3_600_000;
const START = Date.UTC(2026, 2, 1);
const PROJECT: Partial<ConfigInput> = {
  conversions: [{ name: 'deal', label: 'Deal', sql: 'deal.sql' }],
  attribution: { lookbackDays: 4 },
  identity: { keys: { ip_hash: { maxAnonymousIds: 2 } } },
};

interface Delivery {
  readonly row: Row;
  readonly night: number;
  /** The night before which it goes, as by an erasure. */
  readonly until: number;
}

/** Events of three visitors of each world, who share a user id, an address and a network now and then. */
function deliveries(pick: (below: number) => number): Delivery[] {
  const one = <Value>(values: readonly Value[]): Value => values[pick(values.length)]!;
  return Array.from({ length: WORLDS * 9 }, (_, i) => {
    const prefix = `w${i % WORLDS}-`;
    const at = new Date(START + pick(18) * 12 * HOUR + one([0, 300_000, 300_001])).toISOString();
    const night = pick(NIGHTS);
    const row = {
      write_key_id: 'wk_1',
      message_id: `m${i}`,
      type: 'page',
      anonymous_id: prefix + one(['a', 'b', 'c']),
      occurred_at: at,
      received_at: new Date(Date.UTC(2026, 3, 1 + night)).toISOString(),
      user_id: pick(4) === 0 ? prefix + one(['u', 'v']) : null,
      ip_hash: pick(2) === 0 ? prefix + one(['i', 'i', 'j']) : null,
      ip_key_id: 'k',
      email_hashes: pick(5) === 0 ? [{ hash: prefix + one(['e', 'f']), origin: one(['form', 'url']) }] : [],
      click_ids: [],
      is_bot: false,
      is_internal: false,
      library: 'touchtrail.js/0.1.0',
      edge_instance: 'edge-1',
      edge_sequence: i,
    };
    return { row, night, until: pick(6) === 0 ? night + 1 + pick(2) : NIGHTS };
  });
}

function records(pick: (below: number) => number): RecordInput[] {
  const maybe = (name: string, values: readonly string[]) => (pick(2) === 0 ? { [name]: values[pick(values.length)]! } : {});
  return Array.from({ length: WORLDS * 3 }, (_, i) => {
    const prefix = `w${i % WORLDS}-`;
    const named = (...values: readonly string[]) => values.map((value) => prefix + value);
    return {
      name: 'deal',
      id: `${prefix}${i}`,
      at: new Date(START + pick(18) * 12 * HOUR).toISOString(),
      ...maybe('client', named('a', 'b', 'x')),
      ...maybe('user', named('u', 'v')),
      ...maybe('email', named('e', 'f')),
      ...maybe('ip', named('i', 'i', 'j').map((value) => `k:${value}`)), // prettier-ignore
    };
  });
}

test('nights of events that come late or go find the same persons as a full build after each of them', async () => {
  const pick = randomNumbers(1);
  const [all, deals] = [deliveries(pick), records(pick)];
  const world = await openWorld(PROJECT);
  await addRecords(world, ...deals);
  let changed = 0;
  for (let night = 0; night < NIGHTS; night++) {
    const standing = all.filter((delivery) => delivery.night <= night && delivery.until > night).map(({ row }) => row);
    await world.warehouse.load(EVENTS_RAW, standing, { replace: true });
    const results = await world.run(events, sessions, identity, deriveConversions);
    await forgetTouched(world);
    await forgetChanges(world.warehouse, 'conversions');
    await forgetPersons(world.warehouse, 'conversions');
    if (night > 0) changed += results.at(-1)!.changes['conversions']!.updated;
    await forgetDefinitions(world.warehouse, ['derived conversions']);
    const [full] = await world.run(deriveConversions);
    expect(full!.changes, `night ${night}`).toEqual({ conversions: { inserted: 0, updated: 0, deleted: 0 } });
  }
  // There was something to follow.
  expect(changed).toBeGreaterThan(WORLDS);
  await world.close();
});
