import type { Dialect } from '../../../warehouse/dialect.ts';
import { type Sql, arrayParam, raw, sql, table } from '../../../warehouse/sql.ts';
import { UserError } from '../../../config/user-error.ts';
import type { BoostedTrees } from '../../../warehouse/boosted-trees.ts';
import type { Warehouse } from '../../../warehouse/warehouse.ts';
import { APPLIED_VERSIONS, MODEL_VERSIONS } from '../fitted-tables.ts';
import { VISIT_FEATURES } from './features.ts';

/** The features, as columns of tables and of trees. */
export const FEATURES: readonly string[] = VISIT_FEATURES.map(({ name }) => name);

/** The features of an alias, for a SELECT. */
export const featuresOf = (alias: string): Sql => raw(FEATURES.map((name) => `${alias}.${name}`).join(', '));

/** Whether two rows have the same features. */
export const sameFeatures = (one: string, other: string): Sql =>
  raw(FEATURES.map((name) => `${one}.${name} = ${other}.${name}`).join(' and '));

/** The name of the trees in the parameters of a version, NULL of one without. */
export const treesOfVersion = (dialect: Dialect, parameters: string): Sql => dialect.jsonText(raw(parameters), '$.trees');

/** A query of the trees that the conversions of a month are credited by: conversion_name, month, trees; one model after the other. */
export function appliedTrees(dialect: Dialect, models: readonly string[]): Sql {
  return sql`
            select applied.conversion_name, applied.month, ${treesOfVersion(dialect, 'stored.parameters')} as trees
            from ${table(APPLIED_VERSIONS.name)} as applied
            inner join ${table(MODEL_VERSIONS.name)} as stored
              on stored.model = applied.model and stored.conversion_name = applied.conversion_name
              and stored.month = applied.version_month and ${treesOfVersion(dialect, 'stored.parameters')} is not null
            where ${dialect.isIn(raw('applied.model'), sql`${arrayParam(models, 'STRING')}`)}`;
}

/** The trees of a warehouse. @throws UserError where its engine grows none: the config check says so before. */
export function treesIn({ boostedTrees, dialect }: Warehouse, model: string): BoostedTrees {
  if (boostedTrees !== undefined) return boostedTrees;
  throw new UserError(
    `attribution model ${model}: "boosted_trees" are learned by BigQuery ML, which a warehouse of type "${dialect.name}" has not; ` +
      'expected learner "logistic_regression"',
  );
}
