import { UserError } from '../../config/user-error.ts';
import type { Sql } from '../sql.ts';
import type { StatementScope, StatementStatistics } from '../warehouse.ts';
import { WarehouseError } from '../warehouse-error.ts';
import type { BigQueryApi, BigQuerySettings, Field, FinishedQuery, LoadJob, Page, QueryJob } from './api.ts';
import { ByteBudget } from './byte-budget.ts';
import { type RenderedQuery, render } from './render.ts';

/** Sends statements: labelled, within the byte limits, counted, their errors explained. */
export class StatementRunner {
  readonly statistics: StatementStatistics[] = [];
  /** What the statements are for at the moment. */
  scope: StatementScope | undefined;
  readonly #dataset: string;
  readonly #api: BigQueryApi;
  readonly #budget: ByteBudget;

  constructor(settings: BigQuerySettings, api: BigQueryApi) {
    this.#dataset = `${settings.project}.${settings.dataset}`;
    this.#api = api;
    this.#budget = new ByteBudget(settings);
  }

  /** The rows of a query, page by page. */
  async *pages(query: Sql, label: string): AsyncGenerator<Page> {
    const started = performance.now();
    const finished = await this.#execute(query, label);
    let rows = 0;
    try {
      for await (const page of finished.pages()) {
        rows += page.rows.length;
        yield page;
      }
    } finally {
      this.#record(label, started, rows, finished.bytes);
    }
  }

  /** The columns of a query and the bytes it would scan. */
  async dryRun(query: Sql, label: string, options: Partial<QueryJob> = {}): Promise<{ fields: readonly Field[]; bytes: number }> {
    return this.#attempt(query, label, options, (job) => this.#api.dryRun(job));
  }

  /** Runs a statement that writes. */
  async run(statement: Sql, label: string, options: Partial<QueryJob> = {}): Promise<FinishedQuery> {
    const started = performance.now();
    const finished = await this.#execute(statement, label, options);
    this.#record(label, started, finished.inserted + finished.updated + finished.deleted, finished.bytes);
    return finished;
  }

  async #execute(statement: Sql, label: string, options: Partial<QueryJob> = {}): Promise<FinishedQuery> {
    const finished = await this.#attempt(statement, label, options, (job) => this.#api.runQuery(job));
    this.#budget.spend(finished.billedBytes);
    return finished;
  }

  /** Loads a file. @returns the rows loaded. */
  async load(job: Omit<LoadJob, 'signal'>, label: string): Promise<number> {
    const started = performance.now();
    try {
      const rows = await this.#api.loadFile({ ...job, ...this.#signal });
      this.#record(label, started, rows, 0);
      return rows;
    } catch (error) {
      throw error instanceof UserError ? stopped(error, label) : new WarehouseError(label, messageOf(error), { cause: error });
    }
  }

  #record(label: string, started: number, rows: number, bytes: number): void {
    this.statistics.push({ label, milliseconds: performance.now() - started, rows, bytes });
  }

  async #attempt<Result>(
    statement: Sql,
    label: string,
    options: Partial<QueryJob>,
    send: (job: QueryJob) => Promise<Result>,
  ): Promise<Result> {
    const rendered = this.rendered(statement);
    const maximumBytesBilled = this.#budget.forOneQuery;
    const labels = jobLabels(label, this.scope);
    try {
      return await send({ ...rendered, label, labels, maximumBytesBilled, repeatable: true, ...this.#signal, ...options });
    } catch (error) {
      if (error instanceof UserError) throw stopped(error, label);
      throw this.#budget.explained(error, label) ?? engineError(error, rendered, label);
    }
  }

  /** A statement as it would be sent. */
  rendered(statement: Sql): RenderedQuery {
    return render(statement, this.#dataset);
  }

  get #signal(): { signal?: AbortSignal } {
    const signal = this.scope?.signal;
    return signal ? { signal } : {};
  }
}

/** What BigQuery's own records and bills tell the jobs apart by. */
function jobLabels(label: string, scope: StatementScope | undefined): Record<string, string> {
  return {
    touchtrail: jobLabel(label),
    ...(scope && { touchtrail_run: jobLabel(scope.runId), touchtrail_step: jobLabel(scope.step) }),
  };
}

/** Labels of a job hold lower-case letters, digits, `_` and `-`, at most 63. */
function jobLabel(label: string): string {
  return label
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]+/g, '_')
    .slice(0, 63);
}

function stopped(error: UserError, label: string): UserError {
  return new UserError(`${label}: ${error.message}`, { cause: error });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function engineError(error: unknown, { query }: RenderedQuery, label: string): Error {
  const message = messageOf(error);
  const position = /\[(\d+):\d+\]/.exec(message);
  return new WarehouseError(label, message, { sql: query, cause: error, ...(position && { line: Number(position[1]) }) });
}
