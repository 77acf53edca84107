import type { ModelOf } from '../../../config/attribution.ts';
import type { Dialect } from '../../../warehouse/dialect.ts';
import { type Sql, join, raw, sql, table } from '../../../warehouse/sql.ts';
import { APPLIED_VERSIONS } from '../fitted-tables.ts';
import type { TouchWeights } from '../weights.ts';
import { PARTS, chance, parts } from './chance.ts';
import { appliedTrees, sameFeatures } from './scored.ts';
import { INTERCEPT, TEXT_FEATURES, VISIT_FEATURES, featureRows } from './features.ts';
import { VISIT_CHANCES, VISIT_COEFFICIENTS } from './tables.ts';

/** Numbers, because windows and joins over numbers cost a fraction of those over texts. */
const PATH = ['conversion_number'];
const ON_PATH = raw(`partition by ${PATH.join(', ')}`);

/**
 * The weights of visit scoring: by how much a visit raised the chance that the person converts, in parts of 1e9.
 *
 * The chance after a visit is what the version of the month makes of what was known then. Before it stands the highest chance
 * that the visits before had opened: a chance told by few signs goes up and down, and what is only won back is no gain. So the
 * gains of a path sum to the highest chance on it.
 *
 * Before the first visit the chance is 0: of a person who was never there nothing is known, and next to nobody of all who
 * never come converts. So the first visit is credited with the whole chance that it opened.
 *
 * Nobody brought a direct visit about: what it raises the chance by is evidence of the visits before it, and is added to the
 * last of them that is not direct. Direct visits that nothing else precedes keep theirs.
 */
export function visitWeights(dialect: Dialect, { name, learner }: ModelOf<'visit_scoring'>): TouchWeights {
  const chances = learner === 'boosted_trees' ? chancesOfTrees(dialect, name) : chancesOfCoefficients(dialect, name);
  const alias = raw(`gains_of_${name}`);
  return {
    joins: sql`
      left join (${gainRows(chances)}
      ) as ${alias}
        on ${alias}.conversion_number = paths.conversion_number and ${alias}.position = paths.position`,
    weight: sql`${alias}.gain`,
  };
}

const CARRIED = ['conversion_name', 'month', 'is_direct'];

/** The CTE `chances` (conversion_number, position, is_direct, chance_after in parts of 1e9), by the coefficients of versions. */
function chancesOfCoefficients(dialect: Dialect, model: string): Sql {
  return sql`
        with scored as (
          select
            visits.conversion_number, visits.position, visits.is_direct,
            ${score(VISIT_FEATURES.map(({ name }) => name))} as score
          from (${featureRows(dialect, raw('paths'), PATH, CARRIED)}
          ) as visits
          inner join ${table(APPLIED_VERSIONS.name)} as applied
            on applied.conversion_name = visits.conversion_name and applied.month = visits.month and applied.model = ${model}
          inner join (${coefficientsOf(dialect, INTERCEPT, model)}) as intercepts
            on intercepts.conversion_name = visits.conversion_name and intercepts.month = applied.version_month
          ${join(
            VISIT_FEATURES.map(({ name }) => coefficientJoin(dialect, name, model)),
            '\n          ',
          )}
        ),
        chances as (
          select
            conversion_number, position, is_direct,
            ${parts(dialect, chance(dialect, raw('score')))} as chance_after
          from scored
        ),`;
}

/** The same by what trees have said of such visits: the night asks them for what is missing before it credits. */
function chancesOfTrees(dialect: Dialect, model: string): Sql {
  return sql`
        with chances as (
          select visits.conversion_number, visits.position, visits.is_direct, known.chance as chance_after
          from (${featureRows(dialect, raw('paths'), PATH, CARRIED)}
          ) as visits
          inner join (${appliedTrees(dialect, [model])}
          ) as grown on grown.conversion_name = visits.conversion_name and grown.month = visits.month
          inner join ${table(VISIT_CHANCES.name)} as known on known.trees = grown.trees and ${sameFeatures('known', 'visits')}
        ),`;
}

/** Gains of the touches in `paths`; NULL where the month has no version, or one that learned nothing. */
function gainRows(chances: Sql): Sql {
  const most = raw(String(PARTS));
  return sql`${chances}
        raised as (
          select
            conversion_number, position, is_direct,
            chance_after - coalesce(
              max(chance_after) over (${ON_PATH} order by position nulls first rows between unbounded preceding and 1 preceding), 0
            ) as change,
            countif(not is_direct) over (
              ${ON_PATH} order by position nulls first rows between unbounded preceding and current row
            ) as bringer
          from chances
        ),
        gathered as (
          select
            conversion_number, position, is_direct, bringer,
            if(change > 0, change, 0) as own_gain,
            cast(sum(if(change > 0, change, 0)) over (${ON_PATH}, bringer) as int64) as gathered_gain
          from raised
        )
        select
          conversion_number, position,
          case
            when bringer = 0 then own_gain
            when is_direct then 0
            when gathered_gain > ${most} then ${most}
            else gathered_gain
          end as gain
        from gathered`;
}

/** A value that the version has not seen adds nothing. */
const score = (features: readonly string[]): Sql =>
  raw(['intercepts.coefficient', ...features.map((name) => `coalesce(of_${name}.coefficient, 0)`)].join(' + '));

/** The coefficients of a feature: with the version (conversion_name, month), and a value in the type of the feature. */
function coefficientsOf(dialect: Dialect, feature: string, model: string): Sql {
  const value = NUMBERS.has(feature) ? dialect.safeCast(raw('value'), 'INT64') : raw('value');
  return sql`
            select conversion_name, month, ${value} as value, coefficient
            from ${table(VISIT_COEFFICIENTS.name)}
            where model = ${model} and feature = ${feature}
          `;
}

/** Features whose values are numbers of bins. */
const NUMBERS: ReadonlySet<string> = new Set(VISIT_FEATURES.map(({ name }) => name).filter((name) => !TEXT_FEATURES.includes(name)));

function coefficientJoin(dialect: Dialect, feature: string, model: string): Sql {
  const alias = raw(`of_${feature}`);
  return sql`left join (${coefficientsOf(dialect, feature, model)}) as ${alias}
            on ${alias}.conversion_name = visits.conversion_name and ${alias}.month = applied.version_month
            and ${alias}.value = visits.${raw(feature)}`;
}
