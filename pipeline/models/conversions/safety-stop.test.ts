import { afterEach, describe, expect, test } from 'vitest';
import { QUERIES, type CrmRow, type CrmWorld, openCrmWorld } from './testing/crm.ts';

let world: CrmWorld;
afterEach(() => world.close());

const deal = { name: 'deal', label: 'Deal', sql: 'timed.sql', value: 'money', adjustmentDays: 10 } as const;
const open = async (): Promise<void> => {
  world = await openCrmWorld([deal]);
};

const rows = (count: number, first = 0): CrmRow[] =>
  Array.from({ length: count }, (_, i) => ({ id: `R${String(i + first).padStart(3, '0')}`, created: '2026-05-15', value: 1 }));
const old: CrmRow = { id: 'old', created: '2026-01-01', value: 1 };
const everything = async () => [await world.rows('from conversion_records order by id'), await world.rows('from rejected_conversions')];

describe('the safety stop', () => {
  test('refuses the loss of more than the limit, names it, and nothing is written; --allow-mass-delete lets it pass', async () => {
    await open();
    await world.night('2026-05-19', [old, ...rows(60)]);
    const before = await everything();
    const broken = [old, ...rows(39), { id: null, created: '2026-05-16' }];
    await expect(world.night('2026-05-20', broken)).rejects.toThrow(
      'conversion deal: 21 of 60 conversions since 2026-05-09T22:00Z have disappeared from its source; at most 30 % may disappear at once. ' +
        'Nothing was changed, because a broken export must not delete anything. If the loss is meant: touchtrail run --allow-mass-delete',
    );
    expect(await everything()).toEqual(before);
    const { changes } = await world.night('2026-05-20', broken, { allowMassDelete: true });
    expect(changes['conversion_records']).toEqual({ inserted: 0, updated: 0, deleted: 21 });
  });

  test.each([
    ['at the limit', 100, 70, true],
    ['one beyond it', 100, 69, false],
    ['beyond it, of fewer than 20', 40, 21, true],
    ['of 20', 40, 20, false],
    ['of all that there are', 1, 0, false],
  ])('a loss %s: of %i rows %i are left', async (_, before, after, passes) => {
    await open();
    await world.night('2026-05-19', [old, ...rows(before)]);
    const night = world.night('2026-05-20', [old, ...rows(after)]);
    await (passes ? expect(night).resolves.toBeDefined() : expect(night).rejects.toThrow(/have disappeared/));
  });

  test('does not take for lost what has moved out of the window', async () => {
    await open();
    await world.night('2026-05-19', [old, ...rows(50)]);
    await world.night('2026-05-20', [old, ...rows(50).map((row) => ({ ...row, created: '2026-02-01' }))]);
    expect(await world.rows(`select count(*) as n from conversion_records where date(conversion_time) = date '2026-02-01'`)).toEqual([
      { n: 50 },
    ]);
  });

  test('holds for --full, and not for another definition', async () => {
    await open();
    await world.night('2026-05-19', [old, ...rows(60)]);
    await expect(world.night('2026-05-20', [old], { full: ['deal'] })).rejects.toThrow(
      'conversion deal: 60 of 61 conversions have disappeared from its source',
    );
    await world.file('timed.sql', `${QUERIES['timed.sql']} and id <> 'R000'`);
    await world.night('2026-05-20', [old]);
    expect(await world.rows('select id from conversion_records')).toEqual([{ id: 'old' }]);
    expect(await world.rows('select 1 from conversion_changes')).toEqual([]);
  });
});
