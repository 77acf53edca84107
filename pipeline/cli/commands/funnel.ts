import type { Command } from 'commander';
import { openPublication } from '../../query/publication.ts';
import { publishedDates } from '../../query/published-dates.ts';
import { globalOptions } from '../options.ts';
import { addAsOfOption } from './as-of.ts';
import { addFileOptions, type FileOptions, isForProgram, writeView } from './files.ts';
import { type FunnelOptions, VIEW_NAMES, viewOf } from './funnel-views.ts';
import { writeNotice } from './output.ts';
import { addPeriodOptions, choosePeriod, type PeriodOptions, whyEmpty } from './period.ts';

interface Options extends FunnelOptions, PeriodOptions, FileOptions {
  readonly filter?: readonly string[];
}

const EXAMPLES = `
Examples:
  $ touchtrail funnel --last 8m
  $ touchtrail funnel --view cohort --last 8m --interval month
  $ touchtrail funnel --view cohort --split hand_raiser --stages mql,closed_won --compare previous
  $ touchtrail funnel --view ads --by campaign --filter ad_platform=google_ads
  $ touchtrail funnel --view events --name signup --by medium --csv

Views: stages   every stage by its own attribution, with the place that flips; no rates from one to the next
       cohort   the leads of the period through all stages: rates, losses, days, value
       ads      impressions, clicks, landings, conversions, and what is lost between them
       events   the steps of an event funnel of the config (eventFunnels)
`;

/** `touchtrail funnel`: the ways from an ad, a visit or a lead to the deal. */
export function registerFunnel(program: Command): void {
  const command = program
    .command('funnel')
    .description('The way to the deal by channel: stages, lead cohorts, ads or events, with rates, losses and the place that flips.');
  addFileOptions(addAsOfOption(addPeriodOptions(command)), 'a row per stage or step')
    .option('--view <view>', `${VIEW_NAMES.slice(0, -1).join(', ')} or ${VIEW_NAMES.at(-1)!}`, 'stages')
    .option('--by <dimension>', 'what a row is (default: channel, of ads campaign); none with --by total for cohort and events')
    .option('--model <name>', 'attribution model (default: first_click)')
    .option('--basis <basis>', 'which date counts: conversion or click (default: conversion, of ads click)')
    .option('--interval <interval>', 'cohort: splits the leads by day, week or month')
    .option('--stages <names>', 'cohort: which stages are shown')
    .option('--split <stage>', 'cohort: leads that passed this stage beside those that did not')
    .option('--conversion <name>', 'ads: the conversion (default: the last stage of the funnel)')
    .option('--name <name>', 'events: the event funnel (default: the first of the config)')
    .option('--filter <condition>', 'which facts count, as of `touchtrail report`; repeatable', collect)
    .option('--compare <period>', 'another period beside: "previous", "year" or 2026-01-01..2026-03-31')
    .option('--limit <rows>', 'most rows to show (default: 50 on a terminal, all for --csv and --json)')
    .addHelpText('after', EXAMPLES)
    .action(async (options: Options, self: Command) => {
      const { dataFolder, json } = globalOptions(self);
      const view = viewOf(options);
      const { warehouse, publication } = await openPublication(dataFolder, { asOf: options.asOf });
      try {
        const { timeZone } = publication.config.project;
        const published = await publishedDates(warehouse);
        const { range, note } = await choosePeriod(options, warehouse, published, new Date(), timeZone);
        const { result, answer } = await view({
          options,
          range,
          note,
          warehouse,
          publication,
          forProgram: isForProgram(options, json),
        });
        await writeView(answer, options, json);
        if (result.rows.length === 0) writeNotice(whyEmpty(options, result.meta.date_range, published));
      } finally {
        await warehouse.close();
      }
    });
}

function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}
