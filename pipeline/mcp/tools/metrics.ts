import * as z from 'zod';
import { isConversionMetric, type Metric, METRIC_NAMES, METRICS } from '../../query/metrics.ts';
import { markdownTable } from '../markdown.ts';
import { Meta, metaOf } from '../meta.ts';
import { fromPublication, OF_PUBLICATION } from '../page.ts';
import { defineTool } from '../tool.ts';
import { sentences, titleOf } from '../words.ts';

const NAME = 'list_metrics';

/** Every metric with its definition. */
export function metricRows() {
  return METRIC_NAMES.map((name) => {
    const { label, description, kind, needs }: Metric = METRICS[name];
    return { name, label, kind, description, of_conversions: isConversionMetric(name), needs: needs ?? null };
  });
}

export const metrics = defineTool({
  name: NAME,
  title: 'Metrics',
  description: `The metrics of reports with their definitions, and which of them need a conversion and a model.
When: "how is ROAS computed here", or before a report.
Example: {}
kind percent is a fraction of 1. needs money: only of conversions whose value is money; needs margin: only where the config says which part of the value is profit.`,
  input: z.strictObject({ ...OF_PUBLICATION }),
  output: z.strictObject({
    rows: z.array(
      z.strictObject({
        name: z.string(),
        label: z.string(),
        kind: z.string(),
        description: z.string(),
        of_conversions: z.boolean().describe('Whether it needs attributed_conversions.'),
        needs: z.enum(['money', 'margin']).nullable(),
      }),
    ),
    totals: z.strictObject({ metrics: z.int() }),
    meta: Meta,
  }),
  answer: (input, context) =>
    fromPublication(context, NAME, input, async (opened) => {
      const rows = metricRows();
      const meta = metaOf(opened, { as_of: input.as_of, now: context.now() }, { row_count: rows.length });
      const table = markdownTable(
        [
          { label: 'Name', text: true },
          { label: 'Label', text: true },
          { label: 'Definition', text: true },
          { label: 'Of conversions', text: true },
        ],
        rows.map((row) => [row.name, row.label, row.description, row.of_conversions ? 'yes' : 'no']),
      );
      return { structured: { rows, totals: { metrics: rows.length }, meta }, text: sentences(titleOf('Metrics', meta), table) };
    }),
});
