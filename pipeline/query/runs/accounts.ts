import { PUBLISHED_ACCOUNTS, type PublishedAccount } from '../../models/accounting/published.ts';
import { sql, table } from '../../warehouse/sql.ts';
import type { OpenPublication } from '../publication.ts';

/** The accounts of the edge as a publication has them. */
export interface Accounts {
  /** Days of receipt in the project time zone, both included. */
  readonly from: string;
  readonly to: string;
  /** By day, the latest first, and write key. */
  readonly rows: readonly PublishedAccount[];
}

/** What became of the rows that the edge acknowledged; undefined in a publication of an earlier version or of BigQuery, which does not say. */
export async function publishedAccounts({ warehouse, publication }: OpenPublication): Promise<Accounts | undefined> {
  const { accounted } = publication.config;
  if (!accounted) return undefined;
  const rows = await warehouse.rows<PublishedAccount>(
    sql`
    select date, write_key_id, accepted, stored, duplicate, failed, erased, pending, missing
    from ${table(PUBLISHED_ACCOUNTS.name)}
    order by date desc nulls last, write_key_id nulls first`,
    'accounts of the edge',
  );
  return { ...accounted, rows };
}
