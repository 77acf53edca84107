import * as z from 'zod';
import { UserError } from '../../config/user-error.ts';
import type { DateRange } from '../../query/dates.ts';
import { dateText } from '../../query/format.ts';
import { type ReportResult, type ResultColumn, runReport } from '../../query/result.ts';
import { INTERVALS, parseReportQuery, type ReportQueryInput } from '../../query/schema.ts';
import { courseDates, courseOf, MOST_DATES, onlyValues } from '../course.ts';
import { markdownTable } from '../markdown.ts';
import { Meta, metaOf } from '../meta.ts';
import { fromPublication, MOST_ROWS_OF_ALL, OF_PUBLICATION } from '../page.ts';
import { COMPARED, datesOf, PERIOD } from '../period.ts';
import { columnOf, figureWriter, NOT_SET, ReportColumn, ReportInput } from '../report.ts';
import { defineTool } from '../tool.ts';
import { sentences, titleOf } from '../words.ts';

const NAME = 'get_report_chart';

const { metrics, attributed_conversions, time_basis, filters, dimensions } = ReportInput.shape;
const Values = z.array(z.number().nullable());

const Series = z.strictObject({
  column: z.string().describe('Key of the column.'),
  value: z.string().nullable().describe('Value of the dimension; null where it is not set, or none was asked for.'),
  label: z.string(),
});

const Point = z.strictObject({
  date: z.string(),
  values: Values.describe('One per series, in their order.'),
  comparison_date: z.string().optional().describe('The date of the other period that stands beside it.'),
  comparison: Values.optional(),
});

const Input = z.strictObject({
  ...OF_PUBLICATION,
  ...PERIOD,
  ...COMPARED,
  granularity: z.enum(INTERVALS).default('day').describe('What a date stands for.'),
  metrics,
  attributed_conversions,
  by: dimensions.unwrap().element.optional().describe('A dimension: one series per value of it and column.'),
  series: z.int().min(1).max(20).default(6).describe('How many values of by, the largest by the first column.'),
  time_basis,
  filters,
});

export const reportChart = defineTool({
  name: NAME,
  title: 'Chart of a report',
  description: `Figures over time: a row per day, week (its Monday) or month (its first), a value per series. A series is a column of a report; with by, a column of one of the largest values of that dimension.
When: "how did leads develop", "cost per week by channel", "is this month better than the last". For figures of a whole period ask get_report_table: distinct users and ratios of dates cannot be added up.
Example: {"period":"3m","granularity":"week","metrics":["conversions"],"attributed_conversions":[{"conversion":"lead","model":"last_click"}],"by":"channel","series":4,"compare":"previous"}
A date without facts has 0 sessions, users and conversions; of everything else it has null. The first and the last week or month hold only the days of the period.
Limits: at most 20 values of by, ${MOST_DATES} dates; notes say how many values have no series.`,
  input: Input,
  output: z.strictObject({
    columns: z.array(ReportColumn),
    series: z.array(Series),
    rows: z.array(Point),
    totals: z.strictObject({ values: Values, comparison: Values.optional() }).describe('Of the whole period, one per series.'),
    meta: Meta,
  }),
  answer: (input, context) =>
    fromPublication(context, NAME, input, async (opened, { now }) => {
      const { by, granularity } = input;
      const report = (query: ReportQueryInput) =>
        runReport(opened.warehouse, opened.publication, parseReportQuery({ ...askedOf(input), ...query }, opened.publication.config));
      if (by === 'date') throw new UserError('by: "date" is what every row is; leave it out', { exitCode: 2 });
      const ofValues = by === undefined ? [] : [by];
      const dates = await datesOf(opened, now, input);
      const { date_range, comparison_date_range: other } = dates;

      const whole = await report({ ...dates, dimensions: ofValues, order_by: by === undefined ? [] : [{ field: input.metrics[0]! }] });
      const largest = by === undefined ? [] : whole.rows.slice(0, input.series);
      const values = by === undefined ? [null] : largest.map((row) => row.dimensions[by] ?? null);
      const course = async (range: DateRange) => {
        const days = courseDates(range, granularity);
        const chosen = by === undefined ? input.filters : onlyValues(input.filters, by, values);
        const dated = await report({
          date_range: range,
          dimensions: ['date', ...ofValues],
          interval: granularity,
          ...(chosen && { filters: chosen }),
        });
        return courseOf(dated, days, by, values);
      };
      const current = await course(date_range);
      const before = other && (await course(other));

      const { columns } = whole;
      const series = values.flatMap((value) => columns.map((column) => seriesOf(column, value, by !== undefined, columns.length)));
      const rows = current.dates.map((date, i) => ({
        date,
        values: [...current.points[i]!],
        ...(before?.dates[i] !== undefined && { comparison_date: before.dates[i], comparison: [...before.points[i]!] }),
      }));
      const ofPeriod = (side: 'figures' | 'comparison') =>
        (by === undefined ? [whole.totals] : largest).flatMap((row) => columns.map(({ key }) => row[side]?.[key] ?? null));
      const hidden = whole.rows.length - largest.length;
      const more = by !== undefined && hidden > 0 ? [`${hidden} more values of ${by} have no series; get_report_table lists them all`] : [];
      const meta = metaOf(
        opened,
        { as_of: input.as_of, now: context.now() },
        {
          ...whole.meta,
          models: [...new Set(input.attributed_conversions.map(({ model }) => model))],
          row_count: rows.length,
          notes: [...whole.meta.notes, ...more],
        },
      );
      const totals = { values: ofPeriod('figures'), ...(other && { comparison: ofPeriod('comparison') }) };
      return {
        structured: { columns: columns.map(columnOf), series, rows, totals, meta },
        text: sentences(titleOf(`Per ${granularity}`, meta), tableOf(whole, series, rows, totals.values, granularity), ...meta.notes),
      };
    }),
});

/** What all the reports of a chart ask alike. */
function askedOf(input: z.output<typeof Input>): Partial<ReportQueryInput> {
  return {
    metrics: input.metrics,
    attributed_conversions: input.attributed_conversions,
    time_basis: input.time_basis,
    ...(input.filters && { filters: input.filters }),
    limit: MOST_ROWS_OF_ALL,
  };
}

function seriesOf({ key, label, conversion_label, model_label }: ResultColumn, value: string | null, isByValue: boolean, columns: number) {
  const figure = conversion_label === undefined ? label : `${label} (${conversion_label}, ${model_label ?? ''})`;
  const parts = [...(isByValue ? [value ?? NOT_SET] : []), ...(columns > 1 || !isByValue ? [figure] : [])];
  return { column: key, value, label: parts.join(' · ') };
}

function tableOf(
  whole: ReportResult,
  series: readonly z.infer<typeof Series>[],
  rows: readonly z.infer<typeof Point>[],
  totals: readonly (number | null)[],
  granularity: 'day' | 'week' | 'month',
): string {
  const write = figureWriter(whole);
  const written = (values: readonly (number | null)[]) => values.map((value, i) => write(whole.columns[i % whole.columns.length]!, value));
  return markdownTable(
    [{ label: 'Date', text: true }, ...series.map(({ label }) => ({ label }))],
    rows.map(({ date, values }) => [dateText(date, granularity), ...written(values)]),
    ['Period', ...written(totals)],
  );
}
