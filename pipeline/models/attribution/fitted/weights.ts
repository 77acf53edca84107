import type { AttributionModel } from '../../../config/attribution.ts';
import type { Dialect } from '../../../warehouse/dialect.ts';
import { raw, sql, table } from '../../../warehouse/sql.ts';
import { APPLIED_VERSIONS, CHANNEL_EFFECTS } from '../fitted-tables.ts';
import type { TouchWeights } from '../weights.ts';

/**
 * The weights of a model that publishes channel effects: the share of the channel in the version that counts for the month,
 * divided equally over the touches of the channel, in whole parts of 1e9. NULL where there is no version, it has too little
 * data, or it does not know the channel.
 */
export function effectWeights(dialect: Dialect, { name }: Pick<AttributionModel, 'name'>): TouchWeights {
  // Names of models are letters, digits and underscores; several models stand beside each other.
  const applied = raw(`applied_${name}`);
  const effects = raw(`effects_${name}`);
  return {
    joins: sql`
      left join ${table(APPLIED_VERSIONS.name)} as ${applied}
        on ${applied}.model = ${name} and ${applied}.conversion_name = paths.conversion_name and ${applied}.month = paths.month
      left join ${table(CHANNEL_EFFECTS.name)} as ${effects}
        on ${effects}.model = ${name} and ${effects}.conversion_name = paths.conversion_name
        and ${effects}.month = ${applied}.version_month and ${effects}.channel = paths.channel`,
    weight: dialect.intDiv(sql`${effects}.share`, raw('paths.channel_touches')),
  };
}
