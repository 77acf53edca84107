import { existsSync, mkdirSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Config } from '../config/schema.ts';
import { UserError } from '../config/user-error.ts';
import { syncFolder, writeAtomically } from '../embedded/durable.ts';
import { makePrivate } from '../warehouse/duckdb/connection.ts';
import { type DuckDbWarehouse, openDuckDb } from '../warehouse/duckdb/duckdb.ts';
import { identifier, literal } from '../warehouse/duckdb/syntax.ts';

/** Folder of what an erasure needs beside the warehouse, in the data folder. */
export const erasuresFolder = (dataFolder: string): string => path.join(dataFolder, 'erasures');

/** Stands there while an erasure has deleted something and has not been finished (finish.ts). */
export const rewriteMarker = (dataFolder: string): string => path.join(erasuresFolder(dataFolder), 'unfinished');

/** Says, durably, that an erasure is to be finished; before anything is deleted, so that a kill cannot forget it. */
export async function markUnfinished(dataFolder: string, now: string): Promise<void> {
  if (existsSync(rewriteMarker(dataFolder))) return;
  mkdirSync(erasuresFolder(dataFolder), { recursive: true, mode: 0o700 });
  await writeAtomically(rewriteMarker(dataFolder), `${JSON.stringify({ since: now })}\n`, 0o600);
}

/** Takes back what {@link markUnfinished} said. */
export async function unmark(dataFolder: string): Promise<void> {
  await rm(rewriteMarker(dataFolder), { force: true });
}

/** The database file of the embedded warehouse. */
export function databaseFile(warehouse: Config['warehouse'] & { type: 'duckdb' }, dataFolder: string): string {
  return path.isAbsolute(warehouse.file) ? warehouse.file : path.join(dataFolder, warehouse.file);
}

/**
 * Writes a database file anew, with what is in its tables and nothing else: DuckDB leaves the bytes of deleted rows where
 * they were. The file is replaced whole; who reads it keeps the old one until they close it.
 * @throws UserError where the disk has no room for a second one; the file is then as it was.
 */
export async function rewriteDatabase(file: string): Promise<void> {
  const folded = await openDuckDb(file);
  // What is in the log becomes part of the file.
  await folded.session.run('checkpoint', 'fold the log');
  await folded.close();
  if (existsSync(`${file}.wal`)) throw new UserError(`${file}.wal is still there: another process writes to the database`);
  await replaceDatabase(file, async (copy) => {
    await copy.session.run('copy from database old to fresh', 'copy the database');
    await refuseDifference(copy);
  });
}

/**
 * Makes a database file anew, from the old one, which is attached as `old` and may not be written to by anybody meanwhile.
 * @param fill writes the new one, attached as `fresh`.
 */
export async function replaceDatabase(file: string, fill: (copy: DuckDbWarehouse) => Promise<void>): Promise<void> {
  const aside = path.join(path.dirname(file), `.${path.basename(file)}.rewriting`);
  const removeAside = async (): Promise<void> => {
    for (const name of [aside, `${aside}.wal`]) await rm(name, { force: true });
  };
  await removeAside();
  const copy = await openDuckDb(':memory:');
  try {
    await copy.session.run(`set temp_directory = ${literal(`${aside}.tmp`)}`, 'set up');
    await copy.session.run(`attach ${literal(file)} as old (read_only)`, 'attach the old file');
    await copy.session.run(`attach ${literal(aside)} as fresh`, 'attach the new file');
    makePrivate(aside);
    await fill(copy);
    await copy.session.run('use memory', 'let go');
    // Detaching writes the log into the file.
    await copy.session.run('detach fresh', 'close the new file');
    const handle = await open(aside, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
    // While the old one is still attached, nobody can begin to write to it.
    await rename(aside, file);
    await syncFolder(path.dirname(file));
  } finally {
    await copy.close();
    await removeAside();
    await rm(`${aside}.tmp`, { recursive: true, force: true });
  }
}

async function refuseDifference({ session }: DuckDbWarehouse): Promise<void> {
  const tables = await session.read<{ name: string }>(
    `select table_name as name from duckdb_tables() where database_name = 'old' and not internal order by 1`,
    'tables',
  );
  for (const { name } of tables) {
    const [row] = await session.read<{ before: number; after: number }>(
      `select (select count(*) from old.main.${identifier(name)}) as before, (select count(*) from fresh.main.${identifier(name)}) as after`,
      `rows of ${name}`,
    );
    if (row!.before !== row!.after)
      throw new UserError(`the copy of ${name} has ${row!.after} rows, not ${row!.before}: the file stays as it is`);
  }
}
