import { afterAll, beforeAll, expect, test } from 'vitest';
import { IDENTITIES, IDENTITY_EDGES, USER_IDENTITIES } from '../models/identity/tables.ts';
import { openWorld, type World } from '../testing/world.ts';
import { idsOfPerson } from './joined-ids.ts';

const SEEN = { first_seen: '2026-03-01T10:00:00.000Z', last_seen: '2026-03-01T10:00:00.000Z' };
const HASH = 'a'.repeat(64);
const LATER = 'b'.repeat(64);

/**
 * One person of the graph: Ann's two browsers (a user id, an address, a former id); a colleague with two browsers behind the same IP
 * address; a stranger to whom Ann forwarded a link; an address as a browser id.
 */
const EDGES = [
  ['ann-1', 'user_id', 'u1', 'deterministic', 'used'],
  ['ann-2', 'user_id', 'u1', 'deterministic', 'used'],
  ['ann-2', 'email_hash', HASH, 'deterministic', 'used'],
  ['ann-2', 'previous_id', 'ann-0', 'deterministic', 'used'],
  ['ann-1', 'ip_hash', 'k:office', 'probabilistic', 'used'],
  ['col-1', 'ip_hash', 'k:office', 'probabilistic', 'used'],
  ['col-1', 'user_id', 'u2', 'deterministic', 'used'],
  ['col-2', 'user_id', 'u2', 'deterministic', 'used'],
  ['far-1', 'email_hash', HASH, 'weak', 'used'],
  ['far-1', 'email_hash', LATER, 'deterministic', 'used'],
  ['ann-1', 'user_id', 'u9', 'deterministic', 'refused'],
  ['eve-1', 'user_id', 'u9', 'deterministic', 'used'],
] as const;

let world: World;
beforeAll(async () => {
  world = await openWorld();
  const persons = new Map([
    ...['ann-0', 'ann-1', 'ann-2', 'col-1', 'col-2', 'far-1', HASH].map((id) => [id, 'ann-0'] as const),
    ['eve-1', 'eve-1'],
  ]);
  await world.load(
    IDENTITIES,
    [...persons].map(([anonymous_id, person_id]) => ({ anonymous_id, person_id, person_key: 1, first_seen: SEEN.first_seen })),
  );
  await world.load(
    IDENTITY_EDGES,
    EDGES.map(([anonymous_id, key_name, key_value, tier, verdict]) => ({
      anonymous_id,
      key_name,
      key_value,
      key_node: key_name === 'ip_hash' ? `${key_value}@1` : key_value,
      tier,
      origin: 'event',
      verdict,
      ...SEEN,
    })),
  );
  const used = EDGES.filter((edge) => edge[4] === 'used').map((edge) => [persons.get(edge[0])!, edge[1], edge[2]].join(' '));
  await world.load(
    USER_IDENTITIES,
    [...new Set(used)].map((row) => {
      const [person_id, key_name, key_value] = row.split(' ') as [string, string, string];
      return { person_id, key_name, key_value, ...SEEN };
    }),
  );
});
afterAll(() => world.close());

const ANN = { anonymous_id: ['ann-0', 'ann-1', 'ann-2'], user_id: ['u1'], email_hash: [HASH] };

test('a colleague behind the same address, and whoever got a link, are told apart from the person', async () => {
  expect(await idsOfPerson(world.warehouse, { kind: 'user_id', value: 'u1' })).toEqual({
    ids: ANN,
    others: [
      { signal: 'email_hash', tier: 'weak', ids: { anonymous_id: ['far-1'], user_id: [], email_hash: [LATER] } },
      { signal: 'ip_hash', tier: 'probabilistic', ids: { anonymous_id: ['col-1', 'col-2'], user_id: ['u2'], email_hash: [] } },
    ],
  });
});

test('a former id leads to the person, and an address to the browser that has it for an id', async () => {
  expect((await idsOfPerson(world.warehouse, { kind: 'anonymous_id', value: 'ann-0' })).ids).toEqual(ANN);
  expect((await idsOfPerson(world.warehouse, { kind: 'email_hash', value: HASH })).ids).toEqual({
    ...ANN,
    anonymous_id: [HASH, ...ANN.anonymous_id].toSorted(),
  });
});

test('all that is joined is there for who asks for it; what was refused never', async () => {
  expect(await idsOfPerson(world.warehouse, { kind: 'user_id', value: 'u1' }, 'all')).toEqual({
    ids: {
      anonymous_id: ['ann-0', 'ann-1', 'ann-2', 'col-1', 'col-2', 'far-1'],
      user_id: ['u1', 'u2'],
      email_hash: [HASH, LATER],
    },
    others: [],
  });
});

test('of somebody unknown there is what was named', async () => {
  expect(await idsOfPerson(world.warehouse, { kind: 'anonymous_id', value: 'nobody' })).toEqual({
    ids: { anonymous_id: ['nobody'], user_id: [], email_hash: [] },
    others: [],
  });
});
