import type { DuckDBConnection } from '@duckdb/node-api';
import { randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { TableDefinition } from '../warehouse.ts';
import { execute, makePrivate } from './connection.ts';
import { createTable, identifier, literal } from './syntax.ts';

/**
 * {@link Warehouse.snapshot} on DuckDB: written aside and renamed, so that a reader sees the whole file or none.
 * All tables are read in one transaction: they are of one moment.
 */
export async function writeSnapshot(connection: DuckDBConnection, tables: readonly TableDefinition[], path: string): Promise<void> {
  const aside = `${path}.${randomUUID()}.tmp`;
  const name = identifier(`snapshot_${randomUUID()}`);
  const run = async (text: string) => execute(connection, { text, values: {}, types: {} }, 'snapshot');
  try {
    await run(`attach ${literal(aside)} as ${name}`);
    makePrivate(aside);
    try {
      await run('begin transaction');
      for (const table of tables) {
        const copy = `${name}.main.${identifier(table.name)}`;
        const columns = table.columns.map((column) => identifier(column.name)).join(', ');
        await run(createTable(copy, table));
        await run(`insert into ${copy} (${columns}) select ${columns} from ${identifier(table.name)}${orderOf(table)}`);
      }
      await run('commit');
    } catch (error) {
      await run('rollback');
      throw error;
    } finally {
      // Detaching writes the rest of the log into the file.
      await run(`detach ${name}`);
    }
    await flushToDisk(aside);
    await rename(aside, path);
    await flushToDisk(dirname(path));
  } finally {
    await rm(aside, { force: true });
    await rm(`${aside}.wal`, { force: true });
  }
}

function orderOf({ snapshotOrder = [] }: TableDefinition): string {
  const columns = snapshotOrder.map((name) => `${identifier(name)} nulls first`);
  return columns.length ? ` order by ${columns.join(', ')}` : '';
}

async function flushToDisk(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
