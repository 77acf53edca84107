import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Pointer, PUBLICATION as PUBLICATION_TABLE } from '../../models/reports/publication.ts';
import { openDuckDb } from '../../warehouse/duckdb/duckdb.ts';
import type { Row, TableDefinition } from '../../warehouse/warehouse.ts';
import type { Publication } from '../publication.ts';
import { PUBLICATION } from './world.ts';

/**
 * Writes a publication as the nightly run does: a snapshot file and the pointer to it.
 * @param changes what it says of itself, where that is not {@link PUBLICATION}.
 */
export async function publish(
  dataFolder: string,
  tables: readonly (readonly [TableDefinition, readonly Row[]])[],
  changes: Partial<Publication> = {},
): Promise<void> {
  const folder = path.join(dataFolder, 'publications');
  await mkdir(folder, { recursive: true });
  const { publication_id, published_at, data_up_to, config } = { ...PUBLICATION, ...changes };
  const file = `${publication_id}.duckdb`;
  const warehouse = await openDuckDb(path.join(folder, file));
  await warehouse.migrate([PUBLICATION_TABLE, ...tables.map(([table]) => table)]);
  for (const [table, rows] of tables) await warehouse.load(table, rows);
  await warehouse.load(PUBLICATION_TABLE, [{ publication_id, published_at, data_up_to, config: JSON.stringify(config) }]);
  await warehouse.close();
  await writeFile(
    path.join(folder, 'current.json'),
    JSON.stringify({ publication_id, file, published_at, definition: 'hash' } satisfies Pointer),
  );
}
