import * as z from 'zod';
import { listConversions as listOfConfig } from '../../query/conversions/list.ts';
import { timeFormat } from '../../query/format.ts';
import { markdownTable } from '../markdown.ts';
import { Meta, metaOf } from '../meta.ts';
import { fromPublication, OF_PUBLICATION } from '../page.ts';
import { defineTool } from '../tool.ts';
import { sentences, titleOf } from '../words.ts';

const NAME = 'list_conversions';

export const conversions = defineTool({
  name: NAME,
  title: 'Conversions',
  description: `What counts as a conversion: name, label, kind, place in the funnel, whether its value is money, whose credits it takes, how long changes are followed, and how many there are.
When: before any question about conversions, to know their names; "what is a hand raiser here".
Example: {}
Limits: definitions are of the config as it is now, counts of the publication; conversions is null where the publication does not know the conversion yet. The records themselves: list_conversion_records.`,
  input: z.strictObject({ ...OF_PUBLICATION }),
  output: z.strictObject({
    rows: z.array(
      z.strictObject({
        name: z.string(),
        label: z.string(),
        kind: z.string(),
        stage: z.int().nullable().describe('Place in the funnel, from 1; null: no stage.'),
        value: z.enum(['money', 'none']),
        margin: z.number().nullable().describe('Which part of the value is profit; only then is there an ROI.'),
        parent: z.string().nullable().describe('The conversion whose credits it takes.'),
        parts: z.array(z.string()).describe('What a combined one is made of.'),
        adjustment_days: z.int().nullable(),
        normalized_to: z.string().nullable(),
        conversions: z.int().nullable(),
        last_conversion_time: z.string().nullable(),
        last_change: z.string().nullable(),
      }),
    ),
    totals: z.strictObject({ conversions: z.int() }),
    meta: Meta,
  }),
  answer: (input, context) =>
    fromPublication(context, NAME, input, async (opened) => {
      const { config: published } = opened.publication;
      const listed = await listOfConfig(await context.config(), opened);
      const rows = listed.map((one) => ({
        ...one,
        parts: [...one.parts],
        stage: published.funnel.includes(one.name) ? published.funnel.indexOf(one.name) + 1 : null,
        margin: published.conversions.find(({ name }) => name === one.name)?.margin ?? null,
      }));
      const all = rows.reduce((sum, { conversions: count }) => sum + (count ?? 0), 0);
      const meta = metaOf(opened, { as_of: input.as_of, now: context.now() }, { row_count: rows.length });
      const { time } = timeFormat(published.project.timeZone);
      const text = markdownTable(
        [
          { label: 'Name', text: true },
          { label: 'Label', text: true },
          { label: 'Kind', text: true },
          { label: 'Stage' },
          { label: 'Value', text: true },
          { label: 'Takes the credits of', text: true },
          { label: 'Count' },
          { label: 'Latest', text: true },
        ],
        rows.map((row) => [
          row.name,
          row.label,
          row.kind,
          row.stage === null ? '—' : String(row.stage),
          row.value,
          row.parent ?? '—',
          row.conversions === null ? '—' : row.conversions.toLocaleString('en'),
          row.last_conversion_time === null ? '—' : time(row.last_conversion_time),
        ]),
      );
      return { structured: { rows, totals: { conversions: all }, meta }, text: sentences(titleOf('Conversions', meta), text) };
    }),
});
