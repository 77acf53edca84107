import type { Command } from 'commander';
import { keptPublications } from '../../query/publications.ts';
import { globalOptions } from '../options.ts';
import { toJson } from '../render/json.ts';
import { publicationsView } from '../render/publications.ts';
import { screenOf, writeNotice, writeResult } from './output.ts';

const EXAMPLES = `
How many are kept says publications.keep of the config (35 where it says nothing).

Examples:
  $ touchtrail publications
  $ touchtrail report --as-of 2026-06-30
  $ touchtrail diff 2026-06-30
`;

/** `touchtrail publications`: what `--as-of` and `diff` can read. */
export function registerPublications(program: Command): void {
  program
    .command('publications')
    .description('The publications that can be read, latest first: what --as-of and diff take.')
    .option('--csv', 'comma-separated values')
    .addHelpText('after', EXAMPLES)
    .action(async ({ csv = false }: { csv?: boolean }, self: Command) => {
      const { dataFolder, json } = globalOptions(self);
      const kept = await keptPublications(dataFolder);
      const view = publicationsView(kept);
      writeResult(json ? toJson(view.data) : csv ? view.csv() : view.text(screenOf()));
      if (kept.length === 0) writeNotice('no publication yet: run `touchtrail run`');
    });
}
