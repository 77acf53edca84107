import type { Config } from '../../config/schema.ts';
import { type Sql, join, raw, sql } from '../../warehouse/sql.ts';

/**
 * A number of days by the name of a conversion, as an expression.
 * @param daysOf asked by each name of the config, and by '' for a conversion that it does not name any more: that has what
 *   the others have by default.
 */
export function daysByConversion(config: Config, conversionName: Sql, daysOf: (conversion: string) => number): Sql {
  const otherwise = daysOf('');
  const cases = config.conversions.flatMap(({ name }) =>
    daysOf(name) === otherwise ? [] : [sql`when ${name} then ${raw(String(daysOf(name)))}`],
  );
  if (cases.length === 0) return raw(String(otherwise));
  return sql`case ${conversionName} ${join(cases, ' ')} else ${raw(String(otherwise))} end`;
}
