import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import type { EmailHashOrigin } from '../../../edge/contract/event-row.ts';
import type { ConfigInput } from '../../config/schema.ts';
import { type EventInput, openWorld } from '../../testing/world.ts';
import { events } from '../events/events.ts';
import { identity } from './identity.ts';

// Whole lists and exact caps: every value that must link nobody, and the last one that still links.

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const mail = (hash: string, origin: EmailHashOrigin = 'form') => ({ email_hashes: [{ hash, origin }] });

/** How many persons the visitors are, and who is not named after himself. */
async function persons(inputs: readonly EventInput[], changes: Partial<ConfigInput> = {}) {
  const world = await openWorld(changes);
  try {
    await world.events(...inputs);
    await world.run(events, identity);
    const rows = await world.rows('select anonymous_id, person_id from identities order by anonymous_id');
    return {
      count: new Set(rows.map((row) => row['person_id'])).size,
      joined: rows.filter((row) => row['anonymous_id'] !== row['person_id']).map((row) => [row['anonymous_id'], row['person_id']]),
    };
  } finally {
    await world.close();
  }
}

/** Two visitors for each value, the first an hour before the second. */
const twice = (values: readonly string[], told: (value: string) => Partial<EventInput>): EventInput[] =>
  values.flatMap((value, i) => [
    { who: `a${i}`, at: '09:00', ...told(value) },
    { who: `b${i}`, at: '10:00', ...told(value) },
  ]);

test('no word that programs write for an unknown user id joins anybody', async () => {
  const words =
    'null nil none undefined NaN n/a NA unknown anonymous anon guest user admin test true false -1 (not|set) [object|Object] 0 000 - --';
  const inputs = twice(
    words.split(' ').map((word) => word.replace('|', ' ')),
    (word) => ({ user_id: word }),
  );
  expect((await persons([...inputs, ...twice(['users', 'nullable', '0x1'], (id) => ({ user_id: id })).map(named('kept'))])).joined).toEqual(
    [0, 1, 2].map((i) => [`kept-b${i}`, `kept-a${i}`]),
  );
});

const named =
  (prefix: string) =>
  (input: EventInput): EventInput => ({ ...input, who: `${prefix}-${input.who}` });

test('no role mailbox of a company that the config names joins anybody', async () => {
  const mailboxes =
    'abuse accounting accounts admin billing careers contact donotreply enquiries finance hello help hostmaster hr info invoices it jobs kontakt mail ' +
    'marketing news newsletter no-reply no_reply noreply office orders postmaster press purchasing reception sales security service support team webmaster';
  const inputs = twice(mailboxes.split(' '), (mailbox) => mail(sha256(`${mailbox}@fernhill.example`)));
  const kept = twice(['information@fernhill.example', 'info@elsewhere.example'], (address) => mail(sha256(address))).map(named('kept'));
  const found = await persons([...inputs, ...kept], { identity: { blocked: { email_domains: ['fernhill.example'] } } });
  expect(found.joined).toEqual([
    ['kept-b0', 'kept-a0'],
    ['kept-b1', 'kept-a1'],
  ]);
});

test('no address that people type to get past a form joins anybody', async () => {
  const addresses =
    'a@a.com a@b.com abc@abc.com asdf@asdf.com email@email.com email@example.com example@example.com foo@bar.com me@me.com name@example.com ' +
    'noemail@noemail.com none@none.com no@no.com test@example.com test@gmail.com test@test.com test@test.de test123@gmail.com user@example.com xxx@xxx.com';
  expect((await persons(twice(addresses.split(' '), (address) => mail(sha256(address))))).joined).toEqual([]);
});

test.each([
  [100, 1],
  [101, 101],
])('of %i visitors with one address within three days there are %i persons', async (visitors, expected) => {
  const visits = Array.from({ length: visitors }, (_, i) => ({
    who: `v${i}`,
    at: new Date(Date.UTC(2026, 2, 2, 0, i)).toISOString(),
    ip_hash: 'office',
    ip_key_id: 'k1',
  }));
  expect((await persons(visits, { identity: { maximumComponentSize: 1000 } })).count).toBe(expected);
});

/** Two user ids would never be one person: here they are not exclusive. */
const identityOf = (maximumComponentSize: number) => ({
  identity: { maximumComponentSize, keys: { user_id: { exclusive: false } } },
});

test.each([
  ['a forwarded link', mail('bridge', 'url')],
  ['an address of the network', { ip_hash: 'bridge', ip_key_id: 'k1' }],
])('two cliques with a weak bridge, %s, are two persons where their sum is beyond the cap, and one at the cap', async (_, bridge) => {
  const clique = (name: string, at: string) =>
    Array.from({ length: 5 }, (__, i) => ({ who: `${name}${i}`, at: `${at}:0${i}`, user_id: name, ...(i === 0 && bridge) }));
  const both = [...clique('a', '09'), ...clique('b', '10')];
  expect((await persons(both, identityOf(9))).count).toBe(2);
  expect((await persons(both, identityOf(10))).count).toBe(1);
  expect((await persons(both)).count).toBe(2);
});
