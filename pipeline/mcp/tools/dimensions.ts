import * as z from 'zod';
import type { PublishedConfig } from '../../models/reports/publication.ts';
import {
  customDimensionName,
  DIMENSION_NAMES,
  dimensionLabel,
  type DimensionName,
  isCustom,
  isOfCosts,
  isParam,
  paramDimension,
} from '../../query/dimensions.ts';
import { markdownTable } from '../markdown.ts';
import { Meta, metaOf } from '../meta.ts';
import { fromPublication, OF_PUBLICATION } from '../page.ts';
import { defineTool } from '../tool.ts';
import { sentences, titleOf } from '../words.ts';

const NAME = 'list_dimensions';

/** A dimension that reports can be asked by. */
export interface ListedDimension {
  readonly name: DimensionName;
  readonly label: string;
  readonly kind: 'built_in' | 'param' | 'custom';
  /** Whether ad costs are known by it. */
  readonly has_costs: boolean;
}

/** Every dimension of a publication: those of the product, the parameters of its conversions, those of the config. */
export function dimensionsOf(config: PublishedConfig): ListedDimension[] {
  const names: DimensionName[] = [
    ...DIMENSION_NAMES,
    ...config.params.map(paramDimension),
    ...Object.keys(config.dimensions).map(customDimensionName),
  ];
  return names.map((name) => ({
    name,
    label: dimensionLabel(name, config),
    kind: isParam(name) ? 'param' : isCustom(name) ? 'custom' : 'built_in',
    has_costs: isOfCosts(name, config),
  }));
}

export const dimensions = defineTool({
  name: NAME,
  title: 'Dimensions',
  description: `What reports can be broken down by and filtered on: name, label, and whether ad costs are known by it.
When: before a report by something unusual; "can I see this by city".
Example: {}
param.NAME is a custom parameter of conversions: sessions and costs do not have it. custom.NAME is defined by rules in the config. Their values: get_report_dimension_values.`,
  input: z.strictObject({ ...OF_PUBLICATION }),
  output: z.strictObject({
    rows: z.array(
      z.strictObject({
        name: z.string(),
        label: z.string(),
        kind: z.enum(['built_in', 'param', 'custom']),
        has_costs: z.boolean().describe('false: by it ad costs stand in the totals alone.'),
      }),
    ),
    totals: z.strictObject({ dimensions: z.int() }),
    meta: Meta,
  }),
  answer: (input, context) =>
    fromPublication(context, NAME, input, async (opened) => {
      const rows = dimensionsOf(opened.publication.config);
      const meta = metaOf(opened, { as_of: input.as_of, now: context.now() }, { row_count: rows.length });
      const table = markdownTable(
        [
          { label: 'Name', text: true },
          { label: 'Label', text: true },
          { label: 'Ad costs', text: true },
        ],
        rows.map(({ name, label, has_costs }) => [name, label, has_costs ? 'yes' : 'no']),
      );
      return { structured: { rows, totals: { dimensions: rows.length }, meta }, text: sentences(titleOf('Dimensions', meta), table) };
    }),
});
