import { expect, test } from 'vitest';
import { ATTRIBUTION } from '../../../pipeline/models/attribution/tables.ts';
import { openWorld } from '../../../pipeline/testing/world.ts';
import { sql, table } from '../../../pipeline/warehouse/sql.ts';
import { CAUSAL_PROJECT, RULE_MODELS, creditCausalWorlds, modelNames } from './credited.ts';
import { modelErrors } from './errors.ts';
import { median } from '../../bench/figure.ts';
import { CAUSAL_SEEDS, causalWorld } from './world.ts';

/** Fewer leave worlds with too few conversions to learn from. */
const PERSONS = 1000;

test('over 20 worlds visit scoring is at least as near to the truth as the best rule model', { timeout: 300_000 }, async () => {
  const worlds = CAUSAL_SEEDS.map((seed) => causalWorld(seed, PERSONS));
  const world = await openWorld(CAUSAL_PROJECT);
  const versions = await creditCausalWorlds(world.warehouse, world.config, worlds);
  expect(versions.map(({ version }) => version.status)).not.toContain('too_little_data');
  const [{ conversions }] = (await world.warehouse.rows(
    sql`select count(distinct conversion_id) as conversions from ${table(ATTRIBUTION.name)} where session_id <> ''`,
  )) as [{ conversions: number }];
  expect(conversions).toBe(worlds.reduce((sum, one) => sum + one.conversions, 0));

  const errors = await modelErrors(world.warehouse, worlds);
  const models = modelNames(world.config);
  expect([...errors.keys()].toSorted()).toEqual(models.toSorted());
  const medians = new Map(models.map((model) => [model, median(errors.get(model)!)]));
  console.table(Object.fromEntries(models.map((model) => [model, { 'median error over 20 worlds': medians.get(model)!.toFixed(3) }])));
  for (const model of models) expect(errors.get(model)).toHaveLength(CAUSAL_SEEDS.length);
  expect(medians.get('visit_scoring')).toBeLessThanOrEqual(Math.min(...RULE_MODELS.map((model) => medians.get(model)!)));
  await world.close();
});
