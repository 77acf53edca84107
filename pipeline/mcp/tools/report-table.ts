import * as z from 'zod';
import type { ReportResult } from '../../query/result.ts';
import { parseReportQuery } from '../../query/schema.ts';
import { markdownTable } from '../markdown.ts';
import { Meta, metaOf } from '../meta.ts';
import { fromPublication, pagedReport, pageOf, rowsInWords } from '../page.ts';
import { datesOf } from '../period.ts';
import { columnOf, Dimensions, Figures, figureWriter, headOf, NOT_SET, plainRow, ReportColumn, ReportInput } from '../report.ts';
import { defineTool } from '../tool.ts';
import { sentences, titleOf } from '../words.ts';

const NAME = 'get_report_table';

const Row = z.strictObject({
  dimensions: Dimensions,
  figures: Figures,
  comparison: Figures.optional().describe('The same of the comparison period.'),
});

export const reportTable = defineTool({
  name: NAME,
  title: 'Report',
  description: `Sessions, users, ad cost, conversions, value, CPA, ROAS … by channel, campaign, landing page, country, date and so on, several conversions and attribution models side by side, with totals.
When: "which channels bring leads", "ROAS by campaign last quarter", "compare first and last click". For a course over time ask get_report_chart.
Example: {"period":"last-month","dimensions":["channel"],"metrics":["sessions","cost","conversions","roas"],"attributed_conversions":[{"conversion":"closed_won","model":"first_click"}],"compare":"previous"}
Drill down: {"dimensions":["campaign"],"filters":{"and":[{"field":"channel","operator":"equals","value":"Paid Search"}]}, …}
Say which conversion, model, period and time_basis a number is of. "(not attributed)" is no channel and not "Direct": nobody knows where these came from. null is no figure, never 0: no cost, or no monetary value. Ratios of totals are ratios of sums, never sums of ratios.
Limits: at most 5 dimensions, 50 conversion × model pairs, 1000 rows a page, 100,000 rows in all; ad costs are not known by all dimensions (see list_dimensions), then they stand in the totals alone. Behind a number are get_report_table with more dimensions, and list_conversion_records.`,
  input: ReportInput,
  output: z.strictObject({
    columns: z.array(ReportColumn),
    rows: z.array(Row),
    totals: Row.omit({ dimensions: true }).describe('Of all facts of the period, whatever the page.'),
    meta: Meta,
  }),
  answer: (input, context) =>
    fromPublication(context, NAME, input, async (opened, place) => {
      const { limit, cursor: _, period: __, compare: ___, ...asked } = input;
      const dates = await datesOf(opened, place.now, input);
      const query = parseReportQuery({ ...asked, ...dates, limit }, opened.publication.config);
      const result = await pagedReport(opened, query, place);
      const { rows, next_cursor } = pageOf(result.rows, result.meta.row_count, place, limit);
      const meta = metaOf(
        opened,
        { as_of: input.as_of, now: context.now() },
        { ...result.meta, models: [...new Set(query.attributed_conversions.map(({ model }) => model))] },
        { next_cursor },
      );
      const page = { ...result, rows };
      const structured = { columns: result.columns.map(columnOf), rows: rows.map(plainRow), totals: result.totals, meta };
      return { structured, text: sentences(titleOf('Report', meta), tableOf(page), rowsInWords(place, rows.length, meta), ...meta.notes) };
    }),
});

function tableOf(result: ReportResult): string {
  const { dimensions, columns, rows, totals } = result;
  const write = figureWriter(result);
  const isCompared = totals.comparison !== undefined;
  const figures = (row: ReportResult['totals']) =>
    columns.flatMap((column) => [
      write(column, row.figures[column.key] ?? null),
      ...(isCompared ? [write(column, row.comparison?.[column.key] ?? null)] : []),
    ]);
  return markdownTable(
    [
      ...(dimensions.length === 0 ? [{ label: '', text: true }] : dimensions.map(({ label }) => ({ label, text: true }))),
      ...columns.flatMap((column) => [{ label: headOf(column) }, ...(isCompared ? [{ label: `${column.label}, compared` }] : [])]),
    ],
    dimensions.length === 0 ? [] : rows.map((row) => [...dimensions.map(({ key }) => row.dimensions[key] ?? NOT_SET), ...figures(row)]),
    ['Total', ...dimensions.slice(1).map(() => ''), ...figures(totals)],
  );
}
