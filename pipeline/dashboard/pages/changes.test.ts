import { afterAll, beforeAll, expect, test } from 'vitest';
import { CONVERSIONS } from '../../models/conversions/tables.ts';
import { COSTS } from '../../models/costs/tables.ts';
import { REPORT_CREDITS } from '../../models/reports/tables.ts';
import { publish } from '../../query/testing/publish.ts';
import type { Row, TableDefinition } from '../../warehouse/warehouse.ts';
import { linksOf, openDashboard, rowsOf, type TestDashboard, textOf } from '../testing/dashboard.ts';
import { PEOPLE_CONFIG, PEOPLE_TABLES } from '../testing/people.ts';

// Two nights of the people of testing/people.ts. In the second one D1 is worth 12,000 instead of 10,000, D3 is gone, and a
// deal has come whose id is markup.
const HOSTILE = '<b onclick=alert(1)>D9';
const EARLIER = '20260331T030000Z-000001';
const LATER = '20260401T030000Z-000002';

type Change = (row: Row) => readonly Row[];
const TABLES = [...PEOPLE_TABLES, [COSTS, []] as const];
const changed = (of: TableDefinition, change: Change, more: readonly Row[]) =>
  TABLES.map(([table, rows]): readonly [TableDefinition, readonly Row[]] =>
    table === of ? [table, [...rows.flatMap(change), ...more]] : [table, rows],
  );

const isOf = (row: Row, column: string, id: string) => row['conversion_name'] === 'closed_won' && row[column] === id;

const worth =
  (column: string) =>
  (row: Row): Row[] => {
    if (isOf(row, column, 'D3')) return [];
    if (!isOf(row, column, 'D1')) return [row];
    return [{ ...row, value_micros: (row['value_micros'] as number) * 1.2, ...(column === 'id' && { original_value: 12_000 }) }];
  };

let dashboard: TestDashboard;
beforeAll(async () => {
  const said = { config: PEOPLE_CONFIG };
  dashboard = await openDashboard(TABLES, {
    ...said,
    publication_id: EARLIER,
    published_at: '2026-03-31T03:00:00.000000Z',
    data_up_to: '2026-03-25T20:00:00.000000Z',
  });
  const credits = PEOPLE_TABLES.find(([table]) => table === REPORT_CREDITS)![1];
  const conversions = PEOPLE_TABLES.find(([table]) => table === CONVERSIONS)![1];
  const lastOfD1 = credits.find((row) => isOf(row, 'conversion_id', 'D1') && row['model'] === 'last_click')!;
  const d1 = conversions.find((row) => isOf(row, 'id', 'D1'))!;
  const late = { conversion_date: '2026-03-30', value_micros: 700_000_000 };
  const first = changed(REPORT_CREDITS, worth('conversion_id'), [{ ...lastOfD1, ...late, conversion_id: HOSTILE }]);
  const second = first.map(([table, rows]): readonly [TableDefinition, readonly Row[]] =>
    table === CONVERSIONS
      ? [
          table,
          [
            ...rows.flatMap(worth('id')),
            {
              ...d1,
              ...late,
              id: HOSTILE,
              conversion_time: '2026-03-30T10:00:00.000000Z',
              attribution_time: '2026-03-30T10:00:00.000000Z',
            },
          ],
        ]
      : [table, rows],
  );
  await publish(dashboard.dataFolder, second, { ...said, publication_id: LATER });
});
afterAll(() => dashboard.close());

const part = (page: string, heading: string) => page.split('<section').find((text) => text.includes(`<h2>${heading}`)) ?? '';
const ASKED = '/changes?conversion=closed_won&model=last_click';

test('a number of the last publication beside that of the one before, with the causes of the change', async () => {
  const page = await dashboard.get(ASKED);
  expect(rowsOf(part(page, 'Value: Closed/Won, last click')).slice(1)).toEqual([
    ['Channel', 'Before', 'After', 'Change', 'New', 'Deleted', 'Updated'],
    ['Email', '€10,000', '€12,700', '+€2,700', '+€700', '—', '+€2,000'],
    ['Direct', '€500', '€0', '-€500', '—', '-€500', '—'],
    ['All', '€10,500', '€12,700', '+€2,200', '+€700', '-€500', '+€2,000'],
  ]);
});

test('each cause says how many conversions it concerns, and leads to them alone', async () => {
  const page = await dashboard.get(ASKED);
  expect(rowsOf(part(page, 'Causes')).map((row) => row.slice(0, 4))).toEqual([
    ['Cause', 'Conversions', 'Change', 'Change of value'],
    ['New', '1', '+1', '+€700'],
    ['Deleted', '1', '-1', '-€500'],
    ['Updated', '1', '0', '+€2,000'],
    ['All', '3', '0', '+€2,200'],
  ]);
  const [updated] = linksOf(page, 'Updated');
  const list = part(await dashboard.get(updated!), 'Conversions that differ: updated');
  expect(rowsOf(list).slice(1)).toEqual([
    ['D1', 'Updated', expect.stringMatching(/Mar 2026/), 'original_value', 'Email €10,000.00', 'Email €12,000.00'],
  ]);
  expect(linksOf(list, 'D1')[0]).toContain('/journeys?');
});

test('markup in an id is text, and what is listed can be had as CSV', async () => {
  const page = await dashboard.get(ASKED);
  expect(rowsOf(part(page, 'Conversions that differ')).map((row) => row[0])).toEqual(['Id', HOSTILE, 'D3', 'D1']);
  expect(page).not.toContain('<b onclick');
  const list = await dashboard.get(`${ASKED}&format=csv&table=conversions&cause=deleted`);
  expect(list.split('\r\n')).toEqual([
    'conversion,id,conversion_time,cause,detail,key,credit_before,value_before,credit_after,value_after',
    'closed_won,D3,2026-03-20T09:00:00.000000Z,deleted,,Direct,1,500,0,0',
    '',
  ]);
  const figures = await dashboard.get(`${ASKED}&format=csv`);
  expect(figures.split('\r\n')[0]).toMatch(/^metric,key,before,after,change,definition,new,deleted,updated,/);
  expect(figures).toContain('conversions,Email,1,2,1,0,1,0,0,');
});

test('a filter of the address chooses what is compared, and can be taken away', async () => {
  const page = await dashboard.get(`${ASKED}&filter=channel%3DDirect`);
  expect(rowsOf(part(page, 'Value: Closed/Won, last click')).slice(2)).toEqual([
    ['Direct', '€500', '€0', '-€500', '-€500'],
    ['All', '€500', '€0', '-€500', '-€500'],
  ]);
  expect(linksOf(page, '×')[0]).not.toContain('filter=');
  expect(textOf(await dashboard.get(`${ASKED}&filter=cost%3E1`, 400))).toContain('a condition on a metric chooses rows of a report');
});

test('publications, what is compared and by what are chosen in the address', async () => {
  const page = await dashboard.get(`/changes?what=cost&by=campaign&before=${EARLIER}`);
  expect(textOf(page)).toContain('Nothing of this differs between them.');
  expect(rowsOf(part(page, 'Cost')).slice(1)).toEqual([['All', '€0', '€0', '€0']]);
  expect(textOf(await dashboard.get('/changes?what=visitors', 400))).toContain(
    'what=visitors: expected one of conversions, sessions, cost',
  );
  expect(textOf(await dashboard.get('/changes?before=2020-01-01', 400))).toContain('as of 2020-01-01: no such publication is kept');
  expect(textOf(await dashboard.get(`${ASKED}&cause=magic`, 400))).toContain('cause');
});

test('from the first publication there is nothing to compare with: the page says what to do', async () => {
  const page = await dashboard.get(`/changes?as_of=${EARLIER}`);
  expect(textOf(page)).toContain('There is one publication so far');
  expect(textOf(page)).toContain('npx touchtrail run');
});
