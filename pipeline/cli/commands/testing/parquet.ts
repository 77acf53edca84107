import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from 'commander';
import { toCsv } from '../../../query/export/csv.ts';
import { openDuckDb } from '../../../warehouse/duckdb/duckdb.ts';
import { literal } from '../../../warehouse/duckdb/syntax.ts';
import { raw, sql } from '../../../warehouse/sql.ts';
import { run } from './run-command.ts';

/** What a command writes as CSV, and the CSV of what it writes as a Parquet file, with the types of the columns of that. */
export async function bothFiles(
  register: (program: Command) => void,
  dataFolder: string,
  args: readonly string[],
): Promise<{ csv: string; parquet: string; types: string[] }> {
  const file = path.join(dataFolder, 'written.parquet');
  const { stdout: csv } = await run(register, dataFolder, [...args, '--csv', '--parquet', file]);
  const reader = await openDuckDb(':memory:');
  try {
    const table = raw(`read_parquet(${literal(file)})`);
    const columns = await reader.rows<{ column_name: string; column_type: string }>(
      sql`select column_name, column_type from (describe select * from ${table})`,
    );
    const names = columns.map(({ column_name: name }) => name);
    const rows = await reader.rows(sql`select * from ${table}`);
    return {
      csv,
      parquet: toCsv(
        names,
        rows.map((row) => names.map((name) => row[name] ?? null)),
      ),
      types: columns.map(({ column_type: type }) => type),
    };
  } finally {
    await reader.close();
    await rm(file, { force: true });
  }
}
