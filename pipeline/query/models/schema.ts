import * as z from 'zod';
import { problemsOf } from '../../config/problems.ts';
import type { PublishedConfig } from '../../models/reports/publication.ts';
import { AS_OF } from '../as-of.ts';
import { unknownName } from '../names.ts';
import { invalidQuery } from '../schema.ts';

/** Models whose parameters are learned from data, by type. */
export const FITTED_TYPES: readonly string[] = ['markov', 'shapley_rate', 'visit_scoring'];

/** Which versions of learned models are asked for: one schema for the command line, dashboard and MCP. */
export const VersionsQuery = z.strictObject({
  as_of: AS_OF,
  model: z.string().optional().describe('Name of a model that is learned from data. Default: all of them.'),
  conversion: z.string().optional().describe('Name of a conversion. Default: all.'),
  month: z
    .string()
    .regex(/^(\d{4}-(0[1-9]|1[0-2])|all|latest)$/, {
      error: ({ input }) => `${JSON.stringify(input)}: expected a month such as "2026-03", "latest" or "all"`,
    })
    .default('latest')
    .describe('The month of a version; latest: the last of each model and conversion that was fitted; all: every one.'),
});
export type VersionsQuery = z.infer<typeof VersionsQuery>;

/** @throws UserError (exit code 2) that lists everything wrong with it, with the names that are known. */
export function parseVersionsQuery(input: unknown, published: PublishedConfig): VersionsQuery {
  const parsed = VersionsQuery.safeParse(input);
  if (!parsed.success) throw invalidQuery('list', problemsOf(parsed.error, VersionsQuery, input));
  const { model, conversion } = parsed.data;
  const fitted = published.modelDetails.filter(({ type }) => FITTED_TYPES.includes(type)).map(({ name }) => name);
  const conversions = published.conversions.map(({ name }) => name);
  const problems = [
    ...(model === undefined || fitted.includes(model) ? [] : [{ path: 'model', message: unknownName('learned model', model, fitted) }]),
    ...(conversion === undefined || conversions.includes(conversion)
      ? []
      : [{ path: 'conversion', message: unknownName('conversion', conversion, conversions) }]),
  ];
  if (problems.length > 0) throw invalidQuery('list', problems);
  return parsed.data;
}
