import * as z from 'zod';
import type { PublishedConfig } from '../../models/reports/publication.ts';
import { CAUSE_NAMES, CAUSES, type Cause } from '../../query/diff/causes.ts';
import { runDiff } from '../../query/diff/diff.ts';
import { openPair } from '../../query/diff/pair.ts';
import { inUnits, plainConversion, plainFigures } from '../../query/diff/plain.ts';
import { DIFF_METRICS, type DiffMetric, DiffQuery, parseDiffQuery } from '../../query/diff/schema.ts';
import type { ConversionSide, DiffConversion } from '../../query/diff/types.ts';
import { type FigureKind, figureFormat } from '../../query/format.ts';
import { cursorOf, readCursor } from '../cursor.ts';
import { markdownTable } from '../markdown.ts';
import { Meta, metaOf } from '../meta.ts';
import { PAGED, pageOf, rowsInWords } from '../page.ts';
import { NOT_SET } from '../report.ts';
import { defineTool } from '../tool.ts';
import { sentences, titleOf } from '../words.ts';

const NAME = 'explain_change';

const Causes = z.record(z.string(), z.number()).describe('Change by cause; they add up to it.');
const Change = z.strictObject({ metric: z.enum(DIFF_METRICS), before: z.number(), after: z.number(), change: z.number(), causes: Causes });
const Side = z.array(z.strictObject({ key: z.string().nullable(), credit: z.number(), value: z.number() }));
const Reference = z.strictObject({ publication_id: z.string(), published_at: z.string(), data_up_to: z.string().nullable() });
const Differing = z.strictObject({
  conversion: z.string(),
  id: z.string(),
  conversion_time: z.string(),
  cause: z.string(),
  detail: z.string(),
  before: Side,
  after: Side,
});

const Input = DiffQuery.extend({
  from: z
    .string()
    .min(1)
    .optional()
    .describe('The earlier publication: its id, or the date or instant it was the last one of. Default: the one before.'),
  to: z.string().min(1).optional().describe('The later publication. Default: the last one.'),
  metrics: z.array(z.enum(DIFF_METRICS)).min(1).optional().describe('Default: conversions, and conversion_value where it is money.'),
  list: z.int().min(0).max(1000).default(0).describe('How many of the conversions that differ are listed, the largest change first.'),
  ...PAGED,
});

export const explainChange = defineTool({
  name: NAME,
  title: 'Why a number changed',
  description: `Why the numbers of the same period differ between two publications (nightly states of all tables): every change is split into new, updated and deleted conversions, late events, merges of persons, costs, rates, model versions and definitions, and the parts add up, row by row.
When: "last month had 40 leads last week, now 43: why". To compare two periods instead ask get_report_table with compare.
Example: {"from":"2026-06-30","conversion":"closed_won","model":"first_click","date_range":{"start_date":"2026-06-01","end_date":"2026-06-30"},"list":10}
conversion defaults to the last stage of the funnel, model to first_click.
Limits: both publications must still be kept; rows 1000 a page, listed conversions at most 1000. cause_descriptions says what each cause means.`,
  input: Input,
  output: z.strictObject({
    from: Reference,
    to: Reference,
    rows: z.array(Change.extend({ key: z.string().nullable().describe('Value of the dimension; null where it is not set.') })),
    totals: z.array(Change.extend({ note: z.string().optional() })).describe('One for each metric.'),
    differing: z.record(z.string(), z.int()).describe('How many conversions differ, by cause.'),
    conversions: z.array(Differing),
    cause_descriptions: z.record(z.string(), z.string()),
    meta: Meta,
  }),
  answer: async (input, context) => {
    const before = input.cursor === undefined ? undefined : readCursor(NAME, input, input.cursor);
    const [earlier, offset] = before === undefined ? [undefined, '0'] : (String(before.start).split(' ') as [string, string]);
    const pair = await openPair(context.dataFolder, earlier ?? input.from, before?.publication_id ?? input.to);
    try {
      const { config } = pair.later;
      const query = parseDiffQuery(queryOf(input, config, pair.earlier.config), [config, pair.earlier.config]);
      const found = await runDiff(pair, query);
      const all = found.metrics.flatMap(({ metric, rows }) => rows.map((row) => ({ metric, key: row.key, ...plainFigures(metric, row) })));
      const { publication_id } = pair.later;
      const place = {
        offset: Number(offset),
        cursor: (start: number | string) =>
          cursorOf(NAME, input, {
            publication_id,
            asked_at: context.now().toISOString(),
            start: `${pair.earlier.publication_id} ${start}`,
          }),
      };
      const { rows, next_cursor } = pageOf(all, all.length, place, input.limit);
      const totals = found.metrics.map(({ metric, total, note }) => ({
        metric,
        ...plainFigures(metric, total),
        ...(note !== undefined && { note }),
      }));
      const meta = metaOf(
        { publication: pair.later },
        { as_of: input.to, now: context.now() },
        {
          models: query.model === undefined ? [] : [query.model],
          time_basis: query.time_basis,
          date_range: query.date_range,
          row_count: all.length,
          notes: totals.flatMap(({ note }) => (note === undefined ? [] : [note])),
        },
        { next_cursor },
      );
      const structured = {
        from: reference(found.from),
        to: reference(found.to),
        rows: [...rows],
        totals,
        differing: { ...found.differing },
        conversions: found.conversions.map(plainConversion),
        cause_descriptions: Object.fromEntries(CAUSE_NAMES.map((name) => [name, CAUSES[name].description])),
        meta,
      };
      const title = `What changed from ${found.from.publication_id} to ${found.to.publication_id}`;
      return {
        structured,
        text: sentences(
          titleOf(title, meta),
          tableOf(rows, totals, meta.currency),
          rowsInWords(place, rows.length, meta),
          conversionsTable(found.conversions, meta.currency),
          ...meta.notes,
        ),
      };
    } finally {
      await pair.close();
    }
  },
});

/** What is left open is what somebody who reads reports most likely means. */
function queryOf(input: z.output<typeof Input>, config: PublishedConfig, earlier: PublishedConfig): object {
  const { from: _, to: __, limit: ___, cursor: ____, ...asked } = input;
  const conversion = input.conversion ?? config.funnel.at(-1) ?? config.conversions.at(-1)?.name;
  const model = input.model ?? (config.models.includes('first_click') ? 'first_click' : config.models[0]);
  const isMoney = [config, earlier].some(({ conversions }) =>
    conversions.some(({ name, value }) => name === conversion && value === 'money'),
  );
  const usual = conversion === undefined ? ['sessions', 'cost'] : ['conversions', ...(isMoney ? ['conversion_value'] : [])];
  return {
    ...asked,
    ...(conversion !== undefined && { conversion }),
    ...(model !== undefined && { model }),
    metrics: input.metrics ?? usual,
  };
}

const reference = ({ publication_id, published_at, data_up_to }: z.infer<typeof Reference>) => ({
  publication_id,
  published_at,
  data_up_to,
});

const KINDS: Readonly<Record<DiffMetric, FigureKind>> = {
  conversions: 'decimal',
  conversion_value: 'money',
  sessions: 'count',
  cost: 'money',
  other_cost: 'money',
};

type Changed = z.infer<typeof Change>;

function tableOf(rows: readonly (Changed & { readonly key: string | null })[], totals: readonly Changed[], currency: string): string {
  const write = figureFormat(currency);
  const causes = CAUSE_NAMES.filter((name) => [...rows, ...totals].some((row) => row.causes[name] !== undefined));
  const cells = (row: Changed) => {
    const figure = (value: number | undefined) => write(value ?? null, KINDS[row.metric]);
    return [
      row.metric,
      figure(row.before),
      figure(row.after),
      figure(row.change),
      ...causes.map((name: Cause) => figure(row.causes[name])),
    ];
  };
  return markdownTable(
    [
      { label: 'Row', text: true },
      { label: 'Metric', text: true },
      ...['Before', 'After', 'Change', ...causes.map((name) => CAUSES[name].label)].map((label) => ({ label })),
    ],
    [...totals.map((row) => ['Total', ...cells(row)]), ...rows.map((row) => [row.key ?? NOT_SET, ...cells(row)])],
  );
}

/** The conversions that differ, with what they counted for. */
function conversionsTable(conversions: readonly DiffConversion[], currency: string): string {
  if (conversions.length === 0) return '';
  const write = figureFormat(currency);
  const side = (entries: ConversionSide) =>
    entries.map(({ key, credit }) => `${write(inUnits('conversions', credit), 'decimal')} ${key ?? NOT_SET}`).join('; ');
  return markdownTable(
    [
      ...['Conversion', 'Why', 'Before', 'After'].map((label) => ({ label, text: true })),
      { label: 'Value before' },
      { label: 'Value after' },
    ],
    conversions.map(({ conversion, id, cause, detail, before, after }) => [
      `${conversion}/${id}`,
      detail === '' ? CAUSES[cause].label : `${CAUSES[cause].label}: ${detail}`,
      side(before),
      side(after),
      write(valueOf(before), 'money'),
      write(valueOf(after), 'money'),
    ]),
  );
}

const valueOf = (entries: ConversionSide): number =>
  inUnits(
    'conversion_value',
    entries.reduce((sum, { value_micros }) => sum + value_micros, 0n),
  );
