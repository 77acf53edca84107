import { expect, test } from 'vitest';
import { connectBigQuery, type BigQueryApi, type Field } from '../warehouse/bigquery/api.ts';
import { UserError } from '../config/user-error.ts';
import type { TableDefinition } from '../warehouse/warehouse.ts';
import { examineBigQuery } from './bigquery.ts';

const VISITS: TableDefinition = {
  name: 'visits',
  description: 'Visits.',
  columns: [
    { name: 'site', type: 'STRING', mode: 'required', description: 'Site.' },
    { name: 'tags', type: 'STRING', mode: 'repeated', description: 'Tags.' },
  ],
  key: ['site'],
};
const FIELDS: readonly Field[] = [
  { name: 'site', type: 'STRING', mode: 'REQUIRED' },
  { name: 'tags', type: 'STRING', mode: 'REPEATED' },
];
const settings = {
  type: 'bigquery',
  project: 'p',
  dataset: 'd',
  location: 'EU',
  maximumBytesBilled: 1000,
  maximumBytesPerRun: 10_000,
} as const;

const refuse = () => {
  throw new Error('not to be called: it would cost or write');
};

function apiWith(changes: Partial<BigQueryApi> = {}): BigQueryApi {
  return {
    location: 'EU',
    fieldsOf: async () => FIELDS,
    dryRun: async () => ({ fields: [], bytes: 0 }),
    runQuery: refuse,
    loadFile: refuse,
    ...changes,
  };
}

const examine = (changes: Partial<BigQueryApi> = {}) => examineBigQuery(settings, [VISITS], async () => apiWith(changes));
const problems = (found: Awaited<ReturnType<typeof examine>>) => found.filter(({ status }) => status !== 'ok');

test('all is right: nothing but dry runs', async () => {
  const queries: string[] = [];
  const found = await examine({
    dryRun: async ({ query }) => {
      queries.push(query);
      return { fields: [], bytes: 0 };
    },
  });
  expect(found.map(({ subject, status }) => [subject, status])).toEqual([
    ['BigQuery', 'ok'],
    ['Location', 'ok'],
    ['Tables', 'ok'],
    ['Permissions', 'ok'],
  ]);
  expect(queries).toEqual(['select * from `p.d.visits` where false', 'insert into `p.d.visits` select * from `p.d.visits` where false']);
});

test('no credentials: the library says so, and the doctor says what to do', async () => {
  const before = process.env['GOOGLE_APPLICATION_CREDENTIALS'];
  process.env['GOOGLE_APPLICATION_CREDENTIALS'] = '/nonexistent/key.json';
  try {
    const [found] = await examineBigQuery(settings, [VISITS], connectBigQuery);
    expect(found).toMatchObject({ subject: 'BigQuery', status: 'problem' });
    expect(found!.says).toContain('no Google credentials for BigQuery: set GOOGLE_APPLICATION_CREDENTIALS');
  } finally {
    if (before === undefined) delete process.env['GOOGLE_APPLICATION_CREDENTIALS'];
    else process.env['GOOGLE_APPLICATION_CREDENTIALS'] = before;
  }
});

test.each(['the credentials may not use the BigQuery dataset p.d', 'there is no BigQuery dataset p.d: create it'])(
  'what connecting says is told: %s',
  async (words) => {
    const found = await examineBigQuery(settings, [VISITS], () => Promise.reject(new UserError(words)));
    expect(found).toEqual([
      { subject: 'BigQuery', status: 'problem', says: words, remedy: expect.stringContaining('deploy/google-cloud.sh') },
      { subject: 'Tables', status: 'unknown', says: 'not looked at' },
    ]);
  },
);

test('the dataset lies elsewhere', async () => {
  expect(problems(await examine({ location: 'europe-west3' }))).toEqual([
    {
      subject: 'Location',
      status: 'problem',
      says: 'the dataset lies in europe-west3, but warehouse.location is EU: no query would find it',
      remedy: "set warehouse.location to 'europe-west3' in the config",
    },
  ]);
  expect(problems(await examine({ location: 'eu' }))).toEqual([]);
});

test('a table is missing: permissions cannot be tried', async () => {
  expect(problems(await examine({ fieldsOf: async () => undefined }))).toEqual([
    {
      subject: 'Tables',
      status: 'problem',
      says: 'not there yet: visits',
      remedy: 'npx touchtrail run creates them; do it before events arrive',
    },
    { subject: 'Permissions', status: 'unknown', says: 'not looked at: there is no table' },
  ]);
});

test('a column is missing, or of another type', async () => {
  const found = problems(await examine({ fieldsOf: async () => [{ name: 'SITE', type: 'INTEGER' }] }));
  expect(found.map(({ says }) => says)).toEqual(['visits.site is INT64, but must be STRING', 'visits has no column tags']);
  const scalar = problems(await examine({ fieldsOf: async () => [FIELDS[0]!, { name: 'tags', type: 'STRING' }] }));
  expect(scalar.map(({ says }) => says)).toEqual(['visits.tags is STRING, but must be ARRAY<STRING>']);
});

const denied = () => Promise.reject(Object.assign(new Error('Access Denied: User does not have permission'), { code: 403 }));

test('the tables may not be read', async () => {
  expect(problems(await examine({ fieldsOf: denied }))).toEqual([
    {
      subject: 'Tables',
      status: 'problem',
      says: 'Access Denied: User does not have permission',
      remedy: 'give the account BigQuery Job User on the project p and BigQuery Data Editor on the dataset d: bash deploy/google-cloud.sh',
    },
  ]);
});

test.each([
  ['queried', () => denied()],
  ['written', ({ query }: { query: string }) => (query.startsWith('insert') ? denied() : Promise.resolve({ fields: [], bytes: 0 }))],
])('they may not be %s', async (_, dryRun) => {
  expect(problems(await examine({ dryRun })).map(({ subject }) => subject)).toEqual(['Permissions']);
});
