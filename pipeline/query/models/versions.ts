import { APPLIED_VERSIONS, MODEL_VERSIONS } from '../../models/attribution/fitted-tables.ts';
import { type Sql, join, param, raw, sql, table } from '../../warehouse/sql.ts';
import type { VersionsQuery } from './schema.ts';

/** Columns that say which version a row is of. */
export interface VersionKey {
  readonly model: string;
  readonly conversion_name: string;
  /** First day of the month. */
  readonly month: string;
}

/**
 * The versions that are asked for: a query of their model, conversion_name and month. The latest of a model and conversion is
 * the last that was fitted; where none was, the last of all.
 */
export function askedVersions({ model, conversion, month }: VersionsQuery): Sql {
  const conditions = [
    raw('true'),
    ...(model === undefined ? [] : [sql`model = ${model}`]),
    ...(conversion === undefined ? [] : [sql`conversion_name = ${conversion}`]),
    ...(month === 'latest' || month === 'all' ? [] : [sql`month = ${param(`${month}-01`, 'DATE')}`]),
  ];
  const asked = sql`from ${table(MODEL_VERSIONS.name)} where ${join(conditions, ' and ')}`;
  if (month !== 'latest') return sql`select model, conversion_name, month ${asked}`;
  return sql`
      select model, conversion_name, coalesce(max(if(status = 'fitted', month, null)), max(month)) as month
      ${asked}
      group by model, conversion_name`;
}

/** The order of every list of versions. */
export const IN_ORDER = raw('versions.model nulls first, versions.conversion_name nulls first, versions.month nulls first');

/** Which version is applied to which month. */
export const APPLIED = sql`${table(APPLIED_VERSIONS.name)}`;
