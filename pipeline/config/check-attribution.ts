import { type AttributionModel, MODEL_TYPES, type ModelOf, modelsOf } from './attribution.ts';
import { filterProblems } from './check-conversions.ts';
import type { Filter } from './conversions.ts';
import { SESSION_DIMENSIONS } from './filter-dimensions.ts';
import { type ConfigProblem, renderPath, unknownName } from './problems.ts';
import type { Config } from './schema.ts';

type Place = (...path: readonly PropertyKey[]) => string;

/** What is wrong with attribution models beyond their shape: names that lead nowhere or twice, options that do not go together. */
export function attributionProblems(config: Config): ConfigProblem[] {
  const models = modelsOf(config);
  const conversions = config.conversions.map(({ name }) => name);
  return models.flatMap((model, i) => {
    const at: Place = (...path) => renderPath(['attribution', 'models', i, ...path]);
    return [
      ...nameProblems(model, models.slice(0, i), at),
      ...windowProblems(model, conversions, at),
      ...optionProblems(model, config, at),
    ];
  });
}

/** The files that models name, with their place in the config. */
export function attributionFiles(config: Config): { readonly path: string; readonly file: string }[] {
  return modelsOf(config).flatMap((model, i) =>
    model.type === 'custom' ? [{ path: renderPath(['attribution', 'models', i, 'sql']), file: model.sql }] : [],
  );
}

function nameProblems({ name, type }: AttributionModel, before: readonly AttributionModel[], at: Place): ConfigProblem[] {
  const first = before.findIndex((one) => one.name === name);
  if (first >= 0) return [{ path: at(), message: `"${name}": attribution.models[${first}] has the same name; expected each name once` }];
  if (name === type || !(MODEL_TYPES as readonly string[]).includes(name)) return [];
  return [
    {
      path: at('name'),
      message: `"${name}": is what a model of type "${name}" is called; expected another name for one of type "${type}"`,
    },
  ];
}

function windowProblems({ lookbackDays }: AttributionModel, conversions: readonly string[], at: Place): ConfigProblem[] {
  if (typeof lookbackDays !== 'object') return [];
  return Object.keys(lookbackDays).flatMap((name) =>
    conversions.includes(name) ? [] : [{ path: at('lookbackDays', name), message: unknownName(name, 'conversion', conversions) }],
  );
}

function optionProblems(model: AttributionModel, config: Config, at: Place): ConfigProblem[] {
  switch (model.type) {
    case 'position_based': {
      // Shares such as 0.7 and 0.3 may add up to a hair more than 1 in binary fractions.
      const sum = Math.round((model.first + model.last) * 1e9) / 1e9;
      return sum <= 1 ? [] : [{ path: at(), message: `first ${model.first} and last ${model.last}: together ${sum}; expected at most 1` }];
    }
    case 'last_significant_click':
      return model.significant === undefined ? [] : significantProblems(model.significant, config, (...path) => at('significant', ...path));
    case 'visit_scoring':
      return learnerProblems(model, config, at);
    case 'first_click':
    case 'last_click':
    case 'linear':
    case 'time_decay':
    case 'shapley':
    case 'shapley_rate':
    case 'markov':
    case 'custom':
      return [];
  }
}

/** A project that moves to an engine that cannot learn so is told, and not credited by something else. */
function learnerProblems({ learner }: ModelOf<'visit_scoring'>, { warehouse }: Config, at: Place): ConfigProblem[] {
  if (learner !== 'boosted_trees' || warehouse.type === 'bigquery') return [];
  const message =
    `"boosted_trees": BigQuery ML learns them, but warehouse.type is "${warehouse.type}"; ` +
    'expected "logistic_regression", which every warehouse learns, or a warehouse of type "bigquery"';
  return [{ path: at('learner'), message }];
}

function significantProblems(filter: Filter, config: Config, at: Place): ConfigProblem[] {
  return [...filterProblems(filter, at, SESSION_DIMENSIONS, Object.keys(config.dimensions)), ...notOfSessions(filter, at)];
}

/** Sessions have no properties and no products. */
function notOfSessions(filter: Filter, at: Place): ConfigProblem[] {
  const inside = (part: Filter, ...place: readonly PropertyKey[]) => notOfSessions(part, (...path) => at(...place, ...path));
  if ('all' in filter) return filter.all.flatMap((part, i) => inside(part, 'all', i));
  if ('any' in filter) return filter.any.flatMap((part, i) => inside(part, 'any', i));
  if ('not' in filter) return inside(filter.not, 'not');
  return (['property', 'product'] as const).flatMap((subject) =>
    filter[subject] === undefined
      ? []
      : [
          {
            path: at(subject),
            message: `"${filter[subject]}": a session has no such thing; expected a dimension of sessions, such as "campaign"`,
          },
        ],
  );
}
