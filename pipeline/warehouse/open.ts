import { isAbsolute, join } from 'node:path';
import type { Config } from '../config/schema.ts';
import { openDuckDb } from './duckdb/duckdb.ts';
import type { Warehouse } from './warehouse.ts';

/**
 * Opens the warehouse the config names; a DuckDB file is relative to the data folder.
 * @throws UserError where it cannot be opened: missing, in use, or without credentials.
 */
export async function openWarehouse(
  config: Config['warehouse'],
  dataFolder: string,
  options: { readOnly?: boolean; sandboxed?: boolean } = {},
): Promise<Warehouse> {
  if (config.type === 'duckdb') return openDuckDb(isAbsolute(config.file) ? config.file : join(dataFolder, config.file), options);
  // Loaded on demand: most installations never need the client library.
  const { openBigQuery } = await import('./bigquery/bigquery.ts');
  return openBigQuery(config);
}
