import { afterEach, beforeEach, expect, test } from 'vitest';
import { type World, openWorld } from '../testing/world.ts';
import { syncSources } from './sources.ts';

let world: World;
beforeEach(async () => {
  world = await openWorld({
    sources: { crm_deals: { csv: 'deals.csv', columns: { deal_id: 'STRING', amount: 'FLOAT64', closed_at: 'DATE' }, key: ['deal_id'] } },
  });
});
afterEach(() => world.close());

const HEADER = 'deal_id,amount,closed_at\n';
const deals = (count: number) => HEADER + Array.from({ length: count }, (_, i) => `D${i},${i}.5,2026-03-0${1 + (i % 9)}\n`).join('');
const count = async () => (await world.rows('select count(*) as rows from crm_deals'))[0]!['rows'];

test('a source becomes a table of its name that follows the file row by row', async () => {
  await world.file('deals.csv', `${HEADER}D1,19800.00,2026-04-18\nD2,,\n`);
  await world.run(syncSources);
  expect(await world.rows('select * from crm_deals order by deal_id')).toEqual([
    { deal_id: 'D1', amount: 19800, closed_at: '2026-04-18' },
    { deal_id: 'D2', amount: null, closed_at: null },
  ]);
  await world.file('deals.csv', `${HEADER}D2,5,2026-05-01\nD1,19800.00,2026-04-18\nD3,7,\n`);
  expect((await world.run(syncSources))[0]!.changes).toEqual({ crm_deals: { inserted: 1, updated: 1, deleted: 0 } });
  expect((await world.run(syncSources))[0]!.changes).toEqual({ crm_deals: { inserted: 0, updated: 0, deleted: 0 } });
});

test('a file that lost more than the allowed share of its rows deletes nothing and says how to override', async () => {
  await world.file('deals.csv', deals(50));
  await world.run(syncSources);
  await world.file('deals.csv', deals(30));
  await expect(world.run(syncSources)).rejects.toThrow(
    /sources\.crm_deals\.csv: .*deals\.csv has 30 rows where the last export had 50 rows; at most 30 % may disappear at once\. .*If the loss is meant: touchtrail run --allow-mass-delete$/,
  );
  expect(await count()).toBe(50);
});

test.each([
  ['many of its rows', deals(30), 30],
  ['all of its rows', HEADER, 0],
])('--allow-mass-delete lets a file lose %s', async (_, text, left) => {
  await world.file('deals.csv', deals(50));
  await world.run(syncSources);
  await world.file('deals.csv', text);
  await syncSources({ ...world, configFolder: world.folder, now: '2026-07-01T03:00:00.000Z', allowMassDelete: true });
  expect(await count()).toBe(left);
});

test('a file that lost exactly the allowed share is taken', async () => {
  await world.file('deals.csv', deals(100));
  await world.run(syncSources);
  await world.file('deals.csv', deals(70));
  await world.run(syncSources);
  expect(await count()).toBe(70);
});

test.each([
  [3, 2],
  [20, 1],
])('of a small table any share may disappear, as long as rows remain: %i → %i', async (before, now) => {
  await world.file('deals.csv', deals(before));
  await world.run(syncSources);
  await world.file('deals.csv', deals(now));
  await world.run(syncSources);
  expect(await count()).toBe(now);
});

test.each([
  ['a file with nothing but its header', HEADER, /has 0 rows where the last export had 3 rows/],
  ['an empty file', '', /is empty, it has not even a header/],
])('%s deletes nothing', async (_, text, message) => {
  await world.file('deals.csv', deals(3));
  await world.run(syncSources);
  await world.file('deals.csv', text);
  await expect(world.run(syncSources)).rejects.toThrow(message);
  expect(await count()).toBe(3);
});

test('a header without rows is warned about where there never were any', async () => {
  await world.file('deals.csv', HEADER);
  expect((await world.run(syncSources))[0]!.warnings).toEqual([
    expect.stringMatching(/^sources\.crm_deals\.csv: .*deals\.csv has no rows$/),
  ]);
});

test('a file that is not there is named', async () => {
  await expect(world.run(syncSources)).rejects.toThrow(/sources\.crm_deals\.csv: there is no file .*deals\.csv; nothing was changed/);
});

test('a column that the export gained is ignored with a warning, and one that it lost is an error', async () => {
  await world.file('deals.csv', 'deal_id,Owner,amount,closed_at,Owner\nD1,"Jane, sales",1,2026-03-01,x\n');
  expect((await world.run(syncSources))[0]!.warnings).toEqual([
    expect.stringMatching(
      /^sources\.crm_deals: .*deals\.csv has columns that sources\.crm_deals\.columns does not declare: "Owner", "Owner"; ignored$/,
    ),
  ]);
  expect(await world.rows('select * from crm_deals')).toEqual([{ deal_id: 'D1', amount: 1, closed_at: '2026-03-01' }]);
  await world.file('deals.csv', 'deal_id,Owner,closed_at\nD1,Jane,2026-03-01\n');
  await expect(world.run(syncSources)).rejects.toThrow(/the column "amount" is missing; the header has deal_id, Owner, closed_at/);
});

test.each([
  [';', '"deal_id";"amount";"closed_at"\n"D1";"1,5";"2026-03-01"\n'],
  ['\t', 'deal_id\tamount\tclosed_at\nD1\t"1"\t2026-03-01\n'],
])('a file separated by %j says so', async (separator, text) => {
  await world.file('deals.csv', text);
  await expect(world.run(syncSources)).rejects.toThrow(`the columns seem to be separated by ${JSON.stringify(separator)}; expected commas`);
});

test('a column that the config does not declare is named with the nearest one', async () => {
  await world.file('deals.csv', 'deal_id,amout,closed_at\nD1,1,2026-03-01\n');
  await expect(world.run(syncSources)).rejects.toThrow(/unknown column "amout"; did you mean "amount"\?/);
});
