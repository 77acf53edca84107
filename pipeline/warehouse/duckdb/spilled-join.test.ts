import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect, test } from 'vitest';

// Later builds of DuckDB than the one we use lose rows here, silently (duckdb/duckdb#25702): where the hashed side of a join does not
// fit into memory, a filter made of its first part is applied to all. Who raises the version learns it here.
test('a join whose hashed side does not fit into memory finds all rows', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'touchtrail-spilled-join-'));
  const instance = await DuckDBInstance.create(path.join(folder, 'x.duckdb'), { threads: '1' });
  const connection = await instance.connect();
  try {
    await connection.run('create table hashed as select range % 2000 as k from range(1000000)');
    await connection.run('create table probing as select range % 4000 as k from range(2000000)');
    await connection.run("set memory_limit = '25MB'");
    const found = await connection.runAndReadAll('select count(*) from probing where k in (select k from hashed)');
    expect(found.getRowsJS()).toEqual([[1_000_000n]]);
  } finally {
    connection.closeSync();
    instance.closeSync();
    await rm(folder, { recursive: true, force: true });
  }
});
