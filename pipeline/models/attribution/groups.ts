import { type AttributionModel, lookbackDaysOf, modelsOf } from '../../config/attribution.ts';
import type { Config } from '../../config/schema.ts';
import type { Sql } from '../../warehouse/sql.ts';
import { daysByConversion } from '../conversions/lookback.ts';

/** Models that look equally far back for every conversion: their paths are the same, and are gone through once. */
export interface ModelGroup {
  readonly models: readonly AttributionModel[];
  /** Days before `attribution_time` where the window of a conversion begins, by the name of the conversion. */
  readonly lookbackDays: (conversionName: Sql) => Sql;
}

/** The models of a config by their windows, in the order of the config. */
export function modelGroups(config: Config): ModelGroup[] {
  const names = ['', ...config.conversions.map(({ name }) => name)];
  const daysOf = (model: AttributionModel) => names.map((name) => lookbackDaysOf(config, model, name)).join();
  return [...Map.groupBy(modelsOf(config), daysOf).values()].map((models) => ({
    models,
    lookbackDays: (conversionName) => daysByConversion(config, conversionName, (name) => lookbackDaysOf(config, models[0]!, name)),
  }));
}
