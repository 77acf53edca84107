import { longestLookbackDaysOf } from '../../config/attribution.ts';
import type { Config } from '../../config/schema.ts';
import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, raw, sql } from '../../warehouse/sql.ts';
import { daysByConversion } from './lookback.ts';

/** A session this much after attribution_time still counts: the form is sent a moment before the CRM notes the lead. */
export const GRACE_MINUTES = 5;

/** Where the longest look-back window of a conversion begins: that of the model that looks furthest back. */
export function windowStart(dialect: Dialect, config: Config, conversionName: Sql, attributionTime: Sql): Sql {
  const days = daysByConversion(config, conversionName, (name) => longestLookbackDaysOf(config, name));
  return dialect.timestampAdd(attributionTime, sql`-(${days})`, 'DAY');
}

/** The last moment of the windows of all models. */
export function windowEnd(dialect: Dialect, attributionTime: Sql): Sql {
  return dialect.timestampAdd(attributionTime, raw(String(GRACE_MINUTES)), 'MINUTE');
}
