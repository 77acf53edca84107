import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadConfig } from '../../pipeline/config/load.ts';
import { runNight } from '../../pipeline/night/run.ts';
import { openDuckDb } from '../../pipeline/warehouse/duckdb/duckdb.ts';
import { sql } from '../../pipeline/warehouse/sql.ts';
import type { Ground } from './ground.ts';

const CONFIG = `import { defineConfig } from 'touchtrail';
export default defineConfig({ project: { name: 'Shop', timeZone: 'UTC', currency: 'EUR' } });
`;

/** What the tests look at of an event in the warehouse. */
export interface WarehouseEvent {
  readonly message_id: string;
  readonly write_key_id: string;
  readonly type: string;
  readonly anonymous_id: string | null;
  readonly user_id: string | null;
  readonly page_path: string | null;
  readonly ip_hash: string | null;
}

/** Runs the night over all that has landed: the events, and how many rows were delivered for them. */
export async function tablesAfterNight({ folder, dataFolder, edge }: Pick<Ground, 'folder' | 'dataFolder' | 'edge'>): Promise<{
  readonly events: readonly WarehouseEvent[];
  readonly raw: number;
}> {
  await edge.seal();
  const file = join(folder, 'touchtrail.config.ts');
  await writeFile(file, CONFIG);
  const { config, configFolder } = await loadConfig(file);
  await runNight({ config, configFolder, dataFolder });
  const warehouse = await openDuckDb(join(dataFolder, 'warehouse.duckdb'));
  try {
    const events = await warehouse.rows(
      sql`select message_id, write_key_id, type, anonymous_id, user_id, page_path, ip_hash from events order by occurred_at, message_id`,
    );
    const [count] = await warehouse.rows(sql`select count(*) as deliveries from events_raw`);
    return { events: events as unknown as readonly WarehouseEvent[], raw: Number(count!['deliveries']) };
  } finally {
    await warehouse.close();
  }
}
