import { createHash } from 'node:crypto';
import { type AttributionModel, type ModelOf, lookbackDaysOf, modelsOf } from '../../../config/attribution.ts';
import { type Conversion, parentOf } from '../../../config/conversions.ts';
import type { Config } from '../../../config/schema.ts';

/** A model whose parameters are learned. */
export type FittedModel = ModelOf<'markov' | 'shapley_rate' | 'visit_scoring'>;

/** A number as what is stored: parts of 1e9. */
export const PARTS = 1_000_000_000;

/** The hash of what credits nothing by itself: the last significant click is credited. */
export const NO_VERSION = 'none';

/** Raised where the same options give another version than before. */
const MADE_BY: Readonly<Record<FittedModel['type'], number>> = { markov: 1, shapley_rate: 1, visit_scoring: 1 };

/** The models of a config that have versions. */
export function fittedModels(config: Config): FittedModel[] {
  return modelsOf(config).filter(isFitted);
}

const isFitted = (model: AttributionModel): model is FittedModel => Object.hasOwn(MADE_BY, model.type);

/** The conversions that have versions: those that have credits of their own. The others take the credits of their parents. */
export function fittedConversions({ conversions }: Config): Conversion[] {
  return conversions.filter((one) => parentOf(one) === undefined);
}

/** What a version of a model is made by, for one conversion: of another hash it is fitted anew. */
export function definitionOf(config: Config, model: FittedModel, conversion: string): string {
  const { name: _, label: __, lookbackDays: ___, ...said } = model;
  // Saying the default is no other definition.
  const { learner, ...others } = { learner: undefined, ...said };
  const options = learner === undefined || learner === 'logistic_regression' ? others : said;
  return sha256([MADE_BY[model.type], options, lookbackDaysOf(config, model, conversion), config.channels]);
}

/** A version as it is stored, but for what says which one it is. */
export interface Version {
  readonly month: string;
  /** ISO instants in UTC. */
  readonly trained_from: string;
  readonly trained_to: string;
  readonly status: 'fitted' | 'too_little_data';
  readonly notice: string | null;
  readonly conversions: number;
  readonly paths: number;
  /** JSON texts. */
  readonly parameters: string;
  readonly quality: string;
  readonly effects: readonly Effect[];
}

/** What a version says of a channel; parts of 1e9. */
export interface Effect {
  readonly channel: string;
  readonly effect: number;
  readonly share: number;
  readonly error: number | null;
}

/** Hash of what a version credits by: two versions of one hash give the same credits. */
export function versionHash({ status, effects, parameters }: Version): string {
  if (status !== 'fitted') return NO_VERSION;
  return sha256(effects.length > 0 ? effects.map(({ channel, share }) => [channel, share]) : parameters);
}

function sha256(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}
