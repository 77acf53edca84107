import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { EmailHashOrigin } from '../../../edge/contract/event-row.ts';
import type { ConfigInput } from '../../config/schema.ts';
import { events } from '../events/events.ts';
import { type EventInput, type World, instant, openWorld } from '../../testing/world.ts';
import { syncSources } from '../../sources/sources.ts';
import { identity } from './identity.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

async function reopen(changes: Partial<ConfigInput>): Promise<void> {
  await world.close();
  world = await openWorld(changes);
}

const seen = (who: string, at: string, more: Partial<EventInput> = {}): EventInput => ({ who, at, ...more });
const mail = (hash: string, origin: EmailHashOrigin = 'form') => ({ email_hashes: [{ hash, origin }] });

/** The person of each visitor. */
async function people(...inputs: readonly EventInput[]): Promise<Record<string, string>> {
  await world.events(...inputs);
  await world.run(events, identity);
  const rows = await world.rows('select anonymous_id, person_id from identities order by anonymous_id');
  return Object.fromEntries(rows.map((row) => [row['anonymous_id'], row['person_id']])) as Record<string, string>;
}

const edges = () =>
  world.rows(
    'select anonymous_id, key_name, key_value, tier, verdict, reason from identity_edges order by key_name, key_value, anonymous_id',
  );

describe('who is one person', () => {
  test('visitors with the same submitted e-mail hash are; the earliest-seen id names the person', async () => {
    expect(await people(seen('b', '09:00'), seen('a', '10:00', mail('h1')), seen('b', '11:00', mail('h1')), seen('c', '08:00'))).toEqual({
      a: 'b',
      b: 'b',
      c: 'c',
    });
  });

  test('of ids first seen in the same instant the smallest names the person', async () => {
    expect(await people(seen('y', '09:00', mail('h1')), seen('x', '09:00', mail('h1')))).toEqual({ x: 'x', y: 'x' });
  });

  test('different keys chain: user id, e-mail hash and GA client id', async () => {
    expect(
      await people(
        seen('a', '09:00', { user_id: 'u1' }),
        seen('b', '10:00', { user_id: 'u1', ...mail('h1', 'identify') }),
        seen('c', '11:00', { ...mail('h1', 'server'), ga_client_id: 'GA1' }),
        seen('d', '12:00', { ga_client_id: 'GA1' }),
      ),
    ).toEqual({ a: 'a', b: 'a', c: 'a', d: 'a' });
  });

  test('a chain of 1,000 ids is one person where the size cap allows it', async () => {
    await reopen({ identity: { maximumComponentSize: 1000 } });
    const chain = Array.from({ length: 1000 }, (_, i) => {
      const time = new Date(Date.UTC(2026, 2, 2, 0, i)).toISOString();
      return seen(`v${String(i).padStart(4, '0')}`, time, {
        email_hashes: [`h${i}`, `h${i + 1}`].map((hash) => ({ hash, origin: 'form' as const })),
      });
    });
    const found = await people(...chain);
    expect(Object.keys(found)).toHaveLength(1000);
    expect(new Set(Object.values(found))).toEqual(new Set(['v0000']));
  });

  test('bots and internal traffic are nobody and link nobody', async () => {
    expect(
      await people(
        seen('a', '09:00', mail('h1')),
        seen('bot', '09:00', { ...mail('h1'), is_bot: true }),
        seen('colleague', '09:00', { ...mail('h1'), is_internal: true }),
      ),
    ).toEqual({ a: 'a' });
  });

  test('an empty world has no people', async () => {
    expect(await people()).toEqual({});
  });
});

describe('an e-mail hash seen only in links', () => {
  test('joins the device to the one that submitted it, and the device before any submission', async () => {
    expect(
      await people(seen('a', '09:00', mail('h1')), seen('b', '10:00', mail('h1', 'url')), seen('c', '08:00', mail('h1', 'url'))),
    ).toEqual({
      a: 'c',
      b: 'c',
      c: 'c',
    });
    expect((await edges()).map((edge) => edge['tier'])).toEqual(['deterministic', 'weak', 'weak']);
  });

  test('is refused where the device submitted another address: the mail was forwarded', async () => {
    expect(
      await people(seen('a', '09:00', mail('h1')), seen('b', '10:00', { ...mail('h1', 'url') }), seen('b', '10:01', mail('h2'))),
    ).toEqual({ a: 'a', b: 'b' });
    expect(await edges()).toEqual([
      { anonymous_id: 'a', key_name: 'email_hash', key_value: 'h1', tier: 'deterministic', verdict: 'used', reason: null },
      { anonymous_id: 'b', key_name: 'email_hash', key_value: 'h1', tier: 'weak', verdict: 'refused', reason: 'conflicting_key' },
      { anonymous_id: 'b', key_name: 'email_hash', key_value: 'h2', tier: 'deterministic', verdict: 'used', reason: null },
    ]);
  });

  test('is refused where another submitted address stands on the side of the hash', async () => {
    const two = { email_hashes: ['h1', 'h2'].map((hash) => ({ hash, origin: 'form' as const })) };
    expect(await people(seen('a', '09:00', two), seen('b', '10:00', mail('h1', 'url')))).toEqual({ a: 'a', b: 'b' });
  });

  test('links nobody where more than 5 visitors have it from links; those who submitted it stay joined', async () => {
    const forwarded = Array.from({ length: 6 }, (_, i) => seen(`f${i}`, '10:00', mail('h1', 'url')));
    const found = await people(seen('a', '09:00', mail('h1')), seen('b', '09:30', mail('h1')), ...forwarded);
    expect(found).toEqual({ a: 'a', b: 'a', f0: 'f0', f1: 'f1', f2: 'f2', f3: 'f3', f4: 'f4', f5: 'f5' });
    expect((await edges()).filter((edge) => edge['reason'] === 'shared_key')).toHaveLength(6);
  });

  test('with exactly 5 visitors it links them', async () => {
    const found = await people(...Array.from({ length: 5 }, (_, i) => seen(`f${i}`, `10:0${i}`, mail('h1', 'url'))));
    expect(new Set(Object.values(found))).toEqual(new Set(['f0']));
  });
});

const submit = (who: string, hash: string) => seen(who, '10:00', mail(hash));

describe('what links nobody', () => {
  test('a value shared by more ids than its cap; at the cap it still links', async () => {
    await reopen({ identity: { keys: { email_hash: { maxAnonymousIds: 3 } } } });
    expect(
      await people(...['a', 'b', 'c', 'd'].map((who) => submit(who, 'test@')), ...['x', 'y', 'z'].map((who) => submit(who, 'team@'))),
    ).toEqual({
      a: 'a',
      b: 'b',
      c: 'c',
      d: 'd',
      x: 'x',
      y: 'x',
      z: 'x',
    });
  });

  test('a device with more than 3 e-mail hashes is shared: none of its keys links', async () => {
    const kiosk = ['h1', 'h2', 'h3', 'h4'].map((hash, i) => seen('kiosk', `10:0${i}`, { ...mail(hash), ga_client_id: 'GA1' }));
    expect(await people(...kiosk, seen('a', '09:00', mail('h1')), seen('b', '09:00', { ga_client_id: 'GA1' }))).toEqual({
      a: 'a',
      b: 'b',
      kiosk: 'kiosk',
    });
    expect(new Set((await edges()).filter((edge) => edge['anonymous_id'] === 'kiosk').map((edge) => edge['reason']))).toEqual(
      new Set(['shared_device']),
    );
  });

  test('a device with exactly 3 e-mail hashes still links', async () => {
    const family = ['h1', 'h2', 'h3'].map((hash, i) => seen('tablet', `10:0${i}`, mail(hash)));
    expect(await people(...family, seen('a', '09:00', mail('h3')))).toEqual({ a: 'a', tablet: 'a' });
  });

  test('a device with more than 3 user ids is shared', async () => {
    const kiosk = ['u1', 'u2', 'u3', 'u4'].map((userId, i) => seen('kiosk', `10:0${i}`, { user_id: userId }));
    expect(await people(...kiosk, seen('a', '09:00', { user_id: 'u1' }))).toEqual({ a: 'a', kiosk: 'kiosk' });
  });

  test('an edge that would make a person larger than the cap', async () => {
    await reopen({ identity: { maximumComponentSize: 2 } });
    expect(await people(seen('a', '09:00', mail('h1')), seen('b', '10:00', mail('h1')), seen('c', '11:00', mail('h1')))).toEqual({
      a: 'a',
      b: 'a',
      c: 'c',
    });
    expect(await edges()).toContainEqual(expect.objectContaining({ anonymous_id: 'c', verdict: 'refused', reason: 'size_cap' }));
  });
});

test('two signed-in users are never joined, not even by the same e-mail hash', async () => {
  expect(
    await people(
      seen('a', '09:00', { user_id: 'u1', ...mail('h1') }),
      seen('b', '10:00', { user_id: 'u2', ...mail('h1') }),
      seen('c', '11:00', mail('h1')),
    ),
  ).toEqual({ a: 'a', b: 'b', c: 'a' });
  expect(await edges()).toContainEqual({
    anonymous_id: 'b',
    key_name: 'email_hash',
    key_value: 'h1',
    tier: 'deterministic',
    verdict: 'refused',
    reason: 'conflicting_key',
  });
});

test('a user id that the config declares not exclusive joins', async () => {
  await reopen({ identity: { keys: { user_id: { exclusive: false } } } });
  expect(await people(seen('a', '09:00', { user_id: 'u1', ...mail('h1') }), seen('b', '10:00', { user_id: 'u2', ...mail('h1') }))).toEqual({
    a: 'a',
    b: 'a',
  });
});

describe('CRM sources', () => {
  const sources: ConfigInput['sources'] = {
    crm_leads: {
      csv: 'leads.csv',
      columns: { lead_id: 'STRING', created_at: 'TIMESTAMP', email: 'STRING', anonymous_id: 'STRING' },
      key: ['lead_id'],
      identity: { anonymous_id: 'anonymous_id', email: 'email', lead_id: 'crm_lead' },
      seen: 'created_at',
    },
  };
  const address = createHash('sha256').update('kim@example.com').digest('hex');

  test('join visitors by the e-mail of a row that holds their anonymous_id, and add the CRM id to the person', async () => {
    await reopen({ sources });
    await world.file(
      'leads.csv',
      'lead_id,created_at,email,anonymous_id\nL1,2026-03-02T12:00:00Z, Kim@Example.com,a\nL2,2026-03-03T12:00:00Z,kim@example.com,\n',
    );
    await world.events(seen('a', '10:00'), seen('b', '11:00', mail(address, 'url')));
    await world.run(events, syncSources, identity);
    expect(await world.rows('select person_id, key_name, key_value, first_seen from user_identities order by key_name')).toEqual([
      { person_id: 'a', key_name: 'crm_lead', key_value: 'L1', first_seen: instant('12:00').replace('.000Z', '.000000Z') },
      { person_id: 'a', key_name: 'email_hash', key_value: address, first_seen: instant('11:00').replace('.000Z', '.000000Z') },
    ]);
    expect(await world.rows('select anonymous_id, person_id from identities order by anonymous_id')).toEqual([
      { anonymous_id: 'a', person_id: 'a' },
      { anonymous_id: 'b', person_id: 'a' },
    ]);
  });

  test('an id that only the CRM knows joins others, but alone it is nobody', async () => {
    await reopen({ sources });
    await world.file(
      'leads.csv',
      'lead_id,created_at,email,anonymous_id\nL1,2026-03-02T09:00:00Z,kim@example.com,blocked\nL2,2026-03-02T09:00:00Z,li@example.com,unseen\n',
    );
    await world.events(seen('b', '11:00', mail(address)));
    await world.run(events, syncSources, identity);
    expect(await world.rows('select anonymous_id, person_id from identities order by anonymous_id')).toEqual([
      { anonymous_id: 'b', person_id: 'blocked' },
      { anonymous_id: 'blocked', person_id: 'blocked' },
    ]);
  });
});

test('the person key is the first 60 bits of the hash of the person id', async () => {
  await people(seen('a', '09:00'));
  const expected = BigInt(`0x${createHash('sha256').update('a').digest('hex').slice(0, 15)}`);
  expect(await world.rows('select cast(person_key as varchar) as person_key from identities')).toEqual([{ person_key: String(expected) }]);
});

const address = (hash: string) => ({ ip_hash: hash, ip_key_id: 'k1' });
const clicked = (value: string, name = 'gclid') => ({ click_ids: [{ name, value }] });

describe('addresses and click ids', () => {
  test('an address joins visits at most 3 days apart, from one to the next; a longer gap begins another episode', async () => {
    const found = await people(
      seen('a', '2026-03-02 10:00', address('x')),
      seen('b', '2026-03-05 10:00', address('x')),
      seen('c', '2026-03-08 10:00', address('x')),
      seen('d', '2026-03-11 10:01', address('x')),
    );
    expect(found).toEqual({ a: 'a', b: 'a', c: 'a', d: 'd' });
    expect(await world.rows('select anonymous_id, key_value, episode_start, tier from identity_edges order by anonymous_id')).toEqual(
      ['2026-03-02T10:00', '2026-03-02T10:00', '2026-03-02T10:00', '2026-03-11T10:01'].map((start, i) => ({
        anonymous_id: 'abcd'[i],
        key_value: 'k1:x',
        episode_start: `${start}:00.000000Z`,
        tier: 'probabilistic',
      })),
    );
  });

  test('a late visit closes the gap between two episodes', async () => {
    await people(seen('a', '2026-03-02 10:00', address('x')), seen('b', '2026-03-07 10:00', address('x')));
    expect(await people(seen('late', '2026-03-04 10:00', address('x')))).toEqual({ a: 'a', b: 'a', late: 'a' });
  });

  test('hashes of different keys are different addresses', async () => {
    expect(await people(seen('a', '09:00', address('x')), seen('b', '10:00', { ip_hash: 'x', ip_key_id: 'k2' }))).toEqual({
      a: 'a',
      b: 'b',
    });
  });

  test('an address does not join two signed-in users', async () => {
    const found = await people(
      seen('a', '09:00', { user_id: 'u1', ...address('x') }),
      seen('b', '10:00', { user_id: 'u2', ...address('x') }),
    );
    expect(found).toEqual({ a: 'a', b: 'b' });
  });

  test('an office whose 150 visitors share an address for 30 days joins none of them', async () => {
    const visits = Array.from({ length: 300 }, (_, i) =>
      seen(`v${i % 150}`, new Date(Date.UTC(2026, 2, 2) + i * 8_640_000).toISOString(), address('office')),
    );
    const found = await people(...visits);
    expect(Object.entries(found).filter(([id, person]) => id !== person)).toEqual([]);
  });

  test('a click id joins the browsers that its address was opened in, within 30 days and up to 5', async () => {
    const shared = Array.from({ length: 6 }, (_, i) => seen(`s${i}`, '10:00', clicked('shared')));
    const found = await people(
      seen('a', '2026-03-02 10:00', clicked('Abc')),
      seen('b', '2026-03-30 10:00', clicked('Abc', 'GCLID')),
      seen('c', '2026-05-15 10:00', clicked('Abc')),
      seen('d', '2026-03-02 10:00', clicked('abc')),
      ...shared,
    );
    expect(Object.entries(found).filter(([id, person]) => id !== person)).toEqual([['b', 'a']]);
  });
});

test('a visit that names its former id is one person with it, in whatever order they are seen', async () => {
  expect(await people(seen('new', '09:00', { previous_id: 'old', type: 'alias' }), seen('old', '10:00'), seen('other', '08:00'))).toEqual({
    new: 'new',
    old: 'new',
    other: 'other',
  });
});

const reasons = () => world.rows('select distinct reason from identity_edges order by reason');
const submitted = (text: string) => mail(createHash('sha256').update(text).digest('hex'));

describe('blocked values', () => {
  test.each(['null', 'Anonymous', '0', '000-000', '00000000-0000-0000-0000-000000000000', '-1', ' undefined '])(
    'a user id that is %j joins nobody',
    async (word) => {
      expect(await people(seen('a', '09:00', { user_id: word }), seen('b', '10:00', { user_id: word }))).toEqual({ a: 'a', b: 'b' });
      expect(await reasons()).toEqual([{ reason: 'blocked_value' }]);
    },
  );

  test('test@test.com on 5,000 cookies joins nobody', async () => {
    const hash = createHash('sha256').update('test@test.com').digest('hex');
    const found = await people(...Array.from({ length: 5000 }, (_, i) => seen(`v${i}`, '10:00', mail(hash))));
    expect(new Set(Object.values(found)).size).toBe(5000);
    expect(await reasons()).toEqual([{ reason: 'blocked_value' }]);
  });

  test('a role mailbox joins nobody at a domain that the config names; others there do', async () => {
    await reopen({ identity: { blocked: { email_domains: ['Fernhill.example'], email: ['desk@*', 'kim@other.example'] } } });
    const found = await people(
      ...['info@fernhill.example', 'desk@fernhill.example', 'kim@other.example', 'kim@fernhill.example'].flatMap((text, i) => [
        seen(`a${i}`, '09:00', submitted(text)),
        seen(`b${i}`, '10:00', submitted(text)),
      ]),
    );
    expect(Object.entries(found).filter(([id, person]) => id !== person)).toEqual([['b3', 'a3']]);
  });

  test('a blocked address does not make a device a shared one', async () => {
    await reopen({ identity: { blocked: { email: ['x1@x.example'] } } });
    const blocked = createHash('sha256').update('x1@x.example').digest('hex');
    const tablet = ['h1', 'h2', 'h3', blocked].map((hash, i) => seen('tablet', `10:0${i}`, mail(hash)));
    expect(await people(...tablet, seen('a', '09:00', mail('h3')))).toEqual({ a: 'a', tablet: 'a' });
  });
});

const ledger = () =>
  world.rows('select kind, from_person_id, to_person_id, anonymous_ids, key_name, key_value from identity_changes order by all');

describe('the ledger', () => {
  test('a new edge merges two persons, and says which', async () => {
    await people(seen('a', '09:00', mail('h1')), seen('b', '10:00', mail('h1')), seen('c', '11:00'));
    expect(await ledger()).toEqual([]);
    await people(seen('c', '12:00', mail('h1')));
    expect(await ledger()).toEqual([
      { kind: 'merged', from_person_id: 'c', to_person_id: 'a', anonymous_ids: 1, key_name: 'email_hash', key_value: 'h1' },
    ]);
  });

  test('earlier evidence renames a person', async () => {
    await people(seen('b', '09:00', mail('h1')));
    await people(seen('a', '08:00', mail('h1')));
    expect(await ledger()).toEqual([
      { kind: 'renamed', from_person_id: 'b', to_person_id: 'a', anonymous_ids: 1, key_name: null, key_value: null },
    ]);
  });

  test('a user id that too many use splits its person', async () => {
    await reopen({ identity: { keys: { user_id: { maxAnonymousIds: 2 } } } });
    await people(seen('a', '09:00', { user_id: 'u1' }), seen('b', '10:00', { user_id: 'u1' }));
    expect(await people(seen('c', '11:00', { user_id: 'u1' }))).toEqual({ a: 'a', b: 'b', c: 'c' });
    expect(await ledger()).toEqual([
      { kind: 'split', from_person_id: 'a', to_person_id: 'b', anonymous_ids: 1, key_name: 'user_id', key_value: 'u1' },
    ]);
  });
});

const columns = (name: string) => (name === 'identities' ? '* exclude (person_key)' : '*');

test('any order of arrival gives the same graph, and a second run changes nothing', async () => {
  const inputs = Array.from({ length: 60 }, (_, i) =>
    seen(`v${i % 13}`, `1${i % 8}:${String(i % 60).padStart(2, '0')}`, {
      message_id: `m${i}`,
      user_id: i % 7 === 0 ? `u${i % 5}` : null,
      ...(i % 3 === 0 ? mail(`h${i % 9}`, i % 2 === 0 ? 'form' : 'url') : {}),
    }),
  );
  const tables = ['identity_keys', 'identity_edges', 'identities', 'user_identities'];
  const snapshot = async () => Promise.all(tables.map((name) => world.rows(`select ${columns(name)} from ${name} order by all`)));
  await people(...inputs);
  const expected = await snapshot();
  const untouched = { inserted: 0, updated: 0, deleted: 0 };
  expect((await world.run(identity))[0]!.changes).toEqual(Object.fromEntries(tables.map((name) => [name, untouched])));

  await reopen({});
  await people(...inputs.slice(30));
  await people(...inputs.slice(0, 30).toReversed());
  expect(await snapshot()).toEqual(expected);
});
