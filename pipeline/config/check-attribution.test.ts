import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { longestLookbackDays, lookbackDaysOf, modelsOf } from './attribution.ts';
import { checkConfig } from './check.ts';
import { Config, type ConfigInput } from './schema.ts';

let folder: string;
beforeAll(() => {
  folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'touchtrail-models-')));
  for (const file of ['lead.sql', 'own.sql']) writeFileSync(path.join(folder, file), 'select 1');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const base = {
  project: { name: 'Fernhill', timeZone: 'Europe/Berlin', currency: 'EUR' },
  conversions: [{ name: 'lead', label: 'Lead', sql: 'lead.sql' }],
};
const problemsOf = (models: readonly unknown[], more: object = {}): string[] => {
  try {
    checkConfig({ ...base, ...more, attribution: { models } }, folder, 'x');
    return [];
  } catch (error) {
    return (error as Error).message
      .split('\n')
      .slice(1)
      .map((line) => line.trim().replace(folder, '<folder>'));
  }
};

const TYPES =
  '"first_click", "last_click", "last_significant_click", "linear", "position_based", "time_decay", "shapley", "shapley_rate", "markov", "visit_scoring"';

const WRONG: readonly [string, readonly unknown[], string][] = [
  ['a misspelt model', ['linaer'], `attribution.models[0]: "linaer": expected one of ${TYPES}; did you mean "linear"?`],
  [
    'a misspelt type',
    [{ name: 'a', type: 'markow' }],
    `attribution.models[0].type: "markow": expected one of ${TYPES}, "custom"; did you mean "markov"?`,
  ],
  [
    'a misspelt option',
    [{ name: 'a', type: 'time_decay', halfLifeDay: 3 }],
    'attribution.models[0].halfLifeDay: 3: unknown key; did you mean "halfLifeDays"?',
  ],
  ['a model without a name', [{ type: 'linear' }], 'attribution.models[0].name: missing; expected a string'],
  ['what is no model', [7], `attribution.models[0]: 7: expected one of ${TYPES} or { type, … }`],
  [
    'a name that stands there twice',
    ['linear', { name: 'linear', type: 'linear' }],
    'attribution.models[1]: "linear": attribution.models[0] has the same name; expected each name once',
  ],
  [
    'the name of another type',
    [{ name: 'markov', type: 'linear' }],
    'attribution.models[0].name: "markov": is what a model of type "markov" is called; expected another name for one of type "linear"',
  ],
  [
    'a window of a conversion that is not there',
    [{ name: 'a', type: 'linear', lookbackDays: { leads: 3 } }],
    'attribution.models[0].lookbackDays.leads: "leads": no such conversion; did you mean "lead"?',
  ],
  [
    'shares that are more than all',
    [{ name: 'a', type: 'position_based', first: 0.6, last: 0.5 }],
    'attribution.models[0]: first 0.6 and last 0.5: together 1.1; expected at most 1',
  ],
  [
    'a file that is not there',
    [{ name: 'a', type: 'custom', sql: 'owm.sql' }],
    'attribution.models[0].sql: "owm.sql": no such file: <folder>/owm.sql; did you mean "own.sql"?',
  ],
  [
    'an option of another type',
    [{ name: 'a', type: 'visit_scoring', order: 2 }],
    'attribution.models[0].order: 2: unknown key; expected one of name, label, lookbackDays, trainingDays, type, learner',
  ],
  [
    'a dimension that sessions do not have',
    [{ name: 'a', type: 'last_significant_click', significant: { all: [{ dimension: 'chanel', equals: 'Email' }] } }],
    'attribution.models[0].significant.all[0].dimension: "chanel": no such dimension; did you mean "channel"?',
  ],
  [
    'a property, which sessions do not have',
    [{ name: 'a', type: 'last_significant_click', significant: { not: { property: 'plan', isSet: true } } }],
    'attribution.models[0].significant.not.property: "plan": a session has no such thing; expected a dimension of sessions, such as "campaign"',
  ],
];

const BIGQUERY = { warehouse: { type: 'bigquery', project: 'p', dataset: 'd' } };
const TREES = { name: 'trees', type: 'visit_scoring', learner: 'boosted_trees' };

test('boosted trees need BigQuery: a project on DuckDB is told so, and what to do', () => {
  expect(problemsOf([TREES])).toEqual([
    'attribution.models[0].learner: "boosted_trees": BigQuery ML learns them, but warehouse.type is "duckdb"; expected "logistic_regression", ' +
      'which every warehouse learns, or a warehouse of type "bigquery"',
  ]);
  expect(problemsOf([TREES], BIGQUERY)).toEqual([]);
  expect(problemsOf([{ ...TREES, learner: 'logistic_regression' }])).toEqual([]);
  expect(problemsOf([{ ...TREES, learner: 'trees' }], BIGQUERY)).toEqual([
    'attribution.models[0].learner: "trees": expected one of "logistic_regression", "boosted_trees"',
  ]);
});

test.each(WRONG)('%s is told with what was expected', (_, models, message) => {
  expect(problemsOf(models)).toEqual([message]);
});

test('right models pass: shares that add up to 1, a file that is there, a filter with a dimension of one’s own', () => {
  const models = [
    { name: 'ends', type: 'position_based', first: 0.7, last: 0.3 },
    { name: 'own', type: 'custom', sql: 'own.sql' },
    { name: 'brandless', type: 'last_significant_click', significant: { custom: 'kind', equals: 'Other' } },
  ];
  const kind = { label: 'Kind', rules: [{ value: 'Brand', when: { dimension: 'campaign', contains: 'brand' } }], otherwise: 'Other' };
  expect(problemsOf(models, { dimensions: { kind } })).toEqual([]);
});

const config = (attribution: ConfigInput['attribution']) =>
  Config.parse({
    ...base,
    conversions: [...base.conversions, { name: 'deal', label: 'Deal', sql: 'x.sql', lookbackDays: 30 }],
    attribution,
  });

describe('windows', () => {
  test('of a model count before that of the conversion, and that before the project’s', () => {
    const given = config({
      models: ['linear', { name: 'week', type: 'linear', lookbackDays: 7 }, { name: 'some', type: 'linear', lookbackDays: { deal: 5 } }],
      lookbackDays: 60,
    });
    const days = modelsOf(given).map((model) => ['lead', 'deal'].map((name) => lookbackDaysOf(given, model, name)));
    expect(days).toEqual([
      [60, 30],
      [7, 7],
      [60, 5],
    ]);
  });

  test('the longest of them is how far back sessions are needed', () => {
    expect(longestLookbackDays(config({ models: ['linear'], lookbackDays: 60 }))).toBe(60);
    expect(longestLookbackDays(config({ models: [{ name: 'a', type: 'linear', lookbackDays: { lead: 365 } }], lookbackDays: 60 }))).toBe(
      365,
    );
  });
});
