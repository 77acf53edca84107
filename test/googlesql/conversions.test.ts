import { afterAll, beforeAll, expect, test } from 'vitest';
import { addDays } from '../../pipeline/config/calendar.ts';
import { type CrmRow, type CrmWorld, openCrmWorld } from '../../pipeline/models/conversions/testing/crm.ts';
import { changedInside, newRow } from '../../pipeline/models/conversions/testing/crm-history.ts';
import { randomNumbers } from '../../pipeline/testing/random.ts';
import { sql, table } from '../../pipeline/warehouse/sql.ts';
import { GoogleSql } from './googlesql.ts';
import { GoogleSqlWarehouse } from './warehouse.ts';

const deal = { label: 'Deal', value: 'money', adjustmentDays: 10 } as const;
const CONVERSIONS = [
  { ...deal, name: 'deal', sql: 'timed.sql' },
  { ...deal, name: 'daily', sql: 'daily.sql' },
];

let engine: GoogleSql;
let worlds: CrmWorld[] = [];
beforeAll(async () => {
  engine = await GoogleSql.start();
  worlds = [await openCrmWorld(CONVERSIONS), await openCrmWorld(CONVERSIONS, new GoogleSqlWarehouse(engine))];
});
afterAll(async () => {
  for (const world of worlds) await world.close();
  engine?.stop();
});

/** What does not change from night to night. */
const kept: readonly CrmRow[] = [
  { id: 'kept', created: '2026-05-19', value: 1, client_id: 'a' },
  { id: 'old', created: '2026-02-01', value: 7 },
];

interface Night {
  readonly day: string;
  readonly crm: readonly CrmRow[];
  /** `id day value`, of the conversion `deal`; `daily` has the same. */
  readonly records: readonly string[];
  readonly refused: readonly string[];
  /** `id change column from to reason`, of this night. */
  readonly log: readonly string[];
  readonly warnings: readonly string[];
}

const NIGHTS: readonly Night[] = [
  {
    day: '2026-05-18',
    crm: [
      ...kept,
      { id: 'moves out', created: '2026-05-12', value: 10 },
      { id: 'moves in', created: '2026-01-15', value: 20 },
      { id: 'goes', created: '2026-05-12', value: 30 },
      { id: 'breaks', created: '2026-05-15', value: 70 },
      { id: 'falls', created: '2026-05-12', value: 40.5, is_qualified: true },
      { id: 'twice', created: '2026-05-13', value: 50 },
      { id: 'twice', created: '2026-05-14', value: 60 },
      { id: null, created: '2026-05-14' },
    ],
    records: [
      'breaks 2026-05-15 70',
      'falls 2026-05-12 40.5',
      'goes 2026-05-12 30',
      'kept 2026-05-19 1',
      'moves in 2026-01-15 20',
      'moves out 2026-05-12 10',
      'old 2026-02-01 7',
      'twice 2026-05-13 50',
    ],
    refused: ['null 2026-05-14 missing_id', 'twice 2026-05-14 duplicate_id'],
    log: [],
    warnings: [],
  },
  {
    day: '2026-05-20',
    crm: [
      ...kept,
      { id: 'moves out', created: '2026-01-10', value: 10 },
      { id: 'moves in', created: '2026-05-16', value: 20 },
      { id: 'falls', created: '2026-05-12', value: 0, is_qualified: true },
      { id: 'twice', created: '2026-01-09', value: 60 },
      { id: 'twice', created: '2026-05-13', value: 50 },
      { id: 'new', created: '2026-05-17', client_id: 'b' },
      { id: 'no time', created: null },
      { id: 'breaks', created: null, value: 71 },
    ],
    records: [
      'breaks 2026-05-15 70',
      'falls 2026-05-12 0 removed',
      'kept 2026-05-19 1',
      'moves in 2026-05-16 20',
      'moves out 2026-01-10 10',
      'new 2026-05-17 null',
      'old 2026-02-01 7',
      'twice 2026-01-09 60',
    ],
    refused: ['breaks null missing_created', 'no time null missing_created', 'twice 2026-05-13 duplicate_id'],
    log: [
      'falls deleted - 40.5 0 zero',
      'goes deleted - 30 null disappeared',
      'moves in updated conversion_time 2026-01-15 2026-05-16 source',
      'moves out updated conversion_time 2026-05-12 2026-01-10 source',
      'new inserted - null null source',
      'twice updated conversion_time 2026-05-13 2026-01-09 source',
      'twice updated original_value 50 60 source',
    ],
    warnings: [],
  },
  {
    day: '2026-05-21',
    crm: [
      { id: 'kept', created: '2026-05-19', value: 1, client_id: 'c' },
      { id: 'old', created: '2026-02-01', value: 8 },
      { id: 'late', created: '2026-02-02', value: 9 },
      { id: 'moves in', created: '2026-05-16', value: 20, is_qualified: false },
      { id: 'falls', created: '2026-05-12', value: 4, is_qualified: true },
      { id: 'twice', created: '2026-05-13', value: 50 },
      { id: 'new', created: '2026-05-17', client_id: 'b' },
      { id: 'new', created: '2026-05-18', client_id: 'b' },
    ],
    records: [
      'falls 2026-05-12 4',
      'kept 2026-05-19 1',
      'moves in 2026-05-16 20',
      'moves out 2026-01-10 10',
      'new 2026-05-17 null',
      'old 2026-02-01 7',
      'twice 2026-05-13 50',
    ],
    refused: ['new 2026-05-18 duplicate_id'],
    log: [
      'breaks deleted - 70 null disappeared',
      'falls inserted - null 4 source',
      'kept updated client_id a c source',
      'moves in updated is_qualified null false source',
      'twice updated conversion_time 2026-01-09 2026-05-13 source',
      'twice updated original_value 60 50 source',
    ],
    warnings: [
      'conversion deal: 3 changes before 2026-05-11 are not followed (adjustmentDays: 10): 1 new, 1 changed, 1 gone; touchtrail run --full deal takes them over',
      'conversion daily: 3 changes before 2026-05-11 are not followed (adjustmentDays: 10): 1 new, 1 changed, 1 gone; touchtrail run --full daily takes them over',
    ],
  },
];

test.each(['DuckDB', 'GoogleSQL'])('%s follows a CRM over several nights', async (name) => {
  const world = worlds[name === 'DuckDB' ? 0 : 1]!;
  for (const { day, crm, records, refused, log, warnings } of NIGHTS) {
    const found = await world.night(day, crm);
    expect(found.warnings.filter((text) => text.includes('not followed'))).toEqual(warnings);
    for (const conversion of ['deal', 'daily']) {
      const rows = async (from: string) =>
        (await world.warehouse.rows(sql`select * from ${table(from)} where conversion_name = ${conversion}`)).map((row) => row as Texts);
      const place = `${conversion} on ${day}`;
      expect(
        lines(await rows('conversion_records'), (row) => [
          row.id,
          row.conversion_time,
          row.original_value,
          row.is_removed ? 'removed' : '',
        ]),
        place,
      ).toEqual(records);
      expect(
        lines(await rows('rejected_conversions'), (row) => [row.id, row.conversion_time, row.reason]),
        place,
      ).toEqual(refused);
      const logged = (await rows('conversion_changes')).filter(
        (row) => row.changed_at!.startsWith(day) && row.column_name !== 'attribution_time',
      );
      expect(
        lines(logged, (row) => [row.id, row.change, row.column_name || '-', row.from_value, row.to_value, row.reason]),
        place,
      ).toEqual(log);
    }
  }
});

test('both engines hold the same rows, to the last column', async () => {
  for (const name of ['conversion_records', 'rejected_conversions', 'conversion_changes', 'touched_conversions', 'conversions']) {
    const [duckDb, googleSql] = await Promise.all(
      worlds.map(async (world) =>
        (await world.warehouse.rows(sql`select * from ${table(name)}`)).map((row) => JSON.stringify(row)).toSorted(),
      ),
    );
    expect(duckDb!.length, name).toBeGreaterThan(0);
    expect(googleSql, name).toEqual(duckDb);
  }
});

test.each(['DuckDB', 'GoogleSQL'])('%s loses no conversion to a CRM that lost all, unless that is meant', async (name) => {
  const world = worlds[name === 'DuckDB' ? 0 : 1]!;
  const ids = async () => await world.rows("select id from conversion_records where conversion_name = 'daily' order by id nulls first");
  const before = await ids();
  await expect(world.night('2026-05-22', [])).rejects.toThrow(
    'conversion daily: 5 of 5 conversions since 2026-05-11T22:00Z have disappeared from its source; at most 30 % may disappear at once.',
  );
  expect(await ids()).toEqual(before);
  await world.night('2026-05-22', [], { allowMassDelete: true });
  // They lie before the window.
  expect(await ids()).toEqual([{ id: 'moves out' }, { id: 'old' }]);
});

test('a random history whose changes fall inside the window gives on GoogleSQL, night by night, what one full build gives of its end', async () => {
  const definitions = CONVERSIONS.map((one) => ({ ...one, keepZero: true, maximumShrink: 1 }));
  const open = async () => await openCrmWorld(definitions, new GoogleSqlWarehouse(engine));
  const [nightly, whole] = [await open(), await open()];
  const pick = randomNumbers(23);
  const [first, nights] = ['2026-05-20', 3];
  const ids = Array.from({ length: 40 }, (_, i) => ['A', 'B', 'C'].map((id) => `${id}${i}`));
  const from = (night: number) => addDays(first, night - 10);
  let states = ids.map((own) => Array.from({ length: 3 + pick(4) }, () => newRow(own, addDays(from(0), -8), 22, pick)));
  for (let night = 0; night < nights; night++) {
    if (night > 0) states = states.map((rows, i) => changedInside(rows, ids[i]!, from(night), pick));
    const { warnings } = await nightly.night(addDays(first, night), states.flat());
    expect(warnings.filter((line) => line.includes('not followed'))).toEqual([]);
  }
  await whole.night(addDays(first, nights - 1), states.flat());
  for (const name of ['conversion_records', 'rejected_conversions', 'conversions']) {
    const [found, expected] = await Promise.all(
      [nightly, whole].map(async ({ warehouse }) =>
        (await warehouse.rows(sql`select * from ${table(name)}`)).map((row) => JSON.stringify(row)).toSorted(),
      ),
    );
    expect(expected!.length, name).toBeGreaterThan(ids.length);
    expect(found, name).toEqual(expected);
  }
  for (const world of [nightly, whole]) await world.close();
});

type Texts = Readonly<Record<string, string | null>>;

const text = (cell: unknown) => String(cell).replace(/^(\d{4}-\d\d-\d\d)T.*$/, '$1');

/** Rows as texts, in their order; of a time its day. */
function lines(rows: readonly Texts[], cells: (row: Texts) => readonly unknown[]): string[] {
  return rows.map((row) => cells(row).map(text).join(' ').trim()).toSorted();
}
