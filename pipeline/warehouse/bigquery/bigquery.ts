import { randomUUID } from 'node:crypto';
import { mkdtemp, open, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Column } from '../../../edge/contract/columns.ts';
import { UserError } from '../../config/user-error.ts';
import { openDuckDb } from '../duckdb/duckdb.ts';
import { integerReader, type LargeIntegers } from '../integers.ts';
import { checkKeys } from '../key-check.ts';
import { checkedRows } from '../row-values.ts';
import { checkSourceColumns } from '../source-columns.ts';
import { type Sql, sql, table } from '../sql.ts';
import type { Change, Row, StatementStatistics, TableDefinition, Value, Warehouse } from '../warehouse.ts';
import { WarehouseError } from '../warehouse-error.ts';
import { type BigQueryApi, type BigQuerySettings, type FinishedQuery, type Page, type QueryJob, connectBigQuery } from './api.ts';
import { stageCsv } from './csv.ts';
import { bigQueryDialect } from './dialect.ts';
import { type RenderedQuery, render } from './render.ts';
import * as statements from './statements.ts';
import { columnOf, fieldOf, rowOf, sourceColumnOf, toJsonLine, typeName, valuesOf } from './values.ts';

/** Opens the warehouse. @throws UserError without credentials or dataset. */
export async function openBigQuery(settings: BigQuerySettings): Promise<BigQueryWarehouse> {
  return new BigQueryWarehouse(settings, await connectBigQuery(settings));
}

/** The warehouse at scale. Every write is one statement and atomic by itself; there is no transaction across several. */
export class BigQueryWarehouse implements Warehouse {
  readonly dialect = bigQueryDialect;
  readonly #settings: BigQuerySettings;
  readonly #api: BigQueryApi;
  readonly #statements: StatementStatistics[] = [];

  constructor(settings: BigQuerySettings, api: BigQueryApi) {
    this.#settings = settings;
    this.#api = api;
  }

  get statements(): readonly StatementStatistics[] {
    return this.#statements;
  }

  async migrate(tables: readonly TableDefinition[]): Promise<void> {
    for (const target of tables) {
      const fields = await this.#api.fieldsOf(target.name);
      if (!fields) {
        await this.#run(statements.createTable(target), `create ${target.name}`);
        continue;
      }
      for (const column of target.columns) {
        const existing = fields.find((field) => field.name === column.name);
        if (!existing) await this.#run(statements.addColumn(target, column), `add ${target.name}.${column.name}`);
        else checkType(target, column, columnOf(existing));
      }
    }
  }

  async rows<Result = Row>(query: Sql, label = 'query'): Promise<Result[]> {
    const rows: Row[] = [];
    for await (const { fields, rows: raw } of this.#pages(query, label)) rows.push(...raw.map((row) => rowOf(row, fields)));
    return rows as Result[];
  }

  async *batches(
    query: Sql,
    label = 'query',
    { largeIntegers = 'refuse' }: { largeIntegers?: LargeIntegers } = {},
  ): AsyncGenerator<readonly (readonly Value[])[]> {
    const integer = integerReader(largeIntegers);
    for await (const { fields, rows } of this.#pages(query, label)) {
      if (rows.length === 0) continue;
      const values = rows.map((row) => valuesOf(row, fields, integer));
      yield fields.map((_, i) => values.map((row) => row[i]!));
    }
  }

  async append(target: TableDefinition, source: Sql, label = `append to ${target.name}`): Promise<Change> {
    return this.#write(statements.append(target, await this.#fitted(target, source, label)), label);
  }

  async merge(target: TableDefinition, source: Sql, options: { deleteUnmatched?: boolean | Sql; label?: string } = {}): Promise<Change> {
    if (target.key.length === 0) throw new Error(`${target.name} has no key to merge by`);
    const label = options.label ?? `merge into ${target.name}`;
    const fitted = await this.#fitted(target, source, label);
    return this.#withStagingTable(target, async (staged) => {
      await this.#run(statements.stage(staged, fitted), `${label}: source`);
      return this.#mergeStaged(target, staged, options.deleteUnmatched ?? false, label);
    });
  }

  async replacePartitions(
    target: TableDefinition,
    days: readonly string[],
    source: Sql,
    label = `replace days of ${target.name}`,
  ): Promise<Change> {
    if (!target.partitionBy) throw new Error(`${target.name} is not partitioned: it has no days to replace`);
    return this.#write(statements.replaceDays(target, days, await this.#fitted(target, source, label)), label);
  }

  async load(
    target: TableDefinition,
    rows: Iterable<Row> | AsyncIterable<Row>,
    options: { replace?: boolean; label?: string } = {},
  ): Promise<Change> {
    const label = options.label ?? `load ${target.name}`;
    const folder = await mkdtemp(join(tmpdir(), 'touchtrail-load-'));
    try {
      const file = join(folder, 'rows.ndjson');
      await writeLines(file, checkedRows(target, rows, label), target);
      const deleted = options.replace ? await this.#count(target, label) : 0;
      const writeDisposition = options.replace ? 'WRITE_TRUNCATE' : 'WRITE_APPEND';
      const inserted = await this.#timed(label, () =>
        this.#api.loadFile({
          table: target.name,
          file,
          sourceFormat: 'NEWLINE_DELIMITED_JSON',
          writeDisposition,
          fields: target.columns.map(fieldOf),
        }),
      );
      return { inserted, updated: 0, deleted };
    } finally {
      await rm(folder, { recursive: true });
    }
  }

  async loadCsv(target: TableDefinition, file: string, options: { label?: string; ignoreUnknown?: boolean } = {}): Promise<Change> {
    const label = options.label ?? `load ${target.name}`;
    return this.#withStagingTable(target, async (cells) => {
      const converted = await stageCsv(this, (job) => this.#timed(label, () => this.#api.loadFile(job)), target, file, cells, options);
      if (target.key.length === 0) return this.#write(statements.replaceAll(target, converted), `${label} from ${file}`);
      return this.merge(target, converted, { deleteUnmatched: true, label: `${label} from ${file}` });
    });
  }

  async snapshot(tables: readonly TableDefinition[], path: string): Promise<void> {
    const aside = `${path}.${randomUUID()}.tmp`;
    try {
      const copy = await openDuckDb(aside);
      try {
        await copy.migrate(tables);
        for (const target of tables) await copy.load(target, this.#rowsOf(target), { label: `snapshot ${target.name}` });
      } finally {
        await copy.close();
      }
      const handle = await open(aside, 'r');
      await handle.sync();
      await handle.close();
      await rename(aside, path);
    } finally {
      await rm(aside, { force: true });
      await rm(`${aside}.wal`, { force: true });
    }
  }

  async dryRun(query: Sql): Promise<{ columns: readonly Column[]; bytes: number }> {
    const { fields, bytes } = await this.#attempt(query, 'dry run', (job) => this.#api.dryRun(job));
    return { columns: fields.map(columnOf), bytes };
  }

  /** Statement by statement: BigQuery has no transaction across jobs, so the work must be safe to repeat. */
  async transaction<Result>(work: () => Promise<Result>): Promise<Result> {
    return work();
  }

  async close(): Promise<void> {
    // Nothing is held open between requests.
  }

  async *#pages(query: Sql, label: string): AsyncGenerator<Page> {
    const finished = await this.#run(query, label);
    yield* finished.pages();
  }

  async *#rowsOf(target: TableDefinition): AsyncGenerator<Row> {
    for await (const { fields, rows } of this.#pages(sql`select * from ${table(target.name)}`, `read ${target.name}`)) {
      for (const row of rows) yield rowOf(row, fields);
    }
  }

  async #fitted(target: TableDefinition, source: Sql, label: string): Promise<Sql> {
    const { fields } = await this.#attempt(source, label, (job) => this.#api.dryRun(job));
    checkSourceColumns(target, fields.map(sourceColumnOf), label);
    return statements.fitted(target, source, new Set(fields.map((field) => field.name)));
  }

  async #mergeStaged(target: TableDefinition, staged: string, deleteUnmatched: boolean | Sql, label: string): Promise<Change> {
    const source = sql`${table(staged)}`;
    await checkKeys(this, source, target, label);
    return this.#write(statements.merge(target, source, deleteUnmatched), label);
  }

  async #withStagingTable<Result>(target: TableDefinition, work: (name: string) => Promise<Result>): Promise<Result> {
    const name = `staged_${target.name}_${randomUUID().replaceAll('-', '')}`;
    const drop = () => this.#run(statements.dropTable(name), `drop ${name}`);
    try {
      const result = await work(name);
      await drop();
      return result;
    } catch (error) {
      await drop().catch((dropError: unknown) => {
        throw new AggregateError(
          [error, dropError],
          `an operation on ${target.name} failed, and its staging table ${name} could not be dropped`,
          { cause: error },
        );
      });
      throw error;
    }
  }

  async #count(target: TableDefinition, label: string): Promise<number> {
    const [count] = await this.rows<{ count: number }>(sql`select count(*) as count from ${table(target.name)}`, label);
    return count!.count;
  }

  async #write(statement: Sql, label: string): Promise<Change> {
    const { inserted, updated, deleted } = await this.#run(statement, label);
    return { inserted, updated, deleted };
  }

  async #run(statement: Sql, label: string): Promise<FinishedQuery> {
    const started = performance.now();
    const finished = await this.#attempt(statement, label, (job) => this.#api.runQuery(job));
    const rows = finished.inserted + finished.updated + finished.deleted;
    this.#statements.push({ label, milliseconds: performance.now() - started, rows, bytes: finished.bytes });
    return finished;
  }

  async #timed(label: string, load: () => Promise<number>): Promise<number> {
    const started = performance.now();
    const rows = await load();
    this.#statements.push({ label, milliseconds: performance.now() - started, rows, bytes: 0 });
    return rows;
  }

  async #attempt<Result>(statement: Sql, label: string, send: (job: QueryJob) => Promise<Result>): Promise<Result> {
    const rendered = render(statement, `${this.#settings.project}.${this.#settings.dataset}`);
    try {
      return await send({ ...rendered, labels: { touchtrail: jobLabel(label) } });
    } catch (error) {
      throw engineError(error, rendered, label);
    }
  }
}

/** Labels of a job hold lower-case letters, digits, `_` and `-`, at most 63. */
function jobLabel(label: string): string {
  return label
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]+/g, '_')
    .slice(0, 63);
}

function engineError(error: unknown, { query }: RenderedQuery, label: string): Error {
  const message = error instanceof Error ? error.message : String(error);
  const position = /\[(\d+):\d+\]/.exec(message);
  return new WarehouseError(label, message, { sql: query, cause: error, ...(position && { line: Number(position[1]) }) });
}

function checkType(target: TableDefinition, expected: Column, existing: Column): void {
  if (typeName(existing) === typeName(expected)) return;
  throw new UserError(
    `table ${target.name}: column "${expected.name}" is ${typeName(existing)} in the warehouse, but ${typeName(expected)} in the data model; ` +
      `rename or drop the column, or restore its former type`,
  );
}

async function writeLines(file: string, rows: AsyncIterable<Row>, target: TableDefinition): Promise<void> {
  const handle = await open(file, 'w');
  try {
    for await (const row of rows) await handle.write(toJsonLine(row, target.columns));
  } finally {
    await handle.close();
  }
}
