import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { UserError } from '../../config/user-error.ts';
import { openDuckDb } from '../duckdb/duckdb.ts';
import { sql } from '../sql.ts';
import type { TableDefinition } from '../warehouse.ts';
import type { BigQueryApi, Field, FinishedQuery, LoadJob, Page, QueryJob } from './api.ts';
import { BigQueryWarehouse } from './bigquery.ts';

const VISITS: TableDefinition = {
  name: 'visits',
  description: 'Visits.',
  columns: [
    { name: 'site', type: 'STRING', mode: 'required', description: 'Site.' },
    { name: 'number', type: 'INT64', description: 'Number.' },
    { name: 'context', type: 'JSON', description: 'Context.' },
  ],
  key: ['site'],
};
const FIELDS: readonly Field[] = [
  { name: 'site', type: 'STRING', mode: 'REQUIRED' },
  { name: 'number', type: 'INTEGER', mode: 'NULLABLE' },
  { name: 'context', type: 'JSON', mode: 'NULLABLE' },
];

/** Records what would be sent and answers as told. */
class FakeApi implements BigQueryApi {
  readonly queries: QueryJob[] = [];
  readonly dryRuns: QueryJob[] = [];
  readonly loads: (LoadJob & { content: string })[] = [];
  fields: readonly Field[] | undefined = FIELDS;
  answer: (query: string) => Partial<FinishedQuery> & { page?: Page } = () => ({});
  loaded = 0;

  async runQuery(job: QueryJob): Promise<FinishedQuery> {
    this.queries.push(job);
    const { page, ...rest } = this.answer(job.query);
    return { bytes: 7, billedBytes: 7, inserted: 0, updated: 0, deleted: 0, pages: () => pagesOf(page), ...rest };
  }
  async dryRun(job: QueryJob) {
    this.dryRuns.push(job);
    return { fields: this.fields ?? [], bytes: 123 };
  }
  async fieldsOf() {
    return this.fields;
  }
  async loadFile(job: LoadJob) {
    this.loads.push({ ...job, content: await readFile(job.file, 'utf8') });
    return this.loaded;
  }
  /** The first words of each statement. */
  get verbs(): string[] {
    return this.queries.map(({ query }) => query.split(/[ \n]/).slice(0, 2).join(' '));
  }
}

async function* pagesOf(page: Page | undefined): AsyncGenerator<Page> {
  if (page) yield page;
}

let api: FakeApi;
let warehouse: BigQueryWarehouse;
let folder: string;
beforeEach(async () => {
  api = new FakeApi();
  warehouse = new BigQueryWarehouse({ project: 'p', dataset: 'd', location: 'EU', maximumBytesBilled: 1000 }, api);
  folder = await mkdtemp(join(tmpdir(), 'touchtrail-bigquery-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('migrate creates a missing table', async () => {
  api.fields = undefined;
  await warehouse.migrate([VISITS]);
  expect(api.verbs).toEqual(['create table']);
});

test('migrate adds a missing column and leaves a table that fits', async () => {
  await warehouse.migrate([VISITS]);
  expect(api.queries).toEqual([]);
  api.fields = FIELDS.slice(0, 2);
  await warehouse.migrate([VISITS]);
  expect(api.queries.map(({ query }) => query)).toEqual([
    "alter table `p.d.visits` add column if not exists `context` json options (description = 'Context.')",
  ]);
});

test('migrate names both types where they differ', async () => {
  api.fields = [FIELDS[0]!, { name: 'number', type: 'FLOAT' }, FIELDS[2]!];
  await expect(warehouse.migrate([VISITS])).rejects.toThrow(
    'table visits: column "number" is FLOAT64 in the warehouse, but INT64 in the data model',
  );
});

test('rows are converted by their schema, times to microseconds, arrays and structs to plain values', async () => {
  const fields: Field[] = [
    { name: 'text', type: 'STRING' },
    { name: 'number', type: 'INTEGER' },
    { name: 'share', type: 'FLOAT' },
    { name: 'flag', type: 'BOOLEAN' },
    { name: 'at', type: 'TIMESTAMP' },
    { name: 'before', type: 'TIMESTAMP' },
    { name: 'day', type: 'DATE' },
    { name: 'nothing', type: 'DATE' },
    { name: 'context', type: 'JSON' },
    {
      name: 'keys',
      type: 'RECORD',
      mode: 'REPEATED',
      fields: [
        { name: 'key', type: 'STRING' },
        { name: 'value', type: 'INTEGER' },
      ],
    },
    { name: 'tags', type: 'STRING', mode: 'REPEATED' },
  ];
  const cells = [
    'a',
    '9007199254740991',
    '0.5',
    'true',
    '1774747800123456',
    '-1',
    '2026-03-29',
    null,
    '{"a":1}',
    [{ v: { f: [{ v: 'x' }, { v: null }] } }],
    [],
  ];
  api.answer = () => ({ page: { fields, rows: [{ f: cells.map((v) => ({ v })) }] } });
  expect(await warehouse.rows(sql`select 1`)).toEqual([
    {
      text: 'a',
      number: 9007199254740991,
      share: 0.5,
      flag: true,
      at: '2026-03-29T01:30:00.123456Z',
      before: '1969-12-31T23:59:59.999999Z',
      day: '2026-03-29',
      nothing: null,
      context: '{"a":1}',
      keys: [{ key: 'x', value: null }],
      tags: [],
    },
  ]);
});

test('an integer beyond 2^53 is a RangeError', async () => {
  api.answer = () => ({ page: { fields: [{ name: 'n', type: 'INTEGER' }], rows: [{ f: [{ v: '9007199254740993' }] }] } });
  await expect(warehouse.rows(sql`select 1`)).rejects.toThrow(RangeError);
});

test('batches are columns', async () => {
  api.answer = () => ({
    page: { fields: FIELDS.slice(0, 2), rows: [{ f: [{ v: 'a' }, { v: '1' }] }, { f: [{ v: 'b' }, { v: '2' }] }] },
  });
  const batches = [];
  for await (const batch of warehouse.batches(sql`select 1`)) batches.push(batch);
  expect(batches).toEqual([
    [
      ['a', 'b'],
      [1, 2],
    ],
  ]);
});

test('merge stages the source, checks the keys, merges, drops the staging table, and counts as BigQuery does', async () => {
  api.answer = (query) => (query.startsWith('merge') ? { inserted: 3, updated: 2, deleted: 1 } : {});
  expect(await warehouse.merge(VISITS, sql`select 'a' as site`, { deleteUnmatched: true })).toEqual({
    inserted: 3,
    updated: 2,
    deleted: 1,
  });
  expect(api.verbs).toEqual(['create table', 'select cast(`site`', 'select count(*)', 'merge into', 'drop table']);
  expect(warehouse.statements.find(({ label }) => label === 'merge into visits')).toMatchObject({ bytes: 7 });
});

test('a merge of some days checks that the source lies in them', async () => {
  const definition: TableDefinition = {
    ...VISITS,
    columns: [...VISITS.columns, { name: 'day', type: 'DATE', description: 'Day.' }],
    partitionBy: 'day',
  };
  await warehouse.merge(definition, sql`select 'a' as site`, { days: ['2026-01-01'] });
  expect(api.verbs).toEqual(['create table', 'select cast(`site`', 'select count(*)', 'select `day`', 'merge into', 'drop table']);
  expect(api.queries.find(({ query }) => query.startsWith('merge'))!.query).toContain('(target.`day` >= @p1 and target.`day` < @p2)');
  const page = { fields: [{ name: 'outside_day', type: 'DATE' }], rows: [{ f: [{ v: null }] }] };
  api.answer = (query) => (query.startsWith('select `day`') ? { page } : {});
  await expect(warehouse.merge(definition, sql`select 'a' as site`, { days: ['2026-01-01'] })).rejects.toThrow(
    'merge into visits: the source has a row of no day, which is none of the days to write',
  );
});

test('delete checks its keys by a dry run and deletes by one statement', async () => {
  api.fields = FIELDS.slice(0, 1);
  api.answer = () => ({ deleted: 4 });
  expect(await warehouse.delete(VISITS, sql`select 'a' as site`)).toEqual({ inserted: 0, updated: 0, deleted: 4 });
  expect(api.verbs).toEqual(['delete from']);
  api.fields = FIELDS;
  await expect(warehouse.delete(VISITS, sql`select 'a' as site`)).rejects.toThrow('has no column "number"');
});

async function readIntegers(): Promise<number[][][]> {
  const batches: number[][][] = [];
  for await (const batch of warehouse.integerBatches(sql`select 1`, 'read')) batches.push(batch.map((column) => [...column]));
  return batches;
}

test('integer batches are columns of 32-bit integers; what does not fit is refused', async () => {
  const fields: Field[] = [
    { name: 'a', type: 'INTEGER' },
    { name: 'b', type: 'INTEGER' },
  ];
  const answer = (...cells: (string | null)[]) => {
    api.answer = () => ({ page: { fields, rows: [{ f: [{ v: '1' }, { v: '2' }] }, { f: cells.map((v) => ({ v })) }] } });
  };
  answer('-2147483648', '2147483647');
  expect(await readIntegers()).toEqual([
    [
      [1, -2147483648],
      [2, 2147483647],
    ],
  ]);
  for (const cell of [null, '2147483648', '-2147483649', '9007199254740993']) {
    answer('1', cell);
    await expect(readIntegers()).rejects.toThrow(new RangeError('read: column "b" has a value that is NULL or no integer of 32 bits'));
  }
});

test('loadIntegers writes a line per row', async () => {
  api.loaded = 3;
  const definition: TableDefinition = {
    ...VISITS,
    columns: ['a', 'b'].map((name) => ({ name, type: 'INT64', mode: 'required', description: '' })),
  };
  const batches = [
    [Int32Array.of(1, 2), Int32Array.of(-3, 4)],
    [Int32Array.of(5), Int32Array.of(6)],
  ];
  expect(await warehouse.loadIntegers(definition, batches)).toEqual({ inserted: 3, updated: 0, deleted: 0 });
  expect(api.loads[0]!.content).toBe('{"a":1,"b":-3}\n{"a":2,"b":4}\n{"a":5,"b":6}\n');
});

test('a repeated key stops the merge before it begins, and the staging table is dropped', async () => {
  const page = {
    fields: [
      { name: 'copies', type: 'INTEGER' },
      { name: 'key_site', type: 'STRING' },
    ],
    rows: [{ f: [{ v: '2' }, { v: 'a' }] }],
  };
  api.answer = (query) => (query.startsWith('select count(*)') ? { page } : {});
  await expect(warehouse.merge(VISITS, sql`select 'a' as site`)).rejects.toThrow('2 rows have the same key (site = "a")');
  expect(api.verbs).toEqual(['create table', 'select cast(`site`', 'select count(*)', 'drop table']);
});

test('a source that does not fit is refused by a dry run, before anything runs', async () => {
  api.fields = [{ name: 'sites', type: 'STRING' }];
  await expect(warehouse.append(VISITS, sql`select 1`)).rejects.toThrow('table visits has no column "sites"; did you mean "site"?');
  expect(api.queries).toEqual([]);
});

test('load writes NDJSON, JSON as the value it holds, and loads it', async () => {
  api.loaded = 2;
  const rows = [
    { site: 'a"\n', number: 1, context: '{"a": "\\n",\n"b": [1]}' },
    { site: 'b', number: null, context: null },
  ];
  expect(await warehouse.load(VISITS, rows)).toEqual({ inserted: 2, updated: 0, deleted: 0 });
  expect(api.loads[0]).toMatchObject({ table: 'visits', sourceFormat: 'NEWLINE_DELIMITED_JSON', writeDisposition: 'WRITE_APPEND' });
  expect(api.loads[0]!.content).toBe('{"site":"a\\"\\n","number":1,"context":{"a":"\\n","b":[1]}}\n{"site":"b"}\n');
  expect(api.loads[0]!.fields).toEqual([
    { name: 'site', type: 'STRING', mode: 'REQUIRED' },
    { name: 'number', type: 'INT64', mode: 'NULLABLE' },
    { name: 'context', type: 'JSON', mode: 'NULLABLE' },
  ]);
});

test('a replacing load truncates and says how many rows went', async () => {
  api.answer = () => ({ page: { fields: [{ name: 'count', type: 'INTEGER' }], rows: [{ f: [{ v: '5' }] }] } });
  expect(await warehouse.load(VISITS, [], { replace: true })).toEqual({ inserted: 0, updated: 0, deleted: 5 });
  expect(api.loads[0]!.writeDisposition).toBe('WRITE_TRUNCATE');
});

test('a row that does not fit is refused before anything is sent', async () => {
  await expect(warehouse.load(VISITS, [{ site: 'a', number: 0.5 }])).rejects.toThrow('row 1: column "number" is INT64, got 0.5');
  expect(api.loads).toEqual([]);
});

test('a CSV file is staged as text, checked, and merged', async () => {
  const file = join(folder, 'visits.csv');
  await writeFile(file, 'site,context,number\na,,1\n');
  api.loaded = 1;
  await warehouse.loadCsv(VISITS, file);
  expect(api.loads[0]).toMatchObject({
    sourceFormat: 'CSV',
    csv: { skipLeadingRows: 1, nullMarker: '' },
    fields: [
      { name: 'site', type: 'STRING', mode: 'NULLABLE' },
      { name: 'context', type: 'STRING', mode: 'NULLABLE' },
      { name: 'number', type: 'STRING', mode: 'NULLABLE' },
    ],
  });
  expect(api.verbs).toEqual([
    'select position,',
    'create table',
    'select cast(`site`',
    'select count(*)',
    'merge into',
    'drop table',
    'drop table',
  ]);
});

test('a CSV file for a table without a key replaces it in one statement', async () => {
  const file = join(folder, 'visits.csv');
  await writeFile(file, 'site,number,context\na,1,\n');
  api.loaded = 1;
  await warehouse.loadCsv({ ...VISITS, key: [] }, file);
  expect(api.verbs).toEqual(['select position,', 'merge into', 'drop table']);
  expect(api.queries[1]!.query).toMatch(/\non false\nwhen not matched by source then delete\nwhen not matched by target then insert /);
});

test('a bad cell of a CSV file is named with its line, and nothing is merged', async () => {
  const file = join(folder, 'visits.csv');
  await writeFile(file, 'site,number,context\n"a\n1",1,\nb,one,\n');
  api.loaded = 2;
  const fields = [
    { name: 'position', type: 'INTEGER' },
    { name: 'cell', type: 'STRING' },
  ];
  api.answer = (query) => (query.startsWith('select position') ? { page: { fields, rows: [{ f: [{ v: '1' }, { v: 'one' }] }] } } : {});
  await expect(warehouse.loadCsv(VISITS, file)).rejects.toThrow(
    `${file}:4: column "number" is "one"; expected INT64: a whole number such as 42`,
  );
  expect(api.verbs).not.toContain('merge into');
});

test('a CSV file that the engine reads differently changes nothing', async () => {
  const file = join(folder, 'visits.csv');
  await writeFile(file, 'site,number,context\na,1,\nb,2,\n');
  api.loaded = 1;
  await expect(warehouse.loadCsv(VISITS, file)).rejects.toThrow('has 2 records, but the engine read 1; nothing was changed');
});

test('dryRun gives columns and bytes', async () => {
  expect(await warehouse.dryRun(sql`select 1`)).toEqual({
    columns: [
      { name: 'site', type: 'STRING', mode: 'required', description: '' },
      { name: 'number', type: 'INT64', mode: 'nullable', description: '' },
      { name: 'context', type: 'JSON', mode: 'nullable', description: '' },
    ],
    bytes: 123,
  });
  expect(api.queries).toEqual([]);
});

test('every job carries its label in the form BigQuery takes', async () => {
  await warehouse.rows(sql`select 1`, 'Merge into Visits: source');
  expect(api.queries[0]!.labels).toEqual({ touchtrail: 'merge_into_visits_source' });
});

test('an engine error carries the label and the lines around', async () => {
  const query = sql`select\n  nothing\nfrom x`;
  api.runQuery = () => Promise.reject(new Error('Unrecognized name: nothing at [2:3]'));
  await expect(warehouse.rows(query, 'find nothing')).rejects.toThrow(
    'find nothing: Unrecognized name: nothing at [2:3]\n  1 | select\n> 2 |   nothing\n  3 | from x',
  );
});

test('a snapshot is a DuckDB file with the rows', async () => {
  const path = join(folder, 'snapshot.duckdb');
  api.answer = () => ({ page: { fields: FIELDS, rows: [{ f: [{ v: 'a' }, { v: '1' }, { v: '{"a":1}' }] }] } });
  await warehouse.snapshot([VISITS], path);
  const snapshot = await openDuckDb(path, { readOnly: true });
  expect(await snapshot.rows(sql`select * from visits`)).toEqual([{ site: 'a', number: 1, context: '{"a":1}' }]);
  await snapshot.close();
});

test('a snapshot holds integers beyond 2^53, as the keys of persons are, exactly', async () => {
  const path = join(folder, 'snapshot.duckdb');
  api.answer = () => ({ page: { fields: FIELDS, rows: [{ f: [{ v: 'a' }, { v: '1152921504606846975' }, { v: null }] }] } });
  await warehouse.snapshot([VISITS], path);
  const snapshot = await openDuckDb(path, { readOnly: true });
  expect(await snapshot.rows(sql`select cast(number as string) as number from visits`)).toEqual([{ number: '1152921504606846975' }]);
  await snapshot.close();
});

test('within a step of a run every job carries both, and the step’s signal; what cleans up carries none that could stop it', async () => {
  const stop = new AbortController();
  await warehouse.within({ runId: '20260302T010000Z-000007', step: 'sessions', signal: stop.signal }, () =>
    warehouse.merge(VISITS, sql`select 'a' as site`),
  );
  await warehouse.rows(sql`select 1`, 'run lease');
  expect(api.queries.slice(0, -1).every(({ labels }) => labels['touchtrail_run'] === '20260302t010000z-000007')).toBe(true);
  expect(api.queries.slice(0, -1).every(({ labels }) => labels['touchtrail_step'] === 'sessions')).toBe(true);
  expect(api.queries.slice(0, 4).every(({ signal }) => signal === stop.signal)).toBe(true);
  const [drop, lease] = api.queries.slice(-2);
  stop.abort();
  expect(drop!.query).toMatch(/^drop table/);
  expect(drop!.signal?.aborted).toBe(false);
  expect(lease!.labels).toEqual({ touchtrail: 'run_lease' });
  expect(lease!.signal).toBeUndefined();
});

test('what may not run twice says so: an insert of rows', async () => {
  await warehouse.append(VISITS, sql`select 'a' as site`);
  await warehouse.merge(VISITS, sql`select 'a' as site`);
  expect(api.queries[0]!.query).toMatch(/^insert into/);
  expect(api.queries.map(({ repeatable }) => repeatable)).toEqual([false, ...api.queries.slice(1).map(() => true)]);
});

test('the limit of a run is what its queries were billed for, and is given to the next as its own', async () => {
  const limited = new BigQueryWarehouse(
    { project: 'p', dataset: 'd', location: 'EU', maximumBytesBilled: 1000, maximumBytesPerRun: 1500 },
    api,
  );
  api.answer = () => ({ billedBytes: 900 });
  await limited.rows(sql`select 1`);
  await limited.rows(sql`select 2`);
  expect(api.queries.map(({ maximumBytesBilled }) => maximumBytesBilled)).toEqual([1000, 600]);
  api.runQuery = () =>
    Promise.reject(
      Object.assign(new Error('Query exceeded limit for bytes billed: 1. 10485760 or higher required.'), {
        errors: [{ reason: 'bytesBilledLimitExceeded' }],
      }),
    );
  await expect(limited.rows(sql`select 3`, 'dirty days')).rejects.toThrow('dirty days: this statement would scan 10 MB, but of the 1.5 kB');
});

test('statistics count the rows that a query read', async () => {
  api.answer = () => ({ page: { fields: FIELDS.slice(0, 1), rows: [{ f: [{ v: 'a' }] }, { f: [{ v: 'b' }] }] } });
  await warehouse.rows(sql`select 1`, 'read sites');
  expect(warehouse.statements.at(-1)).toMatchObject({ label: 'read sites', rows: 2, bytes: 7 });
});

test('a statement that was stopped is named', async () => {
  api.runQuery = () => Promise.reject(new UserError('stopped: the BigQuery job x was cancelled'));
  await expect(warehouse.rows(sql`select 1`, 'merge sessions')).rejects.toThrow(
    new UserError('merge sessions: stopped: the BigQuery job x was cancelled'),
  );
});
