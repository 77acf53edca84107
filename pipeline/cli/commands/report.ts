import type { Command } from 'commander';
import type { PublishedConfig } from '../../models/reports/publication.ts';
import { DIMENSION_NAMES, isDimension } from '../../query/dimensions.ts';
import { METRIC_NAMES } from '../../query/metrics.ts';
import { unknownName } from '../../query/names.ts';
import { openPublication } from '../../query/publication.ts';
import { publishedDates } from '../../query/published-dates.ts';
import { withDifferences } from '../../query/difference.ts';
import { flatReport } from '../../query/export/flat.ts';
import { type ReportResult, runReport } from '../../query/result.ts';
import { parseReportQuery, type ReportQueryInput } from '../../query/schema.ts';
import type { DateRange } from '../../query/dates.ts';
import { globalOptions } from '../options.ts';
import { addAsOfOption, type AsOfOptions } from './as-of.ts';
import { renderReport, type Screen } from '../render/report.ts';
import { comparisonOf } from './comparison.ts';
import { addFileOptions, type FileOptions, isForProgram, writeView } from './files.ts';
import { conditionOf } from './filters.ts';
import { writeNotice } from './output.ts';
import {
  addPeriodOptions,
  choosePeriod,
  countOf,
  listOf,
  type PeriodOptions,
  timeBasisOf,
  usage,
  whyEmpty,
  withPeriodNote,
} from './period.ts';
import { hiddenRows } from '../render/labels.ts';

export interface ReportOptions extends PeriodOptions, AsOfOptions, FileOptions {
  readonly by: string;
  readonly interval: string;
  readonly conversion?: string;
  readonly model?: string;
  readonly metrics?: string;
  readonly basis: string;
  readonly projections?: boolean;
  readonly filter?: readonly string[];
  readonly sort?: readonly string[];
  readonly limit?: string;
  readonly compare?: string;
  readonly baseModel?: string;
}

const EXAMPLES = `
Examples:
  $ touchtrail report --last 8m
  $ touchtrail report --conversion closed_won --model first_click,last_significant_click --by channel,campaign
  $ touchtrail report --by date --interval month --metrics conversions,conversion_value --basis click
  $ touchtrail report --filter "channel=Paid Search" --filter "cost>100" --sort roas --csv
  $ touchtrail report --model all --metrics conversions --base-model last_click
  $ touchtrail report --by campaign --metrics cost,conversions,cpa --compare previous --parquet campaigns.parquet

Dimensions: ${DIMENSION_NAMES.join(', ')},
            param.NAME (a custom parameter of the conversions), custom.NAME (a dimension of the config)
Metrics:    ${METRIC_NAMES.join(', ')}
Filters:    channel=Email   channel=Email|Direct   campaign~brand   campaign= (not set)   campaign=* (set)   cost>100
            is_qualified=true (of the conversions alone)
`;

/** `touchtrail report`: figures by channel, campaign, date … with models side by side. */
export function registerReport(program: Command): void {
  const command = program
    .command('report')
    .description('Sessions, cost, conversions, value and ROAS by channel, campaign, date …, models side by side.');
  addFileOptions(addAsOfOption(addPeriodOptions(command)))
    .option('--by <dimensions>', 'what a row is; none with --by total', 'channel')
    .option('--interval <interval>', 'length of a date: day, week or month', 'day')
    .option('--conversion <names>', 'conversions (default: the last stage of the funnel)')
    .option('--model <names>', 'attribution models, or "all" (default: first_click,last_significant_click)')
    .option('--base-model <name>', 'adds how far the other models lie from this one, in percent')
    .option('--compare <period>', 'adds the change since "previous", "year" (the same days a year earlier) or 2026-01-01..2026-03-31')
    .option('--metrics <names>', 'columns (default: sessions,cost,conversions,conversion_value,roas)')
    .option('--basis <basis>', 'which date counts: conversion or click', 'conversion')
    .option('--projections', 'by click: adds what is foreseen of the conversions of open windows, and which share can have been seen')
    .option('--filter <condition>', 'which facts count, or for a metric which rows show; repeatable', collect)
    .option('--sort <column>', 'a dimension, a metric or closed_won.first_click.roas; ":asc" or ":desc" may follow; repeatable', collect)
    .option('--limit <rows>', 'most rows to show (default: 50 on a terminal, all for --csv and --json)')
    .addHelpText('after', EXAMPLES)
    .action(async (options: ReportOptions, self: Command) => {
      const { dataFolder, json } = globalOptions(self);
      const { warehouse, publication } = await openPublication(dataFolder, { asOf: options.asOf });
      try {
        const { config } = publication;
        const published = await publishedDates(warehouse);
        const { range, note } = await choosePeriod(options, warehouse, published, new Date(), config.project.timeZone);
        const query = parseReportQuery(queryOf(options, range, config, isForProgram(options, json)), config);
        const answer = withPeriodNote(await runReport(warehouse, publication, query), note);
        const result = options.baseModel === undefined ? answer : withDifferences(answer, options.baseModel);
        const text = (screen: Screen) => renderReport(result, config.conversions, screen);
        await writeView({ data: result, text, table: () => flatReport(result) }, options, json);
        if (options.csv || options.parquet !== undefined) noticesOfCsv(result).forEach(writeNotice);
        if (result.rows.length === 0) writeNotice(whyEmpty(options, result.meta.date_range, published));
      } finally {
        await warehouse.close();
      }
    });
}

/** The query that the options ask for; what they leave open is what a newcomer most likely wants to see. */
export function queryOf(options: ReportOptions, date_range: DateRange, config: PublishedConfig, forProgram: boolean): ReportQueryInput {
  const conversions = options.conversion === undefined ? defaultConversion(config) : conversionsOf(options.conversion, config);
  const models = options.model === undefined ? defaultModels(config) : modelsOf(options.model, config);
  const metrics = options.metrics === undefined ? defaultMetrics(conversions, config) : listOf(options.metrics);
  return {
    ...(options.asOf !== undefined && { as_of: options.asOf }),
    date_range,
    ...(options.compare !== undefined && { comparison_date_range: comparisonOf(options.compare, date_range) }),
    dimensions: (options.by === 'total' ? [] : listOf(options.by)) as ReportQueryInput['dimensions'],
    interval: options.interval as ReportQueryInput['interval'],
    metrics: metrics as ReportQueryInput['metrics'],
    attributed_conversions: conversions.flatMap((conversion) => models.map((model) => ({ conversion, model }))),
    time_basis: timeBasisOf(options.basis),
    ...(options.projections && { projections: true }),
    ...(options.filter && { filters: { and: options.filter.map(conditionOf) } }),
    order_by: (options.sort ?? []).map(orderOf),
    limit: options.limit === undefined ? (forProgram ? 100_000 : 50) : countOf('--limit', options.limit),
  };
}

/** Names as the config has them; a label, in any letter case, stands for its name. @throws UserError (exit code 2). */
function conversionsOf(text: string, { conversions }: PublishedConfig): string[] {
  return listOf(text).map((given) => {
    const lower = given.toLowerCase();
    const found =
      conversions.find(({ name }) => name === given) ??
      conversions.find(({ name, label }) => name.toLowerCase() === lower || label.toLowerCase() === lower);
    if (found) return found.name;
    const known = conversions.map(({ name }) => name);
    throw usage(`--conversion: ${unknownName('conversion', given, known)}`);
  });
}

function modelsOf(text: string, { models }: PublishedConfig): readonly string[] {
  const given = text === 'all' && !models.includes('all') ? models : listOf(text);
  const unknown = given.find((model) => !models.includes(model));
  if (unknown !== undefined) throw usage(`--model: ${unknownName('model', unknown, models)}`);
  return given;
}

function defaultConversion({ funnel, conversions }: PublishedConfig): string[] {
  const last = funnel.at(-1) ?? conversions.at(-1)?.name;
  return last === undefined ? [] : [last];
}

function defaultModels({ models }: PublishedConfig): string[] {
  const usual = ['first_click', 'last_significant_click'].filter((model) => models.includes(model));
  return usual.length ? usual : models.slice(0, 2);
}

function defaultMetrics(conversions: readonly string[], config: PublishedConfig): string[] {
  if (conversions.length === 0) return ['sessions', 'users', 'cost', 'clicks'];
  const money = conversions.some((name) => config.conversions.some((one) => one.name === name && one.value === 'money'));
  return ['sessions', 'cost', 'conversions', ...(money ? ['conversion_value', 'roas'] : ['cpa'])];
}

/** `cost`, `cost:asc`: names ascend and figures descend unless it says otherwise. */
function orderOf(text: string): { field: string; direction: 'asc' | 'desc' } {
  const match = /^(.*?)(?::(asc|desc))?$/.exec(text)!;
  const field = match[1]!;
  return { field, direction: (match[2] as 'asc' | 'desc' | undefined) ?? (isDimension(field) ? 'asc' : 'desc') };
}

/** For stderr: what a CSV has no place for. */
function noticesOfCsv({ rows, meta }: ReportResult): string[] {
  return [...(meta.period_note ? [meta.period_note] : []), ...hiddenRows(rows.length, meta, false), ...meta.notes];
}

function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}
