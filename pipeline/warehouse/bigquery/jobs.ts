import { UserError } from '../../config/user-error.ts';
import type { Field, RawRow } from './api.ts';
import { type Patience, isTransient, reasonOf, retried, delayAfter } from './retry.ts';

/** A request to BigQuery's REST interface below `/projects/{project}`; rejects with the `code` and `errors` of the answer. */
export type Rest = (request: {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean>>;
  readonly body?: object;
}) => Promise<unknown>;

/** A job as REST returns it, as far as it is used. */
export interface Job {
  readonly jobReference?: { readonly location?: string };
  readonly status?: { readonly state?: string; readonly errorResult?: { readonly reason?: string; readonly message?: string } };
  readonly statistics?: {
    readonly totalBytesProcessed?: string;
    readonly query?: {
      readonly totalBytesProcessed?: string;
      readonly totalBytesBilled?: string;
      readonly schema?: { readonly fields?: Field[] };
      readonly dmlStats?: { readonly insertedRowCount?: string; readonly updatedRowCount?: string; readonly deletedRowCount?: string };
    };
    readonly load?: { readonly outputRows?: string };
  };
}

/** A page of a query's rows as REST returns it. */
export interface ResultPage {
  readonly schema?: { readonly fields?: Field[] };
  readonly rows?: readonly RawRow[];
  readonly pageToken?: string;
}

export interface JobsOptions {
  readonly project: string;
  readonly location: string;
  readonly patience: Patience;
  /** A fresh id. */
  readonly newId: () => string;
}

/** A job's own error, which stands in its status while the request for it succeeded. */
class JobError extends Error {
  readonly reason: string | undefined;

  constructor(message: string, reason: string | undefined) {
    super(message);
    this.reason = reason;
  }
}

const FIRST_POLL_MILLISECONDS = 150;
const LONGEST_POLL_MILLISECONDS = 2000;
/** Rows that one request for results returns at most. */
const PAGE_ROWS = 20_000;

/**
 * Jobs by REST (cloud.google.com/bigquery/docs/reference/rest/v2/jobs). Each is inserted with an id of our own: where the
 * answer is lost, the second request finds the job (409) instead of running it twice.
 */
export class Jobs {
  readonly #rest: Rest;
  readonly #options: JobsOptions;

  constructor(rest: Rest, options: JobsOptions) {
    this.#rest = rest;
    this.#options = options;
  }

  /**
   * Runs a job to its end.
   * @param options.repeatable whether a job that ended with a passing failure may be run again, under a new id.
   * @param options.signal cancels the job.
   * @throws UserError where it was cancelled, else the error of the job.
   */
  async run(
    configuration: object,
    options: { readonly repeatable: boolean; readonly signal?: AbortSignal | undefined },
  ): Promise<{ id: string; job: Job }> {
    const { patience } = this.#options;
    for (let attempt = 1; ; attempt++) {
      const id = this.#options.newId();
      try {
        if (options.signal?.aborted) throw new UserError('stopped before it began');
        await this.#insert(id, configuration);
        return { id, job: await this.wait(id, options.signal) };
      } catch (error) {
        if (!(error instanceof JobError) || !options.repeatable || attempt >= patience.attempts || !isTransient(error)) throw error;
        await patience.sleep(delayAfter(attempt, patience.random), options.signal);
      }
    }
  }

  /** Asks what a job would do; nothing runs. */
  async dryRun(configuration: object): Promise<Job> {
    const request = {
      method: 'POST',
      path: '/jobs',
      body: { ...this.#reference(), configuration: { ...configuration, dryRun: true } },
    } as const;
    return (await retried(() => this.#rest(request), this.#options.patience)) as Job;
  }

  /** Waits for the end of a job. @throws as {@link run} */
  async wait(id: string, signal?: AbortSignal): Promise<Job> {
    const { patience, location } = this.#options;
    for (let pause = FIRST_POLL_MILLISECONDS; ; pause = Math.min(pause * 1.5, LONGEST_POLL_MILLISECONDS)) {
      if (signal?.aborted) throw await this.#cancelled(id);
      const job = (await retried(() => this.#rest({ method: 'GET', path: `/jobs/${id}`, query: { location } }), patience, signal)) as Job;
      if (job.status?.state === 'DONE') {
        const failure = job.status.errorResult;
        if (failure) throw new JobError(failure.message ?? failure.reason ?? 'the job failed', failure.reason);
        return job;
      }
      await patience.sleep(pause, signal);
    }
  }

  /** The rows of a finished query, page by page; the last page has no token. */
  async *pages(id: string): AsyncGenerator<ResultPage> {
    let pageToken: string | undefined;
    do {
      const query = {
        location: this.#options.location,
        maxResults: PAGE_ROWS,
        // Microseconds as text: the default is a floating point number of seconds.
        'formatOptions.useInt64Timestamp': true,
        ...(pageToken !== undefined && { pageToken }),
      };
      const page = (await retried(
        () => this.#rest({ method: 'GET', path: `/queries/${id}`, query }),
        this.#options.patience,
      )) as ResultPage;
      yield page;
      pageToken = page.pageToken;
    } while (pageToken !== undefined);
  }

  async #insert(id: string, configuration: object): Promise<void> {
    const body = { ...this.#reference(id), configuration };
    try {
      await retried(() => this.#rest({ method: 'POST', path: '/jobs', body }), this.#options.patience);
    } catch (error) {
      // Nobody else has this id: the first request arrived, and only its answer was lost.
      if ((error as { code?: unknown }).code !== 409 && reasonOf(error) !== 'duplicate') throw error;
    }
  }

  #reference(jobId?: string): object {
    const { project, location } = this.#options;
    return { jobReference: { projectId: project, location, ...(jobId !== undefined && { jobId }) } };
  }

  async #cancelled(id: string): Promise<UserError> {
    const { patience, location } = this.#options;
    try {
      await retried(() => this.#rest({ method: 'POST', path: `/jobs/${id}/cancel`, query: { location } }), patience);
      return new UserError(`stopped: the BigQuery job ${id} was cancelled`);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return new UserError(
        `stopped, but the BigQuery job ${id} could not be cancelled (${message}); it may go on: "bq --location=${location} cancel ${id}" ends it`,
        { cause: error },
      );
    }
  }
}
