import { type Command, Option } from 'commander';
import { openPublication } from '../../query/publication.ts';
import { channelEffects } from '../../query/models/effects.ts';
import { listModels } from '../../query/models/list.ts';
import { QUALITY_PARTS, type QualityPart } from '../../query/models/flat.ts';
import { modelQuality } from '../../query/models/quality.ts';
import { type VersionsQuery, parseVersionsQuery } from '../../query/models/schema.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { globalOptions } from '../options.ts';
import { effectsView, modelsView, qualityView } from '../render/models.ts';
import type { TableView } from '../render/view.ts';
import { addAsOfOption, type AsOfOptions } from './as-of.ts';
import { addFileOptions, type FileOptions, writeView } from './files.ts';
import { screenOf, writeNotice } from './output.ts';

interface ListOptions extends AsOfOptions, FileOptions {}

interface VersionOptions extends ListOptions {
  readonly conversion?: string;
  readonly month: string;
  readonly part?: QualityPart;
}

const EXAMPLES = `
Models that are learned from data have a version for each conversion and month, fitted once, 7 days after its end. See docs/models.md.

Examples:
  $ touchtrail models list
  $ touchtrail models effects markov --month 2026-03
  $ touchtrail models quality visit_scoring
`;

const LIST_EXAMPLES = `
Examples:
  $ touchtrail models list
  $ touchtrail models list --as-of 2026-06-30 --csv
`;

const EFFECTS_EXAMPLES = `
Examples:
  $ touchtrail models effects
  $ touchtrail models effects markov --conversion lead --month all --csv
`;

const QUALITY_EXAMPLES = `
Examples:
  $ touchtrail models quality
  $ touchtrail models quality visit_scoring --conversion lead --json
  $ touchtrail models quality visit_scoring --part weights --parquet weights.parquet
`;

/** `touchtrail models`: the attribution models, and what those that are learned have learned. */
export function registerModels(program: Command): void {
  const models = program
    .command('models')
    .description('The attribution models with their windows and versions, and what those that are learned from data have learned.')
    .addHelpText('after', EXAMPLES);
  registerList(models);
  registerVersions(models, 'effects', {
    description: 'What each channel is worth to learned models: removal effects, Shapley values, and shares of them.',
    examples: EFFECTS_EXAMPLES,
    read: async (warehouse, query) => effectsView(await channelEffects(warehouse, query)),
  });
  registerVersions(models, 'quality', {
    description: 'How well learned models fit: AUC, log loss, calibration and feature weights of visit scoring; errors of sampled effects.',
    examples: QUALITY_EXAMPLES,
    parts: QUALITY_PARTS,
    read: async (warehouse, query, part) => qualityView(await modelQuality(warehouse, query), part),
  });
}

function registerList(models: Command): void {
  addFileOptions(addAsOfOption(models.command('list', { isDefault: true })), 'a row per version')
    .description(
      'The models of the config with their type and look-back, those that are learned with their latest versions; --csv and --json: all.',
    )
    .addHelpText('after', LIST_EXAMPLES)
    .action(async (options: ListOptions, self: Command) => {
      const { dataFolder, json } = globalOptions(self);
      const { warehouse, publication } = await openPublication(dataFolder, { asOf: options.asOf });
      try {
        await writeView(modelsView(await listModels(warehouse, publication.config)), options, json);
      } finally {
        await warehouse.close();
      }
    });
}

interface VersionsCommand {
  readonly description: string;
  readonly examples: string;
  /** Which of its tables --csv and --parquet can write; default: the only one. */
  readonly parts?: readonly QualityPart[];
  readonly read: (warehouse: Warehouse, query: VersionsQuery, part: QualityPart | undefined) => Promise<TableView>;
}

function registerVersions(models: Command, name: string, { description, examples, parts, read }: VersionsCommand): void {
  const command = addFileOptions(addAsOfOption(models.command(name)))
    .description(description)
    .argument('[model]', 'a model that is learned from data (default: all of them)')
    .option('--conversion <name>', 'one conversion (default: all)')
    .option('--month <month>', 'the version of a month such as 2026-03, or all', 'latest');
  if (parts) command.addOption(new Option('--part <part>', 'which part --csv and --parquet write (default: versions)').choices(parts));
  command.addHelpText('after', examples).action(async (model: string | undefined, options: VersionOptions, self: Command) => {
    const { conversion, month, asOf } = options;
    const { dataFolder, json } = globalOptions(self);
    const { warehouse, publication } = await openPublication(dataFolder, { asOf });
    try {
      const asked = { month, ...(model !== undefined && { model }), ...(conversion !== undefined && { conversion }) };
      const view = await read(warehouse, parseVersionsQuery(asked, publication.config), options.part);
      await writeView(view, options, json);
      if (view.text(screenOf()) === '')
        writeNotice('no version of this is published: learned models are fitted 7 days after the end of a month');
    } finally {
      await warehouse.close();
    }
  });
}
