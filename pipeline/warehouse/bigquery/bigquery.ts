import { randomUUID } from 'node:crypto';
import { mkdtemp, open, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Column } from '../../../edge/contract/columns.ts';
import { UserError } from '../../config/user-error.ts';
import { openDuckDb } from '../duckdb/duckdb.ts';
import { integerReader, type LargeIntegers, numberOrText } from '../integers.ts';
import { checkDays, checkKeys } from '../key-check.ts';
import { checkedRows } from '../row-values.ts';
import { checkSourceColumns } from '../source-columns.ts';
import { type Sql, raw, sql, table } from '../sql.ts';
import {
  type Change,
  type MergeOptions,
  type Row,
  type StatementScope,
  type StatementStatistics,
  type TableDefinition,
  type Value,
  type Warehouse,
  keysOf,
} from '../warehouse.ts';
import { type BigQueryApi, type BigQuerySettings, type QueryJob, connectBigQuery } from './api.ts';
import { BigQueryTrees, type TreeStatements } from './boosted-trees.ts';
import { stageCsv } from './csv.ts';
import { bigQueryDialect } from './dialect.ts';
import { StatementRunner } from './statement-runner.ts';
import * as statements from './statements.ts';
import { integerLines, integersOf } from './integer-columns.ts';
import { columnOf, fieldOf, rowOf, sourceColumnOf, toJsonLine, typeName, valuesOf } from './values.ts';

/** Opens the warehouse. @throws UserError without credentials or dataset. */
export async function openBigQuery(settings: BigQuerySettings): Promise<BigQueryWarehouse> {
  return new BigQueryWarehouse(settings, await connectBigQuery(settings));
}

/** The warehouse at scale. Every write is one statement and atomic by itself; there is no transaction across several. */
export class BigQueryWarehouse implements Warehouse {
  readonly dialect = bigQueryDialect;
  readonly boostedTrees: BigQueryTrees;
  readonly #api: BigQueryApi;
  readonly #runner: StatementRunner;

  constructor(settings: BigQuerySettings, api: BigQueryApi) {
    this.#api = api;
    this.#runner = new StatementRunner(settings, api);
    const sent: TreeStatements = {
      run: (statement, label) => this.#runner.run(statement, label),
      rows: <Result>(query: Sql, label: string) => this.rows<Result>(query, label),
    };
    this.boostedTrees = new BigQueryTrees(settings, sent, api.isPlan ?? false);
  }

  get statements(): readonly StatementStatistics[] {
    return this.#runner.statistics;
  }

  async migrate(tables: readonly TableDefinition[]): Promise<void> {
    for (const target of tables) {
      const fields = await this.#api.fieldsOf(target.name);
      if (target.query) {
        // Columns of a view are never required, and each of our tables has some that are.
        if (fields?.some(({ mode }) => mode === 'REQUIRED'))
          await this.#runner.run(statements.dropTable(target.name), `drop the table ${target.name}`);
        const emptyTable = fields ? undefined : statements.noRows(target);
        await this.#runner.run(statements.createView(target, target.query), `create ${target.name}`, { ...(emptyTable && { emptyTable }) });
        continue;
      }
      if (!fields) {
        await this.#runner.run(statements.createTable(target), `create ${target.name}`, { emptyTable: statements.noRows(target) });
        continue;
      }
      for (const column of target.columns) {
        const existing = fields.find((field) => field.name === column.name);
        if (!existing) await this.#runner.run(statements.addColumn(target, column), `add ${target.name}.${column.name}`);
        else checkType(target, column, columnOf(existing));
      }
    }
  }

  async rows<Result = Row>(query: Sql, label = 'query'): Promise<Result[]> {
    const rows: Row[] = [];
    for await (const { fields, rows: cells } of this.#runner.pages(query, label)) rows.push(...cells.map((row) => rowOf(row, fields)));
    return rows as Result[];
  }

  async *batches(
    query: Sql,
    label = 'query',
    { largeIntegers = 'refuse' }: { largeIntegers?: LargeIntegers } = {},
  ): AsyncGenerator<readonly (readonly Value[])[]> {
    const integer = integerReader(largeIntegers);
    for await (const { fields, rows } of this.#runner.pages(query, label)) {
      if (rows.length === 0) continue;
      const values = rows.map((row) => valuesOf(row, fields, integer));
      yield fields.map((_, i) => values.map((row) => row[i]!));
    }
  }

  async *integerBatches(query: Sql, label = 'query'): AsyncGenerator<readonly Int32Array[]> {
    for await (const { fields, rows } of this.#runner.pages(query, label))
      if (rows.length > 0) yield fields.map((field, i) => integersOf(rows, i, field, label));
  }

  async append(target: TableDefinition, source: Sql, label = `append to ${target.name}`): Promise<Change> {
    return this.#write(statements.append(target, await this.#fitted(target, source, label)), label, { repeatable: false });
  }

  async merge(target: TableDefinition, source: Sql, options: MergeOptions = {}): Promise<Change> {
    if (target.key.length === 0) throw new Error(`${target.name} has no key to merge by`);
    const label = options.label ?? `merge into ${target.name}`;
    const fitted = await this.#fitted(target, source, label);
    return this.#withStagingTable(target, async (staged) => {
      await this.#runner.run(statements.stage(staged, fitted), `${label}: source`);
      const rows = sql`${table(staged)}`;
      await checkKeys(this, rows, target, label);
      if (options.days) await checkDays(this, rows, target, options.days, label);
      const merge = (from: Sql) => statements.merge(target, from, options.deleteUnmatched ?? false, options.days);
      return this.#write(merge(rows), label, { overNothing: this.#runner.rendered(merge(raw(statements.noRows(target)))) });
    });
  }

  async delete(target: TableDefinition, keys: Sql, options: { days?: readonly string[]; label?: string } = {}): Promise<Change> {
    const label = options.label ?? `delete from ${target.name}`;
    return this.#write(statements.deleteKeys(target, await this.#fitted(keysOf(target), keys, label), options.days), label);
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
    return this.#loadLines(target, linesOf(checkedRows(target, rows, label), target), options.replace ?? false, label);
  }

  async loadIntegers(
    target: TableDefinition,
    batches: Iterable<readonly Int32Array[]> | AsyncIterable<readonly Int32Array[]>,
    options: { replace?: boolean; label?: string } = {},
  ): Promise<Change> {
    const label = options.label ?? `load ${target.name}`;
    return this.#loadLines(target, integerLines(target, batches, label), options.replace ?? false, label);
  }

  async loadCsv(target: TableDefinition, file: string, options: { label?: string; ignoreUnknown?: boolean } = {}): Promise<Change> {
    const label = options.label ?? `load ${target.name}`;
    return this.#withStagingTable(target, async (cells) => {
      const converted = await stageCsv(this, (job) => this.#runner.load(job, label), target, file, cells, options);
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
    const { fields, bytes } = await this.#runner.dryRun(query, 'dry run');
    return { columns: fields.map(columnOf), bytes };
  }

  /** Statement by statement: BigQuery has no transaction across jobs, so the work must be safe to repeat. */
  async transaction<Result>(work: () => Promise<Result>): Promise<Result> {
    return work();
  }

  async within<Result>(scope: StatementScope, work: () => Promise<Result>): Promise<Result> {
    const before = this.#runner.scope;
    this.#runner.scope = scope;
    try {
      return await work();
    } finally {
      this.#runner.scope = before;
    }
  }

  async close(): Promise<void> {
    // Nothing is held open between requests.
  }

  async #loadLines(target: TableDefinition, lines: AsyncIterable<string>, replace: boolean, label: string): Promise<Change> {
    const folder = await mkdtemp(join(tmpdir(), 'touchtrail-load-'));
    try {
      const file = join(folder, 'rows.ndjson');
      await writeLines(file, lines);
      const deleted = replace ? await this.#count(target, label) : 0;
      const writeDisposition = replace ? 'WRITE_TRUNCATE' : 'WRITE_APPEND';
      const fields = target.columns.map(fieldOf);
      const inserted = await this.#runner.load(
        { table: target.name, file, sourceFormat: 'NEWLINE_DELIMITED_JSON', writeDisposition, fields },
        label,
      );
      return { inserted, updated: 0, deleted };
    } finally {
      await rm(folder, { recursive: true });
    }
  }

  async *#rowsOf(target: TableDefinition): AsyncGenerator<Row> {
    for await (const { fields, rows } of this.#runner.pages(sql`select * from ${table(target.name)}`, `read ${target.name}`)) {
      for (const row of rows) yield rowOf(row, fields, numberOrText);
    }
  }

  async #fitted(target: TableDefinition, source: Sql, label: string): Promise<Sql> {
    const expected = target.columns.map(fieldOf);
    const { fields } = await this.#runner.dryRun(source, label, { expected });
    checkSourceColumns(target, fields.map(sourceColumnOf), label);
    return statements.fitted(target, source, new Set(fields.map((field) => field.name)));
  }

  async #withStagingTable<Result>(target: TableDefinition, work: (name: string) => Promise<Result>): Promise<Result> {
    const name = `staged_${target.name}_${randomUUID().replaceAll('-', '')}`;
    // A run that is stopped cleans up, too.
    const drop = () => this.#runner.run(statements.dropTable(name), `drop ${name}`, UNSTOPPABLE);
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

  async #write(statement: Sql, label: string, options: Partial<QueryJob> = {}): Promise<Change> {
    const { inserted, updated, deleted } = await this.#runner.run(statement, label, options);
    return { inserted, updated, deleted };
  }
}

/** What takes the place of a scope's signal. */
const UNSTOPPABLE: Partial<QueryJob> = { signal: new AbortController().signal };

function checkType(target: TableDefinition, expected: Column, existing: Column): void {
  if (typeName(existing) === typeName(expected)) return;
  throw new UserError(
    `table ${target.name}: column "${expected.name}" is ${typeName(existing)} in the warehouse, but ${typeName(expected)} in the data model; ` +
      `rename or drop the column, or restore its former type`,
  );
}

async function writeLines(file: string, lines: AsyncIterable<string>): Promise<void> {
  const handle = await open(file, 'w');
  try {
    for await (const line of lines) await handle.write(line);
  } finally {
    await handle.close();
  }
}

async function* linesOf(rows: AsyncIterable<Row>, target: TableDefinition): AsyncGenerator<string> {
  for await (const row of rows) yield toJsonLine(row, target.columns);
}
