import * as z from 'zod';
import { filter } from './conversions.ts';

// The part `attribution` of the config: which models credit conversions, and how far back they look.

const name = z.string().regex(/^[a-z][a-z0-9_]*$/, 'expected lower-case letters, digits and underscores, beginning with a letter');
const days = z.int().min(1).max(3650);

/** Models that a config may name without saying more; each is the type of the same name with its defaults. */
export const MODEL_TYPES = [
  'first_click',
  'last_click',
  'last_significant_click',
  'linear',
  'position_based',
  'time_decay',
  'shapley',
  'shapley_rate',
  'markov',
  'visit_scoring',
] as const;
export type NamedModelType = (typeof MODEL_TYPES)[number];

/** Models that every night computes from the path alone. */
export const ATTRIBUTION_MODELS = ['first_click', 'last_click', 'last_significant_click'] as const;

const common = {
  name,
  /** What reports call it; default: its name in words. */
  label: z.string().min(1).optional(),
  /**
   * How many days before `attribution_time` a session may begin: for all conversions, or by conversion name. Default: that of
   * the conversion, else that of the project.
   */
  lookbackDays: z.union([days, z.record(name, days)]).optional(),
};

/** Models whose parameters are learned from the paths of a trailing window. */
const fitted = {
  ...common,
  /** Length of the window that the parameters of a month are learned from; it ends with the month. */
  trainingDays: days.default(90),
};

/** What may learn the chances of visit scoring. */
export const LEARNERS = ['logistic_regression', 'boosted_trees'] as const;

const share = z.number().min(0).max(1);

const modelOfType = z.discriminatedUnion('type', [
  z.strictObject({ ...common, type: z.literal('first_click') }),
  z.strictObject({ ...common, type: z.literal('last_click') }),
  z.strictObject({
    ...common,
    type: z.literal('last_significant_click'),
    /** Which sessions are significant; default: those that are not direct. Where none is: the last that is not direct, else the last. */
    significant: filter.optional(),
  }),
  z.strictObject({ ...common, type: z.literal('linear') }),
  z.strictObject({
    ...common,
    type: z.literal('position_based'),
    /** Shares of the first and the last session; those between them share the rest. */
    first: share.default(0.4),
    last: share.default(0.4),
  }),
  z.strictObject({ ...common, type: z.literal('time_decay'), halfLifeDays: z.number().min(0.01).max(365).default(7) }),
  z.strictObject({ ...common, type: z.literal('shapley') }),
  z.strictObject({ ...fitted, type: z.literal('shapley_rate') }),
  z.strictObject({
    ...fitted,
    type: z.literal('markov'),
    /** How many of the last channels make a state. */
    order: z.union([z.literal(1), z.literal(2), z.literal(3)]).default(1),
  }),
  z.strictObject({
    ...fitted,
    type: z.literal('visit_scoring'),
    /** What learns the chances; default: logistic_regression. Boosted trees are BigQuery ML's, and need a warehouse of that type. */
    learner: z.enum(LEARNERS).optional(),
  }),
  z.strictObject({
    ...common,
    type: z.literal('custom'),
    /** SQL file, relative to the config file: one SELECT of conversion_name, conversion_id, session_id and weight from `touches`. */
    sql: z.string().min(1),
  }),
]);

/** A model as the pipeline reads it, with its name. */
export type AttributionModel = z.infer<typeof modelOfType>;
/** The models of one type. */
export type ModelOf<Type extends AttributionModel['type']> = Extract<AttributionModel, { type: Type }>;

/** A model by its type alone, or with what it needs to know: several of one type have different names. */
export const attributionModel = z.union([z.enum(MODEL_TYPES), modelOfType]);

/** The part `attribution` of the config. */
export const attribution = z
  .strictObject({
    models: z
      .array(attributionModel)
      .min(1)
      .default([...ATTRIBUTION_MODELS]),
    /** Default of the conversions and models that do not say how far they look back. */
    lookbackDays: days.default(90),
  })
  .default({ models: [...ATTRIBUTION_MODELS], lookbackDays: 90 });
export type AttributionConfig = z.infer<typeof attribution>;

/** The models of a config, each with its name and all that its type needs. */
export function modelsOf(config: { readonly attribution: Pick<AttributionConfig, 'models'> }): AttributionModel[] {
  return config.attribution.models.map((model) => (typeof model === 'string' ? modelOfType.parse({ name: model, type: model }) : model));
}

interface LookingBack {
  readonly attribution: Pick<AttributionConfig, 'models' | 'lookbackDays'>;
  readonly conversions: readonly { readonly name: string; readonly lookbackDays?: number | undefined }[];
}

/** How many days back a model looks for the sessions of a conversion: what the model says, else the conversion, else the project. */
export function lookbackDaysOf({ attribution: project, conversions }: LookingBack, model: AttributionModel, conversion: string): number {
  const own = typeof model.lookbackDays === 'object' ? model.lookbackDays[conversion] : model.lookbackDays;
  return own ?? conversions.find((one) => one.name === conversion)?.lookbackDays ?? project.lookbackDays;
}

/** The longest look-back of all models for one conversion, in days: whose sessions lie further back is credited by none. */
export function longestLookbackDaysOf(config: LookingBack, conversion: string): number {
  return Math.max(...modelsOf(config).map((model) => lookbackDaysOf(config, model, conversion)));
}

/** The longest look-back of all models and conversions, in days. */
export function longestLookbackDays(config: LookingBack): number {
  const pairs = modelsOf(config).flatMap((model) =>
    config.conversions.map(({ name: conversion }) => lookbackDaysOf(config, model, conversion)),
  );
  return Math.max(...pairs, config.attribution.lookbackDays);
}
