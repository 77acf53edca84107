import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Column } from '../../edge/contract/columns.ts';
import { attribution } from '../../pipeline/models/attribution/attribution.ts';
import { MODEL_VERSIONS } from '../../pipeline/models/attribution/fitted-tables.ts';
import { models } from '../../pipeline/models/attribution/fitted/models-step.ts';
import { ATTRIBUTION } from '../../pipeline/models/attribution/tables.ts';
import { FEATURES } from '../../pipeline/models/attribution/visits/scored.ts';
import {
  STAGED_VISIT_TRAINING,
  STAGED_VISIT_UNSCORED,
  VISIT_CHANCES,
  VISIT_TREES,
} from '../../pipeline/models/attribution/visits/tables.ts';
import { ALIKE, LEARNED, visitors } from '../../pipeline/models/attribution/visits/testing/groups.ts';
import { StandInTrees } from '../../pipeline/models/attribution/visits/testing/stand-in-trees.ts';
import { TOUCHED_CONVERSIONS } from '../../pipeline/models/conversions/tables.ts';
import { loadVisitors } from '../../pipeline/models/attribution/visits/testing/visitors.ts';
import { TREE_OPTIONS, chanceRows } from '../../pipeline/models/attribution/visits/trees.ts';
import { openWorld } from '../../pipeline/testing/world.ts';
import { BigQueryTrees } from '../../pipeline/warehouse/bigquery/boosted-trees.ts';
import { render } from '../../pipeline/warehouse/bigquery/render.ts';
import { type Sql, sql, table } from '../../pipeline/warehouse/sql.ts';
import { contents } from './contents.ts';
import { GoogleSql } from './googlesql.ts';
import { GoogleSqlWarehouse } from './warehouse.ts';

let engine: GoogleSql;
beforeAll(async () => {
  engine = await GoogleSql.start();
});
afterAll(() => engine?.stop());

const nullable = (name: string, type: Column['type']): Column => ({ name, type, mode: 'nullable', description: '' });
/** What the functions return, by their reference (cloud.google.com/bigquery/docs/reference/standard-sql/bigqueryml-syntax-predict). */
const ML = {
  names: ['p.d.grown'],
  functions: {
    predict: {
      takes: ['MODEL', 'RELATION'],
      returns: [
        nullable('predicted_is_converted', 'INT64'),
        {
          ...nullable('predicted_is_converted_probs', 'STRUCT'),
          mode: 'repeated',
          fields: [nullable('label', 'INT64'), nullable('prob', 'FLOAT64')],
        },
        ...STAGED_VISIT_UNSCORED.columns,
      ],
    },
    feature_importance: {
      takes: ['MODEL'],
      returns: [
        nullable('feature', 'STRING'),
        ...['importance_weight', 'importance_gain', 'importance_cover'].map((name) => nullable(name, 'FLOAT64')),
      ],
    },
  },
} as const;
const TABLES = [STAGED_VISIT_TRAINING, STAGED_VISIT_UNSCORED].map((definition) => ({ definition, name: `p.d.${definition.name}` }));

test('what BigQuery is sent is GoogleSQL: growing, asking, importance, removal', async () => {
  const sent: Sql[] = [];
  const trees = new BigQueryTrees(
    { project: 'p', dataset: 'd', location: 'EU' },
    {
      run: async (statement) => sent.push(statement),
      rows: async (query) => {
        sent.push(query);
        return [];
      },
    },
    false,
  );
  const training = sql`select ${{ kind: 'sql', parts: [FEATURES.join(', ')] }}, is_converted, visits from ${table(STAGED_VISIT_TRAINING.name)}`;
  await trees.grow('grown', { features: FEATURES, label: 'is_converted', weight: 'visits', rows: training }, TREE_OPTIONS, 'grow');
  await trees.importance('grown', 'importance');
  await trees.drop('grown', 'drop');
  const { dialect } = new GoogleSqlWarehouse(engine);
  const vectors = sql`select ${{ kind: 'sql', parts: [FEATURES.join(', ')] }} from ${table(STAGED_VISIT_UNSCORED.name)}`;
  sent.push(chanceRows({ dialect, boostedTrees: trees } as never, 'trees', 'grown', vectors));
  for (const statement of sent) {
    const { query, queryParameters } = render(statement, 'p.d');
    const parameters = queryParameters.map(({ name }) => ({ name, column: nullable(name, 'STRING'), value: '' }));
    await engine.analyze(query, TABLES, parameters, ML);
  }
  // It would be seen where it were not so.
  const { query } = render(trees.chances('grown', vectors, [...FEATURES, 'nobody'], 'is_converted'), 'p.d');
  await expect(engine.analyze(query, TABLES, [], ML)).rejects.toThrow(/nobody/);
});

test('both engines fit, score and credit the same, night after night', { timeout: 120_000 }, async () => {
  const project = {
    conversions: [{ name: 'lead', label: 'Lead', sql: 'lead.sql' }],
    attribution: { models: [{ name: 'trees', type: 'visit_scoring' as const, learner: 'boosted_trees' as const, trainingDays: 90 }] },
  };
  const late = {
    person: 'late',
    key: 9001,
    visits: ['poor', 'good', 'Direct', 'new'].map((channel, i) => ({ at: `2026-04-0${i + 1} 10:00`, channel, seconds: 40 * i })),
    conversions: { late: '2026-04-06 10:00' },
  };
  const told = [];
  for (const world of [await openWorld(project), await openWorld(project, new GoogleSqlWarehouse(engine))]) {
    const trees = StandInTrees.in(world.warehouse);
    const nights = [];
    for (const [i, arrived] of [visitors([...LEARNED, ...ALIKE]), [late]].entries()) {
      await loadVisitors(world, arrived);
      await world.load(TOUCHED_CONVERSIONS, i === 0 ? [] : [{ conversion_name: 'lead', id: 'late' }]);
      for (const step of [models, attribution]) await step({ ...world, configFolder: world.folder, now: `2026-04-1${i}T03:00:00.000Z` });
      nights.push(
        await Promise.all([MODEL_VERSIONS, VISIT_TREES, VISIT_CHANCES, ATTRIBUTION].map((one) => contents(world.warehouse, one))),
      );
    }
    told.push({ nights, log: trees.log });
    await world.close();
  }
  expect(told[1]).toEqual(told[0]);
  const { nights, log } = told[0]!;
  // Each growth is asked at once, the first night knows all its visits, the second meets new ones.
  expect(log.map((done) => done.split(' ')[0])).toEqual(['grow', 'ask', 'ask']);
  expect(nights[1]![2]!.length).toBeGreaterThan(nights[0]![2]!.length);
  expect(nights[1]![3]!.filter((row) => row.includes('"late"'))).toHaveLength(2);
});
