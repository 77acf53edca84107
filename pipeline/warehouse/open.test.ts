import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openWarehouse } from './open.ts';
import { sql } from './sql.ts';

test('a DuckDB file is opened inside the data folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'touchtrail-open-'));
  try {
    const config = { type: 'duckdb', file: 'warehouse.duckdb' } as const;
    const writer = await openWarehouse(config, folder);
    await writer.close();
    const reader = await openWarehouse(config, folder, { readOnly: true });
    expect(await reader.rows(sql`select 1 as one`)).toEqual([{ one: 1 }]);
    await reader.close();
  } finally {
    await rm(folder, { recursive: true });
  }
});
