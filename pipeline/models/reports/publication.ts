import * as z from 'zod';
import { lookbackDaysOf, modelsOf } from '../../config/attribution.ts';
import { dimensions, isMoney } from '../../config/conversions.ts';
import { type Config } from '../../config/schema.ts';
import { words } from '../../config/words.ts';
import { required } from '../../warehouse/columns.ts';
import type { TableDefinition } from '../../warehouse/warehouse.ts';
import { type KeyRule, keyRules, TIERS } from '../identity/rules.ts';
import { PREVIOUS_BY } from './tables.ts';

// The contract between the run that publishes and the readers: a folder of snapshot files, the pointer to the current
// one, and in each file one row that says what it is.

/** The value of every dimension for a conversion without a credited session: not a channel, and never `direct / none`. */
export const NOT_ATTRIBUTED = '(not attributed)';
/** Source and medium of a credit that is given to what the person said. */
export const SELF_REPORTED_SOURCE = 'self-reported';

/** Folder of the publications in the data folder. */
export const PUBLICATIONS_FOLDER = 'publications';
/** Name of the pointer in that folder. */
export const POINTER_FILE = 'current.json';

/** The one pointer readers follow. */
export const Pointer = z.object({
  publication_id: z.string(),
  /** Name of the file in the same folder. */
  file: z.string(),
  published_at: z.string(),
  /** Hash of what a publication depends on besides its rows: the config readers see, and the shape of the tables. */
  definition: z.string(),
});
export type Pointer = z.infer<typeof Pointer>;

/** What a reader must know of an attribution model to name it. */
const PublishedModel = z.object({
  name: z.string(),
  label: z.string(),
  /** Of the config: `linear`, `markov`, `custom` … */
  type: z.string(),
  /** How many days before a conversion its sessions may begin, by conversion name. */
  lookbackDays: z.record(z.string(), z.int()),
});
export type PublishedModel = z.infer<typeof PublishedModel>;

/** The rule of an identity key, see {@link KeyRule}. */
const PublishedKeyRule = z.object({
  name: z.string(),
  tier: z.enum(TIERS as [KeyRule['tier'], ...KeyRule['tier'][]]),
  priority: z.int(),
  windowDays: z.int().nullable(),
  maxAnonymousIds: z.int(),
  exclusive: z.boolean(),
});

/** What a reader must know of the config the publication was made with: to label and lay out what it shows. */
export const PublishedConfig = z.object({
  project: z.object({ name: z.string(), timeZone: z.string(), currency: z.string() }),
  conversions: z.array(
    z.object({
      name: z.string(),
      label: z.string(),
      value: z.enum(['money', 'none']),
      /** Which part of the value is profit; only then is there an ROI. */
      margin: z.number().min(0).max(1).optional(),
    }),
  ),
  funnel: z.array(z.string()),
  /** Which conversion ad platforms mean by those they count themselves, by platform; nothing where it is not said. */
  platformConversions: z.record(z.string(), z.string()).optional(),
  /** Event funnels with their steps in order; a publication of an earlier version has none. */
  eventFunnels: z
    .array(
      z.object({
        name: z.string(),
        label: z.string(),
        steps: z.array(z.object({ name: z.string(), label: z.string() })),
        /** Hours from the first step within which the others lie; null: its session. */
        windowHours: z.int().nullable(),
        order: z.enum(['sequential', 'strict']),
      }),
    )
    .default([]),
  /** Names of the attribution models. */
  models: z.array(z.string()),
  /** More about them; a publication of an earlier version says nothing more. */
  modelDetails: z.array(PublishedModel).default([]),
  lookbackDays: z.int(),
  /** Names of the custom parameters that its conversions have; a publication of an earlier version names none. */
  params: z.array(z.string()).default([]),
  /** The custom dimensions with their rules: readers ask them of the facts. */
  dimensions,
  /** Whether its facts have a source_key; those of an earlier version, and of hand-made ones, have not. */
  hasSourceKeys: z.boolean().optional(),
  /** Whether its sessions say when their person came before, overall and by the same channel; the same as of the keys. */
  hasPreviousDates: z.boolean().optional(),
  /** By which dimensions they say it; those of an earlier version by channel. */
  previousDatesBy: z.array(z.string()).optional(),
  /** The rules of the identity keys, for the statistics of the graph; a publication of an earlier version has none. */
  identityKeys: z.array(PublishedKeyRule).optional(),
  /** Whether the run has counted the identity graph (publication_identity); that of a publication of an earlier version is counted when asked for. */
  hasIdentityStatistics: z.boolean().optional(),
  /** The days that publication_accounts is about, both included; one of an earlier version has none, nor one of BigQuery. */
  accounted: z.object({ from: z.string(), to: z.string() }).optional(),
});
export type PublishedConfig = z.infer<typeof PublishedConfig>;

/** What a publication says of a model; of one of an earlier version what its name says. */
export function publishedModel({ modelDetails, lookbackDays, conversions }: PublishedConfig, name: string): PublishedModel {
  const everywhere = Object.fromEntries(conversions.map((one) => [one.name, lookbackDays]));
  return modelDetails.find((model) => model.name === name) ?? { name, label: words(name), type: name, lookbackDays: everywhere };
}

/** The rules that a publication's identity graph was made by, by the name of their key. */
export function publishedKeyRules({ identityKeys = [] }: Pick<PublishedConfig, 'identityKeys'>): Map<string, KeyRule> {
  return new Map(identityKeys.map(({ name, ...rule }) => [name, rule]));
}

/** The part of a config that is published, without what is read from the rows. */
export function publishedConfig(config: Config): Omit<PublishedConfig, 'params'> {
  const { project, conversions, funnel, attribution } = config;
  const models = modelsOf({ attribution });
  return {
    project,
    conversions: conversions.map((one) => ({
      name: one.name,
      label: one.label,
      value: isMoney(one, conversions) ? 'money' : 'none',
      ...(one.margin !== undefined && { margin: one.margin }),
    })),
    funnel,
    platformConversions: Object.fromEntries(
      config.costs.flatMap(({ platform, platformConversion: meant }) => (meant ? [[platform, meant]] : [])),
    ),
    eventFunnels: config.eventFunnels.map(({ name, label, steps, windowHours, order }) => ({
      name,
      label,
      steps: steps.map((step) => ({ name: step.name, label: step.label ?? words(step.name) })),
      windowHours: windowHours ?? null,
      order,
    })),
    models: models.map(({ name }) => name),
    modelDetails: models.map((model) => ({
      name: model.name,
      label: model.label ?? words(model.name),
      type: model.type,
      lookbackDays: Object.fromEntries(conversions.map(({ name }) => [name, lookbackDaysOf(config, model, name)])),
    })),
    lookbackDays: attribution.lookbackDays,
    dimensions: config.dimensions,
    hasSourceKeys: true,
    hasPreviousDates: true,
    previousDatesBy: [...PREVIOUS_BY],
    identityKeys: [...keyRules(config)].map(([name, rule]) => ({ name, ...rule })),
  };
}

/** One row in every publication, written by the publisher: what a reader must know of it. */
export const PUBLICATION: TableDefinition = {
  name: 'publication',
  description: 'The publication this file holds.',
  columns: [
    required('publication_id', 'STRING', 'Sorts by time.'),
    required('published_at', 'TIMESTAMP', 'When it was published.'),
    required('data_up_to', 'TIMESTAMP', 'It has everything that arrived until then.'),
    required(
      'config',
      'JSON',
      'Project, conversions, funnel, models, look-back windows and dimensions it was made with, and the parameters its conversions have.',
    ),
  ],
  key: ['publication_id'],
};
