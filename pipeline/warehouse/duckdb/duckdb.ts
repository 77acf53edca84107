import type { Column } from '../../../edge/contract/columns.ts';
import type { LargeIntegers } from '../integers.ts';
import type { Sql } from '../sql.ts';
import type { Change, MergeOptions, Row, StatementScope, StatementStatistics, TableDefinition, Value, Warehouse } from '../warehouse.ts';
import { appendRows } from './append-rows.ts';
import { connect, openInstance } from './connection.ts';
import { loadCsv } from './csv.ts';
import { duckDbDialect } from './dialect.ts';
import { integerBatches, loadIntegers } from './integer-columns.ts';
import { mergeInto } from './merge.ts';
import { migrate } from './migrate.ts';
import { DuckDbSession } from './session.ts';
import { writeSnapshot } from './snapshot.ts';
import { appendQuery, deleteKeys, replaceDays } from './write.ts';

/**
 * Opens (and, unless read-only, creates) a DuckDB warehouse. Sandboxed, its SQL reaches no file, network or extension
 * beyond the database itself: for statements that somebody types.
 * @throws UserError where the file is missing, held by another process (named by its pid) or no database.
 */
export async function openDuckDb(path: string, options: { readOnly?: boolean; sandboxed?: boolean } = {}): Promise<DuckDbWarehouse> {
  const instance = await openInstance(path, options.readOnly ?? false);
  const session = new DuckDbSession(instance, await connect(instance));
  // DuckDB never lets it be enabled again while the database is open.
  if (options.sandboxed) await session.run('set enable_external_access = false', 'sandbox');
  return new DuckDbWarehouse(session);
}

/** The embedded warehouse: one DuckDB file, one writing process. Operations are awaited one after the other. */
export class DuckDbWarehouse implements Warehouse {
  readonly dialect = duckDbDialect;
  /** For the other parts of this engine (landing); models see a {@link Warehouse}. */
  readonly session: DuckDbSession;

  constructor(session: DuckDbSession) {
    this.session = session;
  }

  get statements(): readonly StatementStatistics[] {
    return this.session.statements;
  }

  async migrate(tables: readonly TableDefinition[]): Promise<void> {
    await migrate(this.session, tables);
  }

  async rows<Result = Row>(query: Sql, label = 'query'): Promise<Result[]> {
    return this.session.read<Result>(query, label);
  }

  /** Chunks of columns; outside a transaction other statements may run while it is read. */
  batches(
    query: Sql,
    label = 'query',
    { largeIntegers = 'refuse' }: { largeIntegers?: LargeIntegers } = {},
  ): AsyncGenerator<readonly (readonly Value[])[]> {
    return this.session.stream(query, label, largeIntegers);
  }

  async append(target: TableDefinition, source: Sql, label = `append to ${target.name}`): Promise<Change> {
    return appendQuery(this.session, target, source, label);
  }

  integerBatches(query: Sql, label = 'query'): AsyncGenerator<readonly Int32Array[]> {
    return integerBatches(this.session, query, label);
  }

  async loadIntegers(
    target: TableDefinition,
    batches: Iterable<readonly Int32Array[]> | AsyncIterable<readonly Int32Array[]>,
    options: { replace?: boolean; label?: string } = {},
  ): Promise<Change> {
    return loadIntegers(this.session, target, batches, options.replace ?? false, options.label ?? `load ${target.name}`);
  }

  async merge(target: TableDefinition, source: Sql, options: MergeOptions = {}): Promise<Change> {
    return mergeInto(this.session, target, source, options);
  }

  async delete(target: TableDefinition, keys: Sql, options: { days?: readonly string[]; label?: string } = {}): Promise<Change> {
    return deleteKeys(this.session, target, keys, options.days, options.label ?? `delete from ${target.name}`);
  }

  async replacePartitions(
    target: TableDefinition,
    days: readonly string[],
    source: Sql,
    label = `replace days of ${target.name}`,
  ): Promise<Change> {
    return replaceDays(this.session, target, days, source, label);
  }

  async load(
    target: TableDefinition,
    rows: Iterable<Row> | AsyncIterable<Row>,
    options: { replace?: boolean; label?: string } = {},
  ): Promise<Change> {
    return appendRows(this.session, target, rows, options.replace ?? false, options.label ?? `load ${target.name}`);
  }

  async loadCsv(target: TableDefinition, file: string, options: { label?: string; ignoreUnknown?: boolean } = {}): Promise<Change> {
    return loadCsv(this.session, target, file, { ...options, label: options.label ?? `load ${target.name}` });
  }

  async snapshot(tables: readonly TableDefinition[], path: string): Promise<void> {
    if (this.session.inTransaction) throw new Error('a snapshot shows what is committed: take it after the transaction');
    const connection = await this.session.openConnection();
    try {
      await writeSnapshot(connection, tables, path);
    } finally {
      connection.closeSync();
    }
  }

  async dryRun(query: Sql): Promise<{ columns: readonly Column[]; bytes: number }> {
    return { columns: await this.session.describe(query, 'dry run'), bytes: 0 };
  }

  async transaction<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.session.transaction(work);
  }

  /** One process runs every statement; there is nobody to tell whose it is. */
  async within<Result>(_: StatementScope, work: () => Promise<Result>): Promise<Result> {
    return work();
  }

  async close(): Promise<void> {
    this.session.close();
  }
}
