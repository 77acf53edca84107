import type { Config } from '../../config/schema.ts';
import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, raw, sql } from '../../warehouse/sql.ts';

/** A session this much after attribution_time still counts: the form is sent a moment before the CRM notes the lead. */
export const GRACE_MINUTES = 5;

/** Whether a session lies in the look-back window; both ends count. */
export function inWindow(dialect: Dialect, config: Config, startedAt: Sql, attributionTime: Sql): Sql {
  const from = dialect.timestampAdd(attributionTime, raw(String(-config.attribution.lookbackDays)), 'DAY');
  const to = dialect.timestampAdd(attributionTime, raw(String(GRACE_MINUTES)), 'MINUTE');
  return sql`${startedAt} >= ${from} and ${startedAt} <= ${to}`;
}
