import type { Column } from '../../edge/contract/columns.ts';
import type { BoostedTrees } from './boosted-trees.ts';
import type { Dialect } from './dialect.ts';
import type { LargeIntegers } from './integers.ts';
import type { Sql } from './sql.ts';

/** A table of the data model: what both engines create it from. */
export interface TableDefinition {
  readonly name: string;
  readonly description: string;
  readonly columns: readonly Column[];
  /** Columns that identify a row, without NULLs; what {@link Warehouse.merge} matches on. Empty for append-only tables. */
  readonly key: readonly string[];
  /** A TIMESTAMP or DATE column; BigQuery partitions by its day. */
  readonly partitionBy?: string;
  readonly clusterBy?: readonly string[];
  /** Columns whose order the rows of a snapshot lie in, on DuckDB: readers that ask for few of their values read few rows. */
  readonly snapshotOrder?: readonly string[];
  /** Most texts stand in many rows that lie together: DuckDB then writes them once each, and does not first try what else is smaller. */
  readonly hasRepeatedTexts?: boolean;
  /** What it shows, of a view: {@link Warehouse.migrate} writes it anew each time, nothing else is written to it. Without parameters. */
  readonly query?: Sql;
}

/** The key columns of a table as a table of their own: what {@link Warehouse.delete} is given. */
export function keysOf(target: TableDefinition): TableDefinition {
  if (target.key.length === 0) throw new Error(`${target.name} has no key to delete by`);
  const { name, description, key } = target;
  return { name, description, key, columns: key.map((column) => target.columns.find((one) => one.name === column)!) };
}

/** Rows touched by one operation. */
export interface Change {
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
}

/** One statement as it was executed, for `run_steps`, `--dry-run` and logs. */
export interface StatementStatistics {
  readonly label: string;
  readonly milliseconds: number;
  readonly rows: number;
  /** Bytes scanned; 0 where the engine does not say. */
  readonly bytes: number;
}

/** A value as it comes out of a query. TIMESTAMP: ISO text in UTC with six digits of fraction; DATE: YYYY-MM-DD; JSON: text. */
export type Value = string | number | boolean | null | readonly Value[] | { readonly [field: string]: Value };
export type Row = Readonly<Record<string, Value>>;

/** How {@link Warehouse.merge} treats the target. */
export interface MergeOptions {
  readonly deleteUnmatched?: boolean | Sql;
  /**
   * The days (UTC, of the target's `partitionBy`) in which all rows of the source lie and all rows that they may match or
   * that may be deleted: no other partition is read. A row of the source outside of them is an error.
   */
  readonly days?: readonly string[];
  readonly label?: string;
}

/** What statements are for, while some work runs: where the engine keeps records of its own, they say so. */
export interface StatementScope {
  readonly runId: string;
  readonly step: string;
  /** Cancels the statement that runs, where the engine can. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The only seam that knows an engine. Reads take SQL; writes are structured (target, key, source), so that they can be
 * rendered, proven and made safe in one place.
 */
export interface Warehouse {
  readonly dialect: Dialect;
  /** Statistics of every statement so far, oldest first. */
  readonly statements: readonly StatementStatistics[];
  /** Absent where the engine grows none. */
  readonly boostedTrees?: BoostedTrees;

  /** Creates missing tables and adds missing columns. A column whose type differs is an error that names both types. */
  migrate(tables: readonly TableDefinition[]): Promise<void>;

  /** All rows of a query. An INT64 beyond 2^53 is a RangeError: nothing is rounded. */
  rows<Result = Row>(query: Sql, label?: string): Promise<Result[]>;

  /**
   * Streams the rows of a query column by column, for results too large to hold (the identity graph).
   * @param options.largeIntegers `text`: an INT64 beyond 2^53 is its exact text; default: a RangeError.
   */
  batches(query: Sql, label?: string, options?: { largeIntegers?: LargeIntegers }): AsyncIterable<readonly (readonly Value[])[]>;

  /**
   * Streams a query whose columns are INT64 without NULLs that fit 32 bits, in its order: for graphs of millions of edges,
   * where a value as a JavaScript number of its own would cost more than the work.
   * @throws RangeError for a NULL or a value beyond 32 bits, naming the column.
   */
  integerBatches(query: Sql, label?: string): AsyncIterable<readonly Int32Array[]>;

  /**
   * {@link Warehouse.load} of a table of required INT64 columns, from columns of 32-bit integers in the order of its
   * definition; the columns of a batch are equally long.
   */
  loadIntegers(
    target: TableDefinition,
    batches: Iterable<readonly Int32Array[]> | AsyncIterable<readonly Int32Array[]>,
    options?: { replace?: boolean; label?: string },
  ): Promise<Change>;

  /** Appends the rows of a query; its columns are matched to the table's by name, missing ones become NULL. */
  append(target: TableDefinition, source: Sql, label?: string): Promise<Change>;

  /**
   * Makes the table hold the rows of `source`, by its key: new rows are inserted, changed ones updated and, with
   * `deleteUnmatched`, rows whose key is missing deleted (`true`: any; SQL: only rows of the target, aliased `target`,
   * for which it holds). Rows that are equal are not touched and not counted.
   */
  merge(target: TableDefinition, source: Sql, options?: MergeOptions): Promise<Change>;

  /** Deletes the rows of the target whose key is among the rows of `keys`, a query of the target's key columns; absent keys are no error. */
  delete(target: TableDefinition, keys: Sql, options?: { days?: readonly string[]; label?: string }): Promise<Change>;

  /** Replaces whole partitions (days of `partitionBy`) by the rows of `source`, which must lie in them. */
  replacePartitions(target: TableDefinition, days: readonly string[], source: Sql, label?: string): Promise<Change>;

  /** Appends rows that come from Node, in batches, or replaces the table by them. */
  load(target: TableDefinition, rows: Iterable<Row> | AsyncIterable<Row>, options?: { replace?: boolean; label?: string }): Promise<Change>;

  /**
   * Makes the table hold the rows of a CSV file with a header, by its key; rows that are not in the file are deleted,
   * equal ones not touched. Cells are text of the column's type; an empty one is NULL. A table without a
   * key has no rows to tell apart: it is emptied and filled. A column that the table does not have is an error, or ignored.
   * @throws UserError naming the file, the line, the column and what was expected.
   */
  loadCsv(target: TableDefinition, file: string, options?: { label?: string; ignoreUnknown?: boolean }): Promise<Change>;

  /** Writes a fresh DuckDB file that holds these tables as they are committed. The file appears whole or not at all. */
  snapshot(tables: readonly TableDefinition[], path: string): Promise<void>;

  /** Checks a query without running it. @returns its columns and the bytes it would scan (0 where unknown). */
  dryRun(query: Sql): Promise<{ columns: readonly Column[]; bytes: number }>;

  /** Runs `work` so that either all of its writes are kept or none (BigQuery: statement by statement, see its docs). */
  transaction<Result>(work: () => Promise<Result>): Promise<Result>;

  /**
   * Runs `work` as part of a run's step: on BigQuery its jobs carry both as labels, and the signal cancels the job in
   * flight. @throws UserError from the statement that was cancelled.
   */
  within<Result>(scope: StatementScope, work: () => Promise<Result>): Promise<Result>;

  close(): Promise<void>;
}
