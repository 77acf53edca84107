import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Config } from '../../../config/schema.ts';
import type { BigQueryApi, Field, QueryJob } from '../../../warehouse/bigquery/api.ts';
import { BigQueryWarehouse } from '../../../warehouse/bigquery/bigquery.ts';
import { checkConversion, type ConversionCheck } from './check.ts';

const FIELDS: readonly Field[] = [
  { name: 'id', type: 'STRING' },
  { name: 'created', type: 'TIMESTAMP' },
  { name: 'client_id', type: 'STRING' },
];
const QUERY = 'select id, created, client_id from `other.crm.deals` where created >= @from and created < @to';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'touchtrail-remedies-'));
  await writeFile(path.join(folder, 'deal.sql'), QUERY);
});
afterEach(() => rm(folder, { recursive: true }));

/** A check on BigQuery, of which the dry run is answered as told. No query may run that costs anything, unless it is answered, too. */
async function check(
  dryRun: (job: QueryJob) => { fields: readonly Field[]; bytes: number },
  runQuery?: BigQueryApi['runQuery'],
): Promise<ConversionCheck> {
  const warehouse = { type: 'bigquery', project: 'fernhill', dataset: 'touchtrail', location: 'EU' } as const;
  const config = Config.parse({
    project: { name: 'Fernhill', timeZone: 'Europe/Berlin', currency: 'EUR' },
    warehouse,
    conversions: [{ name: 'deal', label: 'Deal', sql: 'deal.sql' }],
  });
  const api: BigQueryApi = {
    runQuery: runQuery ?? (() => Promise.reject(new Error('a query was run'))),
    dryRun: async (job) => dryRun(job),
    fieldsOf: () => Promise.reject(new Error('a table was asked for')),
    loadFile: () => Promise.reject(new Error('a file was loaded')),
  };
  return await checkConversion(
    {
      warehouse: new BigQueryWarehouse({ ...warehouse, maximumBytesBilled: 1e12 }, api),
      config,
      configFolder: folder,
      now: '2026-07-01T03:00:00.000Z',
      account: 'the service account nightly@fernhill.iam.gserviceaccount.com',
    },
    config.conversions[0]!,
  );
}

/** As the client library throws it. */
const refused = (code: number, message: string) => () => {
  throw Object.assign(new Error(message), { code, errors: [{ message }] });
};

/** What BigQuery says → what to do about it. */
const REFUSALS: readonly (readonly [string, number, string, string])[] = [
  [
    'a table that may not be read',
    403,
    'Access Denied: Table other:crm.deals: User does not have permission to query table other:crm.deals, or perhaps it does not exist in location EU.',
    'the service account nightly@fernhill.iam.gserviceaccount.com needs two roles: BigQuery Job User on the project fernhill, where the query ' +
      'runs, and BigQuery Data Viewer on the project other, where the data lies (other:crm.deals). Data that lies in another location than EU cannot be read at all',
  ],
  [
    'a project in which no query may run',
    403,
    'Access Denied: Project fernhill: User does not have bigquery.jobs.create permission in project fernhill.',
    'the service account nightly@fernhill.iam.gserviceaccount.com needs two roles: BigQuery Job User on the project fernhill',
  ],
  [
    'a dataset in another location',
    404,
    'Not found: Dataset other:crm was not found in location EU',
    'the query runs in EU, where fernhill.touchtrail lies, and reads what lies there only: other:crm does not exist, or lies in another location; ' +
      'correct the name, or copy what is needed into a dataset in EU',
  ],
  [
    'a partitioned table without a partition filter',
    400,
    "Cannot query over table 'other.crm.deals' without a filter over column(s) 'created_on' that can be used for partition elimination",
    'other.crm.deals is partitioned, and is read by its partitions only: compare created_on itself with @from and @to in the WHERE of the query',
  ],
];

test.each(REFUSALS)('of %s it says what to do, beside the words of BigQuery', async (_, code, words, remedy) => {
  const failed = check(refused(code, words));
  await expect(failed).rejects.toThrow(words);
  await expect(failed).rejects.toThrow(remedy);
  await expect(failed).rejects.toThrow(`conversion deal (${path.join(folder, 'deal.sql')})`);
});

test('what needs no advice has the words of BigQuery alone, with the line of the file', async () => {
  const failed = check(refused(400, 'Unrecognized name: creatd at [2:12]'));
  await expect(failed).rejects.toThrow(/deal\.sql\), line 1: Unrecognized name: creatd at \[2:12\]\n> 1 \| select id.*$/);
});

/** The dry run is asked for a night's range, and for all of history. */
const bytesOf = (night: number, history: number) => (job: QueryJob) => ({
  fields: FIELDS,
  bytes: job.queryParameters.some(({ parameterValue }) => JSON.stringify(parameterValue).includes('1970')) ? history : night,
});
const one = (fields: readonly Field[], cells: readonly (string | null)[]) => ({ fields, rows: [{ f: cells.map((v) => ({ v })) }] });
const integer = (name: string): Field => ({ name, type: 'INTEGER' });
const text = (name: string): Field => ({ name, type: 'STRING' });

/** Nothing is in the table. */
const empty: BigQueryApi['runQuery'] = async ({ query }) => {
  const counts = ['row_count', 'ids', 'different_ids', 'times', 'midnights', 'local_midnights', 'filled_client_id'];
  const page = query.includes('row_count')
    ? one(
        counts.map(integer),
        counts.map(() => '0'),
      )
    : query.includes('only_earlier')
      ? one([integer('only_earlier'), integer('only_later'), text('example')], ['0', '0', null])
      : { fields: [text('id')], rows: [] };
  return {
    bytes: 0,
    billedBytes: 0,
    inserted: 0,
    updated: 0,
    deleted: 0,
    async *pages() {
      yield page;
    },
  };
};

test('a night that reads all of history is told, with its bytes', async () => {
  const { bytes, warnings } = await check(bytesOf(5_000_000_000, 5_000_000_000), empty);
  expect(bytes).toEqual({ night: 5_000_000_000, history: 5_000_000_000 });
  expect(warnings[0]).toMatch(/^conversion deal .*: a night reads as many bytes as all of history has: no partition is left out\./);
});

test.each([
  ['partitions are left out', 80_000_000, 5_000_000_000],
  ['there is next to nothing', 5_000_000, 5_000_000],
])('that is no word where %s', async (_, night, history) => {
  expect((await check(bytesOf(night, history), empty)).warnings).toEqual([
    'the query returns nothing since 2026-05-31 (adjustmentDays: 30): no columns of a row could be looked at',
  ]);
});

test('a query whose columns do not fit is not run', async () => {
  const { problems } = await check(() => ({ fields: FIELDS.slice(0, 1), bytes: 7 }));
  expect(problems).toEqual([
    'column "created" is missing; expected TIMESTAMP or DATE',
    'column "client_id" is missing; expected STRING (or lead_id)',
  ]);
});
