import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Config } from '../../config/schema.ts';
import { UserError } from '../../config/user-error.ts';
import { openWarehouse } from '../../warehouse/open.ts';
import { WarehouseInUseError } from '../../warehouse/warehouse-error.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';

/**
 * Reads the warehouse itself, for what is in no publication.
 * @throws UserError where there is none yet, or a run writes to it.
 */
export async function readWarehouse<Result>(
  { warehouse: settings }: Pick<Config, 'warehouse'>,
  dataFolder: string,
  work: (warehouse: Warehouse) => Promise<Result>,
): Promise<Result> {
  if (settings.type === 'duckdb' && !existsSync(path.resolve(dataFolder, settings.file))) {
    throw new UserError(`no warehouse yet at ${path.resolve(dataFolder, settings.file)}: run \`touchtrail run\``);
  }
  const warehouse = await open(settings, dataFolder);
  try {
    return await work(warehouse);
  } finally {
    await warehouse.close();
  }
}

async function open(settings: Config['warehouse'], dataFolder: string): Promise<Warehouse> {
  try {
    return await openWarehouse(settings, dataFolder, { readOnly: true });
  } catch (error) {
    if (!(error instanceof WarehouseInUseError)) throw error;
    throw new UserError('a run is writing to the warehouse, and this needs all of it: ask again when the run has ended', { cause: error });
  }
}
