import { addDays, localDate } from '../../config/calendar.ts';
import { nullable, required } from '../../warehouse/columns.ts';
import type { TableDefinition, Warehouse } from '../../warehouse/warehouse.ts';
import { type AccountedDays, type LedgerRow, ledgerRows } from './ledger.ts';

/** So many days up to the run are accounted for in a publication: `touchtrail reconcile` answers for any. */
const DAYS = 30;

/** The ledger as readers of a publication see it: who reads it must not open the warehouse, which a run may hold. */
export const PUBLISHED_ACCOUNTS: TableDefinition = {
  name: 'publication_accounts',
  description: 'What became of the rows that the edge acknowledged, by day of receipt and write key, as the warehouse had them.',
  columns: [
    required('date', 'DATE', 'Day of receipt in the project time zone.'),
    nullable('write_key_id', 'STRING', 'Write key; NULL where it is not known.'),
    required('accepted', 'INT64', 'stored + duplicate + failed + erased + pending + missing.'),
    required('stored', 'INT64', 'In events.'),
    required('duplicate', 'INT64', 'Another copy is in events.'),
    required('failed', 'INT64', 'In failed_events.'),
    required('erased', 'INT64', 'Of erased persons.'),
    required('pending', 'INT64', 'Loaded, and not yet looked at by a run.'),
    required('missing', 'INT64', 'Counted by a delivery and not in the warehouse: lost, or still held by a deployed edge.'),
  ],
  key: [],
};

/** A row of publication_accounts. */
export interface PublishedAccount {
  readonly [column: string]: string | number | null;
  readonly date: string;
  readonly write_key_id: string | null;
  readonly accepted: number;
  readonly stored: number;
  readonly duplicate: number;
  readonly failed: number;
  readonly erased: number;
  readonly pending: number;
  readonly missing: number;
}

/** The days that a run at this instant accounts for. */
export function accountedDays(now: string, timeZone: string): AccountedDays {
  const to = localDate(now, timeZone);
  return { timeZone, from: addDays(to, 1 - DAYS), to };
}

/** The ledger of these days, as the warehouse has it; days without a row have none. */
export async function publishedAccounts(warehouse: Warehouse, days: AccountedDays): Promise<PublishedAccount[]> {
  const rows = await warehouse.rows<LedgerRow>(ledgerRows(warehouse.dialect, days), 'accounts of the edge');
  return rows
    .filter(({ accepted }) => accepted > 0)
    .map(({ date, write_key_id, accepted, stored, duplicate, failed, erased, waiting, missing }) => ({
      date,
      write_key_id,
      accepted,
      stored,
      duplicate,
      failed,
      erased,
      pending: waiting,
      missing,
    }));
}
