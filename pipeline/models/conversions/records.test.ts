import { afterEach, describe, expect, test } from 'vitest';
import type { SqlConversion } from '../../config/conversions.ts';
import type { StepContext } from '../step.ts';
import { applyRecords, type RecordBatch } from './records.ts';
import { type CrmRow, type CrmWorld, openCrmWorld } from './testing/crm.ts';
import { STAGED_CONVERSIONS } from './tables.ts';

let world: CrmWorld;
afterEach(() => world?.close());

const deal = { name: 'deal', label: 'Deal', sql: 'timed.sql', value: 'money', adjustmentDays: 10 } as const;
const open = async (changes: Partial<SqlConversion> = {}): Promise<void> => {
  world = await openCrmWorld([{ ...deal, ...changes }]);
};

/** The window of the night of 2026-05-20 begins on this day. */
const FROM = '2026-05-10';
const records = () =>
  world.rows('select id, date(conversion_time) as day, original_value as value from conversion_records order by id nulls first');
const conversionIds = async () => (await world.rows('select id from conversions order by id nulls first')).map(({ id }) => id);
const log = async (day: string) =>
  (
    await world.rows(
      `select id, change, column_name, from_value, to_value, reason from conversion_changes
      where changed_at = timestamp '${day} 03:00:00' order by id nulls first, column_name nulls first`,
    )
  ).map((row) => Object.values(row));

test('a row of the window that changes, comes or goes is followed, and each is logged by what it was and is', async () => {
  await open();
  const kept: CrmRow = { id: 'K', created: '2026-05-12', value: 1 };
  await world.night('2026-05-19', [
    kept,
    { id: 'A', created: '2026-05-15', value: 50_000, client_id: 'a' },
    { id: 'B', created: '2026-05-16', value: 3 },
  ]);
  const { changes, warnings } = await world.night('2026-05-20', [
    kept,
    { id: 'A', created: '2026-05-17', value: 75_000, client_id: 'a', is_qualified: true, attribution_time: '2026-05-15' },
    { id: 'C', created: '2026-05-18', value: 2.5 },
  ]);
  expect(changes['conversion_records']).toEqual({ inserted: 1, updated: 1, deleted: 1 });
  expect(changes['conversions']).toEqual({ inserted: 1, updated: 1, deleted: 1 });
  expect(warnings).toEqual([]);
  expect(await records()).toEqual([
    { id: 'A', day: '2026-05-17', value: 75_000 },
    { id: 'C', day: '2026-05-18', value: 2.5 },
    { id: 'K', day: '2026-05-12', value: 1 },
  ]);
  expect(await log('2026-05-19')).toEqual([]);
  expect(await log('2026-05-20')).toEqual([
    ['A', 'updated', 'conversion_time', '2026-05-15T12:00:00.000000Z', '2026-05-17T12:00:00.000000Z', 'source'],
    ['A', 'updated', 'is_qualified', null, 'true', 'source'],
    ['A', 'updated', 'original_value', '50000', '75000', 'source'],
    ['B', 'deleted', '', '3', null, 'disappeared'],
    ['C', 'inserted', '', null, '2.5', 'source'],
  ]);
});

test('a night on unchanged data writes no record, and touches none', async () => {
  await open();
  const crm = [
    { id: 'A', created: '2026-05-15', value: 1 },
    { id: 'A', created: '2026-05-16', value: 1 },
    { id: null, created: '2026-05-16' },
  ];
  await world.night('2026-05-19', crm);
  await world.rows('select 1');
  const touched = await world.rows('select count(*) as n from touched_conversions');
  const { changes } = await world.night('2026-05-20', crm);
  expect(Object.values(changes).every(({ inserted, updated, deleted }) => inserted + updated + deleted === 0)).toBe(true);
  expect(await world.rows('select count(*) as n from touched_conversions')).toEqual(touched);
});

const named = (created: string | null, value: number): CrmRow[] => Array.from({ length: 25 }, (_, i) => ({ id: `A${i}`, created, value }));

test('a row that is invalid now has not disappeared: what is known of it stands until it is valid or gone, or a full run', async () => {
  await open();
  const places = () => world.rows('select distinct date(conversion_time) as day, original_value as value from conversion_records');
  const refused = () => world.rows('select reason, count(*) as refused from rejected_conversions group by reason');
  await world.night('2026-05-19', named('2026-05-15', 5));
  const { changes } = await world.night('2026-05-20', named(null, 9));
  expect(changes['conversion_records']).toEqual({ inserted: 0, updated: 0, deleted: 0 });
  expect(await places()).toEqual([{ day: '2026-05-15', value: 5 }]);
  expect(await conversionIds()).toHaveLength(25);
  expect(await refused()).toEqual([{ reason: 'missing_created', refused: 25 }]);
  expect(await log('2026-05-20')).toEqual([]);
  await world.night('2026-05-21', named('2026-05-16', 9));
  expect(await places()).toEqual([{ day: '2026-05-16', value: 9 }]);
  expect(await refused()).toEqual([]);
  // What is gone has disappeared; of what is invalid a full run knows no more than a build from nothing.
  await world.night('2026-05-22', [...named('2026-05-16', 9).slice(2), { id: 'A0', created: null }]);
  expect((await log('2026-05-22')).map(([id, change]) => [id, change])).toEqual([['A1', 'deleted']]);
  await world.night('2026-05-23', [...named('2026-05-16', 9).slice(2), { id: 'A0', created: null }], { full: ['deal'] });
  expect((await log('2026-05-23')).map(([id, change]) => [id, change])).toEqual([['A0', 'deleted']]);
});

describe('a row that crosses the edge of the window', () => {
  const others: CrmRow[] = [{ id: 'K', created: '2026-05-19', value: 1 }];
  test('out of it is no deletion: it has moved', async () => {
    await open();
    await world.night('2026-05-19', [...others, { id: 'A', created: '2026-05-15', value: 1 }]);
    await world.night('2026-05-20', [...others, { id: 'A', created: '2026-01-31', value: 2 }]);
    expect(await records()).toEqual([
      { id: 'A', day: '2026-01-31', value: 2 },
      { id: 'K', day: '2026-05-19', value: 1 },
    ]);
    expect((await log('2026-05-20')).map(([id, change, column]) => [id, change, column])).toEqual([
      ['A', 'updated', 'attribution_time'],
      ['A', 'updated', 'conversion_time'],
      ['A', 'updated', 'original_value'],
    ]);
  });

  test('into it is no other conversion: it has moved', async () => {
    await open();
    await world.night('2026-05-19', [...others, { id: 'A', created: '2026-01-31', value: 1 }]);
    const { changes } = await world.night('2026-05-20', [...others, { id: 'A', created: '2026-05-15', value: 2 }]);
    expect(changes['conversion_records']).toEqual({ inserted: 0, updated: 1, deleted: 0 });
    expect(await records()).toEqual([
      { id: 'A', day: '2026-05-15', value: 2 },
      { id: 'K', day: '2026-05-19', value: 1 },
    ]);
  });

  test('is the one with the least time still: an id is the same regardless of date', async () => {
    await open();
    await world.night('2026-05-19', [...others, { id: 'A', created: '2026-01-31', value: 1 }]);
    const crm = [...others, { id: 'A', created: '2026-01-31', value: 1 }, { id: 'A', created: '2026-05-15', value: 2 }];
    const { warnings } = await world.night('2026-05-20', crm);
    expect(await records()).toEqual([
      { id: 'A', day: '2026-01-31', value: 1 },
      { id: 'K', day: '2026-05-19', value: 1 },
    ]);
    expect(await world.rows('select id, date(conversion_time) as day, reason from rejected_conversions')).toEqual([
      { id: 'A', day: '2026-05-15', reason: 'duplicate_id' },
    ]);
    expect(warnings).toEqual([
      'conversion deal: 1 rows repeat the id of another row, of which the earliest is kept, for example A; see rejected_conversions',
    ]);
    // The first is gone: the other takes its place, and is refused no more.
    await world.night(
      '2026-05-21',
      crm.filter(({ created }) => created !== '2026-01-31'),
    );
    expect((await records())[0]).toEqual({ id: 'A', day: '2026-05-15', value: 2 });
    expect(await world.rows('select 1 from rejected_conversions')).toEqual([]);
  });
});

describe('changes before the window', () => {
  test.each([
    ['is counted', true, 1],
    ['is not looked for where watchHistory is off', false, 0],
  ])('one %s, and followed by --full', async (_, watchHistory, count) => {
    await open({ watchHistory });
    const others: CrmRow[] = [{ id: 'K', created: '2026-05-19', value: 1 }];
    await world.night('2026-05-19', [...others, { id: 'A', created: '2026-01-31', value: 1 }]);
    const crm = [...others, { id: 'A', created: '2026-01-31', value: 5 }];
    const { warnings } = await world.night('2026-05-20', crm);
    expect(warnings).toEqual(
      [
        `conversion deal: 1 change before ${FROM} is not followed (adjustmentDays: 10): 0 new, 1 changed, 0 gone; ` +
          'touchtrail run --full deal takes it over',
      ].slice(0, count),
    );
    expect((await records())[0]).toMatchObject({ id: 'A', value: 1 });
    await world.night('2026-05-21', crm, { full: 'all' });
    expect((await records())[0]).toMatchObject({ id: 'A', value: 5 });
    expect(await log('2026-05-21')).toEqual([['A', 'updated', 'original_value', '1', '5', 'source']]);
  });

  test('a name that --full does not know is refused with the nearest one', async () => {
    await open();
    await expect(world.night('2026-05-19', [], { full: ['deals'] })).rejects.toThrow(
      '--full: there is no conversion "deals"; did you mean "deal"?',
    );
  });
});

describe('a value that falls from above zero to zero', () => {
  const others: CrmRow[] = [{ id: 'K', created: '2026-05-19', value: 0 }];
  const state = (value: number | null): CrmRow[] => [...others, { id: 'A', created: '2026-05-15', value }];

  test('removes the conversion, and a later value brings it back', async () => {
    await open();
    await world.night('2026-05-18', state(50));
    await world.night('2026-05-19', state(0));
    expect(await conversionIds()).toEqual(['K']);
    expect(await log('2026-05-19')).toEqual([['A', 'deleted', '', '50', '0', 'zero']]);
    // It is known still: neither the next night nor a full one takes it for new.
    await world.night('2026-05-20', state(0));
    await world.night('2026-05-20', state(0), { full: 'all' });
    expect(await conversionIds()).toEqual(['K']);
    expect(await log('2026-05-20')).toEqual([]);
    await world.night('2026-05-21', state(30));
    expect(await conversionIds()).toEqual(['A', 'K']);
    expect(await log('2026-05-21')).toEqual([['A', 'inserted', '', null, '30', 'source']]);
  });

  test('stays with keepZero', async () => {
    await open({ keepZero: true });
    await world.night('2026-05-18', state(50));
    await world.night('2026-05-19', state(0));
    expect(await conversionIds()).toEqual(['A', 'K']);
    expect(await log('2026-05-19')).toEqual([['A', 'updated', 'original_value', '50', '0', 'source']]);
  });

  test('is another thing than no value, or one below zero', async () => {
    await open();
    await world.night('2026-05-18', [...state(-5), { id: 'B', created: '2026-05-15', value: 5 }]);
    await world.night('2026-05-19', [...state(0), { id: 'B', created: '2026-05-15', value: null }]);
    expect(await conversionIds()).toEqual(['A', 'B', 'K']);
  });
});

test('a conversion that is not in the config any more goes with its refusals, and says so in the log', async () => {
  world = await openCrmWorld([deal, { ...deal, name: 'lead' }]);
  const crm = [
    { id: 'A', created: '2026-05-15', value: 1 },
    { id: null, created: '2026-05-15' },
  ];
  await world.night('2026-05-19', crm);
  const other = await openCrmWorld([{ ...deal, name: 'lead' }], world.warehouse);
  const { changes } = await other.night('2026-05-20', crm);
  expect(changes).toMatchObject({
    conversion_records: { inserted: 0, updated: 0, deleted: 1 },
    rejected_conversions: { inserted: 0, updated: 0, deleted: 1 },
    conversions: { inserted: 0, updated: 0, deleted: 1 },
  });
  expect(await world.rows('select conversion_name, id, change, from_value, reason from conversion_changes')).toEqual([
    { conversion_name: 'deal', id: 'A', change: 'deleted', from_value: '1', reason: 'definition' },
  ]);
  expect(await world.rows('select distinct conversion_name from conversions')).toEqual([{ conversion_name: 'lead' }]);
  // Back again, it is built anew.
  await world.night('2026-05-21', crm);
  expect(await world.rows('select conversion_name from conversions order by conversion_name')).toHaveLength(2);
});

const batch = (from: string | null): RecordBatch => ({
  name: 'signup',
  from,
  isRedefined: from === null,
  definitionHash: 'd',
  keepZero: false,
  maximumShrink: null,
});
const staged = (id: string, day: string, hash: string) => ({
  conversion_name: 'signup',
  row_hash: hash,
  id,
  conversion_time: `${day}T12:00:00.000000Z`,
  attribution_time: `${day}T12:00:00.000000Z`,
  params: [],
  has_unusable_value: false,
});

describe('a batch without a second look', () => {
  test('leaves standing what was kept before its range, and refuses another row of that id', async () => {
    await open();
    const { warehouse, config, folder: configFolder } = world;
    const context: StepContext = { warehouse, config, configFolder, now: '2026-05-20T03:00:00.000Z' };
    const stage = (...rows: readonly ReturnType<typeof staged>[]) => warehouse.load(STAGED_CONVERSIONS, rows, { replace: true });
    await stage(staged('A', '2026-05-01', 'h1'), staged('B', '2026-05-15', 'h2'));
    await applyRecords(context, [batch(null)]);
    await stage(staged('A', '2026-05-16', 'h3'), staged('C', '2026-05-17', 'h4'), staged('D', '2026-05-02', 'h5'));
    const { changes } = await applyRecords(context, [batch('2026-05-10T00:00:00.000Z')]);
    expect(changes['conversion_records']).toEqual({ inserted: 1, updated: 0, deleted: 1 });
    expect(await world.rows('select id, row_hash from conversion_records order by id')).toEqual([
      { id: 'A', row_hash: 'h1' },
      { id: 'C', row_hash: 'h4' },
    ]);
    expect(await world.rows('select id, row_hash, reason from rejected_conversions')).toEqual([
      { id: 'A', row_hash: 'h3', reason: 'duplicate_id' },
    ]);
  });
});
