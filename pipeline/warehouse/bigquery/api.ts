import { BigQuery, type Job } from '@google-cloud/bigquery';
import { UserError } from '../../config/user-error.ts';
import type { QueryParameter } from './render.ts';

/** Where the tables are and what a query may cost. */
export interface BigQuerySettings {
  readonly project: string;
  readonly dataset: string;
  readonly location: string;
  readonly maximumBytesBilled: number;
}

/** A query job as BigQuery's REST interface takes it (jobs.insert, configuration.query). */
export interface QueryJob {
  readonly query: string;
  readonly queryParameters: readonly QueryParameter[];
  readonly labels: Readonly<Record<string, string>>;
}

/** A column of a table or a result (REST: TableFieldSchema). */
export interface Field {
  readonly name: string;
  readonly type: string;
  readonly mode?: string;
  /** Mutable because the client library asks for it. */
  readonly fields?: Field[];
}

/** A row as REST returns it: times as microseconds since 1970, all scalars as text. */
export interface RawRow {
  readonly f: readonly RawCell[];
}
export interface RawCell {
  readonly v: string | null | RawRow | readonly RawCell[];
}
export interface Page {
  readonly fields: readonly Field[];
  readonly rows: readonly RawRow[];
}

export interface FinishedQuery {
  readonly bytes: number;
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
  pages(): AsyncIterable<Page>;
}

export interface LoadJob {
  readonly table: string;
  readonly file: string;
  readonly sourceFormat: 'NEWLINE_DELIMITED_JSON' | 'CSV';
  readonly writeDisposition: 'WRITE_APPEND' | 'WRITE_TRUNCATE' | 'WRITE_EMPTY';
  readonly fields: readonly Field[];
  /** CSV only. */
  readonly csv?: { readonly skipLeadingRows: number; readonly nullMarker: string };
}

/** What is used of BigQuery; handed in, so that tests see what would be sent. */
export interface BigQueryApi {
  /** Where the dataset lies, as BigQuery says it: `EU`, `europe-west3`. */
  readonly location?: string;
  runQuery(job: QueryJob): Promise<FinishedQuery>;
  dryRun(job: QueryJob): Promise<{ readonly fields: readonly Field[]; readonly bytes: number }>;
  /** The columns of a table; undefined where there is none. */
  fieldsOf(table: string): Promise<readonly Field[] | undefined>;
  /** Loads a local file and waits for the end. @returns the rows loaded. */
  loadFile(job: LoadJob): Promise<number>;
}

/** Rows that one request for results returns at most. */
const PAGE_ROWS = 20_000;

/**
 * BigQuery by Google's client library, with Application Default Credentials.
 * @throws UserError where there are no credentials or no dataset, saying how to get them.
 */
export async function connectBigQuery(settings: BigQuerySettings): Promise<BigQueryApi> {
  const client = new BigQuery({ projectId: settings.project, location: settings.location });
  const dataset = client.dataset(settings.dataset, { projectId: settings.project, location: settings.location });
  let location: string | undefined;
  try {
    const [metadata] = (await dataset.getMetadata()) as [{ location?: string }, ...unknown[]];
    location = metadata.location;
  } catch (error) {
    throw connectionError(error, settings);
  }

  const start = async (job: QueryJob, dryRun: boolean): Promise<Job> => {
    const query = {
      query: job.query,
      queryParameters: [...job.queryParameters],
      parameterMode: 'NAMED',
      useLegacySql: false,
      maximumBytesBilled: String(settings.maximumBytesBilled),
      defaultDataset: { projectId: settings.project, datasetId: settings.dataset },
    };
    const [started] = await client.createJob({ configuration: { query, dryRun, labels: { ...job.labels } }, location: settings.location });
    return started;
  };

  return {
    ...(location !== undefined && { location }),
    async runQuery(job) {
      const started = await start(job, false);
      await started.promise();
      const [metadata] = await started.getMetadata();
      const statistics = metadata.statistics?.query;
      const changed = statistics?.dmlStats;
      return {
        bytes: Number(statistics?.totalBytesProcessed ?? 0),
        inserted: Number(changed?.insertedRowCount ?? 0),
        updated: Number(changed?.updatedRowCount ?? 0),
        deleted: Number(changed?.deletedRowCount ?? 0),
        pages: () => pagesOf(started),
      };
    },
    async dryRun(job) {
      const { statistics } = (await start(job, true)).metadata as {
        statistics?: { totalBytesProcessed?: string; query?: { schema?: { fields?: Field[] } } };
      };
      return { fields: statistics?.query?.schema?.fields ?? [], bytes: Number(statistics?.totalBytesProcessed ?? 0) };
    },
    async fieldsOf(table) {
      try {
        const [metadata] = (await dataset.table(table).getMetadata()) as unknown as [{ schema?: { fields?: Field[] } }];
        return metadata.schema?.fields ?? [];
      } catch (error) {
        if (codeOf(error) === 404) return undefined;
        throw error;
      }
    },
    async loadFile(job) {
      const [loaded] = await dataset.table(job.table).createLoadJob(job.file, {
        sourceFormat: job.sourceFormat,
        writeDisposition: job.writeDisposition,
        schema: { fields: [...job.fields] },
        ...(job.csv && { skipLeadingRows: job.csv.skipLeadingRows, nullMarker: job.csv.nullMarker, allowQuotedNewlines: true }),
      });
      await loaded.promise();
      const [metadata] = await loaded.getMetadata();
      return Number(metadata.statistics?.load?.outputRows ?? 0);
    },
  };
}

/** The library's own conversion is left out: it would round large integers. */
async function* pagesOf(job: Job): AsyncGenerator<Page> {
  let pageToken: string | undefined;
  do {
    const options = { maxResults: PAGE_ROWS, autoPaginate: false, skipParsing: true, ...(pageToken && { pageToken }) };
    const [rows, next, response] = await job.getQueryResults(options);
    yield { fields: (response?.schema?.fields ?? []) as Field[], rows };
    pageToken = next?.pageToken ?? undefined;
  } while (pageToken !== undefined);
}

function connectionError(error: unknown, { project, dataset }: BigQuerySettings): unknown {
  const message = error instanceof Error ? error.message : String(error);
  if (/default credentials|could not refresh access token|invalid_grant|keyfile|credential file|ENOENT.*json/i.test(message)) {
    return new UserError(
      `no Google credentials for BigQuery: set GOOGLE_APPLICATION_CREDENTIALS to the key file of a service account, ` +
        `or run "gcloud auth application-default login" (${message})`,
      { cause: error },
    );
  }
  if (codeOf(error) === 404) {
    return new UserError(
      `there is no BigQuery dataset ${project}.${dataset}: create it ("bq mk --dataset ${project}:${dataset}") or correct warehouse.dataset`,
      {
        cause: error,
      },
    );
  }
  if (codeOf(error) === 403) {
    return new UserError(
      `the credentials may not use the BigQuery dataset ${project}.${dataset}: they need the roles BigQuery Job User and BigQuery Data Editor (${message})`,
      {
        cause: error,
      },
    );
  }
  return new UserError(`cannot reach the BigQuery dataset ${project}.${dataset}: ${message}`, { cause: error });
}

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}
