import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Column } from '../../edge/contract/columns.ts';
import { Config } from '../../pipeline/config/schema.ts';
import { planWrites } from '../../pipeline/night/dry-run.ts';
import type { BigQueryApi, FinishedQuery, QueryJob, RawCell } from '../../pipeline/warehouse/bigquery/api.ts';
import { BigQueryWarehouse } from '../../pipeline/warehouse/bigquery/bigquery.ts';
import { PlanningApi } from '../../pipeline/warehouse/bigquery/plan.ts';
import type { QueryParameter as RestParameter } from '../../pipeline/warehouse/bigquery/render.ts';
import { fieldOf } from '../../pipeline/warehouse/bigquery/values.ts';
import type { Value } from '../../pipeline/warehouse/warehouse.ts';
import { GoogleSql, type QueryParameter } from './googlesql.ts';

let engine: GoogleSql;
beforeAll(async () => {
  engine = await GoogleSql.start();
});
afterAll(() => engine.stop());

/** A dataset without tables, whose queries are answered by Google's own engine; whatever would write is an error. */
class EmptyDataset implements BigQueryApi {
  readonly location = 'EU';

  async runQuery({ query, queryParameters }: QueryJob): Promise<FinishedQuery> {
    if (!/^\s*(select|with)\b/.test(query)) throw new Error(`a plan must not write: ${query}`);
    const parameters = queryParameters.map(parameterOf);
    const columns = await engine.describe(query, [], parameters);
    const rows = await engine.evaluate(query, [], parameters);
    const cells = rows.map((row) => ({ f: columns.map(({ name }) => ({ v: cellOf(row[name]!) })) }));
    return {
      bytes: 0,
      billedBytes: 0,
      inserted: 0,
      updated: 0,
      deleted: 0,
      async *pages() {
        yield { fields: columns.map(fieldOf), rows: cells };
      },
    };
  }
  async dryRun({ query, queryParameters }: QueryJob) {
    if (!/^\s*(select|with)\b/.test(query)) {
      await engine.analyze(query, [], queryParameters.map(parameterOf));
      return { fields: [], bytes: 0 };
    }
    return { fields: (await engine.describe(query, [], queryParameters.map(parameterOf))).map(fieldOf), bytes: 0 };
  }
  async fieldsOf() {
    return undefined;
  }
  async loadFile(): Promise<number> {
    throw new Error('a plan must not load');
  }
}

/** Rows over empty tables hold counts and NULLs, and nothing else. */
function cellOf(value: Value): RawCell['v'] {
  if (Array.isArray(value)) return (value as readonly Value[]).map((item) => ({ v: cellOf(item) }));
  return value === null ? null : JSON.stringify(value);
}

function parameterOf({ name, parameterType, parameterValue }: RestParameter): QueryParameter {
  const type = (parameterType.arrayType?.type ?? parameterType.type) as Column['type'];
  const read = (text: string | undefined): Value =>
    text === undefined ? null : type === 'INT64' || type === 'FLOAT64' ? Number(text) : text;
  const column: Column = { name, type, description: '', ...(parameterType.arrayType && { mode: 'repeated' as const }) };
  return {
    name,
    column,
    value: parameterType.arrayType ? parameterValue.arrayValues!.map(({ value }) => read(value)) : read(parameterValue.value),
  };
}

test('the first night on an empty dataset is planned through to its publication, with queries that BigQuery takes', async () => {
  const config = Config.parse({
    project: { name: 'Fernhill', timeZone: 'Europe/Berlin', currency: 'EUR' },
    warehouse: { type: 'bigquery', project: 'p', dataset: 'd' },
  });
  const settings = { project: 'p', dataset: 'd', location: 'EU', maximumBytesBilled: 1000 };
  const api = new PlanningApi(settings, new EmptyDataset());
  const plan = await planWrites(
    { config, configFolder: '/nowhere', dataFolder: '/nowhere', now: '2026-07-01T03:00:00.000Z' },
    { warehouse: new BigQueryWarehouse(settings, api), statements: api.statements },
  );
  expect(plan.notes.filter((note) => note.startsWith('what else'))).toEqual([]);
  expect(plan.rebuilt).toEqual(expect.arrayContaining(['events', 'sessions']));
  expect([...new Set(plan.statements.map(({ step }) => step))]).toEqual(
    expect.arrayContaining(['tables', 'events', 'sessions', 'identity', 'conversions', 'attribution', 'reports', 'publish']),
  );
  expect(plan.statements.filter(({ step }) => step === 'publish').every(({ bytes }) => bytes === null)).toBe(true);
});
