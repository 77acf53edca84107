import { afterEach, expect, test } from 'vitest';
import {
  CANARY,
  DESKTOP,
  type ErasureWorld,
  JANE_HASH,
  type LandedRow,
  MAX,
  openErasureWorld,
} from '../../pipeline/privacy/testing/erasure-world.ts';

const worlds: ErasureWorld[] = [];
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.close();
});

/** A shop whose orders and sign-ups are made of events, and whose leads come from the CRM. */
async function open(): Promise<ErasureWorld> {
  const world = await openErasureWorld({
    conversions: [
      { kind: 'sql', name: 'lead', label: 'Lead', sql: 'lead.sql', value: 'money' },
      { kind: 'purchase', name: 'order', label: 'Order' },
      { kind: 'event', name: 'sign_up', label: 'Sign-up', event: 'Signed Up' },
      { kind: 'combined', name: 'any', label: 'Any', of: ['order', 'sign_up'], deduplicateDays: 30 },
    ],
  });
  worlds.push(world);
  return world;
}

const happened = (message_id: string, anonymous_id: string, minute: string, event: string, properties: object): LandedRow => ({
  event: {
    message_id,
    anonymous_id,
    received_at: `2026-03-02T10:${minute}:00.000Z`,
    type: 'track',
    event,
    properties: JSON.stringify(properties),
  },
});
const JANES = [
  happened('j1', DESKTOP, '00', 'Signed Up', { note: CANARY }),
  happened('j2', DESKTOP, '02', 'Order Completed', { order_id: 'O1', value: 80, note: CANARY }),
  {
    event: {
      message_id: 'j3',
      anonymous_id: DESKTOP,
      received_at: '2026-03-02T10:03:00.000Z',
      email_hashes: [{ hash: JANE_HASH, origin: 'form' as const }],
    },
  },
];
const MAXES = [happened('m1', MAX, '05', 'Signed Up', {}), happened('m2', MAX, '06', 'Order Completed', { order_id: 'O2', value: 20 })];

/** A row that is not read again has a hash of its own. */
const withoutHash = (name: string, rows: readonly string[] = []) =>
  name === 'conversion_records' ? rows.map((row) => row.replace(/"row_hash":"[^"]*"/, '')) : rows;

test('what was made of the events of an erased person goes with them, and their conversions of the CRM stay without a name', async () => {
  const world = await open();
  await world.land('20260302T100000.000Z-a.ndjson', 1, [...JANES, ...MAXES]);
  await world.crm(`L1,2026-03-02T18:30:00Z,jane@fernhill.example,${DESKTOP},\n`);
  await world.night('2026-03-05T03:00:00.000Z');
  const ids = 'select conversion_name, id from conversion_records order by 1, 2';
  expect(await world.rows(ids)).toHaveLength(7);
  const hash = `select row_hash from conversion_records where id = 'L1'`;
  const named = await world.rows(hash);
  // The row of the CRM lies before the window now: it is not read again.
  await world.night('2026-06-05T03:00:00.000Z');
  await world.erase({ kind: 'email_hash', value: JANE_HASH }, '2026-06-06T03:00:00.000Z');
  expect(world.filesWith(DESKTOP, JANE_HASH, CANARY)).toEqual({});
  expect(await world.rows('select verified_at from erasures')).toEqual([{ verified_at: '2026-06-06T03:00:00.000000Z' }]);
  const control = await open();
  await control.land('20260302T100000.000Z-a.ndjson', 1, MAXES, { received_at: '2026-03-02T10:00:00.000Z', count: 5 });
  await control.crm('L1,2026-03-02T18:30:00Z,,,\n');
  await control.night('2026-06-06T03:00:00.000Z');
  const [left, expected] = [await world.tables(), await control.tables()];
  // The log tells what became of her orders.
  for (const name of Object.keys(expected))
    if (name !== 'conversion_changes') expect(withoutHash(name, left[name]), name).toEqual(withoutHash(name, expected[name]));
  expect(await world.rows(hash)).not.toEqual(named);
  expect(await world.rows(ids)).toEqual([
    { conversion_name: 'any', id: 'sign_up:m1' },
    { conversion_name: 'lead', id: 'L1' },
    { conversion_name: 'order', id: 'O2' },
    { conversion_name: 'sign_up', id: 'm1' },
  ]);
  const { warnings } = await world.night('2026-06-07T03:00:00.000Z');
  // What lies before the window has not changed in the CRM.
  expect(warnings).toEqual([expect.stringMatching(/^sources\.crm_leads: 1 row names an erased person/)]);
});
