import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { required } from '../columns.ts';
import { sql } from '../sql.ts';
import type { TableDefinition } from '../warehouse.ts';
import { type DuckDbWarehouse, openDuckDb } from './duckdb.ts';

const PAGES: TableDefinition = {
  name: 'pages',
  description: 'Pages.',
  columns: [required('page', 'STRING', 'The page.'), required('number', 'INT64', 'A number.')],
  key: [],
};

let folder: string;
let warehouse: DuckDbWarehouse;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'touchtrail-texts-'));
  warehouse = await openDuckDb(join(folder, 'warehouse.duckdb'));
});
afterEach(async () => {
  await warehouse.close();
  await rm(folder, { recursive: true, force: true });
});

/** How the texts of a table of this many pages, all different, lie in the file. */
async function kept(definition: TableDefinition, pages: number): Promise<string[]> {
  await warehouse.migrate([definition]);
  await warehouse.append(definition, sql`select 'https://shop.test/' || n as page, n as number from range(${pages}) as numbers(n)`);
  await warehouse.session.run('checkpoint', 'checkpoint');
  const rows = await warehouse.session.read<{ compression: string }>(
    `select distinct compression from pragma_storage_info('${definition.name}') where column_name = 'page' and segment_type = 'VARCHAR'`,
    'storage',
  );
  return rows.map(({ compression }) => compression);
}

test('a table of repeated texts keeps each of them once, without trying what else is smaller', async () => {
  expect(await kept(PAGES, 5000)).toEqual(['FSST']);
  expect(await kept({ ...PAGES, name: 'repeated', hasRepeatedTexts: true }, 5000)).toEqual(['Dictionary']);
});

test('texts too long for a dictionary are kept all the same', async () => {
  const definition = { ...PAGES, hasRepeatedTexts: true };
  await warehouse.migrate([definition]);
  await warehouse.append(definition, sql`select repeat('ä', 100000 + n) as page, n as number from range(3) as numbers(n)`);
  await warehouse.session.run('checkpoint', 'checkpoint');
  const lengths = await warehouse.rows(sql`select length(page) - number as length from pages`);
  expect(lengths).toEqual([{ length: 100000 }, { length: 100000 }, { length: 100000 }]);
});
