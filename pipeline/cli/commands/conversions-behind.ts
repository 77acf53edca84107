import type { Command } from 'commander';
import { conversionsBehind, type BehindQueryInput, parseBehindQuery } from '../../query/journey/behind.ts';
import { openPublication } from '../../query/publication.ts';
import { publishedDates } from '../../query/published-dates.ts';
import { globalOptions } from '../options.ts';
import { behindView } from '../render/behind.ts';
import type { AsOfOptions } from './as-of.ts';
import { type FileOptions, isForProgram, writeView } from './files.ts';
import { conditionOf } from './filters.ts';
import { addPeriodOptions, countOf, type PeriodOptions, periodOf, timeBasisOf, usage } from './period.ts';

/** What {@link addBehindOptions} declares. */
export interface BehindOptions extends PeriodOptions, AsOfOptions, FileOptions {
  readonly model?: string;
  readonly basis: string;
  readonly filter?: readonly string[];
  readonly limit?: string;
  readonly after?: string;
}

/** Declares what chooses the conversions behind a number of a report. */
export function addBehindOptions(command: Command): Command {
  return addPeriodOptions(command)
    .option('--model <name>', 'attribution model whose credits are meant (default: first_click)')
    .option('--basis <basis>', 'which date counts: conversion or click', 'conversion')
    .option('--filter <condition>', 'as of reports, such as "channel=Email" or "campaign="; repeatable', collect)
    .option('--limit <rows>', 'most conversions to show (default: 50 on a terminal, 10000 for --csv and --json)')
    .option('--after <next>', 'go on behind the page before');
}

/** Writes the conversions behind a number. */
export async function listBehind(name: string, options: BehindOptions, self: Command): Promise<void> {
  const { dataFolder, json } = globalOptions(self);
  const { warehouse, publication } = await openPublication(dataFolder, { asOf: options.asOf });
  try {
    const { config } = publication;
    const published = await publishedDates(warehouse);
    const query: BehindQueryInput = {
      ...(options.asOf !== undefined && { as_of: options.asOf }),
      date_range: periodOf(chosenPeriod(options), published, new Date(), config.project.timeZone),
      conversion: name,
      model: options.model ?? (config.models.includes('first_click') ? 'first_click' : (config.models[0] ?? '')),
      time_basis: timeBasisOf(options.basis),
      ...(options.filter && { filters: { and: options.filter.map(conditionOf) } }),
      limit: options.limit === undefined ? (isForProgram(options, json) ? 10_000 : 50) : countOf('--limit', options.limit),
      ...(options.after !== undefined && { after: options.after }),
    };
    const view = behindView(await conversionsBehind(warehouse, publication, parseBehindQuery(query, config)), config);
    await writeView(view, options, json);
  } finally {
    await warehouse.close();
  }
}

/** All days count where no option says which. */
const chosenPeriod = (options: PeriodOptions): PeriodOptions =>
  options.from === undefined && options.last === undefined ? { ...options, last: 'all' } : options;

/** @throws UserError (exit code 2) where an option is given that only a list of conversions behind a number has. */
export function refuseBehindOptions({ model, filter, from, to, last, limit, after, parquet }: BehindOptions): void {
  const first = Object.entries({ model, filter, from, to, last, limit, after, parquet }).find(([, value]) => value !== undefined);
  if (first) throw usage(`--${first[0]} is for the conversions of one name: touchtrail conversions list closed_won --${first[0]} …`);
}

function collect(value: string, before?: readonly string[]): string[] {
  return [...(before ?? []), value];
}
