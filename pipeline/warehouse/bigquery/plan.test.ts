import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { sql, table } from '../sql.ts';
import type { TableDefinition } from '../warehouse.ts';
import type { BigQueryApi, Field, FinishedQuery, QueryJob } from './api.ts';
import { BigQueryWarehouse } from './bigquery.ts';
import { PlanningApi } from './plan.ts';
import { readOnly, refuseLoad } from './testing/read-only.ts';

const VISITS: TableDefinition = {
  name: 'visits',
  description: 'Visits.',
  columns: [
    { name: 'site', type: 'STRING', mode: 'required', description: 'Site.' },
    { name: 'number', type: 'INT64', description: 'Number.' },
  ],
  key: ['site'],
};
const FIELDS: readonly Field[] = [
  { name: 'site', type: 'STRING' },
  { name: 'number', type: 'INTEGER' },
];

/** A dataset with some tables; whatever would change it is an error. */
class ReadOnlyApi implements BigQueryApi {
  readonly location = 'EU';
  readonly ran: string[] = [];
  readonly priced: string[] = [];
  tables = new Set(['visits']);

  async runQuery(job: QueryJob): Promise<FinishedQuery> {
    const { query } = job;
    this.ran.push(query);
    const answer = readOnly(job, 10, { fields: FIELDS, rows: query.includes('limit 0') ? [] : [{ f: [{ v: 'a' }, { v: '1' }] }] });
    this.#check(query);
    return answer;
  }
  async dryRun({ query }: QueryJob) {
    this.priced.push(query);
    this.#check(query);
    return { fields: FIELDS, bytes: 1000 };
  }
  async fieldsOf(name: string) {
    return this.tables.has(name) ? FIELDS : undefined;
  }
  loadFile = refuseLoad;
  #check(query: string): void {
    const read = query.replace(/^create table `[^`]+`/, '');
    for (const [, name] of read.matchAll(/`p\.d\.(\w+)`/g)) if (!this.tables.has(name!)) throw new Error(`Not found: Table p:d.${name}`);
  }
}

let real: ReadOnlyApi;
let plan: PlanningApi;
let warehouse: BigQueryWarehouse;
const settings = { project: 'p', dataset: 'd', location: 'EU', maximumBytesBilled: 1000 };
beforeEach(() => {
  real = new ReadOnlyApi();
  plan = new PlanningApi(settings, real);
  warehouse = new BigQueryWarehouse(settings, plan);
});

const planned = () =>
  plan.statements.map(({ label, bytes, note }) => ({
    label,
    bytes,
    note: note?.replaceAll(/staged_visits_\w+/g, 'staged_visits') ?? null,
  }));

test('a read goes through and is priced by what it scanned', async () => {
  expect(await warehouse.rows(sql`select * from ${table('visits')}`, 'read visits')).toEqual([{ site: 'a', number: 1 }]);
  expect(planned()).toEqual([{ label: 'read visits', bytes: 10, note: 'read for this plan' }]);
});

test('a merge is planned statement by statement; its staging table is not there, so only the target’s bytes are known', async () => {
  expect(await warehouse.merge(VISITS, sql`select * from ${table('visits')}`, { label: 'visits' })).toEqual({
    inserted: 0,
    updated: 0,
    deleted: 0,
  });
  expect(planned()).toEqual([
    { label: 'visits: source', bytes: 1000, note: null },
    ...Array.from({ length: 2 }, () => ({
      label: 'visits',
      bytes: null,
      note: 'not known before it runs: it reads staged_visits, which does not exist yet; taken for empty here',
    })),
    {
      label: 'visits',
      bytes: 1000,
      note: 'beside the rows of staged_visits, which does not exist yet: their bytes are not known before it runs',
    },
    { label: expect.stringMatching(/^drop staged_visits_/) as string, bytes: 0, note: null },
  ]);
  expect(plan.statements[3]!.sql).toMatch(/^merge into `p\.d\.visits` as target\nusing `p\.d\.staged_visits_/);
  expect(real.priced.at(-1)).toContain('using (select cast(null as string) as `site`, cast(null as int64) as `number` limit 0) as source');
  expect(real.ran).toEqual([]);
});

test('a read after a planned write says whose rows it lacks', async () => {
  await warehouse.append(VISITS, sql`select 'b' as site, 2 as number`, 'new visits');
  await warehouse.delete(VISITS, sql`select 'c' as site`).catch(() => undefined);
  await warehouse.rows(sql`select * from ${table('visits')}`, 'read visits');
  expect(planned().at(-1)).toEqual({
    label: 'read visits',
    bytes: 10,
    note: 'read for this plan; it depends on rows of visits that "new visits" would have written',
  });
});

test('a table that would be created is empty for what follows, whoever names it, and however', async () => {
  real.tables = new Set();
  await warehouse.migrate([VISITS]);
  await warehouse.append(VISITS, sql`select * from ${table('visits')}`, 'visits of visits');
  expect(await warehouse.rows(sql`select * from visits`, 'bare')).toEqual([]);
  await warehouse.rows(sql`with v as (select * from ${table('visits')}) select * from v`, 'named');
  const note = 'read for this plan; visits, which does not exist yet, is taken for empty';
  expect(planned()).toEqual([
    { label: 'create visits', bytes: 0, note: null },
    { label: 'visits of visits', bytes: null, note: 'not known before it runs: it reads visits, which does not exist yet' },
    { label: 'bare', bytes: 10, note },
    { label: 'named', bytes: 10, note },
  ]);
  const empty = '`visits` as (select cast(null as string) as `site`, cast(null as int64) as `number` limit 0)';
  expect(real.ran).toEqual([`with ${empty}\nselect * from visits`, `with ${empty}, v as (select * from \`visits\`) select * from v`]);
});

test('a column or an alias that is called like a table is none', async () => {
  real.tables = new Set();
  await warehouse.migrate([VISITS]);
  await warehouse.rows(sql`select 1 as visits, v.visits from unnest([struct(2 as visits)]) as v`, 'aliases');
  expect(planned().at(-1)).toEqual({ label: 'aliases', bytes: 10, note: 'read for this plan' });
});

test('files are not loaded, and counted as if they were', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'touchtrail-plan-'));
  try {
    const file = join(folder, 'visits.csv');
    await writeFile(file, 'site,number\na,1\n"b\n",2\n');
    await warehouse.loadCsv(VISITS, file);
    expect(await warehouse.load(VISITS, [{ site: 'a', number: 1 }])).toMatchObject({ inserted: 1 });
  } finally {
    await rm(folder, { recursive: true });
  }
  expect(planned().filter(({ label }) => label.startsWith('load staged') || label === 'load visits')).toEqual([
    { label: expect.stringMatching(/^load staged_visits_/) as string, bytes: 0, note: 'a load job: it scans nothing and is not charged' },
    { label: 'load visits', bytes: 0, note: 'a load job: it scans nothing and is not charged' },
  ]);
  expect(real.ran).toEqual([]);
});
