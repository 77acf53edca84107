import { afterEach, expect, test } from 'vitest';
import type { ConfigInput } from '../config/schema.ts';
import { deriveConversions } from '../models/conversions/derive.ts';
import { addRecords, forgetTouched } from '../models/conversions/testing/records.ts';
import { type World, openWorld } from '../testing/world.ts';
import type { Row } from '../warehouse/warehouse.ts';
import { syncRates } from './rates.ts';
import { sourceTable } from './sources.ts';

let world: World;
afterEach(() => world.close());

const open = async (more: Partial<ConfigInput> = {}) => {
  world = await openWorld({
    conversions: [{ name: 'deal', label: 'Deal', sql: 'deal.sql', value: 'money' }],
    rates: { csv: 'rates.csv' },
    ...more,
  });
};
const stored = () => world.rows('select date, currency, rate from exchange_rates order by date, currency');
const row = (date: string | null, currency: string, rate: number | null) => ({ date, currency, rate });
const file = (days: number) =>
  `Date,USD\n${Array.from({ length: days }, (_, i) => `2026-03-${String(i + 1).padStart(2, '0')},1.25\n`).join('')}`;
const sync = async () => (await world.run(syncRates))[0]!;

test('the file of the config becomes rates to the project currency; a file that says the same writes nothing', async () => {
  await open();
  await world.file('rates.csv', 'Date,USD,JPY\n2026-03-02,1.25,N/A\n2026-03-01,1.5,160\n');
  expect((await sync()).changes).toEqual({ exchange_rates: { inserted: 3, updated: 0, deleted: 0 } });
  expect(await stored()).toEqual([
    { date: '2026-03-01', currency: 'JPY', rate: 160 },
    { date: '2026-03-01', currency: 'USD', rate: 1.5 },
    { date: '2026-03-02', currency: 'USD', rate: 1.25 },
  ]);
  const before = world.warehouse.statements.length;
  expect((await sync()).changes).toEqual({});
  expect(world.warehouse.statements.slice(before).map(({ label }) => label)).toEqual(['exchange rates', 'definitions']);
});

test('a table of the warehouse becomes rates through its base; rows that are no rates are refused', async () => {
  await open({
    project: { name: 'Test', timeZone: 'Europe/Berlin', currency: 'CHF' },
    rates: { table: 'main.fx', base: 'USD' },
    sources: { fx: { csv: 'fx.csv', columns: { date: 'DATE', currency: 'STRING', rate: 'FLOAT64', line: 'INT64' }, key: ['line'] } },
  });
  const table = sourceTable('fx', world.config.sources['fx']!);
  const fx = (rows: readonly Row[]) => world.warehouse.load(table, rows.map((row, line) => ({ ...row, line })), { replace: true }); // prettier-ignore
  await fx([row('2026-03-02', 'CHF', 0.8), row('2026-03-02', ' eur', 0.9)]);
  await sync();
  expect(await stored()).toEqual([
    { date: '2026-03-02', currency: 'EUR', rate: 1.125 },
    { date: '2026-03-02', currency: 'USD', rate: 1.25 },
  ]);
  await fx([row('2026-03-02', 'CHF', 0.8), row('2026-03-02', 'CHF', 0.8)]);
  await expect(sync()).rejects.toThrow('rates.table: main.fx: the row (2026-03-02, CHF) stands there twice');
  await fx([row('2026-03-02', 'CHF', 0)]);
  await expect(sync()).rejects.toThrow('rates.table: main.fx: the row (2026-03-02, CHF) has the rate 0; expected a number above 0');
  await fx([row(null, 'CHF', 1)]);
  await expect(sync()).rejects.toThrow('rates.table: main.fx: the row (null, CHF) has no date or no currency');
});

test('a table that is missing is an error that says what was expected', async () => {
  await open({ rates: { table: 'fx' } });
  await expect(sync()).rejects.toThrow(
    /^rates\.table: fx cannot be read: .*\nexpected the columns date DATE, currency STRING and rate FLOAT64$/s,
  );
});

test('conversions of the days that have another rate now are derived again, up to seven days later, and no others', async () => {
  await open();
  await world.file('rates.csv', 'Date,USD\n2026-03-10,1.6\n2026-03-02,1.25\n');
  await sync();
  await addRecords(
    world,
    ...['01', '02', '09', '10', '17'].map((day) => ({ name: 'deal', id: day, at: `2026-03-${day} 12:00`, value: 10, currency: 'USD' })),
    { name: 'deal', id: 'euro', value: 10 },
    { name: 'deal', id: 'none', currency: 'USD' },
  );
  await world.run(deriveConversions);
  await forgetTouched(world);
  const values = () => world.rows('select id, value_micros from conversions order by id');
  expect(await values()).toEqual([
    { id: '01', value_micros: null },
    { id: '02', value_micros: 8_000_000 },
    { id: '09', value_micros: 8_000_000 },
    { id: '10', value_micros: 6_250_000 },
    { id: '17', value_micros: 6_250_000 },
    { id: 'euro', value_micros: 10_000_000 },
    { id: 'none', value_micros: null },
  ]);
  await world.file('rates.csv', 'Date,USD\n2026-03-10,1.6\n2026-03-02,2\n');
  await sync();
  expect(await world.rows('select id from touched_conversions order by id')).toEqual([{ id: '02' }, { id: '09' }]);
  await world.run(deriveConversions);
  expect((await values()).slice(1, 4)).toEqual([
    { id: '02', value_micros: 5_000_000 },
    { id: '09', value_micros: 5_000_000 },
    { id: '10', value_micros: 6_250_000 },
  ]);
});

test('a file that lost most of its days takes no values away, unless that is meant', async () => {
  await open();
  await world.file('rates.csv', file(30));
  await sync();
  await world.file('rates.csv', file(1));
  await expect(sync()).rejects.toThrow(/^rates: the source has 1 rate to EUR where it had 30 rates; at most 30 % may disappear at once/);
  const allowed = {
    warehouse: world.warehouse,
    config: world.config,
    configFolder: world.folder,
    now: '2026-07-01T03:00:00.000Z',
    allowMassDelete: true,
  };
  expect((await syncRates(allowed)).changes).toEqual({ exchange_rates: { inserted: 0, updated: 0, deleted: 29 } });
});

test('a project without rates has no statement but the one that finds that there are none', async () => {
  world = await openWorld();
  const before = world.warehouse.statements.length;
  expect(await sync()).toEqual({ changes: {}, warnings: [] });
  expect(world.warehouse.statements.length - before).toBe(1);
});
