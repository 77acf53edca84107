import type { AttributionModel } from '../../config/attribution.ts';
import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, raw, sql } from '../../warehouse/sql.ts';
import { type ClosedShares, EQUAL, FULL, endsShares } from './closed.ts';
import { decayTotal, decayWeight } from './decay.ts';
import { significantPosition } from './paths.ts';
import { type TouchWeights, touchWeights } from './weights.ts';

/** The position of the touch that is credited where a model has nothing else to go by: the last one that is not direct, else the last. */
export const LAST_SIGNIFICANT = raw('coalesce(last_significant, path_length)');

/**
 * How a model divides the credit of a path; expressions over the columns of `paths`. Only what cannot be had otherwise pays
 * for a sort of remainders.
 */
export type CreditRule =
  /** One touch has all: whether it is this one. */
  | { readonly kind: 'whole'; readonly condition: Sql }
  /** Credits and values in closed form. */
  | { readonly kind: 'closed'; readonly shares: ClosedShares }
  /** Shares whose parts and remainders are known of each touch alone: INT64, remainders comparable within a path. */
  | { readonly kind: 'fractions'; readonly floor: Sql; readonly remainder: Sql }
  /** Shares that are relative to those of the whole path. */
  | ({ readonly kind: 'weights' } & TouchWeights);

/** The rule of a model. */
export function creditRule(dialect: Dialect, model: AttributionModel): CreditRule {
  switch (model.type) {
    case 'first_click':
      return { kind: 'whole', condition: raw('position = 1') };
    case 'last_click':
      return { kind: 'whole', condition: raw('position = path_length') };
    case 'last_significant_click': {
      const last = model.significant ? sql`coalesce(${raw(significantPosition(model.name))}, ${LAST_SIGNIFICANT})` : LAST_SIGNIFICANT;
      return { kind: 'whole', condition: sql`position = ${last}` };
    }
    case 'linear':
      return { kind: 'closed', shares: EQUAL };
    case 'position_based':
      return { kind: 'closed', shares: endsShares(model) };
    case 'shapley':
      return { kind: 'fractions', ...channelGame(dialect) };
    case 'time_decay':
      return { kind: 'fractions', ...weighedPart(dialect, raw(decayWeight(model.name)), raw(decayTotal(model.name))) };
    case 'shapley_rate':
    case 'markov':
    case 'visit_scoring':
    case 'custom':
      return { kind: 'weights', ...touchWeights(dialect, model) };
  }
}

/** What a weight has of the whole; where nothing on a path has one, the last significant touch has all. */
export function weighedPart(dialect: Dialect, weight: Sql, total: Sql): { floor: Sql; remainder: Sql } {
  const divisor = sql`nullif(${total}, 0)`;
  return {
    floor: sql`coalesce(${dialect.intDiv(sql`${FULL} * ${weight}`, divisor)}, if(position = ${LAST_SIGNIFICANT}, ${FULL}, 0))`,
    remainder: sql`coalesce(mod(${FULL} * ${weight}, ${divisor}), 0)`,
  };
}

/**
 * The Shapley value of the game in which a set of channels is worth the conversions whose channels all belong to it: each of the
 * distinct channels of a path has an equal part (Zhao, Mahboobi and Bagheri 2018, arXiv 1804.05327), and each touch of a channel
 * an equal part of that. Remainders over different denominators compare by their first twelve digits: two that differ do so by
 * more, as long as a path has fewer than a million touches.
 */
function channelGame(dialect: Dialect): { floor: Sql; remainder: Sql } {
  const parts = raw('(path_channels * channel_touches)');
  return {
    floor: dialect.intDiv(FULL, parts),
    remainder: dialect.intDiv(sql`mod(${FULL}, ${parts}) * cast(1000000000000 as int64)`, parts),
  };
}
