import { describe, expect, test } from 'vitest';
import { type World, instant } from '../../../testing/world.ts';
import { param, sql, table } from '../../../warehouse/sql.ts';
import type { Row } from '../../../warehouse/warehouse.ts';
import { addChanges } from '../../events/changes.ts';
import { addEverybody, addPersons } from '../../identity/changes.ts';
import { IDENTITIES, IDENTITY_BLOCKED_VALUES, IDENTITY_KEYS } from '../../identity/tables.ts';
import { SESSIONS } from '../../sessions/tables.ts';
import { type Derivation, sqlConversion } from './derivation.ts';
import { type RecordInput, addPerson, addRecords, addSights, sessionRow, sightRow } from './records.ts';

async function matched(given: Derivation, world: World, ...records: readonly RecordInput[]): Promise<Row[]> {
  await addRecords(world, ...records);
  await given.derive();
  return given.rows('id, person_id, person_key, matched_by');
}

const persons = async (given: Derivation) => (await given.rows('id, person_id')).map(({ id, person_id }) => [id, person_id]);

/** A record that names two persons. */
const conversion = (name: string, id: string, at: string): RecordInput => ({ name, id, at, user: 'u', email: 'e' });

/** Queues a change of an event, as the step of the events does. */
async function changeEvent({ warehouse }: World, visitor: string, at: string, isRemoval: boolean): Promise<void> {
  const place = sql`select ${visitor} as anonymous_id, ${param(instant(at), 'TIMESTAMP')} as occurred_at, ${isRemoval} as is_removal`;
  await addChanges(warehouse, place);
}

/** Whose a conversion is. */
export function personRules(given: Derivation): void {
  describe('the person of a conversion', () => {
    test('is found by client id, then GA client id, then user id, then e-mail hash', async () => {
      const world = await given.open();
      await addPerson(world, { id: 'pa', visitor: 'a', key: 1 }, {}, '10:00');
      await addPerson(world, { id: 'pb', visitor: 'b', key: 2 }, { ga_client_id: '1.2' }, '10:00');
      await addPerson(world, { id: 'pc', visitor: 'c', key: 3 }, { user_id: 'u' }, '10:00');
      await addPerson(world, { id: 'pd', visitor: 'd', key: 4 }, { email_hash: 'e' }, '10:00');
      expect(
        await matched(
          given,
          world,
          { name: 'deal', id: '1', client: 'a', user: 'u', email: 'e' },
          { name: 'deal', id: '2', client: '1.2', user: 'u', email: 'e' },
          { name: 'deal', id: '3', client: 'nobody', user: 'u', email: 'e' },
          { name: 'deal', id: '4', user: 'nobody', email: 'e' },
          { name: 'deal', id: '5', client: 'nobody' },
          { name: 'deal', id: '6' },
        ),
      ).toEqual([
        { id: '1', person_id: 'pa', person_key: 1, matched_by: 'client_id' },
        { id: '2', person_id: 'pb', person_key: 2, matched_by: 'client_id' },
        { id: '3', person_id: 'pc', person_key: 3, matched_by: 'user_id' },
        { id: '4', person_id: 'pd', person_key: 4, matched_by: 'email_hash' },
        { id: '5', person_id: null, person_key: null, matched_by: null },
        { id: '6', person_id: null, person_key: null, matched_by: null },
      ]);
    });

    test('is that of the first signal with a session in the window; without any, that of the first that finds somebody', async () => {
      const world = await given.open();
      await addPerson(world, { id: 'pa', visitor: 'a', key: 1 });
      await addPerson(world, { id: 'pc', visitor: 'c', key: 3 }, { user_id: 'u' });
      await addPerson(world, { id: 'pd', visitor: 'd', key: 4 }, { email_hash: 'e' }, '12:05');
      expect(
        await matched(
          given,
          world,
          { name: 'deal', id: '1', client: 'a', user: 'u', email: 'e' },
          { name: 'deal', id: '2', client: 'a', user: 'u' },
          // The session begins five minutes and a second after it.
          { name: 'deal', id: '3', at: '11:59:59', user: 'u', email: 'e' },
        ),
      ).toEqual([
        { id: '1', person_id: 'pd', person_key: 4, matched_by: 'email_hash' },
        { id: '2', person_id: 'pa', person_key: 1, matched_by: 'client_id' },
        { id: '3', person_id: 'pc', person_key: 3, matched_by: 'user_id' },
      ]);
    });

    test('is looked for in the longest window that a model has for its conversion', async () => {
      const world = await given.open([sqlConversion('deal'), sqlConversion('lead'), sqlConversion('trial', { lookbackDays: 3 })], {
        attribution: {
          lookbackDays: 10,
          models: [
            { name: 'short', type: 'last_click', lookbackDays: { deal: 20, lead: 5 } },
            { name: 'long', type: 'first_click', lookbackDays: { deal: 30 } },
          ],
        },
      });
      await addPerson(world, { id: 'pc', visitor: 'c', key: 3 }, { user_id: 'u' });
      await addPerson(world, { id: 'pd', visitor: 'd', key: 4 }, { email_hash: 'e' }, '2026-03-02 12:00');
      await addRecords(
        world,
        // 30 days of the model, 10 of the project, 3 of the conversion; and a second more.
        conversion('deal', 'in', '2026-04-01 12:00'),
        conversion('deal', 'out', '2026-04-01 12:00:01'),
        conversion('lead', 'in', '2026-03-12 12:00'),
        conversion('lead', 'out', '2026-03-12 12:00:01'),
        conversion('trial', 'in', '2026-03-05 12:00'),
        conversion('trial', 'out', '2026-03-05 12:00:01'),
      );
      await given.derive();
      const found = async () => (await given.rows('conversion_name, id, person_id')).map((row) => Object.values(row));
      const expected = ['deal', 'lead', 'trial'].flatMap((name) => [[name, 'in', 'pd'], [name, 'out', 'pc']]); // prettier-ignore
      expect(await found()).toEqual(expected);
      // A night that asks them again reads no more sessions than may decide, and those.
      await addPersons(world.warehouse, sql`select person_id from ${table(IDENTITIES.name)}`);
      await given.deriveAlone();
      expect(await given.queued()).toHaveLength(6);
      expect(await found()).toEqual(expected);
    });

    test('is found by exactly the address at most three days before or after, the nearest sight first', async () => {
      const world = await given.open();
      for (const [i, visitor] of ['a', 'b', 'c'].entries()) await addPerson(world, { id: `p${visitor}`, visitor, key: i }, {}, '10:00');
      await addSights(
        world,
        // Three days before noon of the second of March to the second, three days after, and a second more.
        sightRow('a', 'k:early', '2026-02-27 12:00'),
        sightRow('a', 'k:late', '2026-03-05 12:00'),
        sightRow('a', 'k:too-early', '2026-02-27 11:59:59'),
        sightRow('a', 'k:too-late', '2026-03-05 12:00:01'),
        // The last sight of b is nearer than any of a; of equally near ones the earlier counts, then the smaller id.
        sightRow('a', 'k:near', '2026-03-02 09:00', '2026-03-02 10:00'),
        sightRow('b', 'k:near', '2026-03-02 08:00', '2026-03-02 10:00:01'),
        sightRow('b', 'k:tie', '2026-03-02 11:00'),
        sightRow('a', 'k:tie', '2026-03-02 13:00'),
        sightRow('c', 'k:same', '2026-03-02 11:00'),
        sightRow('b', 'k:same', '2026-03-02 11:00'),
      );
      const addresses = ['early', 'late', 'too-early', 'too-late', 'near', 'tie', 'same', 'unseen'];
      const found = await matched(given, world, ...addresses.map((address) => ({ name: 'deal', id: address, ip: `k:${address}` })));
      expect(Object.fromEntries(found.map(({ id, person_id, matched_by }) => [id, person_id && [person_id, matched_by]]))).toEqual({
        early: ['pa', 'ip_address'],
        late: ['pa', 'ip_address'],
        'too-early': null,
        'too-late': null,
        near: ['pb', 'ip_address'],
        tie: ['pb', 'ip_address'],
        same: ['pb', 'ip_address'],
        unseen: null,
      });
    });

    test('is not found by an address that more visitors than its cap had within those days, nor by a blocked one', async () => {
      const world = await given.open(undefined, { identity: { keys: { ip_hash: { maxAnonymousIds: 2 } } } });
      for (const [i, visitor] of ['a', 'b', 'c'].entries()) await addPerson(world, { id: `p${visitor}`, visitor, key: i }, {}, '10:00');
      await addSights(
        world,
        ...['a', 'b', 'c'].map((visitor) => sightRow(visitor, 'k:crowd', '11:00')),
        ...['a', 'b'].map((visitor) => sightRow(visitor, 'k:pair', '11:00')),
        // A third one, but four days before.
        sightRow('c', 'k:pair', '2026-02-26 11:00'),
        sightRow('a', 'k:blocked', '11:00'),
      );
      await world.load(IDENTITY_BLOCKED_VALUES, [{ key_name: 'ip_hash', key_value: 'k:blocked' }]);
      const found = await matched(
        given,
        world,
        ...['crowd', 'pair', 'blocked'].map((address) => ({ name: 'deal', id: address, ip: `k:${address}` })),
      );
      expect(found.map(({ id, person_id }) => [id, person_id])).toEqual([
        ['blocked', null],
        ['crowd', null],
        ['pair', 'pa'],
      ]);
    });
  });

  describe('a conversion whose record stays as it is', () => {
    test('is asked again where its person, or one it may now have, changed', async () => {
      const world = await given.open();
      await addPerson(world, { id: 'pa', visitor: 'a', key: 1 }, { user_id: 'u' });
      await addPerson(world, { id: 'pb', visitor: 'b', key: 2 }, { email_hash: 'e' });
      await addRecords(
        world,
        { name: 'deal', id: '1', user: 'u', email: 'e' },
        { name: 'deal', id: '2', client: 'c' },
        { name: 'deal', id: '3' },
      );
      await given.derive();
      expect(await persons(given)).toEqual([['1', 'pa'], ['2', null], ['3', null]]); // prettier-ignore
      // The second signal gets a session; somebody becomes known by a cookie.
      await world.load(SESSIONS, [sessionRow('b', '10:00')]);
      await changeEvent(world, 'b', '10:00', false);
      await addPerson(world, { id: 'pc', visitor: 'c', key: 3 });
      await addPersons(world.warehouse, sql`select 'pc' as person_id`);
      await given.deriveAlone();
      expect(await persons(given)).toEqual([['1', 'pb'], ['2', 'pc'], ['3', null]]); // prettier-ignore
      expect(await given.queued()).toEqual(['1', '2']);
    });

    test('is asked again where fewer visitors than before had its address', async () => {
      const world = await given.open(undefined, { identity: { keys: { ip_hash: { maxAnonymousIds: 1 } } } });
      for (const [i, visitor] of ['a', 'b'].entries()) await addPerson(world, { id: `p${visitor}`, visitor, key: i }, {}, '10:00');
      await addSights(world, sightRow('a', 'k:x', '11:00'), sightRow('b', 'k:x', '11:00'));
      await addRecords(world, { name: 'deal', id: '1', ip: 'k:x' }, { name: 'deal', id: '2', at: '2026-03-09 12:00', ip: 'k:x' });
      await given.derive();
      expect(await persons(given)).toEqual([['1', null], ['2', null]]); // prettier-ignore
      await world.warehouse.load(IDENTITY_KEYS, [sightRow('a', 'k:x', '11:00')], { replace: true });
      await changeEvent(world, 'b', '11:00', true);
      await given.deriveAlone();
      expect(await persons(given)).toEqual([['1', 'pa'], ['2', null]]); // prettier-ignore
      expect(await given.queued()).toEqual(['1']);
    });

    test('is asked again, with all others, where all persons were found anew', async () => {
      const world = await given.open();
      await addPerson(world, { id: 'pa', visitor: 'a', key: 1 });
      await addRecords(world, { name: 'deal', id: '1', client: 'a' });
      await given.derive();
      await world.warehouse.load(IDENTITIES, [{ anonymous_id: 'a', person_id: 'pz', person_key: 9, first_seen: instant('09:00') }], {
        replace: true,
      });
      await addEverybody(world.warehouse);
      await given.deriveAlone();
      expect(await persons(given)).toEqual([['1', 'pz']]);
    });
  });
}
