import * as z from 'zod';
import { UserError } from '../../config/user-error.ts';
import { isOfCosts, isParam } from '../../query/dimensions.ts';
import type { MetricName } from '../../query/metrics.ts';
import { figureFormat } from '../../query/format.ts';
import { MOST_PAIRS, parseReportQuery } from '../../query/schema.ts';
import { markdownTable } from '../markdown.ts';
import { Meta, metaOf } from '../meta.ts';
import { fromPublication, OF_PUBLICATION, PAGED, pagedReport, pageOf, rowsInWords } from '../page.ts';
import { datesOf, PERIOD } from '../period.ts';
import { NOT_SET, ReportInput } from '../report.ts';
import { defineTool } from '../tool.ts';
import { sentences, titleOf } from '../words.ts';

const NAME = 'get_report_dimension_values';

export const dimensionValues = defineTool({
  name: NAME,
  title: 'Values of a dimension',
  description: `The values that a dimension has in a period, in alphabetical order, with their sessions, ad cost and conversions of all kinds: the exact spelling for filters.
When: before filtering ("what is the brand campaign called"); search finds a part of a value.
Example: {"dimension":"campaign","search":"brand","period":"12m"}
null is a value that is not set. Conversions are those credited by the first model of the config.
Limits: 1000 rows a page; search ignores letter case; date has no values to list.`,
  input: z.strictObject({
    ...OF_PUBLICATION,
    dimension: ReportInput.shape.dimensions.unwrap().element.describe('See list_dimensions.'),
    search: z.string().min(1).optional().describe('Only values that contain this.'),
    ...PERIOD,
    ...PAGED,
  }),
  output: z.strictObject({
    dimension: z.string(),
    rows: z.array(
      z.strictObject({
        value: z.string().nullable(),
        sessions: z.number().nullable(),
        cost: z.number().nullable(),
        conversions: z.number().nullable(),
      }),
    ),
    totals: z.strictObject({ sessions: z.number().nullable(), cost: z.number().nullable(), conversions: z.number().nullable() }),
    meta: Meta,
  }),
  answer: (input, context) =>
    fromPublication(context, NAME, input, async (opened, place) => {
      const { dimension, search, limit } = input;
      if (dimension === 'date') throw new UserError('dimension: "date" is chosen by date_range or period', { exitCode: 2 });
      const { config } = opened.publication;
      const { date_range } = await datesOf(opened, place.now, input);
      const [model] = config.models;
      const pairs = model === undefined ? [] : config.conversions.slice(0, MOST_PAIRS).map(({ name }) => ({ conversion: name, model }));
      const ofSite: MetricName[] = isParam(dimension) ? [] : ['sessions', ...(isOfCosts(dimension, config) ? (['cost'] as const) : [])];
      const metrics: MetricName[] = [...ofSite, ...(pairs.length > 0 ? (['conversions'] as const) : [])];
      const query = parseReportQuery(
        {
          date_range,
          dimensions: [dimension],
          metrics: metrics.length > 0 ? metrics : ['sessions'],
          attributed_conversions: pairs,
          ...(search !== undefined && { filters: { and: [{ field: dimension, operator: 'contains', value: search }] } }),
          order_by: [{ field: dimension, direction: 'asc' }],
          limit,
        },
        config,
      );
      const result = await pagedReport(opened, query, place);
      const conversionKeys = result.columns.filter(({ metric }) => metric === 'conversions').map(({ key }) => key);
      const plain = (figures: Readonly<Record<string, number | null>>) => ({
        sessions: ofSite.includes('sessions') ? (figures['sessions'] ?? null) : null,
        cost: figures['cost'] ?? null,
        conversions: conversionKeys.length === 0 ? null : conversionKeys.reduce((sum, key) => sum + (figures[key] ?? 0), 0),
      });
      const all = result.rows.map(({ dimensions, figures }) => ({ value: dimensions[dimension] ?? null, ...plain(figures) }));
      const { rows, next_cursor } = pageOf(all, result.meta.row_count, place, limit);
      const totals = plain(result.totals.figures);
      const meta = metaOf(
        opened,
        { as_of: input.as_of, now: context.now() },
        { date_range, time_basis: query.time_basis, models: model === undefined ? [] : [model], row_count: result.meta.row_count },
        { next_cursor },
      );
      const figure = figureFormat(meta.currency);
      const cells = (one: typeof totals) => [figure(one.sessions, 'count'), figure(one.cost, 'money'), figure(one.conversions, 'decimal')];
      const table = markdownTable(
        [{ label: result.dimensions[0]!.label, text: true }, { label: 'Sessions' }, { label: 'Cost' }, { label: 'Conversions' }],
        rows.map((row) => [row.value ?? NOT_SET, ...cells(row)]),
        ['Total', ...cells(totals)],
      );
      return {
        structured: { dimension, rows: [...rows], totals, meta },
        text: sentences(titleOf(`Values of ${dimension}`, meta), table, rowsInWords(place, rows.length, meta)),
      };
    }),
});
