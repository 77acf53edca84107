import type { Command } from 'commander';
import type { Conversion } from '../../config/conversions.ts';
import { looseConversionFiles } from '../../config/conversion-files.ts';
import { loadConfig } from '../../config/load.ts';
import { unknownName } from '../../config/problems.ts';
import type { Config } from '../../config/schema.ts';
import { UserError } from '../../config/user-error.ts';
import { checkConversion } from '../../models/conversions/check/check.ts';
import { type ChangesAsked, type ConversionChange, conversionChanges } from '../../query/conversions/changes.ts';
import { listConversions } from '../../query/conversions/list.ts';
import { isDate } from '../../query/dates.ts';
import { EarlierShapeError } from '../../query/earlier-shape.ts';
import { findPublication, openPublication } from '../../query/publication.ts';
import { WarehouseInUseError } from '../../warehouse/warehouse-error.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { globalOptions } from '../options.ts';
import * as views from '../render/conversions.ts';
import { toJson } from '../render/json.ts';
import { addAsOfOption, type AsOfOptions } from './as-of.ts';
import { addBehindOptions, type BehindOptions, listBehind, refuseBehindOptions } from './conversions-behind.ts';
import { googleAccount } from './google-account.ts';
import { screenOf, writeNotice, writeResult } from './output.ts';
import { countOf, usage } from './period.ts';
import { readWarehouse } from './read-warehouse.ts';

const EXAMPLES = `
What counts as a conversion stands in the config, or in files of SQL beside it. See docs/conversions.md.

Examples:
  $ touchtrail conversions list
  $ touchtrail conversions check closed_won
  $ touchtrail conversions changes closed_won --since 2026-06-01
`;

const LIST_EXAMPLES = `
A name lists the single conversions that have credit, all of them or those of a period and a filter: what stands behind a cell
of a report. \`touchtrail journey --conversion name/id\` then tells how each came about.

Examples:
  $ touchtrail conversions list
  $ touchtrail conversions list closed_won --model linear --filter "channel=Paid Search" --last 3m
`;

const CHECK_EXAMPLES = `
Tries a conversion without writing anything: of a query the columns, the bytes, and at most 10,000 rows of its adjustment
window; of events what of them is there. Ten rows are shown with the persons they are of.

Examples:
  $ touchtrail conversions check closed_won
  $ touchtrail conversions check closed_won --json

Exit code 1 where something is wrong.
`;

const CHANGES_EXAMPLES = `
What the first run reads, and what a changed definition brings, is not listed.

Examples:
  $ touchtrail conversions changes
  $ touchtrail conversions changes closed_won --since 2026-06-01 --csv
`;

/** `touchtrail conversions`: what counts, whether it works, and what changed after the fact. */
export function registerConversions(program: Command): void {
  const conversions = program
    .command('conversions')
    .description('What counts as a conversion: list them, try one, see what changed after the fact.')
    .addHelpText('after', EXAMPLES);
  registerList(conversions);
  registerCheck(conversions);
  registerChanges(conversions);
}

function registerList(conversions: Command): void {
  addAsOfOption(addBehindOptions(conversions.command('list')))
    .description('The conversions of the config with their kind, window, parent and count; with a name those behind a number of a report.')
    .argument('[name]', 'the single conversions of this name')
    .option('--csv', 'comma-separated values')
    .option('--parquet <file>', 'with a name: writes the same table as a Parquet file')
    .addHelpText('after', LIST_EXAMPLES)
    .action(async (name: string | undefined, options: BehindOptions, self: Command) => {
      if (name !== undefined) return await listBehind(name, options, self);
      refuseBehindOptions(options);
      const { csv = false, asOf } = options;
      const { dataFolder, configFile, json } = globalOptions(self);
      const { config, configFolder } = await loadConfig(configFile, { onMissingFile: writeNotice });
      const published = await findPublication(dataFolder, { asOf });
      try {
        const view = views.listView(await listConversions(config, published), config.project.timeZone);
        writeResult(json ? toJson(view.data) : csv ? view.csv() : view.text(screenOf()));
        if (published === undefined) writeNotice('no publication yet, so nothing is counted: run `touchtrail run`');
      } finally {
        await published?.warehouse.close();
      }
      for (const file of looseConversionFiles(configFolder, config.conversions))
        writeNotice(`${file} is no conversion: it does not begin with front matter, and no conversion of the config names it`);
    });
}

function registerCheck(conversions: Command): void {
  conversions
    .command('check')
    .description('Try a conversion: its columns, what it reads, its latest rows and the persons they are of.')
    .argument('<name>', 'name of the conversion')
    .addHelpText('after', CHECK_EXAMPLES)
    .action(async (name: string, _: unknown, self: Command) => {
      const { dataFolder, configFile, json } = globalOptions(self);
      const { config, configFolder } = await loadConfig(configFile, { onMissingFile: writeNotice });
      const conversion = named(config, name);
      const account = googleAccount(process.env);
      const check = (warehouse: Warehouse) =>
        checkConversion({ warehouse, config, configFolder, now: new Date().toISOString(), account }, conversion);
      const result = await inWarehouse(config, dataFolder, check, () => checkPublication(dataFolder, check));
      writeResult(json ? toJson(result) : views.checkText(result, config.project.timeZone, screenOf()));
      if (result.problems.length > 0) process.exitCode = 1;
    });
}

/** What can be tried while a run holds the warehouse: the publication has what the run before made, and no table of a CRM. */
async function checkPublication<Result>(dataFolder: string, check: (warehouse: Warehouse) => Promise<Result>): Promise<Result> {
  const published = await findPublication(dataFolder);
  if (!published) throw new UserError('a run is writing to the warehouse, and there is no publication yet: ask again when it is done');
  try {
    const result = await check(published.warehouse);
    writeNotice(`a run is writing to the warehouse: this is what the publication of ${published.publication.published_at} says`);
    return result;
  } catch (error) {
    if (!(error instanceof EarlierShapeError)) throw error;
    throw new UserError(
      `a run is writing to the warehouse, and the publication has no ${error.lacking}: ask again when the run has ended`,
      {
        cause: error,
      },
    );
  } finally {
    await published.warehouse.close();
  }
}

interface ChangesOptions extends AsOfOptions {
  readonly since?: string;
  readonly limit: string;
  readonly csv?: boolean;
}

function registerChanges(conversions: Command): void {
  addAsOfOption(conversions.command('changes'))
    .description('The change log: what changed after it was first read, when, from what to what; latest first.')
    .argument('[name]', 'only of this conversion')
    .option('--since <date>', 'first day, YYYY-MM-DD, in the project time zone')
    .option('--limit <rows>', 'most rows to show', '50')
    .option('--csv', 'comma-separated values')
    .addHelpText('after', CHANGES_EXAMPLES)
    .action(async (name: string | undefined, { since, limit, csv = false, asOf }: ChangesOptions, self: Command) => {
      if (since !== undefined && !isDate(since)) throw usage(`--since ${since}: expected a date such as 2026-06-30`);
      const most = countOf('--limit', limit);
      const { dataFolder, configFile, json } = globalOptions(self);
      const { config } = await loadConfig(configFile, { onMissingFile: () => {} });
      const { timeZone } = config.project;
      const rows = await readLog(dataFolder, { name, since, timeZone, limit: most }, asOf);
      // One that is not of the config any more has its changes still.
      if (name !== undefined && rows.length === 0) named(config, name);
      const view = views.changesView(rows, timeZone);
      writeResult(json ? toJson(view.data) : csv ? view.csv() : view.text(screenOf()));
    });
}

async function readLog(dataFolder: string, asked: ChangesAsked, asOf: string | undefined): Promise<ConversionChange[]> {
  const { warehouse } = await openPublication(dataFolder, { asOf });
  try {
    return await conversionChanges(warehouse, asked);
  } finally {
    await warehouse.close();
  }
}

/** @throws UserError (exit code 2) where the config has no conversion of the name. */
function named({ conversions }: Config, name: string): Conversion {
  const found = conversions.find((one) => one.name === name);
  if (found) return found;
  throw usage(
    unknownName(
      name,
      'conversion',
      conversions.map((one) => one.name),
    ),
  );
}

/** Does some work in the warehouse, or something else while a run holds it. */
async function inWarehouse<Result>(
  config: Config,
  dataFolder: string,
  work: (warehouse: Warehouse) => Promise<Result>,
  otherwise: () => Promise<Result>,
): Promise<Result> {
  try {
    return await readWarehouse(config, dataFolder, work);
  } catch (error) {
    if (error instanceof UserError && error.cause instanceof WarehouseInUseError) return await otherwise();
    throw error;
  }
}
