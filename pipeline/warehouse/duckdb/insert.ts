import type { RenderedSql } from './render.ts';
import type { DuckDbSession } from './session.ts';

const SETTING = 'preserve_insertion_order';

/**
 * Runs an `insert … select`, in no order of rows: nothing that reads a table relies on one.
 *
 * DuckDB 1.5.6 loses rows where it keeps the order: after `insert into t` from a table without rows, a large
 * `insert into t` of the same transaction reports its rows, and t holds none of them. Whether a query gives any rows is
 * not known before it has run; without the order either statement is safe, and a large one also takes less memory.
 * @returns how many rows were inserted.
 */
export async function insertUnordered(session: DuckDbSession, statement: string | RenderedSql, label: string): Promise<number> {
  await session.connection.run(`set ${SETTING} = false`);
  let inserted: number;
  try {
    inserted = (await session.run(statement, label)).rowsChanged;
  } catch (error) {
    await restoreElsewhere(session);
    throw error;
  }
  await session.connection.run(`set ${SETTING} = true`);
  return inserted;
}

/** After an error inside a transaction its connection takes no statement; the setting is the database's. */
async function restoreElsewhere(session: DuckDbSession): Promise<void> {
  const connection = await session.openConnection();
  try {
    await connection.run(`set ${SETTING} = true`);
  } finally {
    connection.closeSync();
  }
}
