import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import { checkConfig } from '../../config/check.ts';
import { DEFAULT_NAMES } from '../../config/load.ts';
import { createKey, listKeys } from '../../embedded/keys.ts';
import { UserError } from '../../config/user-error.ts';
import { configTemplate, gitignoreTemplate, leadTemplate, nextSteps } from '../init-templates.ts';
import { globalOptions } from '../options.ts';
import { toJson } from '../render/json.ts';
import { writeResult } from './output.ts';

/** `touchtrail init`: a config, a first conversion and a write key. */
export function registerInit(program: Command): void {
  program
    .command('init')
    .description('Write a config, an example conversion and a write key for your website.')
    .option('--name <name>', 'name of the project', 'My company')
    .option('--time-zone <zone>', 'IANA time zone of all report dates', Intl.DateTimeFormat().resolvedOptions().timeZone)
    .option('--currency <code>', 'ISO 4217 code of all reported money', 'EUR')
    .addHelpText(
      'after',
      '\nExample:\n  $ touchtrail init --name Fernhill --time-zone Europe/Berlin --currency EUR\n\nNever overwrites a file.\n',
    )
    .action(async (options: { name: string; timeZone: string; currency: string }, command: Command) => {
      const { dataFolder, json } = globalOptions(command);
      const existing = DEFAULT_NAMES.find((name) => existsSync(name));
      if (existing) {
        throw new UserError(`${path.resolve(existing)} exists: this folder is set up already; nothing was changed`, { exitCode: 2 });
      }
      checkConfig({ project: options }, process.cwd(), 'touchtrail init');
      const written = [
        ...writeNew('touchtrail.config.ts', configTemplate(options)),
        ...writeNew(path.join('conversions', 'lead.sql'), leadTemplate()),
        ...ignoreData(dataFolder),
      ];
      // What lies in it is personal data of the visitors.
      mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
      const key = await websiteKey(dataFolder);
      writeResult(json ? toJson({ files: written, write_key: key }) : nextSteps(written, key));
    });
}

/** @returns the name, or nothing where the file was there. */
function writeNew(name: string, text: string): string[] {
  if (existsSync(name)) return [];
  mkdirSync(path.dirname(name), { recursive: true });
  writeFileSync(name, text);
  return [name];
}

/** Visitors' data and keys do not belong into version control. */
function ignoreData(dataFolder: string): string[] {
  const relative = path.relative(process.cwd(), dataFolder);
  if (relative === '' || relative.startsWith('..')) return [];
  const line = gitignoreTemplate(relative.split(path.sep).join('/'));
  const existing = existsSync('.gitignore') ? readFileSync('.gitignore', 'utf8') : '';
  if (existing.split('\n').includes(line.trim())) return [];
  appendFileSync('.gitignore', existing === '' || existing.endsWith('\n') ? line : `\n${line}`);
  return ['.gitignore'];
}

async function websiteKey(dataFolder: string): Promise<string> {
  const known = (await listKeys(dataFolder)).find(
    ({ kind, key, revoked_at }) => kind === 'browser' && key !== undefined && revoked_at === null,
  );
  return known?.key ?? (await createKey(dataFolder, { kind: 'browser', name: 'website' })).key;
}
