import { UserError } from '../../config/user-error.ts';
import { connectBigQuery } from '../../warehouse/bigquery/api.ts';
import { openBigQuery } from '../../warehouse/bigquery/bigquery.ts';
import { type Sql, sql, table } from '../../warehouse/sql.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import type { Found, JsonObject, Part } from '../records.ts';

/** The tables of an export, each with its day. */
export interface Ga4Tables {
  readonly parts: readonly Part[];
  /** Bytes that reading all of them scans. */
  scannedBytes(this: void): Promise<number>;
}

/** Which days are wanted; both included. */
export interface Days {
  /** YYYY-MM-DD. */
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** What is used of the warehouse in which an export lies. */
export type Ga4Dataset = Pick<Warehouse, 'rows' | 'batches' | 'dryRun'>;

/**
 * The daily tables of a GA4 export in BigQuery, oldest first; today's and yesterday's, where only that is there yet, from
 * `events_intraday_…`.
 * @param name of the dataset, for messages.
 * @throws UserError (exit code 2) where the dataset has no such tables.
 */
export async function ga4Tables(warehouse: Ga4Dataset, name: string, days: Days): Promise<Ga4Tables> {
  const listed = await warehouse.rows<{ name: string }>(
    sql`select table_name as name from ${table('INFORMATION_SCHEMA.TABLES')} where starts_with(table_name, 'events_') order by name nulls last`,
    'import: list tables',
  );
  const byDay = new Map<string, string>();
  for (const { name: listedName } of listed) {
    const match = /^events_(intraday_)?(\d{4})(\d\d)(\d\d)$/.exec(listedName);
    if (!match) continue;
    const day = `${match[2]}-${match[3]}-${match[4]}`;
    // The finished table of a day replaces the one that is still growing.
    if (match[1] === undefined || !byDay.has(day)) byDay.set(day, listedName);
  }
  const wanted = [...byDay]
    .filter(([day]) => (days.from ?? '') <= day && day <= (days.to ?? '9999'))
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  if (wanted.length === 0) {
    const known = [...byDay.keys()].toSorted();
    const found =
      known.length === 0
        ? 'it has no tables events_YYYYMMDD: is it the dataset of a GA4 export (analytics_…)?'
        : `its days are ${known[0]} to ${known.at(-1)}`;
    throw new UserError(`--bigquery ${name}: ${byDay.size === 0 ? found : `nothing between --from and --to; ${found}`}`, { exitCode: 2 });
  }
  return {
    parts: wanted.map(([, events]) => ({ name: events, read: () => rowsOf(warehouse, events), hasNoOrder: true })),
    scannedBytes: async () => {
      let bytes = 0;
      for (const [, events] of wanted) bytes += (await warehouse.dryRun(rowsQuery(events))).bytes;
      return bytes;
    },
  };
}

/** As JSON, so that nested columns come as they are in a file, whichever of them an export has. */
const rowsQuery = (name: string): Sql => sql`select to_json_string(event) as event from ${table(name)} as event`;

async function* rowsOf(warehouse: Ga4Dataset, name: string): AsyncGenerator<Found> {
  let line = 0;
  for await (const [rows] of warehouse.batches(rowsQuery(name), `import: ${name}`)) {
    for (const row of rows!) yield { part: name, line: ++line, value: JSON.parse(row as string) as JsonObject };
  }
}

/**
 * Opens the dataset of an export, wherever it lies.
 * @param given `project.dataset`.
 * @param maximumBytesBilled what reading one table may scan.
 * @throws UserError (exit code 2) where that is none; UserError without credentials or dataset.
 */
export async function openGa4(given: string, maximumBytesBilled: number): Promise<Ga4Dataset> {
  const match = /^([\w:.-]+)\.(\w+)$/.exec(given);
  if (!match) throw new UserError(`--bigquery ${given}: expected project.dataset, such as my-project.analytics_123456789`, { exitCode: 2 });
  // How many days are read is for the user to say.
  const limits = { maximumBytesBilled, maximumBytesPerRun: Number.MAX_SAFE_INTEGER };
  const settings = { project: match[1]!, dataset: match[2]!, location: 'US', ...limits };
  // Jobs run where the data lies, which only the dataset itself can tell.
  const { location = 'US' } = await connectBigQuery(settings);
  return await openBigQuery({ ...settings, location });
}
