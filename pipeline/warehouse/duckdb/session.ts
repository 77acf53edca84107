import { type DuckDBConnection, type DuckDBDataChunk, type DuckDBInstance, type DuckDBResult, DuckDBTypeId } from '@duckdb/node-api';
import type { Column } from '../../../edge/contract/columns.ts';
import { integerReader, type LargeIntegers } from '../integers.ts';
import type { Sql } from '../sql.ts';
import type { Row, StatementStatistics, Value } from '../warehouse.ts';
import { connect, execute, withQuery } from './connection.ts';
import { type RenderedSql, render } from './render.ts';
import { columnOf, toValue } from './values.ts';

/** One connection with its transaction and statistics: what the operations of this engine are written in. */
export class DuckDbSession {
  readonly statements: StatementStatistics[] = [];
  /** Told of every statement once it has run, with its text. */
  observer: ((label: string, sql: string) => void) | undefined;
  readonly connection: DuckDBConnection;
  readonly #instance: DuckDBInstance;
  #inTransaction = false;
  #temporaryTables = 0;

  constructor(instance: DuckDBInstance, connection: DuckDBConnection) {
    this.#instance = instance;
    this.connection = connection;
  }

  /** Runs one statement. `rows` says how many rows it touched, for the statistics. */
  async run(statement: string | RenderedSql, label: string, rows = (result: DuckDBResult) => result.rowsChanged): Promise<DuckDBResult> {
    const started = performance.now();
    const rendered = typeof statement === 'string' ? plain(statement) : statement;
    const result = await execute(this.connection, rendered, label);
    this.#record(label, rendered.text, started, rows(result));
    return result;
  }

  /** All rows of a query. */
  async read<Result = Row>(query: string | Sql, label: string): Promise<Result[]> {
    const started = performance.now();
    const statement = typeof query === 'string' ? plain(query) : render(query);
    const rows = await withQuery(this.connection, statement, label, async (prepared) => {
      const result = await prepared.run();
      const names = result.deduplicatedColumnNames();
      const read: Result[] = [];
      for (const chunk of await result.fetchAllChunks()) {
        const columns = chunk.getColumns();
        for (let i = 0; i < chunk.rowCount; i++)
          read.push(Object.fromEntries(names.map((name, j) => [name, toValue(columns[j]![i]!)])) as Result);
      }
      return read;
    });
    this.#record(label, statement.text, started, rows.length);
    return rows;
  }

  /** Chunks of columns, as they come. */
  async *stream(query: Sql, label: string, largeIntegers: LargeIntegers): AsyncGenerator<readonly (readonly Value[])[]> {
    const integer = integerReader(largeIntegers);
    for await (const chunk of this.chunks(query, label))
      yield chunk.getColumns().map((values) => values.map((value) => toValue(value, integer)));
  }

  /** The engine's own chunks, as they come; none is empty. */
  async *chunks(query: Sql, label: string): AsyncGenerator<DuckDBDataChunk> {
    const started = performance.now();
    // A stream ends with the next statement of its connection, so it gets its own. Inside a transaction it cannot: no
    // other connection sees the uncommitted rows; there the result is held in memory.
    const own = this.#inTransaction ? undefined : await this.openConnection();
    const statement = render(query);
    let rows = 0;
    try {
      const result = await withQuery(own ?? this.connection, statement, label, (prepared) => (own ? prepared.stream() : prepared.run()));
      for await (const chunk of result) {
        if (chunk.rowCount === 0) continue;
        rows += chunk.rowCount;
        yield chunk;
      }
      this.#record(label, statement.text, started, rows);
    } finally {
      own?.closeSync();
    }
  }

  /** The columns a query would return. */
  async describe(query: Sql, label: string): Promise<Column[]> {
    const statement = render(query);
    const columns = await withQuery(this.connection, statement, label, (prepared) => {
      const positions = Array.from({ length: prepared.columnCount }, (_, i) => i);
      // A parameter of a table function leaves the types open until it is bound.
      if (positions.some((i) => prepared.columnTypeId(i) === DuckDBTypeId.INVALID)) return undefined;
      return positions.map((i) => columnOf(prepared.columnName(i), prepared.columnType(i)));
    });
    if (columns) return columns;
    const empty = await execute(this.connection, { ...statement, text: `select * from (\n${statement.text}\n) limit 0` }, label);
    return empty.columnNames().map((name, i) => columnOf(name, empty.columnType(i)));
  }

  /** A transaction inside a transaction joins the outer one. */
  async transaction<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#inTransaction) return work();
    await this.connection.run('begin transaction');
    this.#inTransaction = true;
    try {
      const result = await work();
      await this.connection.run('commit');
      return result;
    } catch (error) {
      await this.#rollback(error);
      throw error;
    } finally {
      this.#inTransaction = false;
    }
  }

  /** Runs `work` with the name of a temporary table that is dropped afterwards. */
  async withTemporaryTable<Result>(work: (name: string) => Promise<Result>): Promise<Result> {
    const name = `temp.main.operation_${++this.#temporaryTables}`;
    const drop = async () => void (await this.connection.run(`drop table if exists ${name}`));
    let result: Result;
    try {
      result = await work(name);
    } catch (error) {
      // After an error inside a transaction nothing runs until the rollback, which drops the table by itself.
      if (!(await this.#isAborted())) await drop();
      throw error;
    }
    await drop();
    return result;
  }

  get inTransaction(): boolean {
    return this.#inTransaction;
  }

  /** Another connection to the same database: it sees what is committed. */
  async openConnection(): Promise<DuckDBConnection> {
    return connect(this.#instance);
  }

  close(): void {
    this.connection.closeSync();
    this.#instance.closeSync();
  }

  async #isAborted(): Promise<boolean> {
    if (!this.#inTransaction) return false;
    try {
      await this.connection.run('select 1');
      return false;
    } catch (error) {
      if (/aborted/i.test(String(error))) return true;
      throw error;
    }
  }

  #record(label: string, text: string, started: number, rows: number): void {
    this.statements.push({ label, milliseconds: performance.now() - started, rows, bytes: 0 });
    this.observer?.(label, text);
  }

  async #rollback(cause: unknown): Promise<void> {
    try {
      await this.connection.run('rollback');
    } catch (error) {
      // The engine has rolled back by itself where the commit was what failed.
      if (!/no transaction is active/i.test(String(error))) {
        throw new AggregateError([cause, error], 'a transaction failed, and so did its rollback', { cause: error });
      }
    }
  }
}

function plain(text: string): RenderedSql {
  return { text, values: {}, types: {} };
}
