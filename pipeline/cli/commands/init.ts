import { appendFileSync, chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Command, Option } from 'commander';
import { checkConfig } from '../../config/check.ts';
import { DEFAULT_NAMES } from '../../config/load.ts';
import { createKey, listKeys } from '../../embedded/keys.ts';
import { UserError } from '../../config/user-error.ts';
import { deploymentFiles, deploymentSteps, type InitFile, SECRET_FILES } from '../init/deployment.ts';
import { configTemplate, leadTemplate, nextSteps, snippetTemplate } from '../init/project.ts';
import { deploymentSettings, localSettings, type ProjectSettings } from '../init/settings.ts';
import { globalOptions } from '../options.ts';
import { toJson } from '../render/json.ts';
import { writeResult } from './output.ts';

interface InitOptions extends ProjectSettings {
  readonly warehouse: 'duckdb' | 'bigquery';
  readonly gcpProject?: string;
  readonly dataset: string;
  readonly location: string;
  readonly site?: string;
  readonly path: string;
}

/** `touchtrail init`: a config, a first conversion and a write key; with BigQuery, everything to deploy the edge with. */
export function registerInit(program: Command): void {
  program
    .command('init')
    .description('Write a config, an example conversion and a write key for your website; with BigQuery, everything to deploy the edge.')
    .option('--name <name>', 'name of the project', 'My company')
    .option('--time-zone <zone>', 'IANA time zone of all report dates', Intl.DateTimeFormat().resolvedOptions().timeZone)
    .option('--currency <code>', 'ISO 4217 code of all reported money', 'EUR')
    .addOption(
      new Option('--warehouse <type>', 'duckdb: all on this machine; bigquery: in production')
        .choices(['duckdb', 'bigquery'])
        .default('duckdb'),
    )
    .option('--gcp-project <id>', 'bigquery: the Google Cloud project')
    .option('--dataset <name>', 'bigquery: the dataset', 'touchtrail')
    .option('--location <location>', 'bigquery: where the dataset lies', 'EU')
    .option('--site <url>', 'the website')
    .option('--path <path>', "path of the website's own host that leads to the edge; with duckdb, none unless it is named", '/t')
    .addHelpText('after', EXAMPLES)
    .action(async (options: InitOptions, command: Command) => {
      const { dataFolder, json } = globalOptions(command);
      const { name, timeZone, currency } = options;
      const project = { name, timeZone, currency };
      const deployment = options.warehouse === 'bigquery' ? deploymentSettings(options) : undefined;
      const given = new Set(
        command.options.map((option) => option.attributeName()).filter((option) => command.getOptionValueSource(option) === 'cli'),
      );
      const local = deployment ? {} : localSettings(options, given);
      const edge = deployment
        ? { path: deployment.path, url: deployment.site.origin + deployment.path }
        : local.path !== undefined && { path: local.path };
      const existing = DEFAULT_NAMES.find((file) => existsSync(file));
      if (existing) {
        throw new UserError(`${path.resolve(existing)} exists: this folder is set up already; nothing was changed`, { exitCode: 2 });
      }
      checkConfig({ project, ...(edge && { edge }) }, process.cwd(), 'touchtrail init');
      if (deployment) {
        const written = [...deploymentFiles(project, deployment).flatMap(writeNew), ...ignore(dataFolder, SECRET_FILES)];
        writeResult(json ? toJson({ files: written }) : settled(project) + deploymentSteps(written, deployment));
        return;
      }
      const written = [
        ...writeNew({ name: 'touchtrail.config.ts', text: configTemplate(project, local) }),
        ...writeNew({ name: 'conversions/lead.sql', text: leadTemplate() }),
        ...ignore(dataFolder),
      ];
      // What lies in it is personal data of the visitors.
      mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
      const key = await websiteKey(dataFolder);
      written.push(...writeNew({ name: 'snippet.html', text: snippetTemplate('http://127.0.0.1:8787', key) }));
      writeResult(json ? toJson({ files: written, write_key: key }) : settled(project) + nextSteps(written, key));
    });
}

/** What was taken where the command line did not say it. */
function settled({ name, timeZone, currency }: ProjectSettings): string {
  return `${name}: dates in ${timeZone}, money in ${currency} (touchtrail.config.ts)\n`;
}

const EXAMPLES = `
Examples:
  $ touchtrail init --name Fernhill --time-zone Europe/Berlin --currency EUR
  $ touchtrail init --warehouse bigquery --gcp-project fernhill-marketing --site https://www.fernhill.example

Never overwrites a file.
`;

/** @returns the name, or nothing where the file was there. */
function writeNew({ name, text, executable }: InitFile): string[] {
  if (existsSync(name)) return [];
  mkdirSync(path.dirname(name), { recursive: true });
  writeFileSync(name, text);
  if (executable) chmodSync(name, 0o755);
  return [name];
}

/** Visitors' data and keys do not belong into version control. */
function ignore(dataFolder: string, files: readonly string[] = []): string[] {
  const relative = path.relative(process.cwd(), dataFolder);
  const data = relative === '' || relative.startsWith('..') ? [] : [`${relative.split(path.sep).join('/')}/`];
  const existing = existsSync('.gitignore') ? readFileSync('.gitignore', 'utf8') : '';
  // A folder is ignored with and without the slash at its end.
  const known = new Set(existing.split('\n').map((line) => line.replace(/\/$/, '')));
  const missing = [...data, 'node_modules/', ...files].filter((line) => !known.has(line.replace(/\/$/, '')));
  if (missing.length === 0) return [];
  appendFileSync('.gitignore', `${existing === '' || existing.endsWith('\n') ? '' : '\n'}${missing.map((line) => `${line}\n`).join('')}`);
  return ['.gitignore'];
}

async function websiteKey(dataFolder: string): Promise<string> {
  const known = (await listKeys(dataFolder)).find(
    ({ kind, key, revoked_at }) => kind === 'browser' && key !== undefined && revoked_at === null,
  );
  return known?.key ?? (await createKey(dataFolder, { kind: 'browser', name: 'website' })).key;
}
