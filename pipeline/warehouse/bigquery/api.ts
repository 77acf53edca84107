import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { BigQuery, BigQueryOptions } from '@google-cloud/bigquery';
import { UserError } from '../../config/user-error.ts';
import { Jobs, type Rest } from './jobs.ts';
import type { QueryParameter } from './render.ts';
import { type Patience, retried } from './retry.ts';

/** Where the tables are and what a query may cost. */
export interface BigQuerySettings {
  readonly project: string;
  readonly dataset: string;
  readonly location: string;
  /** Of one query. */
  readonly maximumBytesBilled: number;
  /** Of all queries of one run together; without it there is no such limit. */
  readonly maximumBytesPerRun?: number;
}

/** A query job as BigQuery's REST interface takes it (jobs.insert, configuration.query). */
export interface QueryJob {
  readonly query: string;
  readonly queryParameters: readonly QueryParameter[];
  readonly labels: Readonly<Record<string, string>>;
  /** BigQuery refuses a query that would scan more, before it costs anything; default: that of the settings. */
  readonly maximumBytesBilled?: number;
  /** Whether it may run again after it failed for a reason that passes: all but an `insert` may, which is the default. */
  readonly repeatable?: boolean;
  readonly signal?: AbortSignal;
  /** What it is for, as it was labelled. */
  readonly label?: string;
  /** Of a merge: the same over a source without rows. What it would scan is what the merge scans of its target. */
  readonly overNothing?: Pick<QueryJob, 'query' | 'queryParameters'>;
  /** Of a statement that creates a table of the data model: a query of its columns without rows, for a plan to read in its place. */
  readonly emptyTable?: string;
  /** The columns that a source is to be fitted to; what a plan answers with where the source cannot be described yet. */
  readonly expected?: readonly Field[];
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
  /** Bytes scanned. */
  readonly bytes: number;
  /** Bytes paid for: 0 where a cached result served. */
  readonly billedBytes: number;
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
  readonly signal?: AbortSignal;
  /** CSV only. */
  readonly csv?: { readonly skipLeadingRows: number; readonly nullMarker: string };
}

/** What is used of BigQuery; handed in, so that tests see what would be sent. */
export interface BigQueryApi {
  /** Where the dataset lies, as BigQuery says it: `EU`, `europe-west3`. */
  readonly location?: string;
  /** Whether what would write is noted instead of sent. */
  readonly isPlan?: boolean;
  runQuery(job: QueryJob): Promise<FinishedQuery>;
  dryRun(job: QueryJob): Promise<{ readonly fields: readonly Field[]; readonly bytes: number }>;
  /** The columns of a table; undefined where there is none. */
  fieldsOf(table: string): Promise<readonly Field[] | undefined>;
  /** Loads a local file and waits for the end. @returns the rows loaded. */
  loadFile(job: LoadJob): Promise<number>;
}

const PATIENCE: Patience = {
  attempts: 6,
  random: Math.random,
  // An aborted wait is over, and no error: who waited looks at the signal.
  sleep: (milliseconds, signal) => setTimeout(milliseconds, undefined, { signal }).catch(() => undefined),
};

/** An emulator knows no accounts, but the library sends no file without one. */
const EMULATOR_ACCOUNT = {
  getRequestHeaders: async () => new Headers({ authorization: 'Bearer emulator' }),
} as unknown as NonNullable<BigQueryOptions['authClient']>;

/**
 * BigQuery by Google's client library, with Application Default Credentials.
 * @throws UserError where there are no credentials or no dataset, saying how to get them.
 */
export async function connectBigQuery(settings: BigQuerySettings): Promise<BigQueryApi> {
  // Loaded on demand: a fifth of the start of every command, and most installations never need it.
  const library = await import('@google-cloud/bigquery');
  // Requests are retried here, where it is known which of them may be.
  const client = new library.BigQuery({
    projectId: settings.project,
    location: settings.location,
    retryOptions: { autoRetry: false },
    ...(process.env['BIGQUERY_EMULATOR_HOST'] && { authClient: EMULATOR_ACCOUNT }),
  });
  const dataset = client.dataset(settings.dataset, { projectId: settings.project, location: settings.location });
  let location: string | undefined;
  try {
    // Somebody waits at a terminal to learn that there is no network.
    const [metadata] = (await retried(() => dataset.getMetadata(), { ...PATIENCE, attempts: 3 })) as [{ location?: string }, ...unknown[]];
    location = metadata.location;
  } catch (error) {
    throw connectionError(error, settings);
  }

  const jobs = new Jobs(restOf(client), {
    project: settings.project,
    location: location ?? settings.location,
    patience: PATIENCE,
    newId: () => `touchtrail_${randomUUID()}`,
  });
  return {
    ...(location !== undefined && { location }),
    ...queriesBy(jobs, settings),
    async fieldsOf(table) {
      try {
        const [metadata] = (await retried(() => dataset.table(table).getMetadata(), PATIENCE)) as unknown as [
          { schema?: { fields?: Field[] } },
        ];
        return metadata.schema?.fields ?? [];
      } catch (error) {
        if (codeOf(error) === 404) return undefined;
        throw error;
      }
    },
    async loadFile(job) {
      const id = `touchtrail_${randomUUID()}`;
      const configuration = {
        jobId: id,
        sourceFormat: job.sourceFormat,
        writeDisposition: job.writeDisposition,
        schema: { fields: [...job.fields] },
        ...(job.csv && { skipLeadingRows: job.csv.skipLeadingRows, nullMarker: job.csv.nullMarker, allowQuotedNewlines: true }),
      };
      // With its own id the job cannot run twice: where an answer was lost, the second upload is refused.
      await retried(() => dataset.table(job.table).createLoadJob(job.file, configuration), PATIENCE, job.signal).catch((error: unknown) => {
        if (codeOf(error) !== 409) throw error;
      });
      const { statistics } = await jobs.wait(id, job.signal);
      return Number(statistics?.load?.outputRows ?? 0);
    },
  };
}

/** Queries by REST jobs. */
export function queriesBy(
  jobs: Jobs,
  { project, dataset, maximumBytesBilled }: BigQuerySettings,
): Pick<BigQueryApi, 'runQuery' | 'dryRun'> {
  const configurationOf = (job: QueryJob, limited: boolean): object => ({
    query: {
      query: job.query,
      queryParameters: job.queryParameters,
      parameterMode: 'NAMED',
      useLegacySql: false,
      // A dry run costs nothing and is to say how much there would be.
      ...(limited && { maximumBytesBilled: String(job.maximumBytesBilled ?? maximumBytesBilled) }),
      defaultDataset: { projectId: project, datasetId: dataset },
    },
    labels: job.labels,
  });
  return {
    async runQuery(job) {
      const { id, job: finished } = await jobs.run(configurationOf(job, true), { repeatable: job.repeatable ?? true, signal: job.signal });
      const statistics = finished.statistics?.query;
      const changed = statistics?.dmlStats;
      return {
        bytes: Number(statistics?.totalBytesProcessed ?? 0),
        billedBytes: Number(statistics?.totalBytesBilled ?? 0),
        inserted: Number(changed?.insertedRowCount ?? 0),
        updated: Number(changed?.updatedRowCount ?? 0),
        deleted: Number(changed?.deletedRowCount ?? 0),
        pages: () => pagesOf(jobs, id),
      };
    },
    async dryRun(job) {
      const { statistics } = await jobs.dryRun(configurationOf(job, false));
      return { fields: statistics?.query?.schema?.fields ?? [], bytes: Number(statistics?.totalBytesProcessed ?? 0) };
    },
  };
}

/** The library's own conversion is left out: it would round large integers. */
async function* pagesOf(jobs: Jobs, id: string): AsyncGenerator<Page> {
  let fields: readonly Field[] = [];
  for await (const page of jobs.pages(id)) {
    fields = page.schema?.fields ?? fields;
    yield { fields, rows: page.rows ?? [] };
  }
}

/** The library's authenticated requests. */
function restOf(client: BigQuery): Rest {
  return ({ method, path, query, body }) =>
    new Promise((resolve, reject) => {
      client.request({ method, uri: path, ...(query && { qs: query }), ...(body && { json: body }) }, (error, answer: unknown) =>
        error ? reject(error) : resolve(answer),
      );
    });
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
