import { describe, expect, test } from 'vitest';
import { type Conversions, type Derivation, sqlConversion } from './derivation.ts';
import { type RecordInput, addPerson, addRecords, forgetTouched, replaceRecords } from './records.ts';

/** Four levels, each named before its parent. */
const chainOf = (onlyMatched: boolean): Conversions => [
  sqlConversion('won', { inherit: { from: 'opportunity' } }),
  sqlConversion('opportunity', { inherit: { from: 'mql', onlyMatched } }),
  sqlConversion('mql', { inherit: { from: 'lead' } }),
  sqlConversion('lead'),
];
const CHAIN: readonly RecordInput[] = [
  { name: 'lead', id: 'L1' },
  { name: 'mql', id: 'M1', lead: 'L1' },
  { name: 'opportunity', id: 'O1', lead: 'M1' },
  { name: 'won', id: 'W1', lead: 'O1' },
];
const parents = (given: Derivation) => given.rows('id, parent_name, parent_id');

/** Whose credits a conversion takes. */
export function parentRules(given: Derivation): void {
  describe('a conversion that inherits', () => {
    test('has its parent where its lead_id is one of its ids, else none', async () => {
      const world = await given.open(chainOf(false));
      await addRecords(
        world,
        ...CHAIN,
        { name: 'opportunity', id: 'O2', lead: 'L1' },
        { name: 'opportunity', id: 'O3' },
        { name: 'lead', id: 'L2', removed: true },
        { name: 'mql', id: 'M2', lead: 'L2' },
      );
      const { warnings } = await given.derive();
      expect(await parents(given)).toEqual([
        { id: 'L1', parent_name: null, parent_id: null },
        { id: 'M1', parent_name: 'lead', parent_id: 'L1' },
        { id: 'M2', parent_name: null, parent_id: null },
        { id: 'O1', parent_name: 'mql', parent_id: 'M1' },
        { id: 'O2', parent_name: null, parent_id: null },
        { id: 'O3', parent_name: null, parent_id: null },
        { id: 'W1', parent_name: 'opportunity', parent_id: 'O1' },
      ]);
      expect(warnings).toEqual([]);
    });

    test('drops rows that match none where only matched ones count, even with a client id, and says how many', async () => {
      const world = await given.open(chainOf(true));
      await addPerson(world, { id: 'pa', visitor: 'a', key: 1 }, {}, '10:00');
      await addRecords(
        world,
        ...CHAIN,
        { name: 'opportunity', id: 'O2', lead: 'L1', client: 'a' },
        { name: 'opportunity', id: 'O3', client: 'a' },
        // Its parent is dropped: it has none.
        { name: 'won', id: 'W2', lead: 'O2' },
      );
      const { warnings } = await given.derive();
      expect(await parents(given)).toEqual([
        { id: 'L1', parent_name: null, parent_id: null },
        { id: 'M1', parent_name: 'lead', parent_id: 'L1' },
        { id: 'O1', parent_name: 'mql', parent_id: 'M1' },
        { id: 'W1', parent_name: 'opportunity', parent_id: 'O1' },
        { id: 'W2', parent_name: null, parent_id: null },
      ]);
      expect(warnings).toEqual([
        'conversion opportunity: 2 rows with a lead_id that is no mql, or without one, are dropped (inherit.onlyMatched)',
      ]);
    });

    test('comes and goes with its parent, over all levels, though only the parent changed', async () => {
      const world = await given.open(chainOf(true));
      await addRecords(world, ...CHAIN);
      await given.derive();
      // The lead becomes no MQL after all: the opportunity is dropped, and what was won has no parent.
      await replaceRecords(world, [CHAIN[0]!, { ...CHAIN[1]!, removed: true }, ...CHAIN.slice(2)], [{ name: 'mql', id: 'M1' }]);
      const gone = await given.deriveAlone();
      expect(gone.changes).toEqual({ conversions: { inserted: 0, updated: 1, deleted: 2 } });
      expect(await parents(given)).toEqual([
        { id: 'L1', parent_name: null, parent_id: null },
        { id: 'W1', parent_name: null, parent_id: null },
      ]);
      expect(await given.queued()).toEqual(['M1', 'O1', 'W1']);
      await forgetTouched(world);
      await replaceRecords(world, CHAIN, [{ name: 'mql', id: 'M1' }]);
      expect((await given.derive()).changes).toEqual({ conversions: { inserted: 2, updated: 1, deleted: 0 } });
      expect((await parents(given)).map(({ id, parent_id }) => [id, parent_id])).toEqual([
        ['L1', null],
        ['M1', 'L1'],
        ['O1', 'M1'],
        ['W1', 'O1'],
      ]);
    });
  });
}
