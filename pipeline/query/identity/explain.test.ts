import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EmailHashOrigin } from '../../../edge/contract/event-row.ts';
import { events } from '../../models/events/events.ts';
import { identity } from '../../models/identity/identity.ts';
import { keyRules } from '../../models/identity/rules.ts';
import { IDENTITY_CHANGES } from '../../models/identity/tables.ts';
import { syncSources } from '../../sources/sources.ts';
import { type EventInput, type World, openWorld } from '../../testing/world.ts';
import type { Asked } from './ends.ts';
import { explain } from './explain.ts';
import { hubs, refusedValues } from './hubs.ts';
import { identityStatistics } from './statistics.ts';
import { personChanges } from './changes.ts';

const HASH = 'a'.repeat(64);
const mail = (hash: string, origin: EmailHashOrigin = 'form') => ({ email_hashes: [{ hash, origin }] });
const seen = (who: string, at: string, more: Partial<EventInput> = {}): EventInput => ({ who, at, ...more });
const id = (value: string): Asked => ({ by: 'anonymous_id', value });
const key = (name: string, value: string): Asked => ({ by: 'key', name, value });

/** Groups that share nothing, named by the first letters of their ids. */
const EVENTS: EventInput[] = [
  // A chain with a detour: a – b by the user id, b – c by a submitted address; a – d – c is longer.
  seen('a', '09:00'),
  seen('a', '09:10', { type: 'identify', message_id: 'mA', user_id: 'u1', page_path: '/login' }),
  seen('b', '10:00', { user_id: 'u1' }),
  seen('b', '10:05', { type: 'track', event: 'Form Submitted', page_path: '/trial', message_id: 'mB', ...mail(HASH) }),
  seen('b', '12:05', mail(HASH)),
  seen('c', '11:00', mail(HASH, 'identify')),
  // Different user ids behind one analytics cookie.
  seen('x1', '09:00', { user_id: 'ux1', ga_client_id: 'GAx' }),
  seen('x2', '10:00', { user_id: 'ux2', ga_client_id: 'GAx' }),
  // One address of the network, 10 days apart.
  seen('i1', '2026-03-02 09:00', { ip_hash: 'f'.repeat(64), ip_key_id: 'k1' }),
  seen('i2', '2026-03-12 10:00', { ip_hash: 'f'.repeat(64), ip_key_id: 'k1' }),
  // A link that went to four people (the cap here is 3), and a mail that was forwarded.
  ...['l1', 'l2', 'l3', 'l4'].map((who) => seen(who, '09:00', mail('1'.repeat(64), 'url'))),
  seen('w1', '09:00', mail('2'.repeat(64))),
  seen('w2', '09:00', mail('3'.repeat(64))),
  seen('w2', '09:30', mail('2'.repeat(64), 'url')),
  // A shared device.
  ...['4', '5', '6', '7'].map((digit, i) => seen('s1', `09:0${i}`, mail(digit.repeat(64)))),
  seen('s2', '09:30', mail('4'.repeat(64))),
  // A word that is no user id.
  seen('n1', '09:00', { user_id: 'undefined' }),
  seen('n2', '09:00', { user_id: 'undefined' }),
  // More ids than a person may have: 4.
  ...['z1', 'z2', 'z3', 'z4', 'z5'].map((who, i) => seen(who, `09:0${i}`, { ga_client_id: 'GAz' })),
  // Known to the CRM only as a lead.
  seen('m1', '09:00'),
  seen('m2', '09:00'),
  seen('alone', '09:00'),
];

let world: World;
beforeAll(async () => {
  world = await openWorld({
    identity: { maximumComponentSize: 4, keys: { email_hash_link: { maxAnonymousIds: 3 } } },
    sources: {
      leads: {
        csv: 'leads.csv',
        columns: { lead_id: 'STRING', created_at: 'TIMESTAMP', anonymous_id: 'STRING' },
        key: ['lead_id'],
        identity: { lead_id: 'crm_lead', anonymous_id: 'anonymous_id' },
        seen: 'created_at',
      },
    },
  });
  await world.file('leads.csv', 'lead_id,created_at,anonymous_id\nL-1,2026-03-05T08:00:00Z,m1\n');
  await world.events(...EVENTS);
  await world.run(syncSources, events, identity);
});
afterAll(() => world.close());

const ask = (a: Asked, b: Asked) => explain(world.warehouse, world.config, a, b);
/** The steps as `id key verdict`. */
async function chain(a: Asked, b: Asked): Promise<[string, string[]]> {
  const { verdict, steps } = await ask(a, b);
  return [
    verdict,
    steps.map((step) =>
      step.kind === 'gap'
        ? `gap ${step.key_name} ${step.days}/${step.window_days}`
        : `${step.anonymous_id} ${step.key_name} ${step.verdict}`,
    ),
  ];
}
const refusal = async (a: Asked, b: Asked) =>
  (await ask(a, b)).steps.flatMap((step) => (step.kind === 'edge' && step.refusal ? [step.refusal] : []));

describe('one person', () => {
  test('is explained by the shortest chain, with when and by which event each identifier was told', async () => {
    const { verdict, steps, from, to } = await ask(id('a'), id('c'));
    expect([verdict, from.person_ids, to.person_ids]).toEqual(['one_person', ['a'], ['a']]);
    expect(steps).toMatchObject([
      { anonymous_id: 'a', key_name: 'user_id', key_value: 'u1', evidence: { message_id: 'mA', type: 'identify', page_path: '/login' } },
      { anonymous_id: 'b', key_name: 'user_id', key_value: 'u1' },
      {
        anonymous_id: 'b',
        key_name: 'email_hash',
        key_value: 'aaaaaaaa…',
        tier: 'deterministic',
        origin: 'form',
        first_seen: '2026-03-02T10:05:00.000000Z',
        last_seen: '2026-03-02T12:05:00.000000Z',
        evidence: { kind: 'event', message_id: 'mB', type: 'track', event: 'Form Submitted', page_path: '/trial' },
        refusal: null,
      },
      { anonymous_id: 'c', key_name: 'email_hash', origin: 'identify' },
    ]);
  });

  test('the question may be asked of identifiers, and backwards', async () => {
    expect(await chain(key('email_hash', HASH), id('a'))).toEqual([
      'one_person',
      ['b email_hash used', 'b user_id used', 'a user_id used'],
    ]);
    expect(await chain(key('user_id', 'u1'), key('email_hash', HASH))).toEqual(['one_person', ['b user_id used', 'b email_hash used']]);
  });

  test('a lead leads to its source', async () => {
    const { verdict, steps } = await ask({ by: 'crm_id', value: 'L-1' }, id('m1'));
    expect([verdict, steps]).toMatchObject([
      'one_person',
      [{ key_name: 'crm_lead', evidence: { kind: 'crm', source: 'leads', seen_at: '2026-03-05T08:00:00.000000Z' } }],
    ]);
  });
});

describe('not one person', () => {
  test('nothing in common', async () => {
    expect(await chain(id('alone'), id('a'))).toEqual(['nothing_in_common', []]);
  });

  test('different values of an exclusive key: the values', async () => {
    expect(await chain(id('x1'), id('x2'))).toEqual(['refused', ['x1 ga_client_id used', 'x2 ga_client_id refused']]);
    expect(await refusal(id('x1'), id('x2'))).toEqual([
      { reason: 'conflicting_key', key_name: 'user_id', of_anonymous_id: ['ux2'], of_key: ['ux1'] },
    ]);
  });

  test('the same address of the network in episodes too far apart: the days', async () => {
    expect(await chain(id('i1'), id('i2'))).toEqual(['refused', ['i1 ip_hash used', 'gap ip_hash 10/3', 'i2 ip_hash used']]);
  });

  test('a value that too many hold: how many', async () => {
    expect(await refusal(id('l1'), id('l2'))).toEqual(['l1', 'l2'].map(() => ({ reason: 'shared_key', anonymous_ids: 4, maximum: 3 })));
  });

  test('a forwarded mail: the other submitted address', async () => {
    expect(await refusal(id('w1'), id('w2'))).toEqual([
      { reason: 'conflicting_key', key_name: 'email_hash', of_anonymous_id: ['33333333…'], of_key: [] },
    ]);
  });

  test('a shared device: its counts', async () => {
    expect(await refusal(id('s1'), id('s2'))).toEqual([{ reason: 'shared_device', email_hashes: 4, user_ids: 0, maximum: 3 }]);
  });

  test('a blocked value', async () => {
    expect(await refusal(id('n1'), id('n2'))).toEqual([{ reason: 'blocked_value' }, { reason: 'blocked_value' }]);
  });

  test('a person that is as large as allowed: both sizes', async () => {
    expect(await refusal(id('z1'), id('z5'))).toEqual([{ reason: 'size_cap', of_anonymous_id: 1, of_key: 4, maximum: 4 }]);
  });
});

test.each([
  [id('nobody'), /anonymous id nobody is not in the identity graph: no event .* knows 25 anonymous ids of 20 persons/],
  [id('u1'), /it is known as user_id/],
  [key('user_id', 'a'), /user_id a is not in the identity graph: it is known as anonymous_id/],
])('%j is unknown: the error says what is known', async (asked, message) => {
  await expect(ask(asked, id('a'))).rejects.toThrow(message);
});

test('statistics count persons, devices, and the joins and refusals of each signal', async () => {
  const statistics = await identityStatistics(world.warehouse, keyRules(world.config));
  expect(statistics).toMatchObject({
    persons: 20,
    anonymous_ids: 25,
    largest: [
      { person_id: 'z1', anonymous_ids: 4 },
      { person_id: 'a', anonymous_ids: 3 },
    ],
  });
  expect(statistics.devices).toEqual([
    { devices: 1, persons: 18 },
    { devices: 3, persons: 1 },
    { devices: 4, persons: 1 },
  ]);
  expect(statistics.signals.map(({ signal, joins, edges_used: used, refused }) => [signal, joins, used, refused])).toEqual([
    ['user_id', 1, 4, { blocked_value: 2 }],
    ['email_hash', 1, 5, { shared_device: 4 }],
    ['ga_client_id', 3, 5, { conflicting_key: 1, size_cap: 1 }],
    ['crm_lead', 0, 1, {}],
    ['email_hash_link', 0, 0, { conflicting_key: 1, shared_key: 4 }],
    ['ip_hash', 0, 2, {}],
  ]);
});

test('hubs are the values that most ids hold', async () => {
  const found = await hubs(world.warehouse, keyRules(world.config), 3);
  expect(
    found.map(({ signal, key_value, anonymous_ids, used, refused, reason, cap }) => [
      signal,
      key_value,
      anonymous_ids,
      used,
      refused,
      reason,
      cap,
    ]),
  ).toEqual([
    ['ga_client_id', 'GAz', 5, 4, 1, 'size_cap', 20],
    ['email_hash_link', '11111111…', 4, 0, 4, 'shared_key', 3],
    ['email_hash', '44444444…', 2, 1, 1, 'shared_device', 100],
  ]);
});

test('refused values are those that link fewer than hold them, the most refused first', async () => {
  const found = await refusedValues(world.warehouse, keyRules(world.config), 100);
  expect(found.slice(0, 2).map(({ signal, key_value, refused, reason }) => [signal, key_value, refused, reason])).toEqual([
    ['email_hash_link', '11111111…', 4, 'shared_key'],
    ['user_id', 'undefined', 2, 'blocked_value'],
  ]);
  // As many as the signals refused.
  expect(found.reduce((sum, { refused }) => sum + refused, 0)).toBe(2 + 4 + 2 + 5);
});

test('the ledger is listed from a day of the project on', async () => {
  await world.load(
    IDENTITY_CHANGES,
    ['2026-03-31T21:59:00.000Z', '2026-03-31T22:01:00.000Z'].map((changed_at, i) => ({
      changed_at,
      kind: 'merged',
      from_person_id: `p${i}`,
      to_person_id: 'q',
      anonymous_ids: 2,
      key_name: 'email_hash',
      key_value: HASH,
      edge_anonymous_id: 'a',
      edge_first_seen: '2026-03-02T10:00:00.000Z',
    })),
  );
  // 1 April begins at 22:00 UTC in Berlin.
  const changes = await personChanges(world.warehouse, { since: '2026-04-01', timeZone: 'Europe/Berlin', limit: 10 });
  expect(changes).toMatchObject([{ from_person_id: 'p1', key_value: 'aaaaaaaa…' }]);
});
