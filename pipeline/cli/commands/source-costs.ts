import { type Command, Option } from 'commander';
import { costCoverage } from '../../query/coverage/coverage.ts';
import { COVERAGE_PART_NAMES, type CoveragePart } from '../../query/coverage/flat.ts';
import { parseCoverageQuery } from '../../query/coverage/schema.ts';
import { openPublication } from '../../query/publication.ts';
import { publishedDates } from '../../query/published-dates.ts';
import { globalOptions } from '../options.ts';
import { coverageView } from '../render/coverage.ts';
import { addAsOfOption, type AsOfOptions } from './as-of.ts';
import { addFileOptions, type FileOptions, writeView } from './files.ts';
import { writeNotice } from './output.ts';
import { addPeriodOptions, choosePeriod, listOf, type PeriodOptions, whyEmpty } from './period.ts';

interface CostsOptions extends PeriodOptions, AsOfOptions, FileOptions {
  readonly conversion?: string;
  readonly model?: string;
  readonly table: CoveragePart;
}

const EXAMPLES = `
Which cost brought no session, which sessions from ads no cost was found for, and what the platforms count beside what they are
credited here. See docs/ad-costs.md.

Examples:
  $ touchtrail sources costs --last 8m
  $ touchtrail sources costs --conversion lead,closed_won --model first_click
  $ touchtrail sources costs --last 8m --csv
  $ touchtrail sources costs --last 8m --table sessions --parquet without-cost.parquet
`;

/** `touchtrail sources costs`: how far ad costs and sessions belong together. */
export function registerSourceCosts(sources: Command): void {
  addFileOptions(addAsOfOption(addPeriodOptions(sources.command('costs'))), 'the campaigns with their cost and their sessions')
    .description('How far ad costs and sessions belong together, and what the platforms count themselves.')
    .option('--conversion <names>', 'conversions to set beside those of the platforms (default: those of the funnel)')
    .option('--model <names>', 'attribution models of these (default: last_significant_click)')
    .addOption(new Option('--table <table>', 'which table --csv and --parquet write').choices(COVERAGE_PART_NAMES).default('campaigns'))
    .addHelpText('after', EXAMPLES)
    .action(async (options: CostsOptions, self: Command) => {
      const { dataFolder, json } = globalOptions(self);
      const { warehouse, publication } = await openPublication(dataFolder, { asOf: options.asOf });
      try {
        const { config } = publication;
        const published = await publishedDates(warehouse);
        const { range, note } = await choosePeriod(options, warehouse, published, new Date(), config.project.timeZone);
        const query = parseCoverageQuery(
          {
            date_range: range,
            ...(options.conversion !== undefined && { conversions: listOf(options.conversion) }),
            ...(options.model !== undefined && { models: listOf(options.model) }),
          },
          config,
        );
        const coverage = await costCoverage(warehouse, publication, query);
        await writeView(coverageView(coverage, options.table), options, json);
        if (note !== undefined) writeNotice(note);
        if (coverage.platforms.length === 0) writeNotice(whyEmpty(options, range, published));
      } finally {
        await warehouse.close();
      }
    });
}
