import { IDENTITY_CHANGES } from '../../models/identity/tables.ts';
import { param, sql, table } from '../../warehouse/sql.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { shownValue } from './graph.ts';

/** What became of a person: a row of the ledger. */
export interface PersonChange {
  readonly changed_at: string;
  readonly kind: 'merged' | 'split' | 'renamed';
  readonly from_person_id: string;
  readonly to_person_id: string;
  readonly anonymous_ids: number;
  /** The identifier that brought it about, a hash shortened; null where no single edge did. */
  readonly key_name: string | null;
  readonly key_value: string | null;
  readonly edge_anonymous_id: string | null;
  readonly edge_first_seen: string | null;
}

/** The ledger, latest first. @param since local date of the first day, in `timeZone`. */
export async function personChanges(
  warehouse: Warehouse,
  { since, timeZone, limit }: { since: string | undefined; timeZone: string; limit: number },
): Promise<PersonChange[]> {
  const from = since === undefined ? sql`true` : sql`${warehouse.dialect.localDate(sql`changed_at`, timeZone)} >= ${param(since, 'DATE')}`;
  const rows = await warehouse.rows<PersonChange>(
    sql`
    select changed_at, kind, from_person_id, to_person_id, anonymous_ids, key_name, key_value, edge_anonymous_id, edge_first_seen
    from ${table(IDENTITY_CHANGES.name)}
    where ${from}
    order by changed_at desc nulls last, from_person_id nulls first, to_person_id nulls first
    limit ${limit}`,
    'changes of persons',
  );
  return rows.map((row) => ({ ...row, key_value: row.key_name && row.key_value && shownValue(row.key_name, row.key_value) }));
}
