import type { AttributionModel } from '../../../config/attribution.ts';
import { UserError } from '../../../config/user-error.ts';
import { type Sql, raw, sql, table } from '../../../warehouse/sql.ts';
import { WarehouseError } from '../../../warehouse/warehouse-error.ts';
import type { Warehouse } from '../../../warehouse/warehouse.ts';
import { refill } from '../../identity/refill.ts';
import { featureRows } from './features.ts';
import { FEATURES, appliedTrees, featuresOf, sameFeatures } from './scored.ts';
import { STAGED_VISIT_UNSCORED, VISIT_CHANCES, VISIT_TREES } from './tables.ts';
import { chanceRows } from './trees.ts';

/** Paths that are about to be credited. */
export interface PathsOfModels {
  readonly models: readonly AttributionModel[];
  /** CTEs that end with `paths`, behind `with`, with a comma at their end. */
  readonly ctes: Sql;
}

/** Whether the chances of a model are asked of trees. */
export const hasTrees = (model: AttributionModel): boolean => model.type === 'visit_scoring' && model.learner === 'boosted_trees';

/**
 * Asks the trees that conversions are credited by for the chance after visits of features that none had before, so that
 * visit_chances has all that the paths need. What was said once is never asked again: a chance follows from trees and features.
 * @throws UserError where the trees of a version are gone; Error where they do not answer for every visit.
 */
export async function scoreVisits(warehouse: Warehouse, groups: readonly PathsOfModels[]): Promise<void> {
  const label = 'visit scoring: visits without a chance';
  for (const { models, ctes } of groups) {
    const names = models.filter(hasTrees).map(({ name }) => name);
    if (names.length === 0) continue;
    const { inserted } = await refill(warehouse, STAGED_VISIT_UNSCORED, unscoredRows(warehouse, names, ctes), label);
    // A plan writes nothing, and must not go on with what a run that was killed has left.
    if (inserted === 0) continue;
    const found = await warehouse.rows<Asked>(
      sql`
        select unscored.trees, noted.model, noted.conversion_name, noted.month, count(*) as vectors
        from ${table(STAGED_VISIT_UNSCORED.name)} as unscored
        left join ${table(VISIT_TREES.name)} as noted on noted.trees = unscored.trees
        group by unscored.trees, noted.model, noted.conversion_name, noted.month
        order by unscored.trees nulls first`,
      label,
    );
    for (const asked of found) await ask(warehouse, asked);
    await warehouse.load(STAGED_VISIT_UNSCORED, [], { replace: true, label });
  }
}

/** Trees with what they are of, and of how many kinds of visits they are asked. */
interface Asked {
  readonly trees: string;
  /** These are NULL of trees that nobody has noted. */
  readonly model: string | null;
  readonly conversion_name: string | null;
  readonly month: string | null;
  readonly vectors: number;
}

async function ask(warehouse: Warehouse, { trees, model, conversion_name: conversion, month, vectors }: Asked): Promise<void> {
  const label = `visit scoring: chances by ${trees}`;
  const rows = sql`
        select ${featuresOf('unscored')} from ${table(STAGED_VISIT_UNSCORED.name)} as unscored where unscored.trees = ${trees}`;
  try {
    const { inserted } = await warehouse.append(VISIT_CHANCES, chanceRows(warehouse, model ?? trees, trees, rows), label);
    if (inserted !== vectors) throw new Error(`${label}: asked for ${vectors} chances, they gave ${inserted}`);
  } catch (error) {
    if (!(error instanceof WarehouseError && /not found: model/i.test(error.words))) throw error;
    const version = `the version of ${month?.slice(0, 7) ?? 'an unknown month'} of attribution model ${model}, conversion ${conversion}`;
    throw new UserError(
      `${label}: ${error.words}\n${version} needs these trees, and they are not in the dataset any more: somebody has deleted them, or the ` +
        `dataset lets its contents expire. "touchtrail run --refit ${month?.slice(0, 7) ?? 'MONTH'}" grows them anew, with all later ones`,
      { cause: error },
    );
  }
}

function unscoredRows({ dialect }: Warehouse, models: readonly string[], ctes: Sql): Sql {
  return sql`
    with ${ctes}
    asked_visits as (
      select distinct grown.trees, ${featuresOf('visits')}
      from (${featureRows(dialect, raw('paths'), ['conversion_number'], ['conversion_name', 'month'])}
      ) as visits
      inner join (${appliedTrees(dialect, models)}
      ) as grown on grown.conversion_name = visits.conversion_name and grown.month = visits.month
    )
    select asked_visits.trees, ${raw(FEATURES.map((name) => `asked_visits.${name}`).join(', '))}
    from asked_visits
    left join ${table(VISIT_CHANCES.name)} as known on known.trees = asked_visits.trees and ${sameFeatures('known', 'asked_visits')}
    where known.trees is null`;
}
