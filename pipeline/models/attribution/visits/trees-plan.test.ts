import { expect, test } from 'vitest';
import { Config } from '../../../config/schema.ts';
import type { BigQueryApi, FinishedQuery, Page, QueryJob } from '../../../warehouse/bigquery/api.ts';
import { BigQueryWarehouse } from '../../../warehouse/bigquery/bigquery.ts';
import { PlanningApi } from '../../../warehouse/bigquery/plan.ts';
import { readOnly, refuseLoad } from '../../../warehouse/bigquery/testing/read-only.ts';
import { models } from '../fitted/models-step.ts';

const SETTINGS = { project: 'p', dataset: 'd', location: 'EU', maximumBytesBilled: 1000 };
const CONFIG = Config.parse({
  project: { name: 'Test', timeZone: 'UTC', currency: 'EUR' },
  warehouse: { type: 'bigquery', project: 'p', dataset: 'd' },
  conversions: [{ name: 'lead', label: 'Lead', sql: 'lead.sql' }],
  attribution: { models: [{ name: 'trees', type: 'visit_scoring', learner: 'boosted_trees' }] },
});

const text = (name: string) => ({ name, type: name === 'month' || name === 'first_session' ? 'DATE' : 'STRING' });

/** A dataset with conversions and sessions since February, and no version yet. What would write is an error. */
const dataset: BigQueryApi = {
  async runQuery(job: QueryJob): Promise<FinishedQuery> {
    const { query } = job;
    const isMonths = query.includes('first_session');
    const months = ['2026-02-01', '2026-03-01'].map((month) => ({ f: [{ v: 'lead' }, { v: month }, { v: '2026-02-03' }] }));
    const page: Page = isMonths
      ? { fields: ['conversion_name', 'month', 'first_session'].map(text), rows: months }
      : { fields: [{ name: 'count', type: 'INTEGER' }], rows: query.startsWith('select count(*) as count') ? [{ f: [{ v: '0' }] }] : [] };
    return readOnly(job, 10, page);
  },
  async dryRun({ expected }: QueryJob) {
    return { fields: expected ?? [], bytes: 1000 };
  },
  async fieldsOf() {
    return [];
  },
  loadFile: refuseLoad,
};

test('a dry run says which trees a run would grow, and ask, without doing either', async () => {
  const plan = new PlanningApi(SETTINGS, dataset);
  await models({
    warehouse: new BigQueryWarehouse(SETTINGS, plan),
    config: CONFIG,
    configFolder: '/nowhere',
    now: '2026-04-09T03:00:00.000Z',
  });
  const grown = plan.statements.filter(({ sql }) => sql.startsWith('create or replace model'));
  expect(grown.map(({ label, bytes, note }) => [label, bytes, note])).toEqual(
    ['2026-02', '2026-03'].map((month) => [
      `visit scoring: trees of trees, lead, ${month}`,
      1000,
      'Google bills the training of boosted trees besides the bytes that it reads',
    ]),
  );
  for (const [i, { sql }] of grown.entries()) {
    const [, name] = /^create or replace model `p\.d\.(visit_trees_trees_lead_20260[23]_[0-9a-f]{12})`/.exec(sql)!;
    const asking = plan.statements.filter(({ sql: other }) => other.includes(`(model \`p.d.${name}\``));
    expect(
      asking.map(({ sql: other }) => /ml\.\w+/.exec(other)![0]),
      String(i),
    ).toEqual(['ml.predict', 'ml.feature_importance']);
  }
});
