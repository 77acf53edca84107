import { MODEL_TYPES, modelsOf } from '../../../pipeline/config/attribution.ts';
import type { Config, ConfigInput } from '../../../pipeline/config/schema.ts';
import { attribution } from '../../../pipeline/models/attribution/attribution.ts';
import { APPLIED_VERSIONS, CHANNEL_EFFECTS } from '../../../pipeline/models/attribution/fitted-tables.ts';
import { type FittedVersion, fit } from '../../../pipeline/models/attribution/fitted/fit.ts';
import { fittedModels } from '../../../pipeline/models/attribution/fitted/versions.ts';
import type { Warehouse } from '../../../pipeline/warehouse/warehouse.ts';
import { CONVERSION, loadCausalWorlds, periodOf } from './rows.ts';
import type { CausalWorld } from './world.ts';

/** Longer than a world lasts: one version learns from all of it. */
const TRAINING_DAYS = 121;
const FITTED = ['shapley_rate', 'markov', 'visit_scoring'] as const;

/** What a project says that has every model, each as it is by default, but for how much the fitted ones learn from. */
export const CAUSAL_PROJECT = {
  project: { name: 'Causal worlds', timeZone: 'UTC', currency: 'EUR' },
  conversions: [{ name: CONVERSION, label: 'Lead', sql: 'lead.sql' }],
  attribution: {
    models: MODEL_TYPES.map((type) => {
      const one = FITTED.find((fitted) => fitted === type);
      return one ? { name: one, type: one, trainingDays: TRAINING_DAYS } : type;
    }),
  },
} satisfies ConfigInput;

/** Models whose parameters are not learned: nobody has to fit them. */
export const RULE_MODELS: readonly string[] = MODEL_TYPES.filter((type) => !(FITTED as readonly string[]).includes(type));

/**
 * Makes a warehouse hold causal worlds with the credits of every model of the config. Fitted models have one version for each
 * world, learned from all of it: how they begin, with little to learn from, is not looked at here.
 * @returns the versions.
 */
export async function creditCausalWorlds(warehouse: Warehouse, config: Config, worlds: readonly CausalWorld[]): Promise<FittedVersion[]> {
  const context = { warehouse, config, configFolder: '/', now: periodOf(worlds.length).from };
  await loadCausalWorlds(warehouse, worlds);
  const periods = worlds.map((_, place) => periodOf(place));
  const wanted = periods.map(({ months }) => ({ conversion: CONVERSION, month: months.at(-1)! }));
  const all: FittedVersion[] = [];
  const effects: object[] = [];
  const applied: object[] = [];
  for (const model of fittedModels(config)) {
    const versions = await fit(context, model, wanted);
    const key = { model: model.name, conversion_name: CONVERSION };
    for (const { version } of versions) {
      const { months } = periods.find((period) => period.months.includes(version.month))!;
      effects.push(...version.effects.map((effect) => ({ ...key, month: version.month, ...effect })));
      applied.push(
        ...months.map((month) => ({ ...key, month, version_month: version.month, is_provisional: false, version_hash: version.month })),
      );
    }
    all.push(...versions);
  }
  await warehouse.load(CHANNEL_EFFECTS, effects as never, { replace: true });
  await warehouse.load(APPLIED_VERSIONS, applied as never, { replace: true });
  await attribution(context);
  return all;
}

/** Names of the models of a config. */
export const modelNames = (config: Config): string[] => modelsOf(config).map(({ name }) => name);
