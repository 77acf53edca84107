import type { Command } from 'commander';
import { openPublication } from '../../query/publication.ts';
import { channelEffects } from '../../query/models/effects.ts';
import { listModels } from '../../query/models/list.ts';
import { modelQuality } from '../../query/models/quality.ts';
import { type VersionsQuery, parseVersionsQuery } from '../../query/models/schema.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { globalOptions } from '../options.ts';
import type { View } from '../render/identity.ts';
import { toJson } from '../render/json.ts';
import { effectsView, modelsView, qualityView } from '../render/models.ts';
import { addAsOfOption, type AsOfOptions } from './as-of.ts';
import { screenOf, writeNotice, writeResult } from './output.ts';

interface ListOptions extends AsOfOptions {
  readonly csv?: boolean;
}

interface VersionOptions extends ListOptions {
  readonly conversion?: string;
  readonly month: string;
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
    read: async (warehouse, query) => qualityView(await modelQuality(warehouse, query)),
  });
}

function registerList(models: Command): void {
  addAsOfOption(models.command('list', { isDefault: true }))
    .description(
      'The models of the config with their type and look-back, those that are learned with their latest versions; --csv and --json: all.',
    )
    .option('--csv', 'comma-separated values')
    .addHelpText('after', LIST_EXAMPLES)
    .action(async ({ csv = false, asOf }: ListOptions, self: Command) => {
      const { dataFolder, json } = globalOptions(self);
      const { warehouse, publication } = await openPublication(dataFolder, { asOf });
      try {
        const view = modelsView(await listModels(warehouse, publication.config));
        writeResult(json ? toJson(view.data) : csv ? view.csv() : view.text(screenOf()));
      } finally {
        await warehouse.close();
      }
    });
}

interface VersionsCommand {
  readonly description: string;
  readonly examples: string;
  readonly read: (warehouse: Warehouse, query: VersionsQuery) => Promise<View>;
}

function registerVersions(models: Command, name: string, { description, examples, read }: VersionsCommand): void {
  addAsOfOption(models.command(name))
    .description(description)
    .argument('[model]', 'a model that is learned from data (default: all of them)')
    .option('--conversion <name>', 'one conversion (default: all)')
    .option('--month <month>', 'the version of a month such as 2026-03, or all', 'latest')
    .option('--csv', 'comma-separated values')
    .addHelpText('after', examples)
    .action(async (model: string | undefined, { csv = false, conversion, month, asOf }: VersionOptions, self: Command) => {
      const { dataFolder, json } = globalOptions(self);
      const { warehouse, publication } = await openPublication(dataFolder, { asOf });
      try {
        const asked = { month, ...(model !== undefined && { model }), ...(conversion !== undefined && { conversion }) };
        const view = await read(warehouse, parseVersionsQuery(asked, publication.config));
        const text = view.text(screenOf());
        writeResult(json ? toJson(view.data) : csv ? view.csv() : text);
        if (text === '') writeNotice('no version of this is published: learned models are fitted 7 days after the end of a month');
      } finally {
        await warehouse.close();
      }
    });
}
