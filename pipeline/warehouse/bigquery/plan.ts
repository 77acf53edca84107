import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { outlineOf } from '../csv-outline.ts';
import type { PlannedStatement } from '../plan.ts';
import {
  type BigQueryApi,
  type BigQuerySettings,
  type FinishedQuery,
  type LoadJob,
  type Page,
  type QueryJob,
  connectBigQuery,
} from './api.ts';
import { BigQueryWarehouse } from './bigquery.ts';

/** A warehouse that plans, and what it has planned so far. */
export interface Planning {
  readonly warehouse: BigQueryWarehouse;
  readonly statements: readonly PlannedStatement[];
}

/** Opens the warehouse so that nothing is written: see {@link PlanningApi}. @throws as `openBigQuery` */
export async function openBigQueryPlan(settings: BigQuerySettings): Promise<Planning> {
  const api = new PlanningApi(settings, await connectBigQuery(settings));
  return { warehouse: new BigQueryWarehouse(settings, api), statements: api.statements };
}

/**
 * Stands between the warehouse and BigQuery: a read goes through, because what follows depends on it; a write is not
 * carried out but dry-run for its bytes, and noted. What reads rows that a write before it would have made says so.
 */
export class PlanningApi implements BigQueryApi {
  readonly statements: PlannedStatement[] = [];
  readonly location?: string;
  readonly isPlan = true;
  readonly #api: BigQueryApi;
  readonly #prefix: string;
  /** Tables that a statement of the plan would create, with a query that stands for them while they are empty. */
  readonly #created = new Map<string, string | undefined>();
  /** Tables with the label of the first planned write to them. */
  readonly #written = new Map<string, string>();

  constructor({ project, dataset }: Pick<BigQuerySettings, 'project' | 'dataset'>, api: BigQueryApi) {
    this.#api = api;
    this.#prefix = `${project}.${dataset}.`;
    if (api.location !== undefined) this.location = api.location;
  }

  async runQuery(job: QueryJob): Promise<FinishedQuery> {
    return /^\s*(select|with)\b/i.test(job.query) ? this.#read(job) : this.#write(job);
  }

  /** A source that reads a table which is not there yet is taken for one that fits. */
  async dryRun(job: QueryJob) {
    if (this.#missingIn(job.query).length > 0) return { fields: job.expected ?? [], bytes: 0 };
    return this.#api.dryRun(job);
  }

  async fieldsOf(table: string) {
    return this.#api.fieldsOf(table);
  }

  async loadFile(job: LoadJob): Promise<number> {
    if (job.writeDisposition === 'WRITE_EMPTY') this.#created.set(job.table, undefined);
    this.#noteWrite(job.table, `load ${job.table}`);
    this.statements.push({ label: `load ${job.table}`, sql: '', bytes: 0, note: 'a load job: it scans nothing and is not charged' });
    return job.sourceFormat === 'CSV' ? (await outlineOf(job.file)).records : countLines(job.file);
  }

  async #read(job: QueryJob): Promise<FinishedQuery> {
    const missing = this.#missingIn(job.query);
    const query = this.#overEmpty(job.query, missing);
    if (query === undefined) {
      this.#push(job, null, `not known before it runs: it reads ${named(missing)}, which does not exist yet; taken for empty here`);
      return { ...NOTHING, pages: () => NO_PAGES };
    }
    const finished = await this.#api.runQuery({ ...job, query });
    const stale = this.#namedIn(
      job.query,
      [...this.#written.keys()].filter((table) => !missing.includes(table)),
    );
    const reservations = [
      ...stale.map((table) => `; it depends on rows of ${table} that "${this.#written.get(table)}" would have written`),
      ...missing.map((table) => `; ${table}, which does not exist yet, is taken for empty`),
    ];
    this.#push(job, finished.bytes, `read for this plan${reservations.join('')}`);
    return finished;
  }

  /** A query with empty tables in place of those that are not there; undefined where nobody knows their columns. */
  #overEmpty(query: string, missing: readonly string[]): string | undefined {
    const empty = missing.map((table) => [table, this.#created.get(table)] as const);
    if (empty.some(([, rows]) => rows === undefined)) return undefined;
    if (empty.length === 0) return query;
    const named = missing.reduce((text, table) => text.replaceAll(`\`${this.#prefix}${table}\``, `\`${table}\``), query);
    const [, recursive = '', rest = named] = /^\s*with\b(\s+recursive\b)?([\s\S]*)$/i.exec(named) ?? [];
    const tables = empty.map(([table, rows]) => `\`${table}\` as ${rows}`).join(', ');
    return rest === named ? `with ${tables}\n${named}` : `with${recursive} ${tables},${rest}`;
  }

  async #write(job: QueryJob): Promise<FinishedQuery> {
    const missing = this.#missingIn(job.query);
    const target = this.#targetOf(job.query);
    const creates = /^\s*create (table|or replace (model|view))\b/i.test(job.query);
    // A view is written anew also where it is there already.
    const isThere = /^\s*create or replace view\b/i.test(job.query) && job.emptyTable === undefined;
    if (creates && target !== undefined && !isThere) this.#created.set(target, job.emptyTable);
    if (!/^\s*(create|alter|drop)\b/i.test(job.query) && target !== undefined) this.#noteWrite(target, job.label ?? 'a write');
    const { bytes, note } = await this.#priceOf(job, missing);
    this.#push(job, bytes, note);
    return { ...NOTHING, pages: () => NO_PAGES };
  }

  async #priceOf(job: QueryJob, missing: readonly string[]): Promise<{ bytes: number | null; note: string | null }> {
    if (/^\s*(create table if not exists|create or replace view|alter|drop)\b/i.test(job.query)) return { bytes: 0, note: null };
    const also = /^\s*create or replace model\b/i.test(job.query) ? TRAINING : null;
    if (missing.length === 0) return { bytes: (await this.#api.dryRun(job)).bytes, note: also };
    const rest = `${named(missing)}, which does not exist yet`;
    if (job.overNothing && this.#missingIn(job.overNothing.query).length === 0) {
      const { bytes } = await this.#api.dryRun({ ...job, ...job.overNothing });
      return { bytes, note: `beside the rows of ${rest}: their bytes are not known before it runs` };
    }
    return { bytes: null, note: `not known before it runs: it reads ${rest}${also === null ? '' : `; ${also}`}` };
  }

  #push(job: QueryJob, bytes: number | null, note: string | null): void {
    this.statements.push({ label: job.label ?? 'query', sql: job.query, bytes, note });
  }

  #noteWrite(table: string, label: string): void {
    if (!this.#written.has(table)) this.#written.set(table, label);
  }

  #missingIn(query: string): string[] {
    return this.#namedIn(query, [...this.#created.keys()]);
  }

  /** Tables that a text names in full, as we do, or bare, as a customer's SQL does where it reads from them. */
  #namedIn(query: string, tables: readonly string[]): string[] {
    return tables.filter((table) =>
      new RegExp(`\`${escaped(this.#prefix)}${table}\`|\\b(?:from|join)\\s+\`?${table}\`?(?![\\w.])`, 'i').test(query),
    );
  }

  /** What a statement of ours writes to stands first of all tables. */
  #targetOf(query: string): string | undefined {
    const name = new RegExp(`\`${escaped(this.#prefix)}(\\w+)\``).exec(query);
    return name?.[1];
  }
}

const NOTHING = { bytes: 0, billedBytes: 0, inserted: 0, updated: 0, deleted: 0 } as const;

/** What bytes do not say of a CREATE MODEL: cloud.google.com/bigquery/pricing#bqml. */
const TRAINING = 'Google bills the training of boosted trees besides the bytes that it reads';

const NO_PAGES: AsyncIterable<Page> = {
  async *[Symbol.asyncIterator]() {
    // Nothing to read.
  },
};

/** The names of tables for a reader: what tells staging tables of the same kind apart is left out. */
function named(tables: readonly string[]): string {
  return tables.map((table) => table.replace(/_[0-9a-f]{32}$/, '')).join(', ');
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\-]/g, String.raw`\$&`);
}

async function countLines(file: string): Promise<number> {
  let count = 0;
  for await (const _ of createInterface({ input: createReadStream(file) })) count++;
  return count;
}
