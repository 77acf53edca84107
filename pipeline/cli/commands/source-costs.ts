import type { Command } from 'commander';
import { costCoverage } from '../../query/coverage/coverage.ts';
import { parseCoverageQuery } from '../../query/coverage/schema.ts';
import { openPublication } from '../../query/publication.ts';
import { publishedDates } from '../../query/published-dates.ts';
import { globalOptions } from '../options.ts';
import { coverageView } from '../render/coverage.ts';
import { toJson } from '../render/json.ts';
import { addAsOfOption, type AsOfOptions } from './as-of.ts';
import { screenOf, writeNotice, writeResult } from './output.ts';
import { addPeriodOptions, choosePeriod, listOf, type PeriodOptions, whyEmpty } from './period.ts';

interface CostsOptions extends PeriodOptions, AsOfOptions {
  readonly conversion?: string;
  readonly model?: string;
  readonly csv?: boolean;
}

const EXAMPLES = `
Which cost brought no session, which sessions from ads no cost was found for, and what the platforms count beside what they are
credited here. See docs/ad-costs.md.

Examples:
  $ touchtrail sources costs --last 8m
  $ touchtrail sources costs --conversion lead,closed_won --model first_click
  $ touchtrail sources costs --last 8m --csv
`;

/** `touchtrail sources costs`: how far ad costs and sessions belong together. */
export function registerSourceCosts(sources: Command): void {
  addAsOfOption(addPeriodOptions(sources.command('costs')))
    .description('How far ad costs and sessions belong together, and what the platforms count themselves.')
    .option('--conversion <names>', 'conversions to set beside those of the platforms (default: those of the funnel)')
    .option('--model <names>', 'attribution models of these (default: last_significant_click)')
    .option('--csv', 'comma-separated values: the campaigns with their cost and their sessions')
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
        const view = coverageView(coverage);
        writeResult(json ? toJson(view.data) : options.csv ? view.csv() : view.text(screenOf()));
        if (note !== undefined) writeNotice(note);
        if (coverage.platforms.length === 0) writeNotice(whyEmpty(options, range, published));
      } finally {
        await warehouse.close();
      }
    });
}
