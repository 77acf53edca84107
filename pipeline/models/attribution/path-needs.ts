import type { AttributionModel, ModelOf } from '../../config/attribution.ts';
import type { Filter } from '../../config/conversions.ts';
import type { Config } from '../../config/schema.ts';
import { columnsOfCustomDimension } from '../dimensions/custom.ts';
import { comparisonsOf } from '../dimensions/filter.ts';

/** Columns of a session that a model of one's own may look at, beside those of every path. */
export const TOUCH_COLUMNS = ['source', 'medium', 'campaign', 'term', 'content', 'landing_path', 'country'] as const;
/** Columns of a session that models of the product look at. */
const PATH_COLUMNS = ['channel', 'device_type', 'page_views', 'engaged_seconds'] as const;

/** What the models of a group need of paths: what nobody asks for is not carried through the windows. */
export interface PathNeeds {
  /** Of the session, beside session_id, started_at and is_direct. */
  readonly columns: readonly string[];
  /** Whether name and id of the conversion stand in the path itself. */
  readonly isNamed: boolean;
  /** Whether channel_touches and path_channels are counted. */
  readonly hasChannels: boolean;
  readonly hasMonth: boolean;
  readonly hasSeconds: boolean;
  /** What is significant to a model that says so itself, by its name. */
  readonly significant: readonly { readonly model: string; readonly filter: Filter }[];
  readonly decays: readonly ModelOf<'time_decay'>[];
}

/** What a group of models needs. */
export function needsOf(models: readonly AttributionModel[]): PathNeeds {
  const has = (...types: readonly AttributionModel['type'][]) => models.some(({ type }) => types.includes(type));
  const looks = has('shapley_rate', 'markov', 'visit_scoring', 'custom');
  return {
    columns: [...(looks ? PATH_COLUMNS : has('shapley') ? ['channel'] : []), ...(has('custom') ? TOUCH_COLUMNS : [])],
    isNamed: looks,
    hasChannels: looks || has('shapley'),
    hasMonth: has('shapley_rate', 'markov', 'visit_scoring'),
    hasSeconds: looks || has('time_decay'),
    significant: models.flatMap((model) =>
      model.type === 'last_significant_click' && model.significant ? [{ model: model.name, filter: model.significant }] : [],
    ),
    decays: models.filter((model) => model.type === 'time_decay'),
  };
}

/** Columns of `sessions` that must be at hand for these models, without session_id, started_at and is_direct. */
export function sessionColumns(config: Config, models: readonly AttributionModel[]): string[] {
  const { columns, significant } = needsOf(models);
  const compared = significant
    .flatMap(({ filter }) => comparisonsOf(filter))
    .flatMap(({ dimension, custom }) => (custom === undefined ? [dimension ?? []] : [columnsOfCustomDimension(config, custom)]).flat());
  return [...new Set([...columns, ...compared])];
}
