import { type DuckDBConnection, type DuckDBResult, DuckDBInstance, StatementType } from '@duckdb/node-api';
import { chmodSync, existsSync } from 'node:fs';
import { UserError } from '../../config/user-error.ts';
import { WarehouseError, WarehouseInUseError } from '../warehouse-error.ts';
import type { RenderedSql } from './render.ts';

/**
 * Opens a database file (or `:memory:`); within one process, opening a file twice shares it.
 * @throws UserError where the file is missing (read-only), held by another process, or no database.
 */
export async function openInstance(path: string, readOnly: boolean): Promise<DuckDBInstance> {
  if (readOnly && path !== ':memory:' && !existsSync(path)) throw new UserError(`there is no database at ${path}`);
  const options = { access_mode: readOnly ? 'READ_ONLY' : 'READ_WRITE' };
  try {
    if (path === ':memory:') return await DuckDBInstance.create(path);
    const instance = await DuckDBInstance.fromCache(path, options);
    if (!readOnly) makePrivate(path);
    return instance;
  } catch (error) {
    const message = messageOf(error);
    const holder = /Conflicting lock is held in (.*?) ?\(PID (\d+)\)/.exec(message);
    if (holder) {
      throw new WarehouseInUseError(
        holder[2]!,
        `${path} is in use by process ${holder[2]} (${holder[1]}): wait until it has finished, or stop it`,
        {
          cause: error,
        },
      );
    }
    throw new UserError(`cannot open the database ${path}: ${message.split('\n')[0]}`, { cause: error });
  }
}

/** A database holds personal data of visitors: it, and its log, are for its user alone, whatever the umask said. */
export function makePrivate(path: string): void {
  for (const file of [path, `${path}.wal`]) if (existsSync(file)) chmodSync(file, 0o600);
}

/** Connects with the settings all SQL relies on. */
export async function connect(instance: DuckDBInstance): Promise<DuckDBConnection> {
  const connection = await instance.connect();
  await connection.run(`set TimeZone = 'UTC'`);
  return connection;
}

/** Runs one statement and waits for all of its result. */
export async function execute(connection: DuckDBConnection, statement: RenderedSql, label: string): Promise<DuckDBResult> {
  try {
    // Without parameters nothing is prepared: a script of a hundred statements is one call, not four hundred.
    if (Object.keys(statement.values).length === 0) return await connection.run(statement.text);
    return await connection.run(statement.text, statement.values, statement.types);
  } catch (error) {
    throw engineError(error, statement.text, label);
  }
}

/** Prepares a query and hands it over, bound. @throws UserError where the text is not one query. */
export async function withQuery<Result>(
  connection: DuckDBConnection,
  statement: RenderedSql,
  label: string,
  work: (prepared: Awaited<ReturnType<DuckDBConnection['prepare']>>) => Result | Promise<Result>,
): Promise<Result> {
  try {
    const prepared = await connection.prepare(statement.text);
    try {
      if (prepared.statementType !== StatementType.SELECT && prepared.statementType !== StatementType.EXPLAIN) {
        throw new UserError(`${label}: only a query (select …) can be read from; this statement would write`, { exitCode: 2 });
      }
      prepared.bind(statement.values, statement.types);
      return await work(prepared);
    } finally {
      prepared.destroySync();
    }
  } catch (error) {
    throw error instanceof UserError || error instanceof RangeError ? error : engineError(error, statement.text, label);
  }
}

/** The engine's error with the lines of SQL it speaks of. */
export function engineError(error: unknown, text: string, label: string): WarehouseError {
  const message = messageOf(error);
  const line = /^LINE (\d+): /m.exec(message);
  const words = message.replace(/\n\nLINE \d+: [\s\S]*$/, '');
  return new WarehouseError(label, words, { sql: text, cause: error, ...(line && { line: Number(line[1]) }) });
}

/** The words of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
