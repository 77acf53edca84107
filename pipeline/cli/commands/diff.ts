import type { Command } from 'commander';
import type { PublishedConfig } from '../../models/reports/publication.ts';
import { isDate } from '../../query/dates.ts';
import { type Cause, CAUSE_NAMES } from '../../query/diff/causes.ts';
import { runDiff } from '../../query/diff/diff.ts';
import { openPair, type PublicationPair } from '../../query/diff/pair.ts';
import { DIFF_METRICS, type DiffQueryInput, parseDiffQuery } from '../../query/diff/schema.ts';
import { globalOptions } from '../options.ts';
import { diffView } from '../render/diff.ts';
import { addFileOptions, type FileOptions, writeView } from './files.ts';
import { conditionOf } from './filters.ts';
import { countOf, listOf, timeBasisOf, usage } from './period.ts';

interface DiffOptions extends FileOptions {
  readonly conversion?: string;
  readonly model?: string;
  readonly metrics?: string;
  readonly by: string;
  readonly from?: string;
  readonly to?: string;
  readonly basis: string;
  readonly filter?: readonly string[];
  readonly list?: string | true;
  readonly cause?: string;
}

/** How many conversions --list shows where it says no number. */
const LISTED = 50;

const EXAMPLES = `
FROM and TO are publications: an id, or the date or instant that one was the last of (see \`touchtrail publications\`).
Without them the last one is compared with the one before it. The parts of a change add up to it, row by row.

Examples:
  $ touchtrail diff
  $ touchtrail diff 2026-06-30 --conversion closed_won --model first_click --list
  $ touchtrail diff 2026-06-30 --metrics cost,other_cost --by campaign --filter "ad_platform=google_ads"
  $ touchtrail diff 2026-06-30 2026-07-31 --metrics sessions,cost --from 2026-06-01 --to 2026-06-30

Dimensions: those of reports (touchtrail report --help)
Metrics:    ${DIFF_METRICS.join(', ')}
`;

/** `touchtrail diff`: why a number is another one than it was. */
export function registerDiff(program: Command): void {
  const command = program
    .command('diff')
    .description('Why numbers changed between two publications: new, updated and deleted conversions, late events, merges, costs …')
    .argument('[from]', 'the earlier publication (default: the one before)')
    .argument('[to]', 'the later publication (default: the last one)');
  addFileOptions(command, 'a row per metric and value; with --list per conversion')
    .option('--conversion <name>', 'conversion (default: the last stage of the funnel)')
    .option('--model <name>', 'attribution model (default: first_click)')
    .option('--metrics <names>', 'what is compared (default: conversions, and conversion_value where it is money)')
    .option('--by <dimension>', 'what a row is; none with --by total', 'channel')
    .option('--from <date>', 'first day, YYYY-MM-DD, in the project time zone (default: all days)')
    .option('--to <date>', 'last day, included')
    .option('--basis <basis>', 'which date counts: conversion or click', 'conversion')
    .option('--filter <condition>', 'which facts count, as of `touchtrail report`; repeatable', collect)
    .option('--list [conversions]', `name the conversions that differ, the largest changes first (default: ${LISTED})`)
    .option('--cause <cause>', `list only the conversions that differ because of it: ${CAUSE_NAMES.join(', ')}`)
    .addHelpText('after', EXAMPLES)
    .action(async (from: string | undefined, to: string | undefined, options: DiffOptions, self: Command) => {
      const { dataFolder, json } = globalOptions(self);
      const pair = await openPair(dataFolder, from, to);
      try {
        const query = parseDiffQuery(queryOf(options, pair), [pair.later.config, pair.earlier.config]);
        await writeView(diffView(await runDiff(pair, query)), options, json);
      } finally {
        await pair.close();
      }
    });
}

function queryOf(options: DiffOptions, { earlier, later }: PublicationPair): DiffQueryInput {
  const { config } = later;
  const metrics = options.metrics === undefined ? undefined : listOf(options.metrics);
  const conversion = options.conversion ?? config.funnel.at(-1) ?? config.conversions.at(-1)?.name;
  const model = options.model ?? (config.models.includes('first_click') ? 'first_click' : config.models[0]);
  return {
    ...(conversion !== undefined && { conversion }),
    ...(model !== undefined && { model }),
    metrics: (metrics ?? defaultMetrics(conversion, [config, earlier.config])) as DiffQueryInput['metrics'],
    dimension: options.by === 'total' ? null : options.by,
    ...periodOf(options),
    time_basis: timeBasisOf(options.basis),
    ...(options.filter && { filters: { and: options.filter.map(conditionOf) } }),
    ...(options.cause !== undefined && { cause: options.cause as Cause }),
    list:
      options.list === undefined && options.cause === undefined
        ? 0
        : options.list === undefined || options.list === true
          ? LISTED
          : countOf('--list', options.list),
  };
}

function defaultMetrics(conversion: string | undefined, configs: readonly PublishedConfig[]): string[] {
  if (conversion === undefined) return ['sessions', 'cost'];
  const isMoney = configs.some(({ conversions }) => conversions.some(({ name, value }) => name === conversion && value === 'money'));
  return isMoney ? ['conversions', 'conversion_value'] : ['conversions'];
}

/** Either end alone leaves the other one open. */
function periodOf({ from, to }: DiffOptions): Pick<DiffQueryInput, 'date_range'> {
  for (const [name, date] of [
    ['--from', from],
    ['--to', to],
  ] as const) {
    if (date !== undefined && !isDate(date)) throw usage(`${name} ${date}: expected a date such as 2026-06-30`);
  }
  if (from === undefined && to === undefined) return {};
  return { date_range: { start_date: from ?? '0001-01-01', end_date: to ?? '9999-12-31' } };
}

function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}
