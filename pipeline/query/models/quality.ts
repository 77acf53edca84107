import * as z from 'zod';
import { MODEL_VERSIONS } from '../../models/attribution/fitted-tables.ts';
import { sql, table } from '../../warehouse/sql.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import type { VersionsQuery } from './schema.ts';
import { IN_ORDER, type VersionKey, askedVersions } from './versions.ts';

/** How visit scoring did on persons that it has not learned from, as `model_versions.quality` says it. */
const Quality = z.object({
  visits: z.number(),
  converted: z.number(),
  auc: z.number().nullable(),
  logLoss: z.number(),
  logLossOfShare: z.number(),
  calibration: z.array(z.object({ visits: z.number(), predicted: z.number(), converted: z.number() })),
});

/** What it has learned, as `model_versions.parameters` says it. */
const Parameters = z.object({
  intercept: z.number(),
  weights: z.array(
    z.object({
      feature: z.string(),
      value: z.string(),
      says: z.string(),
      coefficient: z.number(),
      visits: z.number(),
      converted: z.number(),
    }),
  ),
});

/** What boosted trees have learned, as `model_versions.parameters` says it. */
const Trees = z.object({
  importance: z.array(z.object({ feature: z.string(), says: z.string(), splits: z.number(), share: z.number() })),
});

/** How well one version fits. What a kind of model does not have is null. */
export interface VersionQuality {
  readonly model: string;
  readonly conversion: string;
  /** YYYY-MM. */
  readonly month: string;
  readonly status: 'fitted' | 'too_little_data';
  readonly notice: string | null;
  readonly conversions: number;
  readonly paths: number;
  /** Visits of held-out persons, and how many of them are on the path of a conversion. */
  readonly held_out_visits: number | null;
  readonly held_out_converted: number | null;
  /** Area under the curve, 0.5 for guesses. */
  readonly auc: number | null;
  readonly log_loss: number | null;
  /** The log loss of who gives every visit the same chance. */
  readonly base_log_loss: number | null;
  readonly calibration: readonly z.infer<typeof Quality>['calibration'][number][] | null;
  /** What each value of a feature adds to the logarithm of the odds. */
  readonly weights: readonly z.infer<typeof Parameters>['weights'][number][] | null;
  /** Of boosted trees in their place: how much each feature has to do with what they say; share of 0 to 1. */
  readonly importance: readonly z.infer<typeof Trees>['importance'][number][] | null;
  /** Of sampled effects the largest standard error. */
  readonly greatest_error: number | null;
}

const Sampled = z.object({ greatestError: z.number() });

/** How well versions fit: of visit scoring AUC, log loss, calibration and feature weights; of sampled effects their error. */
export async function modelQuality(warehouse: Warehouse, query: VersionsQuery): Promise<VersionQuality[]> {
  const rows = await warehouse.rows<
    VersionKey & Pick<VersionQuality, 'status' | 'notice' | 'conversions' | 'paths'> & { parameters: string; quality: string }
  >(
    sql`
      select
        versions.model, versions.conversion_name, versions.month, stored.status, stored.notice, stored.conversions, stored.paths,
        stored.parameters, stored.quality
      from (${askedVersions(query)}) as versions
      inner join ${table(MODEL_VERSIONS.name)} as stored
        on stored.model = versions.model and stored.conversion_name = versions.conversion_name and stored.month = versions.month
      order by ${IN_ORDER}`,
    'quality of models',
  );
  return rows.map(({ model, conversion_name: conversion, month, parameters, quality, ...said }) => {
    const json: unknown = JSON.parse(quality);
    const learned: unknown = JSON.parse(parameters);
    const judged = Quality.safeParse(json).data;
    return {
      model,
      conversion,
      month: month.slice(0, 7),
      ...said,
      held_out_visits: judged?.visits ?? null,
      held_out_converted: judged?.converted ?? null,
      auc: judged?.auc ?? null,
      log_loss: judged?.logLoss ?? null,
      base_log_loss: judged?.logLossOfShare ?? null,
      calibration: judged?.calibration ?? null,
      weights: Parameters.safeParse(learned).data?.weights ?? null,
      importance: Trees.safeParse(learned).data?.importance ?? null,
      greatest_error: Sampled.safeParse(json).data?.greatestError ?? null,
    };
  });
}
