import { beforeEach, expect, test } from 'vitest';
import { UserError } from '../../config/user-error.ts';
import { param, sql, table } from '../sql.ts';
import { WarehouseError } from '../warehouse-error.ts';
import type { BigQueryApi, FinishedQuery, Page, QueryJob } from './api.ts';
import { BigQueryWarehouse } from './bigquery.ts';
import { PlanningApi } from './plan.ts';

const SETTINGS = { project: 'p', dataset: 'd', location: 'northamerica-south1', maximumBytesBilled: 1000 };
const OPTIONS = { trees: 50, maximumDepth: 4, learningRate: 0.1, leastLeafWeight: 5, ridge: 1 };
const ROWS = { features: ['channel', 'page_views'], label: 'is_converted', weight: 'visits', rows: sql`select * from ${table('staged')}` };

/** BigQuery as it is documented: models lie beside tables, and what it refuses has a reason. */
class FakeBigQuery implements BigQueryApi {
  readonly queries: QueryJob[] = [];
  readonly models = new Set<string>();
  refusal: Error | undefined;
  page: Page = { fields: [], rows: [] };

  async runQuery(job: QueryJob): Promise<FinishedQuery> {
    this.queries.push(job);
    if (this.refusal) throw this.refusal;
    const [, created] = /^create or replace model `p\.d\.(\w+)`/.exec(job.query) ?? [];
    if (created !== undefined) this.models.add(created);
    const [, dropped] = /^drop model if exists `p\.d\.(\w+)`/.exec(job.query) ?? [];
    if (dropped !== undefined) this.models.delete(dropped);
    for (const [, name] of job.query.matchAll(/\(model `p\.d\.(\w+)`/g))
      if (!this.models.has(name!)) throw refused('notFound', `Not found: Model p:d.${name}`);
    const { page } = this;
    return {
      bytes: 7,
      billedBytes: 7,
      inserted: 0,
      updated: 0,
      deleted: 0,
      async *pages() {
        yield page;
      },
    };
  }
  async dryRun() {
    return { fields: [], bytes: 123 };
  }
  async fieldsOf() {
    return [];
  }
  async loadFile(): Promise<number> {
    throw new Error('nothing is loaded');
  }
}

const refused = (reason: string, message: string) => Object.assign(new Error(message), { reason });

let api: FakeBigQuery;
let warehouse: BigQueryWarehouse;
beforeEach(() => {
  api = new FakeBigQuery();
  warehouse = new BigQueryWarehouse(SETTINGS, api);
});
const grow = () => warehouse.boostedTrees.grow('grown', ROWS, OPTIONS, 'trees of march');

test('trees are grown by one statement, every option of which is said', async () => {
  await grow();
  expect(api.queries.map(({ query, queryParameters }) => [query, queryParameters])).toEqual([
    [
      [
        'create or replace model `p.d.grown`',
        'options (',
        "  model_type = 'BOOSTED_TREE_CLASSIFIER',",
        "  input_label_cols = ['is_converted'],",
        "  instance_weight_col = 'visits',",
        "  data_split_method = 'NO_SPLIT',",
        '  early_stop = false,',
        "  booster_type = 'GBTREE',",
        "  tree_method = 'HIST',",
        '  subsample = 1.0,',
        "  category_encoding_method = 'ONE_HOT_ENCODING',",
        '  max_iterations = 50,',
        '  max_tree_depth = 4,',
        '  learn_rate = 0.1,',
        '  min_tree_child_weight = 5,',
        '  l2_reg = 1,',
        "  xgboost_version = '1.1'",
        ')',
        'as',
        'select given.`channel`, given.`page_views`, given.`is_converted`, given.`visits`',
        'from (select * from `p.d.staged`',
        ') as given',
      ].join('\n'),
      [],
    ],
  ]);
  // Where the answer was lost it may run again: it takes the place of what it made.
  expect(api.queries[0]).toMatchObject({ repeatable: true, labels: { touchtrail: 'trees_of_march' }, maximumBytesBilled: 1000 });
  expect(warehouse.statements).toMatchObject([{ label: 'trees of march', bytes: 7 }]);
});

test('they are asked by ML.PREDICT, in the order of parameters that stand there', async () => {
  await grow();
  const asked = warehouse.boostedTrees.chances(
    'grown',
    sql`select channel, page_views from ${table('staged')} where page_views > ${3}`,
    ['channel'],
    'is_converted',
  );
  await warehouse.rows(sql`select ${'a'} as one, told.chance from (${asked}) as told where told.chance > ${param(0.5, 'FLOAT64')}`);
  const { query, queryParameters } = api.queries[1]!;
  expect(query.replaceAll(/\s+/g, ' ')).toBe(
    'select @p1 as one, told.chance from ( select predicted.`channel`, ' +
      '(select one.prob from unnest(predicted.`predicted_is_converted_probs`) as one where one.label = 1) as chance ' +
      'from ml.predict(model `p.d.grown`, (select channel, page_views from `p.d.staged` where page_views > @p2 )) as predicted) as told ' +
      'where told.chance > @p3',
  );
  expect(queryParameters.map(({ parameterValue }) => parameterValue.value)).toEqual(['a', '3', '0.5']);
});

test('what they look at is read as numbers', async () => {
  await grow();
  api.page = {
    fields: [
      { name: 'feature', type: 'STRING' },
      { name: 'splits', type: 'FLOAT' },
      { name: 'gain', type: 'FLOAT' },
      { name: 'cover', type: 'FLOAT' },
    ],
    rows: [{ f: [{ v: 'channel' }, { v: '12.0' }, { v: '3.25' }, { v: '400.5' }] }],
  };
  expect(await warehouse.boostedTrees.importance('grown', 'importance')).toEqual([
    { feature: 'channel', splits: 12, gain: 3.25, cover: 400.5 },
  ]);
  expect(api.queries[1]!.query).toContain('from ml.feature_importance(model `p.d.grown`) as importance');
});

test('trees that are dropped are gone; ones that are not there are no error', async () => {
  await grow();
  for (const name of ['grown', 'never']) await warehouse.boostedTrees.drop(name, 'drop');
  expect(api.models.size).toBe(0);
  await expect(warehouse.boostedTrees.importance('grown', 'importance')).rejects.toThrow('importance: Not found: Model p:d.grown');
});

test.each([
  [
    'accessDenied',
    'Access Denied: Dataset p:d: Permission bigquery.models.create denied on dataset p:d',
    'trees of march: Access Denied: Dataset p:d: Permission bigquery.models.create denied on dataset p:d\n' +
      'the credentials need bigquery.models.create, getData, updateData and delete on the dataset p.d: give them the role BigQuery Data Editor there; ' +
      'or learn by "logistic_regression" (attribution.models, learner)',
  ],
  [
    'invalidQuery',
    'BOOSTED_TREE_CLASSIFIER is not supported in region northamerica-south1',
    'BigQuery ML does not grow boosted trees everywhere, and the dataset lies in northamerica-south1',
  ],
  ['quotaExceeded', 'Quota exceeded: Your project exceeded quota for CREATE MODEL queries', 'run again once the quota allows it'],
])('an error of BigQuery ML says what to do: %s', async (reason, message, says) => {
  api.refusal = refused(reason, message);
  const error = await grow().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UserError);
  expect((error as UserError).message).toContain(says);
  expect((error as UserError).cause).toBeInstanceOf(WarehouseError);
});

test('an error that nobody knows stays as it is, and one of the byte limit says which limit', async () => {
  api.refusal = refused('invalidQuery', 'Unrecognized name: page_view');
  await expect(grow()).rejects.toThrow(WarehouseError);
  api.refusal = refused('bytesBilledLimitExceeded', 'Query exceeded limit for bytes billed: 1000. 2000 or higher required.');
  await expect(grow()).rejects.toThrow('warehouse.maximumBytesBilled');
});

test('a plan has its statements, carries out none, and says that training is billed besides', async () => {
  const plan = new PlanningApi(SETTINGS, api);
  const planned = new BigQueryWarehouse(SETTINGS, plan);
  expect([planned.boostedTrees.isPlanned, warehouse.boostedTrees.isPlanned]).toEqual([true, false]);
  await planned.boostedTrees.grow('grown', ROWS, OPTIONS, 'grow');
  const target = {
    name: 'chances',
    description: 'Chances.',
    columns: [{ name: 'chance', type: 'FLOAT64', description: 'Chance.' } as const],
    key: [],
  };
  await planned.append(target, planned.boostedTrees.chances('grown', sql`select 1 as channel`, ['channel'], 'is_converted'), 'ask');
  expect(await planned.boostedTrees.importance('grown', 'importance')).toEqual([]);
  await planned.boostedTrees.drop('grown', 'drop');
  expect(api.queries).toEqual([]);
  const unknown = 'not known before it runs: it reads grown, which does not exist yet';
  expect(plan.statements.map(({ label, bytes, note }) => ({ label, bytes, note }))).toEqual([
    { label: 'grow', bytes: 123, note: 'Google bills the training of boosted trees besides the bytes that it reads' },
    { label: 'ask', bytes: null, note: unknown },
    { label: 'importance', bytes: null, note: `${unknown}; taken for empty here` },
    { label: 'drop', bytes: 0, note: null },
  ]);
});
