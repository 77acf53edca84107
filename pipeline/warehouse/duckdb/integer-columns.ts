import { type DuckDBAppender, DuckDBDataChunk, type DuckDBIntegerVector, INTEGER } from '@duckdb/node-api';
import { beyond32Bits, checkedLength } from '../integers.ts';
import { type Sql, join, raw, sql } from '../sql.ts';
import type { Change, TableDefinition } from '../warehouse.ts';
import { insertUnordered } from './insert.ts';
import type { DuckDbSession } from './session.ts';
import { identifier } from './syntax.ts';
import { insertTarget } from './write.ts';

/** Rows of one chunk: DuckDB's vector size. */
const CHUNK_ROWS = 2048;

/**
 * {@link Warehouse.integerBatches} on DuckDB. The engine narrows the columns itself; what does not fit becomes NULL, and
 * a vector of 32-bit integers is read without a value of its own for each.
 * @throws RangeError naming the column.
 */
export async function* integerBatches(session: DuckDbSession, query: Sql, label: string): AsyncGenerator<readonly Int32Array[]> {
  const names = (await session.describe(query, label)).map(({ name }) => name);
  // DuckDB keeps the order of a subquery through a projection.
  const narrow = names.map((name) => raw(`try_cast(${identifier(name)} as integer) as ${identifier(name)}`));
  for await (const chunk of session.chunks(sql`select ${join(narrow)} from (\n${query}\n) as source`, label))
    yield names.map((name, i) => integersOf(chunk, i, name, label));
}

function integersOf(chunk: DuckDBDataChunk, position: number, name: string, label: string): Int32Array {
  const vector = chunk.getColumnVector(position) as DuckDBIntegerVector;
  const count = vector.itemCount;
  const integers = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const value = vector.getItem(i);
    if (value === null) throw beyond32Bits(label, name);
    integers[i] = value;
  }
  return integers;
}

/** {@link Warehouse.loadIntegers} on DuckDB: all rows or none. */
export async function loadIntegers(
  session: DuckDbSession,
  target: TableDefinition,
  batches: Iterable<readonly Int32Array[]> | AsyncIterable<readonly Int32Array[]>,
  replace: boolean,
  label: string,
): Promise<Change> {
  return session.transaction(async () => {
    const deleted = replace ? (await session.run(`delete from ${identifier(target.name)}`, `${label}: delete`)).rowsChanged : 0;
    const stored = (await session.describe(raw(`select * from ${identifier(target.name)}`), label)).map(({ name }) => name);
    const positions = stored.map((name) => target.columns.findIndex((column) => column.name === name));
    // A migrated table may have its columns in another order, or more of them than the definition.
    if (!positions.includes(-1)) {
      const appender = await session.connection.createAppender(target.name);
      return { inserted: await fill(appender, target, positions, batches, label), updated: 0, deleted };
    }
    return session.withTemporaryTable(async (staged) => {
      await session.run(
        `create temporary table ${staged} (${target.columns.map(({ name }) => `${identifier(name)} integer`).join(', ')})`,
        `${label}: stage`,
      );
      const appender = await session.connection.createAppender(staged.split('.').at(-1)!, 'main', 'temp');
      const positionsThere = target.columns.map((_, i) => i);
      await fill(appender, target, positionsThere, batches, label);
      return { inserted: await insertUnordered(session, `insert into ${insertTarget(target)} from ${staged}`, label), updated: 0, deleted };
    });
  });
}

/** @param positions the column of a batch that each column of the appender takes. @returns the rows appended. */
async function fill(
  appender: DuckDBAppender,
  target: TableDefinition,
  positions: readonly number[],
  batches: Iterable<readonly Int32Array[]> | AsyncIterable<readonly Int32Array[]>,
  label: string,
): Promise<number> {
  // The engine widens them to the types of the table.
  const chunk = DuckDBDataChunk.create(positions.map(() => INTEGER));
  let rows = 0;
  try {
    for await (const batch of batches) {
      const count = checkedLength(target, batch, label);
      for (let from = 0; from < count; from += CHUNK_ROWS)
        append(appender, chunk, positions, batch, from, Math.min(CHUNK_ROWS, count - from));
      rows += count;
    }
    appender.flushSync();
  } finally {
    appender.closeSync();
  }
  return rows;
}

function append(
  appender: DuckDBAppender,
  chunk: DuckDBDataChunk,
  positions: readonly number[],
  batch: readonly Int32Array[],
  from: number,
  count: number,
): void {
  chunk.reset();
  chunk.rowCount = count;
  positions.forEach((position, i) => {
    const vector = chunk.getColumnVector(i);
    const integers = batch[position]!;
    for (let row = 0; row < count; row++) vector.setItem(row, integers[from + row]!);
    vector.flush();
  });
  appender.appendDataChunk(chunk);
}
