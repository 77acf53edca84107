import type { CombinedConversion } from '../../../config/conversions.ts';
import type { Dialect } from '../../../warehouse/dialect.ts';
import { type Sql, arrayParam, join, raw, sql, table } from '../../../warehouse/sql.ts';
import { CONVERSION_RECORDS, STAGED_CONVERSIONS } from '../tables.ts';
import { isFrom } from './chosen-events.ts';

/** Columns that a combined conversion has as its part has them. */
const TAKEN = STAGED_CONVERSIONS.columns
  .map(({ name }) => name)
  .filter((name) => !['conversion_name', 'id', 'has_unusable_value'].includes(name));

/** The conversions of the parts as rows of staged_candidates, from a time on: `part:id` is the id of each. */
export function combinedRows(dialect: Dialect, { name, of }: CombinedConversion, from: string | null): Sql {
  return sql`
    select
      ${name} as conversion_name, ${dialect.concat(raw('parts.conversion_name'), raw("':'"), raw('parts.id'))} as id,
      ${join(TAKEN.map((column) => raw(`parts.${column}`)))}, false as has_unusable_value, false as is_refunded, 0 as foreign_refunds
    from ${table(CONVERSION_RECORDS.name)} as parts
    where ${dialect.isIn(raw('parts.conversion_name'), sql`${arrayParam(of, 'STRING')}`)} and not parts.is_removed and ${isFrom('parts.conversion_time', from)}`;
}
