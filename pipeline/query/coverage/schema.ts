import * as z from 'zod';
import { UserError } from '../../config/user-error.ts';
import { AS_OF } from '../as-of.ts';
import { isDate } from '../dates.ts';
import { unknownName } from '../names.ts';
import type { PublishedConfig } from '../../models/reports/publication.ts';

const date = z.string().refine(isDate, 'expected a date such as 2026-06-30');

/** What can be asked about the coverage of costs: one schema for the command line, the dashboard and MCP. */
export const CoverageQueryInput = z.strictObject({
  date_range: z
    .strictObject({ start_date: date, end_date: date })
    .refine(({ start_date, end_date }) => start_date <= end_date, 'start_date lies after end_date')
    .describe('Days in the project time zone, both included.'),
  conversions: z
    .array(z.string())
    .optional()
    .describe("Conversions to set beside those of the platforms. Default: the funnel's, else all."),
  models: z.array(z.string()).optional().describe('Attribution models of these. Default: last_significant_click, else the first.'),
  as_of: AS_OF,
});
export type CoverageQueryInput = z.input<typeof CoverageQueryInput>;

/** A query whose names are known and whose defaults are filled in. */
export interface CoverageQuery {
  readonly date_range: { readonly start_date: string; readonly end_date: string };
  readonly conversions: readonly string[];
  readonly models: readonly string[];
}

/** @throws UserError (exit code 2) for a member or a name that is not known, with the nearest that is. */
export function parseCoverageQuery(input: unknown, config: PublishedConfig): CoverageQuery {
  const parsed = CoverageQueryInput.safeParse(input);
  if (!parsed.success) throw new UserError(`query: ${z.prettifyError(parsed.error)}`, { exitCode: 2 });
  const { date_range, conversions, models } = parsed.data;
  const known = config.conversions.map(({ name }) => name);
  for (const [kind, given, names] of [
    ['conversion', conversions, known],
    ['model', models, config.models],
  ] as const) {
    const unknown = given?.find((name) => !names.includes(name));
    if (unknown !== undefined) throw new UserError(unknownName(kind, unknown, names), { exitCode: 2 });
  }
  const usual = config.models.find((name) => name === 'last_significant_click') ?? config.models[0];
  return {
    date_range,
    conversions: conversions ?? (config.funnel.length > 0 ? config.funnel : known),
    models: models ?? (usual === undefined ? [] : [usual]),
  };
}
