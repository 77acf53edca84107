import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { CONVERSIONS_FOLDER, looseConversionFiles } from '../config/conversion-files.ts';
import type { Conversion } from '../config/conversions.ts';
import { loadConfig, type LoadedConfig } from '../config/load.ts';
import { type Finding, note, ok, problem, wordsOf } from './finding.ts';
import { environmentsIn, wranglerFaults } from './wrangler-toml.ts';

/** As `engines` of package.json. */
const OLDEST_NODE = [22, 18] as const;

/** @param version as `process.versions.node`. */
export function examineNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isNewEnough = major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
  return isNewEnough
    ? ok('Node', `version ${version}`)
    : problem('Node', `version ${version} is too old`, `install Node ${OLDEST_NODE.join('.')} or newer, such as 24: https://nodejs.org`);
}

/** Loads the config as the commands do. @returns what was loaded besides, where it is right. */
export async function examineConfig(given: string | undefined): Promise<{ finding: Finding; loaded?: LoadedConfig }> {
  try {
    const loaded = await loadConfig(given);
    const { project, conversions } = loaded.config;
    const count = `${conversions.length} conversion${conversions.length === 1 ? '' : 's'}${kindsOf(conversions)}`;
    return {
      loaded,
      finding: ok('Config', `${path.basename(loaded.file)}: ${project.name}, ${project.timeZone}, ${project.currency}, ${count}`),
    };
  } catch (error) {
    return { finding: problem('Config', wordsOf(error), 'correct the config; without one: npx touchtrail init') };
  }
}

/** The kinds in words, where there are several. */
function kindsOf(conversions: readonly Conversion[]): string {
  const counts = (['sql', 'purchase', 'event', 'combined'] as const)
    .map((kind) => ({ kind: kind === 'sql' ? 'query' : kind, count: conversions.filter((one) => one.kind === kind).length }))
    .filter(({ count }) => count > 0);
  return counts.length < 2 ? '' : ` (${counts.map(({ kind, count }) => `${kind} ${count}`).join(', ')})`;
}

/** What in the folder of conversions is none, and money of which the rate is not known; nothing where all is as it should be. */
export function examineConversions({ config, configFolder }: LoadedConfig): Finding[] {
  const loose = looseConversionFiles(configFolder, config.conversions).map((file) =>
    note(
      'Conversions',
      `${file} is none: it does not begin with front matter, and no conversion of the config names it`,
      `begin it with front matter (docs/conversions.md), or move it out of ${CONVERSIONS_FOLDER}/`,
    ),
  );
  const foreign = [...new Set(config.costs.flatMap(({ currency }) => currency ?? []))].filter((one) => one !== config.project.currency);
  if (config.rates || foreign.length === 0) return loose;
  return [
    ...loose,
    note(
      'Exchange rates',
      `there are costs in ${foreign.join(', ')} and no rates: they are in no total`,
      "rates: { csv: 'eurofxref-hist.csv' } in the config; docs/money.md",
    ),
  ];
}

/** The data folder is there, may be written, and nobody else may read it: visitors' data lies in it. */
export function examineDataFolder(folder: string): Finding {
  const found = statSync(folder, { throwIfNoEntry: false });
  if (!found) return note('Data folder', `${folder} is not there yet`, 'the first "npx touchtrail up" or "npx touchtrail run" makes it');
  try {
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    return problem('Data folder', wordsOf(error), `give this user the right to write: chown -R "$(id -un)" '${folder}'`);
  }
  if (process.platform !== 'win32' && (found.mode & 0o077) !== 0) {
    return problem('Data folder', `others on this machine may look into ${folder}, where visitors' data lies`, `chmod 700 '${folder}'`);
  }
  return ok('Data folder', folder);
}

/** Placeholders, and what does not fit together, in the wrangler.toml beside the config; nothing where there is none. */
export function examineWrangler(configFolder: string): Finding[] {
  const file = path.join(configFolder, 'wrangler.toml');
  if (!existsSync(file)) return [];
  const environments = [...environmentsIn(readFileSync(file, 'utf8'))];
  if (environments.length === 0) return [note('wrangler.toml', 'it has neither a table [vars] nor [[kv_namespaces]] to look at')];
  const found = environments.flatMap(([environment, config]) => wranglerFaults(config, environment));
  if (found.length === 0) return [ok('wrangler.toml', 'no placeholders')];
  return found.map(({ says, remedy }) => problem('wrangler.toml', says, remedy));
}
