import * as z from 'zod';
import { figureFormat, timeFormat } from '../../query/format.ts';
import { BehindQuery, conversionsBehind, parseBehindQuery } from '../../query/journey/behind.ts';
import { markdownTable } from '../markdown.ts';
import { Meta, metaOf } from '../meta.ts';
import { fromPublication, moreInWords, PAGED, rowsInWords } from '../page.ts';
import { datesOf, PERIOD } from '../period.ts';
import { defineTool } from '../tool.ts';
import { sentences, titleOf } from '../words.ts';

const NAME = 'list_conversion_records';

export const conversionRecords = defineTool({
  name: NAME,
  title: 'Conversions behind a number',
  description: `The single conversions that a cell of a report is made of, the latest first, each with the part of its credit and value that the cell has. Their total is the cell.
When: "which deals are these", "who are the 12 leads of that campaign", "why is this not attributed" (reason). Then get_user_journey with conversion "name/id" tells how one came about.
Example: {"period":"last-month","conversion":"closed_won","model":"first_click","cell":{"channel":"Paid Search"}}
cell is the row's dimensions as get_report_table gave them (null where not set); {} is the total. Use the period, time_basis and filters of that report. Behind a cell of get_funnel's lead cohort: the first stage as conversion, reached with the stage of the column.
Limits: one conversion and one model; 1000 rows a page; ids that hold an e-mail address are masked.`,
  input: BehindQuery.omit({ after: true }).extend({
    ...PERIOD,
    conversion: BehindQuery.shape.conversion.describe('Name of a conversion; see list_conversions.'),
    model: BehindQuery.shape.model.describe('Attribution model; see list_attribution_models.'),
    ...PAGED,
  }),
  output: z.strictObject({
    rows: z.array(
      z.strictObject({
        conversion: z.string(),
        id: z.string(),
        conversion_time: z.string(),
        person_id: z.string().nullable().describe('null: nobody was found.'),
        credit: z.number().describe('The part of it that the cell has.'),
        value: z.number().nullable(),
        sessions: z.int().describe('Sessions of the cell that have credit of it.'),
        inherited_from: z.string().nullable(),
        reason: z.string().nullable().describe('Why it has no credited session.'),
      }),
    ),
    totals: z.strictObject({ conversions: z.int(), credit: z.number(), value: z.number().nullable() }).describe('Of all pages: the cell.'),
    meta: Meta,
  }),
  answer: (input, context) =>
    fromPublication(context, NAME, input, async (opened, place) => {
      const { period: _, cursor: __, ...asked } = input;
      const { date_range } = await datesOf(opened, place.now, input);
      const after = typeof place.start === 'string' ? { after: place.start } : {};
      const query = parseBehindQuery({ ...asked, date_range, ...after }, opened.publication.config);
      const found = await conversionsBehind(opened.warehouse, opened.publication, query);
      const rows = found.conversions.map((row) => ({ ...row }));
      const meta = metaOf(
        opened,
        { as_of: input.as_of, now: context.now() },
        { models: [query.model], time_basis: query.time_basis, date_range, row_count: found.total.conversions },
        { next_cursor: found.next === null ? null : place.cursor(found.next) },
      );
      const { currency, timeZone } = opened.publication.config.project;
      const figure = figureFormat(currency);
      const { time } = timeFormat(timeZone);
      const table = markdownTable(
        [
          { label: 'Id', text: true },
          { label: 'Time', text: true },
          { label: 'Person', text: true },
          { label: 'How', text: true },
          { label: 'Credit' },
          { label: 'Value' },
        ],
        rows.map((row) => [
          row.id,
          time(row.conversion_time),
          row.person_id ?? '—',
          row.reason ?? (row.inherited_from === null ? `${row.sessions} sessions` : `credits of ${row.inherited_from}`),
          figure(row.credit, 'decimal'),
          figure(row.value, 'money'),
        ]),
        [`All ${found.total.conversions}`, '', '', '', figure(found.total.credit, 'decimal'), figure(found.total.value, 'money')],
      );
      // How many rows the pages before have shown, the query does not say.
      const isFirst = typeof place.start !== 'string';
      const words = isFirst
        ? rowsInWords(place, rows.length, meta)
        : `A further page of ${found.total.conversions}.${moreInWords(meta.next_cursor)}`;
      return {
        structured: { rows, totals: { ...found.total }, meta },
        text: sentences(titleOf(`${query.conversion} behind a number`, meta), table, words),
      };
    }),
});
