import { type Conversion, parentOf } from '../../../config/conversions.ts';
import type { Config } from '../../../config/schema.ts';
import { type Sql, join, raw, sql, table } from '../../../warehouse/sql.ts';
import type { Warehouse } from '../../../warehouse/warehouse.ts';
import { resolvedPersons } from '../derive/persons.ts';
import { CONVERSIONS, STAGED_CONVERSIONS } from '../tables.ts';

/** So many rows are shown. */
export const SAMPLE_ROWS = 10;

/** A row of a conversion, and what a night would make of it. No address is in it, only hashes. */
export interface SampleRow {
  readonly id: string;
  /** ISO in UTC. */
  readonly conversion_time: string;
  readonly attribution_time: string;
  readonly value: number | null;
  readonly currency: string | null;
  readonly client_id: string | null;
  readonly lead_id: string | null;
  readonly user_id: string | null;
  readonly email_hash: string | null;
  /** The person that the first of its identifiers finds; null: none finds one. */
  readonly person_id: string | null;
  /** Which identifier that is: client_id, user_id, email_hash or ip_address. */
  readonly matched_by: string | null;
  /** Whether the conversion it inherits from has the id; null where it inherits from none. */
  readonly has_parent: boolean | null;
}

/** The latest rows of a query (columns of staged_conversions), each id once as a night keeps it, with the persons they are of. */
export async function sampleRows(warehouse: Warehouse, config: Config, conversion: Conversion, rows: Sql): Promise<SampleRow[]> {
  const parent = parentOf(conversion);
  const columns = join(STAGED_CONVERSIONS.columns.map(({ name }) => raw(`staged.${name}`)));
  const hasParent =
    parent === undefined
      ? raw('cast(null as bool)')
      : sql`exists (
        select 1 from ${table(CONVERSIONS.name)} as parents where parents.conversion_name = ${parent} and parents.id = kept_rows.lead_id
      )`;
  return await warehouse.rows<SampleRow>(
    sql`
    with distinct_rows as (
      select ${columns}
      from (${rows}) as staged
      where staged.id is not null and staged.conversion_time is not null
      qualify row_number() over (
        partition by staged.id
        order by staged.conversion_time nulls first, staged.row_hash nulls first, staged.original_value nulls first
      ) = 1
    ),
    kept_rows as (
      select ${join(STAGED_CONVERSIONS.columns.map(({ name }) => raw(name)))}
      from distinct_rows
      order by conversion_time desc nulls last, id nulls first
      limit ${raw(String(SAMPLE_ROWS))}
    ),
    ${resolvedPersons(warehouse.dialect, config)}
    select
      kept_rows.id, kept_rows.conversion_time, kept_rows.attribution_time, kept_rows.original_value as value, kept_rows.currency,
      kept_rows.client_id, kept_rows.lead_id, kept_rows.user_id, kept_rows.email_hash, resolved.person_id, resolved.matched_by,
      ${hasParent} as has_parent
    from kept_rows
    left join resolved on resolved.conversion_name = kept_rows.conversion_name and resolved.id = kept_rows.id
    order by kept_rows.conversion_time desc nulls last, kept_rows.id nulls first`,
    'sample of the rows',
  );
}
