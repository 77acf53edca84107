import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { UserError } from '../../config/user-error.ts';
import { nullable } from '../../warehouse/columns.ts';
import { openDuckDb } from '../../warehouse/duckdb/duckdb.ts';
import { literal } from '../../warehouse/duckdb/syntax.ts';
import type { Row, TableDefinition } from '../../warehouse/warehouse.ts';
import type { FlatTable } from './flat.ts';

/**
 * Writes a table as a Parquet file (https://parquet.apache.org), with the types of its columns. The file appears whole or not
 * at all; one of the same name is replaced.
 * @throws UserError (exit code 2) where the folder does not exist, or where the name is that of a folder.
 */
export async function writeParquet(file: string, { columns, rows }: FlatTable): Promise<void> {
  const folder = path.dirname(path.resolve(file));
  if (!existsSync(folder)) throw new UserError(`cannot write ${file}: there is no folder ${folder}`, { exitCode: 2 });
  const temporary = path.join(folder, `.${path.basename(file)}.${process.pid}.tmp`);
  const table: TableDefinition = {
    name: 'report',
    description: 'What is written.',
    columns: columns.map(({ name, type }) => nullable(name, type, '')),
    key: [],
  };
  const warehouse = await openDuckDb(':memory:');
  try {
    await warehouse.migrate([table]);
    await warehouse.load(
      table,
      rows.map((values): Row => Object.fromEntries(columns.map(({ name }, i) => [name, values[i] ?? null]))),
    );
    await warehouse.session.run(`copy report to ${literal(temporary)} (format parquet)`, 'write Parquet');
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw new UserError(`cannot write ${file}: ${error instanceof Error ? error.message : String(error)}`, { exitCode: 2, cause: error });
  } finally {
    await warehouse.close();
  }
}
