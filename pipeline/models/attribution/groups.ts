import { type AttributionModel, lookbackDaysOf, modelsOf } from '../../config/attribution.ts';
import type { Config } from '../../config/schema.ts';
import { type Sql, join, raw, sql } from '../../warehouse/sql.ts';

/** Models that look equally far back for every conversion: their paths are the same, and are gone through once. */
export interface ModelGroup {
  readonly models: readonly AttributionModel[];
  /** Days before `attribution_time` where the window of a conversion begins, by the name of the conversion. */
  readonly lookbackDays: (conversionName: Sql) => Sql;
}

/** The models of a config by their windows, in the order of the config. */
export function modelGroups(config: Config): ModelGroup[] {
  const names = config.conversions.map(({ name }) => name);
  // A conversion that the config does not name any more has what the others have by default.
  const daysOf = (model: AttributionModel) => ['', ...names].map((name) => lookbackDaysOf(config, model, name));
  const groups = Map.groupBy(modelsOf(config), (model) => daysOf(model).join());
  return [...groups.values()].map((models) => {
    const [otherwise, ...days] = daysOf(models[0]!);
    return { models, lookbackDays: (conversionName) => daysSql(conversionName, names, days, otherwise!) };
  });
}

function daysSql(conversionName: Sql, names: readonly string[], days: readonly number[], otherwise: number): Sql {
  const cases = names.flatMap((name, i) => (days[i] === otherwise ? [] : [sql`when ${name} then ${raw(String(days[i]))}`]));
  if (cases.length === 0) return raw(String(otherwise));
  return sql`case ${conversionName} ${join(cases, ' ')} else ${raw(String(otherwise))} end`;
}
