import * as z from 'zod';
import { isMoney } from '../../config/conversions.ts';
import { type Config } from '../../config/schema.ts';
import { required } from '../../warehouse/columns.ts';
import type { TableDefinition } from '../../warehouse/warehouse.ts';

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

/** What a reader must know of the config the publication was made with: to label and lay out what it shows. */
export const PublishedConfig = z.object({
  project: z.object({ name: z.string(), timeZone: z.string(), currency: z.string() }),
  conversions: z.array(z.object({ name: z.string(), label: z.string(), value: z.enum(['money', 'none']) })),
  funnel: z.array(z.string()),
  models: z.array(z.string()),
  lookbackDays: z.int(),
  /** Names of the custom parameters that its conversions have; a publication of an earlier version names none. */
  params: z.array(z.string()).default([]),
});
export type PublishedConfig = z.infer<typeof PublishedConfig>;

/** The part of a config that is published, without what is read from the rows. */
export function publishedConfig({ project, conversions, funnel, attribution }: Config): Omit<PublishedConfig, 'params'> {
  return {
    project,
    conversions: conversions.map((one) => ({ name: one.name, label: one.label, value: isMoney(one, conversions) ? 'money' : 'none' })),
    funnel,
    models: attribution.models,
    lookbackDays: attribution.lookbackDays,
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
      'Project, conversions, funnel, models and look-back window it was made with, and the parameters its conversions have.',
    ),
  ],
  key: ['publication_id'],
};
