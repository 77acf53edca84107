import { type DuckDBAppender, DuckDBDataChunk, type DuckDBValue } from '@duckdb/node-api';
import type { Change, Row, TableDefinition } from '../warehouse.ts';
import { checkedRows } from '../row-values.ts';
import { insertUnordered } from './insert.ts';
import type { DuckDbSession } from './session.ts';
import { columnType, identifier } from './syntax.ts';
import { insertTarget } from './write.ts';
import { fromValue } from './values.ts';

/** Rows of one chunk: DuckDB's vector size. */
const CHUNK_ROWS = 2048;

/**
 * {@link Warehouse.load} on DuckDB: all rows or none.
 * @throws UserError naming the row (from 1) and the column that does not fit.
 */
export async function appendRows(
  session: DuckDbSession,
  target: TableDefinition,
  rows: Iterable<Row> | AsyncIterable<Row>,
  replace: boolean,
  label: string,
): Promise<Change> {
  // What only empties a table stages nothing: nights empty their staged tables many times.
  if (Array.isArray(rows) && rows.length === 0)
    return { inserted: 0, updated: 0, deleted: replace ? await emptyTable(session, target, label) : 0 };
  return session.transaction(() =>
    // Through a staging table without constraints, because the table may have its columns in another order.
    session.withTemporaryTable(async (staged) => {
      const columns = target.columns.map((column) => `${identifier(column.name)} ${columnType(column)}`);
      await session.run(`create temporary table ${staged} (${columns.join(', ')})`, `${label}: stage`);
      const appender = await session.connection.createAppender(staged.split('.').at(-1)!, 'main', 'temp');
      let count: number;
      try {
        count = await fill(appender, target, rows, label);
      } finally {
        appender.closeSync();
      }
      const deleted = replace ? await emptyTable(session, target, label) : 0;
      const inserted = count === 0 ? 0 : await insertUnordered(session, `insert into ${insertTarget(target)} from ${staged}`, label);
      return { inserted, updated: 0, deleted };
    }),
  );
}

/** @returns how many rows it held. */
async function emptyTable(session: DuckDbSession, target: TableDefinition, label: string): Promise<number> {
  return (await session.run(`delete from ${identifier(target.name)}`, `${label}: delete`)).rowsChanged;
}

async function fill(
  appender: DuckDBAppender,
  target: TableDefinition,
  rows: Iterable<Row> | AsyncIterable<Row>,
  label: string,
): Promise<number> {
  let count = 0;
  const types = target.columns.map((_, i) => appender.columnType(i));
  let chunk: DuckDBValue[][] = [];
  const flush = () => {
    if (chunk.length === 0) return;
    const data = DuckDBDataChunk.create(types, chunk.length);
    data.setRows(chunk);
    appender.appendDataChunk(data);
    count += chunk.length;
    chunk = [];
  };
  for await (const row of checkedRows(target, rows, label)) {
    chunk.push(target.columns.map((column) => fromValue(row[column.name], column)));
    if (chunk.length === CHUNK_ROWS) flush();
  }
  flush();
  appender.flushSync();
  return count;
}
