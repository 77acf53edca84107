import { chmod, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { openDuckDb } from './duckdb.ts';

const mode = async (name: string) => ((await stat(name)).mode & 0o777).toString(8);

test('a database, and a snapshot of it, can be read by their user alone, also where they were readable before', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'touchtrail-private-'));
  const file = path.join(folder, 'warehouse.duckdb');
  const snapshot = path.join(folder, 'snapshot.duckdb');
  try {
    const created = await openDuckDb(file);
    expect(await mode(file)).toBe('600');
    await created.snapshot([], snapshot);
    expect(await mode(snapshot)).toBe('600');
    await created.close();
    await chmod(file, 0o644);
    await (await openDuckDb(file)).close();
    expect(await mode(file)).toBe('600');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
