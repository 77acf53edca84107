import { expect, test } from 'vitest';
import type { Warehouse } from '../../../warehouse/warehouse.ts';
import { Derivation } from './derivation.ts';
import { moneyRules } from './money-rules.ts';
import { parentRules } from './parent-rules.ts';
import { personRules } from './person-rules.ts';
import { type RecordInput, addRecords, replaceRecords } from './records.ts';

/** The rules by which conversions are made of records, with rows written by hand: for one engine. */
export function deriveRules(warehouse: () => Promise<Warehouse | undefined>): void {
  const given = new Derivation(warehouse);
  personRules(given);
  moneyRules(given);
  parentRules(given);

  test('an answer becomes a channel by the first rule that holds, whatever its letter case, labelled once', async () => {
    const world = await given.open(undefined, {
      selfReported: {
        rules: [
          { channel: 'Podcast', when: { contains: 'POD' } },
          { channel: 'Word of Mouth (SRA)', when: { in: ['A friend', 'Colleague'] } },
          { channel: 'Event', when: { startsWith: 'Fair' } },
          { channel: 'Search', when: { matches: '^goo+gle\\b' } },
          { channel: 'Other', when: { equals: 'Don’t know' } },
        ],
      },
    });
    const answers = ['a podcast', 'A FRIEND', 'colleagues', 'FAIR in Berlin', 'an event', 'Gooogle, i think', 'DON’T KNOW', ''];
    await addRecords(world, ...answers.map((answer, i) => ({ name: 'deal', id: String(i), ...(answer && { answer }) })));
    await given.derive();
    expect((await given.rows('self_reported_channel')).map((row) => row['self_reported_channel'])).toEqual([
      'Podcast (SRA)',
      'Word of Mouth (SRA)',
      null,
      'Event (SRA)',
      null,
      'Search (SRA)',
      'Other (SRA)',
      null,
    ]);
  });

  test('a record that is removed or gone is no conversion; one that moved stands in its new day only', async () => {
    const world = await given.open();
    const records: readonly RecordInput[] = ['1', '2', '3', '4'].map((id) => ({ name: 'deal', id, value: 5 }));
    await addRecords(world, ...records);
    await given.derive();
    const now: readonly RecordInput[] = [{ ...records[0]!, removed: true }, { ...records[2]!, at: '2026-01-31 23:30' }, records[3]!];
    await replaceRecords(world, now, ['1', '2', '3'].map((id) => ({ name: 'deal', id }))); // prettier-ignore
    expect((await given.derive()).changes).toEqual({ conversions: { inserted: 0, updated: 1, deleted: 2 } });
    expect(await given.rows('id, conversion_time, conversion_date')).toEqual([
      { id: '3', conversion_time: '2026-01-31T23:30:00.000000Z', conversion_date: '2026-02-01' },
      { id: '4', conversion_time: '2026-03-02T12:00:00.000000Z', conversion_date: '2026-03-02' },
    ]);
    // Nothing is queued, so nothing is looked at.
    const before = world.warehouse.statements.length;
    expect((await given.derive()).changes).toEqual({ conversions: { inserted: 0, updated: 0, deleted: 0 } });
    const labels = world.warehouse.statements.slice(before).map(({ label }) => label);
    expect(labels).not.toContain('conversions');
  });
}
