import type { Command } from 'commander';
import { loadConfig } from '../../config/load.ts';
import { type LoadedRates, type RateSummary, loadRates } from '../../sources/load-rates.ts';
import { globalOptions } from '../options.ts';
import { toJson } from '../render/json.ts';
import { writeResult } from './output.ts';
import { registerSourceCosts } from './source-costs.ts';

const EXAMPLES = `
The file is one of the European Central Bank: eurofxref-hist.csv with all days, or eurofxref.csv with the latest one. Its days are added to
the file that the config names as rates.csv; the next run converts with them. See docs/money.md.

Examples:
  $ touchtrail sources rates eurofxref-hist.csv
  $ touchtrail sources rates eurofxref.csv --json
`;

/** `touchtrail sources`: what the pipeline reads from elsewhere. */
export function registerSources(program: Command): void {
  const sources = program
    .command('sources')
    .description('What the pipeline reads from elsewhere: exchange rates, ad costs.')
    .addHelpText('after', '\nExamples:\n  $ touchtrail sources rates eurofxref-hist.csv\n  $ touchtrail sources costs --last 8m\n');
  sources
    .command('rates')
    .description('Check a file of exchange rates and add its days to those of the project.')
    .argument('<file>', 'CSV file of the European Central Bank')
    .addHelpText('after', EXAMPLES)
    .action(async (file: string, _: unknown, self: Command) => {
      const { configFile, json } = globalOptions(self);
      // The file that the config names may be what this makes.
      const { config, configFolder } = await loadConfig(configFile, { onMissingFile: () => {} });
      const loaded = await loadRates(file, config, configFolder);
      writeResult(json ? toJson(loaded) : sentenceOf(file, loaded));
    });
  registerSourceCosts(sources);
}

function sentenceOf(file: string, { target, isChecked, given, now }: LoadedRates): string {
  if (isChecked) return `${file} is the project's file of rates, and right: ${words(now)}\n`;
  return `${file}: ${words(given)}\n${target} now has ${words(now)}; the next run converts with them\n`;
}

function words({ days, first, last, currencies }: RateSummary): string {
  const codes = currencies.length === 1 ? '1 currency' : `${currencies.length} currencies`;
  return `${days.toLocaleString('en')} ${days === 1 ? 'day' : 'days'} from ${first} to ${last}, ${codes}`;
}
