import type { Command } from 'commander';
import { parseFunnelQuery, runFunnel } from '../../query/funnel.ts';
import { openPublication } from '../../query/publication.ts';
import { publishedDates } from '../../query/published-dates.ts';
import { globalOptions } from '../options.ts';
import { funnelCsv, renderFunnel } from '../render/funnel.ts';
import { toJson } from '../render/json.ts';
import { screenOf, writeNotice, writeResult } from './output.ts';
import { addPeriodOptions, choosePeriod, countOf, type PeriodOptions, timeBasisOf, whyEmpty, withPeriodNote } from './period.ts';

interface FunnelOptions extends PeriodOptions {
  readonly by: string;
  readonly model?: string;
  readonly basis: string;
  readonly limit?: string;
  readonly csv?: boolean;
}

const EXAMPLES = `
Examples:
  $ touchtrail funnel --last 8m
  $ touchtrail funnel --model last_significant_click --from 2026-01-01 --to 2026-03-31
  $ touchtrail funnel --by campaign --basis click --csv
`;

/** `touchtrail funnel`: every stage by its own attribution. */
export function registerFunnel(program: Command): void {
  const command = program
    .command('funnel')
    .description('Every stage of the funnel by channel, each by its own attribution: count, value, and the place that flips.');
  addPeriodOptions(command)
    .option('--by <dimension>', 'what a row is', 'channel')
    .option('--model <name>', 'attribution model (default: first_click)')
    .option('--basis <basis>', 'which date counts: conversion or click', 'conversion')
    .option('--limit <rows>', 'most rows to show (default: 50 on a terminal, all for --csv and --json)')
    .option('--csv', 'comma-separated values')
    .addHelpText('after', EXAMPLES)
    .action(async (options: FunnelOptions, self: Command) => {
      const { dataFolder, json } = globalOptions(self);
      const { warehouse, publication } = await openPublication(dataFolder);
      try {
        const { config } = publication;
        const published = await publishedDates(warehouse);
        const { range, note } = await choosePeriod(options, warehouse, published, new Date(), config.project.timeZone);
        const query = parseFunnelQuery(
          {
            date_range: range,
            model: options.model ?? (config.models.includes('first_click') ? 'first_click' : config.models[0]),
            dimension: options.by,
            time_basis: timeBasisOf(options.basis),
            limit: options.limit === undefined ? (options.csv || json ? 100_000 : 50) : countOf('--limit', options.limit),
          },
          config,
        );
        const result = withPeriodNote(await runFunnel(warehouse, publication, query), note);
        if (json) writeResult(toJson(result));
        else writeResult(options.csv ? funnelCsv(result) : renderFunnel(result, screenOf()));
        if (result.rows.length === 0) writeNotice(whyEmpty(options, result.meta.date_range, published));
      } finally {
        await warehouse.close();
      }
    });
}
